"""An identity provider that signs whatever it is given, whichever way it is told.

Owns fresh documents of many shapes, signatures by the keys of the vectors, and encryption. Where
a document is bent before it comes here, the signature is good and only the shape is hostile: the
provider itself was fooled. Written against lxml and cryptography alone, so that no mistake of
Vestibule's is made a second time here.

Signatures by RSA-PKCS#1 and by ECDSA and ciphertexts are the same in every run; RSA-PSS is not.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from .cases import ACS, IDP, REQUEST, SP, VECTORS, certificate_pem, key_pem

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
Node = Any


def parse(document: bytes) -> Node:
    return etree.fromstring(document, _PARSER)


def write(root: Node) -> bytes:
    return bytes(etree.tostring(root, encoding="utf-8"))


# --- documents --------------------------------------------------------------------------------

VICTIM, MALLORY = "alice@corp.example", "mallory@corp.example"
_TEXTS = (
    VICTIM,
    MALLORY,
    "alice@corp.example.evil.example",
    "a",
    "",
    " ",
    "\u00a0alice@corp.example",
    "alice@corp.example\u200b",
    "alice@corp.exam\u0440le",
    "alice\u2028@corp.example",
    "a<b>&\"'",
    "]]>",
    "<!--x-->",
    "\r\n",
    "admin",
    "\U0001f600",
    "x" * 300,
)
_NAMES = ("email", "groups", "urn:oid:0.9.2342.19200300.100.1.3", "firstName", "role", "e m", "ID")
_FORMATS = (
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "",
)
_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def fresh_response(rng: Random, person: str = MALLORY, *, plain: bool = False) -> bytes:
    """A response to our request, unsigned, in one of many lawful shapes.

    With `plain` it is the simplest shape, so that what is done to it is all that is strange.
    """
    a, p = (
        ("saml", "samlp")
        if plain
        else rng.choice(
            (("saml", "samlp"), ("saml2", "saml2p"), ("", "samlp"), ("ns1", "ns0"), ("a", ""))
        )
    )
    space = "" if plain or rng.random() < 0.7 else rng.choice(("\n", "\n  ", " ", "\t"))
    inner = _assertion(rng, person, a, space, plain)
    issuer = "" if not plain and rng.random() < 0.1 else _tag(a, "Issuer", escape(IDP))
    destination = f' Destination="{ACS}"' if plain or rng.random() < 0.9 else ""
    answer = f' InResponseTo="{REQUEST}"' if plain or rng.random() < 0.9 else ""
    consent = "" if plain or rng.random() < 0.9 else ' Consent="urn:oasis:names:tc:SAML:2.0:c"'
    extensions = ""
    if not plain and rng.random() < 0.1:
        extensions = _tag(p, "Extensions", '<x xmlns="urn:example:x" ID="_ext">text</x>')
    message = ""
    if not plain and rng.random() < 0.1:
        message = _tag(p, "StatusMessage", escape(rng.choice(_TEXTS)))
    status = _tag(p, "Status", f'<{_named(p, "StatusCode")} Value="{SUCCESS}"/>{message}')
    return (
        f"<{_named(p, 'Response')} {_xmlns(p)}={quoteattr(SAMLP)} {_xmlns(a)}={quoteattr(SAML)}"
        f' ID="_response-1" Version="2.0" IssueInstant="2026-06-01T12:00:00Z"'
        f"{destination}{answer}{consent}>"
        f"{space}{issuer}{space}{extensions}{status}{space}{inner}{space}"
        f"</{_named(p, 'Response')}>"
    ).encode()


def _named(prefix: str, name: str) -> str:
    return f"{prefix}:{name}" if prefix else name


def _xmlns(prefix: str) -> str:
    return f"xmlns:{prefix}" if prefix else "xmlns"


def _tag(prefix: str, name: str, inside: str, attributes: str = "") -> str:
    return f"<{_named(prefix, name)}{attributes}>{inside}</{_named(prefix, name)}>"


def _assertion(rng: Random, person: str, a: str, space: str, plain: bool) -> str:
    person = person if plain or rng.random() < 0.6 else rng.choice(_TEXTS)
    kind = f' Format="{_FORMATS[0]}"'
    if not plain:
        kind = rng.choice(("", f" Format={quoteattr(rng.choice(_FORMATS))}"))
        kind += rng.choice(("", "", f" NameQualifier={quoteattr(IDP)}"))
    end = rng.choice(("12:05:00Z", "12:05:00.5Z", "12:04:59.123456789Z"))
    until = "2026-06-01T" + ("12:05:00Z" if plain else end)
    confirmation = _tag(
        a,
        "SubjectConfirmation",
        f'<{_named(a, "SubjectConfirmationData")} NotOnOrAfter="{until}"'
        f' Recipient="{ACS}" InResponseTo="{REQUEST}"/>',
        ' Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"',
    )
    if not plain and rng.random() < 0.15:
        other = confirmation.replace(ACS, "https://other.example/acs").replace("12:0", "12:1")
        confirmation = rng.choice((confirmation + other, other + confirmation))
    audiences = [SP] if plain or rng.random() < 0.8 else ["https://other.example", SP]
    restriction = _tag(
        a, "AudienceRestriction", "".join(_tag(a, "Audience", escape(each)) for each in audiences)
    )
    if not plain and rng.random() < 0.1:
        restriction *= 2
    session = "" if not plain and rng.random() < 0.2 else ' SessionIndex="_session-1"'
    if plain or rng.random() < 0.7:
        session += ' SessionNotOnOrAfter="2026-06-01T20:00:00Z"'
    context = _tag(a, "AuthnContext", _tag(a, "AuthnContextClassRef", _CONTEXT))
    login = _tag(a, "AuthnStatement", context, f' AuthnInstant="2026-06-01T11:59:00Z"{session}')
    if not plain and rng.random() < 0.1:
        login += login.replace("_session-1", "_session-2").replace("20:00", "19:00")
    statements = [login, _attributes(rng, a, space, plain)]
    if not plain and rng.random() < 0.3:
        statements.reverse()
    if not plain and rng.random() < 0.1:
        statements.append(_attributes(rng, a, space, plain))
    advice = ""
    if not plain and rng.random() < 0.05:
        advice = _tag(a, "Advice", '<x xmlns="urn:example:x">of no weight</x>')
    return _tag(
        a,
        "Assertion",
        space.join(
            (
                _tag(a, "Issuer", escape(IDP)),
                _tag(a, "Subject", _tag(a, "NameID", escape(person), kind) + confirmation),
                _tag(
                    a,
                    "Conditions",
                    restriction,
                    ' NotBefore="2026-06-01T11:59:30Z" NotOnOrAfter="2026-06-01T12:05:00Z"',
                ),
                advice,
                *statements,
            )
        ),
        f' {_xmlns(a)}="{SAML}" ID="_assertion-1" Version="2.0"'
        ' IssueInstant="2026-06-01T12:00:00Z"',
    )


def _attributes(rng: Random, a: str, space: str, plain: bool) -> str:
    found = {"email": [MALLORY], "groups": ["engineering", "on-call"]}
    if not plain:
        found = {
            name: [rng.choice(_TEXTS) for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))]
            for name in rng.sample(_NAMES, rng.randint(1, 4))
        }
    rows = []
    for name, values in found.items():
        more = "" if plain else rng.choice(("", "", ' FriendlyName="mail"', ' NameFormat="urn:x"'))
        parts = []
        for value in values:
            typed = "" if plain else rng.choice(("", "", _TYPED, _NIL))
            inside = escape(value)
            if not plain and rng.random() < 0.05:
                inside = _tag(a, "NameID", inside)
            parts.append(_tag(a, "AttributeValue", inside, typed))
        rows.append(_tag(a, "Attribute", space.join(parts), f" Name={quoteattr(name)}{more}"))
    return _tag(a, "AttributeStatement", space.join(rows))


_XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_TYPED = f'{_XSI} xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string"'
_NIL = f'{_XSI} xsi:nil="true"'


# --- signatures -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How to sign; the defaults are the usual way."""

    key: str = "idp-p256"
    hash: str = "sha256"
    digest: str = "sha256"
    signed_info: str = EXC
    transforms: tuple[str, ...] = (ENVELOPED, EXC)
    prefixes: str | None = None
    uri: str | None = None
    key_info: str = "own"
    place: str = "behind-issuer"
    prefix: str = "ds"
    pss: bool = False


