"""The ways in which a signature is bent: its algorithms, transforms, references, keys and octets.

Adds to the table `TREE`; the document around the signature is left as it is.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random

from lxml import etree

from .forge import DS, ENVELOPED, EXC, INC, XENC, certificate_body
from .tree_bends import SIGNATURE, Node, any_of, elements, inside, put, remove, tree

_ALGORITHMS = (
    EXC,
    INC,
    EXC + "WithComments",
    INC + "#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2010/xml-c14n2",
    ENVELOPED,
    DS + "base64",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    DS + "rsa-sha1",
    DS + "hmac-sha1",
    DS + "sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#md5",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
    XENC + "sha256",
    XENC + "sha512",
    XENC + "aes128-cbc",
    XENC + "tripledes-cbc",
    XENC + "rsa-1_5",
    XENC + "rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "",
)


@tree
def other_algorithm(rng: Random, root: Node) -> None:
    found = [node for node in elements(root) if node.get("Algorithm") is not None]
    if found:
        rng.choice(found).set("Algorithm", rng.choice(_ALGORITHMS))


@tree
def other_transforms(rng: Random, root: Node) -> None:
    holder = any_of(rng, root, f"{{{DS}}}Transforms")
    if holder is None:
        return
    step = etree.Element(f"{{{DS}}}Transform", Algorithm=rng.choice(_ALGORITHMS))
    choice = rng.randrange(4)
    if choice == 0:
        put(rng, holder, step)
    elif choice == 1 and len(holder):
        remove(rng.choice(list(holder)))
    elif choice == 2:
        put(rng, holder, step)
        xpath = etree.SubElement(step, f"{{{DS}}}XPath")
        xpath.text = rng.choice(("self::text()", "not(ancestor::NameID)", "true()"))
    elif len(holder):
        _inclusive(rng, rng.choice(list(holder)))


def _inclusive(rng: Random, method: Node) -> None:
    listed = etree.SubElement(method, f"{{{EXC}}}InclusiveNamespaces")
    listed.set("PrefixList", rng.choice(("", "xs", "saml samlp ds", "#default", "a " * 60, "\n")))


@tree
def inclusive_namespaces(rng: Random, root: Node) -> None:
    method = any_of(rng, root, f"{{{DS}}}CanonicalizationMethod", f"{{{DS}}}Transform")
    if method is not None:
        _inclusive(rng, method)


@tree
def other_reference(rng: Random, root: Node) -> None:
    reference = any_of(rng, root, f"{{{DS}}}Reference")
    if reference is None:
        return
    choice = rng.randrange(4)
    if choice == 0:
        reference.addnext(deepcopy(reference))
    elif choice == 1:
        reference.attrib.pop("URI", None)
    else:
        ids = [f"#{each.get('ID')}" for each in elements(root) if each.get("ID")]
        reference.set(
            "URI",
            rng.choice(
                (*ids, "", "#", "#xpointer(/)", "#xpointer(id('_assertion-1'))", "file:///x", "#_e")
            ),
        )


@tree
def other_key_info(rng: Random, root: Node) -> None:
    signature = any_of(rng, root, SIGNATURE)
    if signature is None:
        return
    for found in signature.findall(f"{{{DS}}}KeyInfo"):
        if rng.random() < 0.7:
            remove(found)
    info = etree.SubElement(signature, f"{{{DS}}}KeyInfo")
    choice = rng.randrange(5)
    if choice == 0:
        data = etree.SubElement(info, f"{{{DS}}}X509Data")
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = certificate_body("attacker")
    elif choice == 1:
        value = etree.SubElement(info, f"{{{DS}}}KeyValue")
        value = etree.SubElement(value, f"{{{DS}}}RSAKeyValue")
        etree.SubElement(value, f"{{{DS}}}Modulus").text = "AQAB"
        etree.SubElement(value, f"{{{DS}}}Exponent").text = "AQAB"
    elif choice == 2:
        etree.SubElement(info, f"{{{DS}}}RetrievalMethod", URI="#_assertion-1")
    elif choice == 3:
        etree.SubElement(info, f"{{{DS}}}KeyName").text = "idp"


@tree
def junk_in_base64(rng: Random, root: Node) -> None:
    names = ("SignatureValue", "DigestValue", "X509Certificate")
    node = any_of(rng, root, *(f"{{{DS}}}{name}" for name in names), f"{{{XENC}}}CipherValue")
    if node is None:
        return
    text = node.text or ""
    at = rng.randint(0, len(text))
    choice = rng.randrange(6)
    if choice == 0:
        node.text = text[:at] + rng.choice(("\n", " ", "\t", "\r\n")) + text[at:]
    elif choice == 1:
        node.text = text[:at] + rng.choice(("!", "-", "_", "=", "\u00e9", "*", "%")) + text[at:]
    elif choice == 2:
        node.text = text.rstrip("=")
    elif choice == 3:
        node.text = text + rng.choice(("=", "==", "====", "AAAA"))
    elif choice == 4:
        node.text = text[:at]
    else:
        node.text = ""


@tree
def object_in_signature(rng: Random, root: Node) -> None:
    signature = any_of(rng, root, SIGNATURE)
    if signature is not None:
        thing = etree.SubElement(signature, f"{{{DS}}}Object")
        place = any_of(rng, root)
        if not inside(place, signature):
            thing.append(deepcopy(place))


@tree
def drop_signature(rng: Random, root: Node) -> None:
    signature = any_of(rng, root, SIGNATURE)
    if signature is not None and signature is not root:
        remove(signature)
