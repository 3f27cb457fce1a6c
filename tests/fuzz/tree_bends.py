"""The ways in which the tree of a document is bent: one small function for each.

Owns the table `TREE`, and what its functions share. A bend changes the tree that it is given, or
leaves it as it is where it finds nothing to do; chance comes in as `rng`, so a run can be
repeated. Knows the grammar of SAML well enough to break it where it counts, and nothing of who
reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

from .forge import DS, SAML, SAMLP

Node = Any
Bend = Callable[[Random, Node], None]

TREE: dict[str, Bend] = {}

EVIL = "alice@corp.example"
_IDS = ("ID", "Id", "id", "AssertionID", "ResponseID", f"{{{DS}}}ID", "{urn:x}ID")
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


def tree(bend: Bend) -> Bend:
    TREE[bend.__name__] = bend
    return bend


def elements(root: Node) -> list[Node]:
    return [node for node in root.iter() if isinstance(node.tag, str)]


def any_of(rng: Random, root: Node, *tags: str) -> Any:
    found = list(root.iter(*tags)) if tags else elements(root)
    return rng.choice(found) if found else None


def _local(node: Node) -> str:
    return str(node.tag).rpartition("}")[2]


def inside(node: Node, other: Node) -> bool:
    """Is `other` the node itself, or in it?"""
    return other is node or any(each is node for each in other.iterancestors())


def remove(node: Node) -> None:
    parent = node.getparent()
    if parent is None:
        return
    if node.tail:
        before = node.getprevious()
        if before is None:
            parent.text = (parent.text or "") + node.tail
        else:
            before.tail = (before.tail or "") + node.tail
    parent.remove(node)


def put(rng: Random, parent: Node, node: Node) -> None:
    node.tail = None
    parent.insert(rng.randint(0, len(parent)), node)


_A = {
    name: f"{{{SAML}}}{name}"
    for name in (
        "Assertion",
        "EncryptedAssertion",
        "Issuer",
        "Subject",
        "NameID",
        "SubjectConfirmation",
        "SubjectConfirmationData",
        "Conditions",
        "AudienceRestriction",
        "Audience",
        "AuthnStatement",
        "AttributeStatement",
        "Attribute",
        "AttributeValue",
        "Advice",
    )
}
SIGNATURE = f"{{{DS}}}Signature"


# --- nodes that are somewhere else, twice or not at all ---------------------------------------


@tree
def move(rng: Random, root: Node) -> None:
    node, place = any_of(rng, root), any_of(rng, root)
    if node is not root and not inside(node, place):
        remove(node)
        put(rng, place, node)


@tree
def copy(rng: Random, root: Node) -> None:
    node, place = any_of(rng, root), any_of(rng, root)
    put(rng, place, deepcopy(node))


@tree
def double(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node is not root:
        node.addnext(deepcopy(node))


@tree
def drop(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node is not root:
        remove(node)


@tree
def unwrap(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node is root:
        return
    for child in list(node):
        node.addprevious(child)
    remove(node)


@tree
def nest(rng: Random, root: Node) -> None:
    """Put a node into a new one, or into a copy of itself."""
    node = any_of(rng, root)
    if node is root:
        return
    name = rng.choice((node.tag, _A["Advice"], f"{{{SAMLP}}}Extensions", "{urn:x}w", "w"))
    around = etree.Element(name, dict(node.attrib) if rng.random() < 0.3 else {})
    parent, at = node.getparent(), node.getparent().index(node)
    remove(node)
    put(rng, around, node)
    parent.insert(at, around)


@tree
def rename(rng: Random, root: Node) -> None:
    node, other = any_of(rng, root), any_of(rng, root)
    choice = rng.random()
    if choice < 0.5:
        node.tag = other.tag
    elif choice < 0.7:
        node.tag = _local(node)
    elif choice < 0.9:
        spaces = (SAML.replace("2.0", "1.1"), SAML + " ", SAML.upper(), "urn:x", SAMLP, SAML, DS)
        node.tag = f"{{{rng.choice(spaces)}}}{_local(node)}"
    else:
        node.tag = str(node.tag).replace(_local(node), _local(node).swapcase())


@tree
def reorder(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    children = list(node)
    rng.shuffle(children)
    for child in children:
        node.append(child)


@tree
def two_swap(rng: Random, root: Node) -> None:
    one, other = any_of(rng, root), any_of(rng, root)
    if root in (one, other) or inside(one, other) or inside(other, one):
        return
    mark = etree.Comment("here")
    one.addprevious(mark)
    other.addprevious(one)
    mark.addprevious(other)
    remove(mark)


# --- wrapping ---------------------------------------------------------------------------------


def _another(rng: Random, assertion: Node) -> Node:
    """A copy that says something else, with or without its signature, by some other name or not."""
    other = deepcopy(assertion)
    other.tail = None
    for name_id in other.iter(_A["NameID"]):
        name_id.text = EVIL
    for value in other.iter(_A["AttributeValue"]):
        value.text = rng.choice((EVIL, "admin"))
    if rng.random() < 0.6:
        other.set("ID", rng.choice(("_evil", "_assertion-1", "_response-1", "")))
    if rng.random() < 0.6:
        for signature in list(other.iter(SIGNATURE)):
            remove(signature)
    return other


@tree
def wrap_assertion(rng: Random, root: Node) -> None:
    """The signed assertion goes somewhere harmless, and another takes its place."""
    signed = any_of(rng, root, _A["Assertion"])
    if signed is None or signed is root:
        return
    evil = _another(rng, signed)
    signed.addprevious(evil)
    parent = rng.choice(
        (evil, root, evil.find(_A["Subject"]), evil.find(SIGNATURE), any_of(rng, root, SIGNATURE))
    )
    holder = rng.choice(
        (None, f"{{{DS}}}Object", _A["Advice"], f"{{{SAMLP}}}Extensions", f"{{{SAMLP}}}Response")
    )
    if parent is None or inside(signed, parent):
        parent = evil
    remove(signed)
    if holder is not None:
        around = etree.SubElement(parent, holder)
        put(rng, parent, around)
        parent = around
    put(rng, parent, signed)


@tree
def add_assertion(rng: Random, root: Node) -> None:
    """Another assertion before, behind, beside or in the signed one."""
    signed = any_of(rng, root, _A["Assertion"])
    if signed is None:
        return
    evil = _another(rng, signed)
    place = rng.choice((root, signed, any_of(rng, root)))
    put(rng, place, evil)
    if rng.random() < 0.3:
        evil.tag = rng.choice(("Assertion", _A["EncryptedAssertion"], f"{{{SAMLP}}}Assertion"))


@tree
def wrap_response(rng: Random, root: Node) -> None:
    """The whole signed response hangs in a new one that says something else."""
    if _local(root) != "Response":
        return
    inner = deepcopy(root)
    for signature in [each for each in root if each.tag == SIGNATURE]:
        if rng.random() < 0.7:
            remove(signature)
    for assertion in list(root.iter(_A["Assertion"])):
        assertion.getparent().replace(assertion, _another(rng, assertion))
    if rng.random() < 0.7:
        root.set("ID", rng.choice(("_evil-response", "_response-1")))
    place = rng.choice((root, any_of(rng, root)))
    holder = rng.choice((None, f"{{{SAMLP}}}Extensions", f"{{{DS}}}Object", _A["Advice"]))
    if holder is not None:
        around = etree.Element(holder)
        put(rng, place, around)
        place = around
    put(rng, place, inner)


@tree
def move_signature(rng: Random, root: Node) -> None:
    signature = any_of(rng, root, SIGNATURE)
    place = any_of(rng, root, *rng.choice(((), (_A["Assertion"], f"{{{SAMLP}}}Response"))))
    if signature is None or place is None or signature is root or inside(signature, place):
        return
    if rng.random() < 0.5:
        signature = deepcopy(signature)
    else:
        remove(signature)
    put(rng, place, signature)


@tree
def cut_value(rng: Random, root: Node) -> None:
    """A comment, an instruction or an element in the middle of a value."""
    node = any_of(rng, root, _A["NameID"], _A["AttributeValue"], _A["Issuer"], _A["Audience"])
    if node is None:
        return
    text = node.text or ""
    at = rng.randint(0, len(text))
    cut = rng.choice(
        (
            etree.Comment("x"),
            etree.Comment(""),
            etree.ProcessingInstruction("x", "y"),
            etree.Element("{urn:x}b"),
            etree.Element(node.tag),
            etree.Element(_A["NameID"]),
        )
    )
    if isinstance(cut.tag, str) and rng.random() < 0.5:
        cut.text = EVIL
    node.text = text[:at]
    node.insert(0, cut)
    cut.tail = text[at:]


# --- values -----------------------------------------------------------------------------------

_VALUES = (
    EVIL,
    "",
    " ",
    "https://idp.example/metadata",
    "https://IDP.example/metadata",
    "https://idp.example/metadata/",
    "https://sso.example/saml/connection-1",
    "https://sso.example/saml/connection-10",
    "https://sso.example/saml/connection-1/acs",
    "https://sso.example/saml/connection-1/acs?x",
    "_request-1",
    "_request-2",
    "2.0",
    "1.1",
    "2026-06-01T12:05:00Z",
    "2026-06-01T12:05:00+00:00",
    "2026-06-01T12:05:00",
    "2026-06-31T12:05:00Z",
    "2026-06-01T24:00:00Z",
    "2026-06-01T12:05:60Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999999Z",
    "0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "\u0662026-06-01T12:05:00Z",
    "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
    "urn:oasis:names:tc:SAML:2.0:status:Success",
    "urn:oasis:names:tc:SAML:2.0:status:Responder",
    "true",
    "A" * 2000,
    "\u00a0",
    "\ud7ff\ue000",
    "\u202e\u0661",
)


def _changed(rng: Random, text: str) -> str:
    at = rng.randint(0, len(text))
    choice = rng.randrange(7)
    if choice == 0:
        return rng.choice(_VALUES)
    if choice == 1:
        return text[:at] + rng.choice(_VALUES) + text[at:]
    if choice == 2:
        return rng.choice((" ", "\n", "\t", "\r", "\u00a0", "\u200b")) + text
    if choice == 3:
        return text + rng.choice((" ", "\n", "\t", "\r\n", "\u00a0", "\ufeff", "\u0085"))
    if choice == 4:
        return text[:at]
    if choice == 5:
        return text.swapcase()
    return text[:at] + chr(rng.choice((9, 10, 13, 32, 65, 160, 0x301, 0x1F600))) + text[at + 1 :]


@tree
def change_text(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    node.text = _changed(rng, node.text or "")


@tree
def change_tail(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node is not root:
        node.tail = rng.choice((" ", "\n", "text", EVIL, "\u00a0"))


@tree
def change_attribute(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node.attrib:
        name = rng.choice(list(node.attrib))
        node.set(name, _changed(rng, node.get(name)))


@tree
def swap_values(rng: Random, root: Node) -> None:
    one, other = any_of(rng, root), any_of(rng, root)
    if one.attrib and other.attrib:
        a, b = rng.choice(list(one.attrib)), rng.choice(list(other.attrib))
        x, y = one.get(a), other.get(b)
        one.set(a, y)
        other.set(b, x)


@tree
def drop_attribute(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    if node.attrib:
        del node.attrib[rng.choice(list(node.attrib))]


@tree
def add_attribute(rng: Random, root: Node) -> None:
    node, other = any_of(rng, root), any_of(rng, root)
    names = list(other.attrib) or ["Name"]
    value = other.get(names[0]) or EVIL
    node.set(rng.choice((*names, *_IDS, "Name", "Format", "NotBefore", "Recipient")), value)


@tree
def play_with_ids(rng: Random, root: Node) -> None:
    node = any_of(rng, root)
    holders = [each for each in elements(root) if each.get("ID")]
    value = rng.choice(holders).get("ID") if holders else "_x"
    choice = rng.randrange(5)
    if choice == 0:
        node.set("ID", value)
    elif choice == 1:
        node.set(rng.choice((*_IDS, _XML_ID)), value)
    elif choice == 2:
        for each in holders:
            each.set("ID", rng.choice(("_same", value, value.upper(), value + " ")))
    elif choice == 3 and holders:
        holder = rng.choice(holders)
        new = rng.choice(("_new", "1", "a:b", "x y", "\u00e4", "_" * 300, "*", "'] | //*['"))
        for reference in root.iter(f"{{{DS}}}Reference"):
            if reference.get("URI") == "#" + holder.get("ID"):
                reference.set("URI", "#" + new)
        holder.set("ID", new)
    elif holders:
        holder = rng.choice(holders)
        holder.set(rng.choice(_IDS), holder.attrib.pop("ID"))


def make_ids_distinct(rng: Random, root: Node) -> None:
    """No bend: what is usual after one, lest every copy be refused for the ID it shares."""
    holders: dict[str, list[tuple[Node, str]]] = {}
    for node in elements(root):
        for name in node.attrib:
            if name in _IDS or name == _XML_ID:
                holders.setdefault(node.get(name), []).append((node, name))
    for value, places in holders.items():
        rng.shuffle(places)
        for index, (node, name) in enumerate(places[1:]):
            node.set(name, f"{value}-{index}")


# --- namespaces -------------------------------------------------------------------------------


def _declare(node: Node, prefix: Any, uri: str) -> None:
    """Build the element anew with a declaration; the tree knows no other way to add one."""
    other: Any = etree.Element(node.tag, dict(node.attrib), nsmap={prefix: uri})
    other.text, other.tail = node.text, node.tail
    for child in list(node):
        other.append(child)
    node.getparent().replace(node, other)


@tree
def new_prefix(rng: Random, root: Node) -> None:
    """The same name by another prefix."""
    node = any_of(rng, root)
    space = str(node.tag).rpartition("}")[0].lstrip("{")
    if node is not root and space:
        _declare(node, rng.choice((None, "p", "saml", "samlp", "ds", "xs", "xsi")), space)


@tree
def declare(rng: Random, root: Node) -> None:
    """A declaration more, used by nobody or by everybody below."""
    node = any_of(rng, root)
    uri = rng.choice(
        ("urn:x", "a/b", SAML, SAMLP, DS, "http://www.w3.org/2001/XMLSchema", "u" * 300)
    )
    if node is not root:
        _declare(node, rng.choice(("x", "xs", "xsi", "saml", "samlp", "ds", None)), uri)


@tree
def type_a_value(rng: Random, root: Node) -> None:
    node = any_of(rng, root, _A["AttributeValue"], _A["NameID"])
    if node is None:
        return
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    name = rng.choice(("type", "nil", "schemaLocation", "noNamespaceSchemaLocation"))
    node.set(f"{{{xsi}}}{name}", rng.choice(("true", "1", " true ", "false", "xs:string", "x:y")))