_DIGESTS = {"sha1": DS + "sha1", "sha256": XENC + "sha256", "sha384": MORE + "sha384"}
_DIGESTS["sha512"] = XENC + "sha512"
_HASHES: dict[str, Any] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - weak signatures are our subject
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
KEYS = ("idp-p256", "idp", "idp-p384", "attacker")


def any_recipe(rng: Random) -> Recipe:
    """Mostly the usual way, and each usual way off it."""
    if rng.random() < 0.6:
        return Recipe(key=rng.choice(("idp-p256",) * 8 + ("idp",)))
    c14n = rng.choice((EXC, EXC, INC, EXC + "WithComments", INC + "#WithComments"))
    return Recipe(
        key=rng.choice(("idp-p256",) * 6 + ("idp", "attacker", "idp-p384")),
        hash=rng.choice(("sha256", "sha256", "sha256", "sha384", "sha512", "sha1")),
        digest=rng.choice(("sha256", "sha256", "sha256", "sha384", "sha512", "sha1")),
        signed_info=rng.choice((EXC, EXC, INC, EXC + "WithComments")),
        transforms=rng.choice(
            (
                *((ENVELOPED, c14n),) * 12,
                (c14n, ENVELOPED),
                (ENVELOPED,),
                (ENVELOPED, c14n, c14n),
                (c14n,),
                (ENVELOPED, DS + "base64"),
            )
        ),
        prefixes=rng.choice((None, None, None, "", "xs", "saml samlp", "#default", "xs xsi a")),
        uri=rng.choice((None,) * 8 + ("", "#_response-1", "#_assertion-1", "#xpointer(/)")),
        key_info=rng.choice(("own", "own", "none", "attacker", "value")),
        place=rng.choice(("behind-issuer",) * 6 + ("first", "last")),
        prefix=rng.choice(("ds", "ds", "dsig", "", "saml")),
        pss=rng.random() < 0.1,
    )


