"""A scene and all that an identity provider can do in it: documents, signatures, ciphertexts.

Owns who speaks to whom, when, and with which keys; signs anything it is told to sign, in whatever
shape. Refuses to know Vestibule: written against lxml and cryptography directly, so that what it
makes is an opinion of its own. RSA-PKCS#1 signatures and ciphertext bodies are the same in every
run of the same scene.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from vestibule.attack.keys import KeyRing

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE07 = "http://www.w3.org/2007/05/xmldsig-more#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
RSA_SHA256 = MORE + "rsa-sha256"
SHA256 = XENC + "sha256"

ALICE = "alice@corp.example"

ATTRIBUTES: dict[str, list[str]] = {
    "email": [ALICE],
    "firstName": ["Alice"],
    "lastName": ["Liddell"],
    "groups": ["engineering", "on-call"],
}


def attribute_statement(
    attributes: dict[str, list[str]], a: str = "saml", *, typed: bool = True, friendly: bool = False
) -> str:
    parts = [f"<{a}:AttributeStatement>"]
    for name, values in attributes.items():
        label = f' FriendlyName="{name.rpartition("/")[2].rpartition(":")[2]}"' if friendly else ""
        parts.append(f'<{a}:Attribute Name="{name}"{label}>')
        kind = (
            ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
            if typed
            else ""
        )
        parts += [f"<{a}:AttributeValue{kind}>{v}</{a}:AttributeValue>" for v in values]
        parts.append(f"</{a}:Attribute>")
    parts.append(f"</{a}:AttributeStatement>")
    return "".join(parts)


def canonical(element: Any, method: str, prefixes: list[str] | None = None) -> bytes:
    return etree.tostring(
        element,
        method="c14n",
        exclusive=method.startswith(EXC),
        with_comments=False,
        inclusive_ns_prefixes=prefixes,
    )


HASHES: dict[str, Any] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - weak vectors need weak hashes
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "md5": hashes.MD5(),  # noqa: S303
}


def hash_name(uri: str) -> str:
    return re.search(r"(md5|sha1|sha256|sha384|sha512)", uri).group(1)  # type: ignore[union-attr]


CIPHERS = {
    "aes128-gcm": (XENC11, 16),
    "aes192-gcm": (XENC11, 24),
    "aes256-gcm": (XENC11, 32),
    "aes128-cbc": (XENC, 16),
    "aes192-cbc": (XENC, 24),
    "aes256-cbc": (XENC, 32),
    "tripledes-cbc": (XENC, 24),
}


def _stretch(seed: str, size: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_256(seed.encode()).digest(size)


class Impossible(Exception):
    """The case cannot be made in this scene, for example because nothing was asked for."""


Signer = Callable[["Scene", str, str], str]


@dataclass(frozen=True)
class Scene:
    """Everything that a case depends on.

    Attributes:
        now: the time at the service provider.
        idp, sp, acs: entity id of the identity provider, audience, ACS URL; as XML writes them,
            an ampersand escaped.
        other_acs: the ACS URL of another connection at the same service provider.
        request: the id that the response has to answer; None where nothing was asked for.
        assertion_id, response_id: their IDs; one scene makes one document.
        signers: other people's code that signs `A` or `R`, by its name, where there is any.
    """

    now: datetime
    idp: str
    sp: str
    acs: str
    other_acs: str
    request: str | None
    keys: KeyRing
    assertion_id: str = "_assertion-1"
    response_id: str = "_response-1"
    signers: Mapping[str, Signer] = field(default_factory=dict)

    def stamp(self, minutes: float = 0, *, millis: bool = False) -> str:
        return self.moment(minutes, "%Y-%m-%dT%H:%M:%S" + (".123Z" if millis else "Z"))

    def moment(self, minutes: float, form: str) -> str:
        """That time in another form than the standard's."""
        return (self.now + timedelta(minutes=minutes)).strftime(form)

    def cert_body(self, name: str) -> str:
        return self.keys[name].cert_body

    # --- documents ----------------------------------------------------------------------------

    def assertion(
        self,
        *,
        a: str = "saml",
        declare: bool = True,
        assertion_id: str = "",
        issuer: str = "",
        name_id: str = ALICE,
        name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        name_id_element: str | None = None,
        in_response_to: str | None = "",
        recipient: str | None = "",
        audience: str | None = None,
        attributes: dict[str, list[str]] | None = None,
        attributes_first: bool = False,
        typed: bool = True,
        friendly: bool = False,
        millis: bool = False,
        context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        session_end: float | None = 480,
        extra_declarations: str = "",
    ) -> str:
        """An assertion with the marker @SIG-A@ where its signature goes.

        What is "" is what the scene says; what is None is left out.
        """
        in_response_to = self.request if in_response_to == "" else in_response_to
        recipient = self.acs if recipient == "" else recipient
        audience = self.sp if audience is None else audience
        answer = f' InResponseTo="{in_response_to}"' if in_response_to else ""
        target = f' Recipient="{recipient}"' if recipient else ""
        end = f' SessionNotOnOrAfter="{self.stamp(session_end)}"' if session_end is not None else ""
        ns = f' xmlns:{a}="{SAML}"' if declare else ""
        name = name_id_element or f'<{a}:NameID Format="{name_id_format}">{name_id}</{a}:NameID>'
        statements = [
            f'<{a}:AuthnStatement AuthnInstant="{self.stamp(-1, millis=millis)}"'
            f' SessionIndex="_session-1"{end}><{a}:AuthnContext><{a}:AuthnContextClassRef>{context}'
            f"</{a}:AuthnContextClassRef></{a}:AuthnContext></{a}:AuthnStatement>",
        ]
        found = ATTRIBUTES if attributes is None else attributes
        if found:
            statements.append(attribute_statement(found, a, typed=typed, friendly=friendly))
        if attributes_first:
            statements.reverse()
        return (
            f"<{a}:Assertion{ns}{extra_declarations}"
            f' ID="{assertion_id or self.assertion_id}" Version="2.0"'
            f' IssueInstant="{self.stamp(millis=millis)}">'
            f"<{a}:Issuer>{issuer or self.idp}</{a}:Issuer>@SIG-A@"
            f"<{a}:Subject>{name}"
            f'<{a}:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<{a}:SubjectConfirmationData NotOnOrAfter="{self.stamp(5, millis=millis)}"'
            f"{target}{answer}/>"
            f"</{a}:SubjectConfirmation></{a}:Subject>"
            f'<{a}:Conditions NotBefore="{self.stamp(-0.5, millis=millis)}"'
            f' NotOnOrAfter="{self.stamp(5, millis=millis)}">'
            f"<{a}:AudienceRestriction><{a}:Audience>{audience}</{a}:Audience>"
            f"</{a}:AudienceRestriction></{a}:Conditions>"
            f"{''.join(statements)}</{a}:Assertion>"
        )

    def response(
        self,
        inner: str | None = None,
        *,
        p: str = "samlp",
        a: str = "saml",
        response_id: str = "",
        issuer: str | None = "",
        destination: str | None = "",
        in_response_to: str | None = "",
        status: str = "urn:oasis:names:tc:SAML:2.0:status:Success",
        millis: bool = False,
        declaration: str = "",
        extra_declarations: str = "",
        extensions: str = "",
    ) -> str:
        """A response with the marker @SIG-R@ where its signature goes.

        What is "" is what the scene says; what is None is left out.
        """
        in_response_to = self.request if in_response_to == "" else in_response_to
        destination = self.acs if destination == "" else destination
        issuer = self.idp if issuer == "" else issuer
        answer = f' InResponseTo="{in_response_to}"' if in_response_to else ""
        target = f' Destination="{destination}"' if destination else ""
        who = f"<{a}:Issuer>{issuer}</{a}:Issuer>" if issuer else ""
        body = self.assertion(a=a) if inner is None else inner
        return (
            f'{declaration}<{p}:Response xmlns:{p}="{SAMLP}" xmlns:{a}="{SAML}"{extra_declarations}'
            f' ID="{response_id or self.response_id}" Version="2.0"'
            f' IssueInstant="{self.stamp(millis=millis)}"{target}{answer}>'
            f"{who}@SIG-R@{extensions}"
            f'<{p}:Status><{p}:StatusCode Value="{status}"/></{p}:Status>'
            f"{body}</{p}:Response>"
        )

    # --- signatures ---------------------------------------------------------------------------

    def raw_signature(self, octets: bytes, key: str, algorithm: str) -> bytes:
        if "hmac" in algorithm:
            # The public certificate as the secret: what key confusion looks like.
            mac = hmac.HMAC(self.keys["idp"].cert_pem.encode(), hashes.SHA256())
            mac.update(octets)
            return mac.finalize()
        digest = HASHES[hash_name(algorithm)]
        signer = self.keys[key].private
        if isinstance(signer, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(signer.sign(octets, ec.ECDSA(digest)))
            size = (signer.curve.key_size + 7) // 8
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if algorithm.endswith("MGF1"):
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            return bytes(signer.sign(octets, pss, digest))
        return bytes(signer.sign(octets, padding.PKCS1v15(), digest))

    def sign(
        self,
        xml: str,
        which: str = "A",
        *,
        key: str = "idp",
        algorithm: str = RSA_SHA256,
        digest: str = SHA256,
        c14n: str = EXC,
        c14n_signed_info: str = EXC,
        prefix_list: str = "",
        element_id: str | None = None,
        uri: str | None = None,
        transforms: str | None = None,
        edit_signed_info: Callable[[str], str] = lambda text: text,
        digest_of: bytes | None = None,
        key_info: str | None = None,
        tail: str = "",
        ds: str = "ds",
    ) -> str:
        """Replace the marker of signature A (assertion) or R (response) by a signature over it.

        Everything can be bent: the SignedInfo before it is signed, what is digested, what KeyInfo
        says. The result is signed truly all the same.
        """
        marker = f"@SIG-{which}@"
        clean = re.sub(r"@SIG-[AR]@", "", xml)
        root = etree.fromstring(clean.encode())
        wanted = element_id or (self.assertion_id if which == "A" else self.response_id)
        element = next(e for e in root.iter() if e.get("ID") == wanted)
        prefixes = prefix_list.split() or None
        content = canonical(element, c14n, prefixes) if digest_of is None else digest_of
        value = b64encode(hashlib.new(hash_name(digest), content).digest()).decode()
        inclusive = (
            f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{prefix_list}"/>'
            if prefix_list
            else ""
        )
        steps = transforms or (
            f'<{ds}:Transform Algorithm="{DS}enveloped-signature"/>'
            f'<{ds}:Transform Algorithm="{c14n}">{inclusive}</{ds}:Transform>'
        )
        reference = "#" + wanted if uri is None else uri
        signed_info = edit_signed_info(
            f"<{ds}:SignedInfo>"
            f'<{ds}:CanonicalizationMethod Algorithm="{c14n_signed_info}"/>'
            f'<{ds}:SignatureMethod Algorithm="{algorithm}"/>'
            f'<{ds}:Reference URI="{reference}"><{ds}:Transforms>{steps}</{ds}:Transforms>'
            f'<{ds}:DigestMethod Algorithm="{digest}"/>'
            f"<{ds}:DigestValue>{value}</{ds}:DigestValue></{ds}:Reference>"
            f"</{ds}:SignedInfo>"
        )
        if key_info is None:
            key_info = (
                f"<{ds}:KeyInfo><{ds}:X509Data><{ds}:X509Certificate>{self.cert_body(key)}"
                f"</{ds}:X509Certificate></{ds}:X509Data></{ds}:KeyInfo>"
            )
        signature = (
            f'<{ds}:Signature xmlns:{ds}="{DS}">{signed_info}'
            f"<{ds}:SignatureValue>@VALUE@</{ds}:SignatureValue>{key_info}</{ds}:Signature>{tail}"
        )
        placed = xml.replace(marker, signature)
        whole = etree.fromstring(re.sub(r"@SIG-[AR]@", "", placed).encode())
        owner = next(e for e in whole.iter() if e.get("ID") == wanted)
        info = owner.find(f"{{{DS}}}Signature/{{{DS}}}SignedInfo")
        method = c14n_signed_info if c14n_signed_info in (EXC, INC) else EXC
        octets = canonical(info, method)
        return placed.replace(
            "@VALUE@", b64encode(self.raw_signature(octets, key, algorithm)).decode()
        )

    def sign_by(self, who: str, xml: str, which: str = "A") -> str:
        """Signed by other people's code where the scene has it, else by our own."""
        signer = self.signers.get(who)
        return signer(self, xml, which) if signer else self.sign(xml, which)

    # --- encryption ---------------------------------------------------------------------------

    def encrypt(
        self,
        plaintext: str,
        *,
        to: str = "sp",
        cipher: str = "aes256-gcm",
        transport: str = "mgf1p",
        digest: str | None = None,
        mgf: str | None = None,
        key_place: str = "inside",
        element: str = "EncryptedAssertion",
        a: str = "saml",
        tag_bytes: int = 16,
        damage: Callable[[bytes], bytes] = lambda octets: octets,
        content_key: bytes | None = None,
        extra_key: str = "",
        cipher_data: str | None = None,
    ) -> str:
        """Encrypt an element the way an identity provider would, or the way it must not."""
        namespace, size = CIPHERS[cipher]
        cek = content_key or _stretch("key" + plaintext, size)
        octets = plaintext.encode()
        if cipher.endswith("gcm"):
            iv = _stretch("iv" + plaintext, 12)
            sealed = iv + AESGCM(cek).encrypt(iv, octets, None)
            sealed = sealed[: len(sealed) - 16 + tag_bytes]
        else:
            block = 8 if cipher.startswith("triple") else 16
            iv = _stretch("iv" + plaintext, block)
            pad = block - len(octets) % block
            padded = octets + b"\0" * (pad - 1) + bytes([pad])
            algorithm = TripleDES(cek) if block == 8 else algorithms.AES(cek)
            encryptor = Cipher(algorithm, modes.CBC(iv)).encryptor()
            sealed = iv + encryptor.update(padded) + encryptor.finalize()
        sealed = damage(sealed)
        public = self.keys[to].certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise Impossible("only RSA keys are encrypted to")
        hashing = HASHES[digest or "sha1"]
        masking = HASHES[mgf or "sha1"]
        if transport == "rsa-1_5":
            wrapped = public.encrypt(cek, padding.PKCS1v15())
            method = f'<xenc:EncryptionMethod Algorithm="{XENC}rsa-1_5"/>'
        else:
            wrapped = public.encrypt(cek, padding.OAEP(padding.MGF1(masking), hashing, None))
            uri = XENC + "rsa-oaep-mgf1p" if transport == "mgf1p" else XENC11 + "rsa-oaep"
            uris = {"sha1": DS + "sha1", "sha256": SHA256, "sha512": XENC + "sha512"}
            stated = (
                f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{uris[digest]}"/>' if digest else ""
            )
            if mgf:
                stated += f'<x11:MGF xmlns:x11="{XENC11}" Algorithm="{XENC11}mgf1{mgf}"/>'
            method = f'<xenc:EncryptionMethod Algorithm="{uri}">{stated}</xenc:EncryptionMethod>'
        encrypted_key = (
            f'<xenc:EncryptedKey xmlns:xenc="{XENC}" Id="_key-1">{method}<xenc:CipherData>'
            f"<xenc:CipherValue>{b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>"
            "</xenc:EncryptedKey>"
        )
        inside = encrypted_key if key_place == "inside" else ""
        if key_place == "retrieval":
            inside = f'<ds:RetrievalMethod URI="#_key-1" Type="{XENC}EncryptedKey"/>'
        key_info = f'<ds:KeyInfo xmlns:ds="{DS}">{inside}{extra_key}</ds:KeyInfo>'
        if key_place == "beside":
            key_info = ""
        value = f"<xenc:CipherValue>{b64encode(sealed).decode()}</xenc:CipherValue>"
        return (
            f'<{a}:{element} xmlns:{a}="{SAML}">'
            f'<xenc:EncryptedData xmlns:xenc="{XENC}" Id="_data-1" Type="{XENC}Element">'
            f'<xenc:EncryptionMethod Algorithm="{namespace}{cipher}"/>{key_info}'
            f"<xenc:CipherData>{cipher_data or value}</xenc:CipherData></xenc:EncryptedData>"
            f"{encrypted_key if key_place != 'inside' else ''}</{a}:{element}>"
        )


def finish(xml: str) -> str:
    return re.sub(r"@SIG-[AR]@", "", xml)