def sign(root: Node, target: Node, recipe: Recipe) -> None:
    """Put a signature of `target` into it, as `recipe` says. The tree must be as it was parsed."""
    digest = hashlib.new(recipe.digest, _digested(target, recipe)).digest()
    method = _method(recipe)
    uri = "#" + target.get("ID", "") if recipe.uri is None else recipe.uri
    d = recipe.prefix
    steps = "".join(_step(d, "Transform", step, recipe.prefixes) for step in recipe.transforms)
    signature = parse(
        _tag(
            d,
            "Signature",
            _tag(
                d,
                "SignedInfo",
                _step(d, "CanonicalizationMethod", recipe.signed_info, None)
                + f'<{_named(d, "SignatureMethod")} Algorithm="{method}"/>'
                + _tag(
                    d,
                    "Reference",
                    _tag(d, "Transforms", steps)
                    + f'<{_named(d, "DigestMethod")} Algorithm="{_DIGESTS[recipe.digest]}"/>'
                    + _tag(d, "DigestValue", b64encode(digest).decode()),
                    f" URI={quoteattr(uri)}",
                ),
            )
            + _tag(d, "SignatureValue", "")
            + _key_info(d, recipe),
            f' {_xmlns(d)}="{DS}"',
        ).encode()
    )
    issuer = target.find(f"{{{SAML}}}Issuer")
    if recipe.place == "last":
        target.append(signature)
    elif recipe.place == "first" or issuer is None:
        target.insert(0, signature)
    else:
        tail, issuer.tail = issuer.tail, None
        target.insert(target.index(issuer) + 1, signature)
        signature.tail = tail
    octets = _canonical(signature[0], recipe.signed_info, None)
    signature[1].text = b64encode(_signature(recipe, octets)).decode()


def _digested(target: Node, recipe: Recipe) -> bytes:
    c14n = [step for step in recipe.transforms if step != ENVELOPED and "base64" not in step]
    return _canonical(target, c14n[-1] if c14n else INC, recipe.prefixes)


def _canonical(element: Node, method: str, prefixes: str | None) -> bytes:
    exclusive = method.startswith(EXC)
    if not exclusive:
        # Of its own document lxml gives the inclusive form, of a part of one only nearly.
        element = parse(bytes(etree.tostring(element, with_tail=False)))
    return bytes(
        etree.tostring(
            element,
            method="c14n",
            exclusive=exclusive,
            with_comments=method.endswith("WithComments"),
            inclusive_ns_prefixes=prefixes.split() if prefixes and exclusive else None,
            with_tail=False,
        )
    )


def _step(prefix: str, name: str, algorithm: str, prefixes: str | None) -> str:
    inside = ""
    if prefixes is not None and algorithm.startswith(EXC):
        inside = f'<InclusiveNamespaces xmlns="{EXC}" PrefixList={quoteattr(prefixes)}/>'
    return _tag(prefix, name, inside, f' Algorithm="{algorithm}"')


def _key_info(prefix: str, recipe: Recipe) -> str:
    if recipe.key_info == "none":
        return ""
    if recipe.key_info == "value":
        return _tag(prefix, "KeyInfo", _tag(prefix, "KeyName", "idp"))
    name = recipe.key if recipe.key_info == "own" else "attacker"
    return _tag(
        prefix,
        "KeyInfo",
        _tag(prefix, "X509Data", _tag(prefix, "X509Certificate", certificate_body(name))),
    )


@lru_cache
def certificate_body(name: str) -> str:
    return "".join(line for line in certificate_pem(name).splitlines() if "-----" not in line)


@lru_cache
def private_key(name: str) -> Any:
    return serialization.load_pem_private_key(key_pem(name).encode(), None)


def _method(recipe: Recipe) -> str:
    key = private_key(recipe.key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"{MORE}ecdsa-{recipe.hash}"
    if recipe.pss and recipe.hash != "sha1":
        return f"http://www.w3.org/2007/05/xmldsig-more#{recipe.hash}-rsa-MGF1"
    return (DS if recipe.hash == "sha1" else MORE) + f"rsa-{recipe.hash}"


def _signature(recipe: Recipe, octets: bytes) -> bytes:
    key = private_key(recipe.key)
    digest = _HASHES[recipe.hash]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        half = (key.curve.key_size + 7) // 8
        made = key.sign(octets, ec.ECDSA(digest, deterministic_signing=True))
        return b"".join(number.to_bytes(half, "big") for number in decode_dss_signature(made))
    assert isinstance(key, rsa.RSAPrivateKey)
    if recipe.pss and recipe.hash != "sha1":
        # The salt makes these the only bytes that differ from one run to the next.
        return key.sign(octets, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return key.sign(octets, padding.PKCS1v15(), digest)


# --- encryption -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _envelope() -> tuple[bytes, bytes]:
    """The EncryptedData of a vector, and the content key that its EncryptedKey holds.

    RSA-OAEP is not the same twice, so one wrapped key serves for every document.
    """
    root = parse((VECTORS / "good/shibboleth/aes256-gcm/response.xml").read_bytes())
    data = root.find(f".//{{{XENC}}}EncryptedData")
    wrapped = data.find(f".//{{{XENC}}}EncryptedKey//{{{XENC}}}CipherValue")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    return write(data), private_key("sp").decrypt(b64decode(wrapped.text), oaep)


def encrypt(
    rng: Random, element: Node, holder: str, bend: Callable[[bytes], bytes] = bytes
) -> None:
    """Replace `element` by `holder` (EncryptedAssertion, EncryptedID …) with it inside, bent."""
    data, key = _envelope()
    nonce = rng.randbytes(12)
    alone = bend(bytes(etree.tostring(element, with_tail=False)))
    sealed = etree.Element(f"{{{SAML}}}{holder}")
    sealed.append(deepcopy(parse(data)))
    sealed[0][-1][0].text = b64encode(nonce + AESGCM(key).encrypt(nonce, alone, None)).decode()
    sealed.tail = element.tail
    element.getparent().replace(element, sealed)
