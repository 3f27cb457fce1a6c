"""Honest responses in every shape that the standards allow, whoever sends them.

Owns what a strict service provider must not refuse. The shapes of identity providers by name are
in `providers`.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Iterator, Mapping, Sequence

from vestibule.attack.cases import Case, Reading, Setup, changed
from vestibule.attack.scene import (
    ALICE,
    ATTRIBUTES,
    DS,
    INC,
    MORE,
    MORE07,
    SAML,
    SAMLP,
    SHA256,
    XENC,
    Scene,
    finish,
)

CORE = "SAML Profiles §4.1.4"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
X509 = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
CONSENT = "urn:oasis:names:tc:SAML:2.0:consent:unspecified"
LOCALITY = '<saml:SubjectLocality Address="203.0.113.9" DNSName="client.example"/>'
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPENED = Setup(decryption_keys=("sp",))
LEGACY = Setup(decryption_keys=("sp",), insecure_legacy_encryption=True)


def good(
    name: str,
    document: str | bytes,
    why: str,
    *,
    name_id: str = ALICE,
    attributes: Mapping[str, Sequence[str]] | None = None,
    signed: str = "assertion",
    encrypted: bool = False,
    warnings: tuple[str, ...] = (),
    section: str = CORE,
    made_with: str = "",
    encoded: str | None = None,
    setup: Setup = Setup(),  # noqa: B008 - it is frozen
) -> Case:
    """An honest case; the first half of its name is whose shape it has."""
    finished = finish(document) if isinstance(document, str) else document
    found = ATTRIBUTES if attributes is None else attributes
    reading = Reading(name_id, signed, encrypted, warnings, found)
    return Case(
        name,
        finished,
        why,
        section,
        encoded=encoded,
        setup=setup,
        reading=reading,
        made_with=made_with,
    )


# --- identity providers -----------------------------------------------------------------------


def in_lines(document: str, end: str = "\n") -> str:
    """Signature values and certificates in lines of 64; no signature covers them."""

    def wrap(found: re.Match[str]) -> str:
        text = found[2]
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        return found[1] + end + end.join(lines) + end

    return re.sub(r"(<ds:(?:SignatureValue|X509Certificate)>)([^<]+)", wrap, document)


def unprefixed(document: str) -> str:
    """The same without the prefixes `samlp` and `saml`: each element declares its namespace."""
    for prefix, namespace in (("samlp", SAMLP), ("saml", SAML)):
        document = document.replace(f' xmlns:{prefix}="{namespace}"', "")
        document = re.sub(rf"<{prefix}:(\w+)", rf'<\1 xmlns="{namespace}"', document)
        document = document.replace(f"</{prefix}:", "</")
    return document


def signing(s: Scene) -> Iterator[Case]:
    """Which part is signed, and how."""
    yield good("generic/assertion-signed", s.sign(s.response()), "the plainest response there is")
    yield good(
        "generic/response-signed",
        s.sign(s.response(), "R"),
        "the response signed",
        signed="response",
    )
    yield good(
        "generic/both-signed", s.sign(s.sign(s.response()), "R"), "both signed", signed="both"
    )
    hashed = {"256": SHA256, "384": MORE + "sha384", "512": XENC + "sha512"}
    for size, digest in hashed.items():
        yield good(
            f"generic/rsa-sha{size}",
            s.sign(s.response(), algorithm=f"{MORE}rsa-sha{size}", digest=digest),
            f"RSA with SHA-{size}",
            section="XML-DSig §6.4",
        )
        yield good(
            f"generic/pss-sha{size}",
            s.sign(s.response(), algorithm=f"{MORE07}sha{size}-rsa-MGF1", digest=digest),
            f"RSA-PSS with SHA-{size}",
            section="RFC 6931 §2.3.10",
        )
    for curve, size in (("p256", "256"), ("p384", "384"), ("p521", "512")):
        yield good(
            f"generic/ecdsa-{curve}",
            s.sign(s.response(), key=f"idp-{curve}", algorithm=f"{MORE}ecdsa-sha{size}"),
            f"ECDSA on {curve}",
            section="XML-DSig §6.4.2",
            setup=Setup(certificates=("idp", f"idp-{curve}")),
        )
    yield good(
        "generic/ecdsa-and-inclusive-c14n",
        s.sign(
            s.response(),
            key="idp-p256",
            algorithm=f"{MORE}ecdsa-sha256",
            c14n=INC,
            c14n_signed_info=INC,
        ),
        "ECDSA over Canonical XML 1.0",
        section="XML-DSig §6.4.2",
        setup=Setup(certificates=("idp", "idp-p256")),
    )
    yield good(
        "generic/ecdsa-with-a-longer-hash",
        s.sign(s.response(), key="idp-p256", algorithm=f"{MORE}ecdsa-sha512"),
        "SHA-512 on a curve of 256 bits",
        section="XML-DSig §6.4.2",
        setup=Setup(certificates=("idp", "idp-p256")),
    )
    yield good(
        "generic/two-keys-two-signatures",
        s.sign(s.sign(s.response(), key="idp-next"), "R"),
        "assertion and response signed by two pinned keys",
        signed="both",
        setup=Setup(certificates=("idp", "idp-next")),
    )
    yield good(
        "generic/another-hash-for-the-digest",
        s.sign(s.response(), digest=XENC + "sha512"),
        "digest and signature need not share a hash",
        section="XML-DSig §6.2",
    )
    yield good(
        "generic/pss-on-the-response",
        s.sign(s.response(), "R", algorithm=f"{MORE07}sha256-rsa-MGF1"),
        "RSA-PSS over the response",
        signed="response",
        section="RFC 6931 §2.3.10",
    )
    yield good(
        "generic/inclusive-signed-info-only",
        s.sign(s.response(), c14n_signed_info=INC),
        "SignedInfo by Canonical XML 1.0, the assertion by the exclusive form",
        section="XML-DSig §4.3.1",
    )
    yield good(
        "generic/prefix-list-of-many",
        s.sign(s.response(), prefix_list="xs xsi saml samlp"),
        "a PrefixList of four",
        section="Exclusive C14N §3",
    )
    yield good(
        "generic/default-namespace-in-the-prefix-list",
        s.sign(s.response(), prefix_list="#default saml"),
        "#default in a PrefixList",
        section="Exclusive C14N §3",
    )


def certificates_and_key_info(s: Scene) -> Iterator[Case]:
    """Several certificates, and a KeyInfo that nobody reads."""
    yield good(
        "generic/second-certificate-signs",
        s.sign(s.response(), key="idp-next"),
        "any pinned certificate may sign; KeyInfo does not choose",
        setup=Setup(certificates=("idp", "idp-next")),
    )
    yield good(
        "generic/expired-certificate",
        s.sign(s.response(), key="idp-expired"),
        "an expired pinned certificate warns and does not stop",
        setup=Setup(certificates=("idp-expired",)),
        warnings=("signed with an expired certificate",),
    )
    yield good(
        "generic/sha1-by-switch",
        s.sign(s.response(), algorithm=DS + "rsa-sha1", digest=DS + "sha1"),
        "SHA-1 passes with the connection's switch, and is reported",
        setup=Setup(insecure_sha1=True),
        warnings=("sha1",),
    )
    yield good(
        "generic/strange-key-info-is-not-read",
        s.sign(
            s.response(),
            key_info=f'<ds:KeyInfo><ds:RetrievalMethod URI="file:///etc/passwd"/><ds:X509Data>'
            f"<ds:X509Certificate>{s.cert_body('attacker')}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo>",
        ),
        "KeyInfo is ignored, whatever it says",
        section="XML-DSig §4.5",
    )
    yield good(
        "generic/no-key-info",
        s.sign(s.response(), key_info=""),
        "KeyInfo is optional",
        section="SAML Core §5.4.5",
    )
    yield good(
        "generic/key-name-and-key-value",
        s.sign(
            s.response(),
            key_info="<ds:KeyInfo><ds:KeyName>signing-1</ds:KeyName><ds:KeyValue>"
            f"{s.keys['idp'].rsa_key_value}</ds:KeyValue></ds:KeyInfo>",
        ),
        "a KeyName and the bare numbers of a key",
        section="XML-DSig §4.5",
    )
    yield good(
        "generic/chain-in-key-info",
        s.sign(
            s.response(),
            key_info="<ds:KeyInfo><ds:X509Data>"
            f"<ds:X509Certificate>{s.cert_body('idp')}</ds:X509Certificate>"
            f"<ds:X509Certificate>{s.cert_body('idp-next')}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo>",
        ),
        "a chain of certificates",
        section="XML-DSig §4.5.4",
    )
    yield good(
        "generic/ids-on-signature-and-key-info",
        changed(
            changed(
                s.sign(s.response(), key_info='<ds:KeyInfo Id="key-info-1"/>'),
                "<ds:SignatureValue>",
                '<ds:SignatureValue Id="value-1">',
            ),
            f'<ds:Signature xmlns:ds="{DS}">',
            f'<ds:Signature xmlns:ds="{DS}" Id="signature-1">',
        ),
        "Ids on the parts of the signature that nobody digests",
        section="XML-DSig §4.1",
    )
    yield good(
        "generic/wrapped-base64",
        in_lines(s.sign(s.response())),
        "signature value and certificate in lines of 64",
        section="XML-DSig §4.2",
    )
    yield good(
        "generic/carriage-returns-in-base64",
        in_lines(s.sign(s.response()), "&#13;\n"),
        "the carriage returns that Java writes into a signature value",
        section="XML-DSig §4.2",
    )


def names(s: Scene) -> Iterator[Case]:
    """Names as they are written."""
    yield good(
        "generic/no-break-space-is-kept",
        s.sign(s.response(s.assertion(name_id="admin@corp.example\u00a0"))),
        "U+00A0 belongs to the name: it is another person than the one without",
        name_id="admin@corp.example\u00a0",
        section="SAML Core §1.3.1",
    )
    yield good(
        "generic/white-space-around-values",
        s.sign(
            s.response(s.assertion(name_id="\n   alice@corp.example\t\n", issuer=f"\n {s.idp} \n"))
        ),
        "pretty-printed values: XML white space is trimmed",
    )
    for label, name_format in (("persistent", PERSISTENT), ("unspecified", UNSPECIFIED)):
        yield good(
            f"generic/name-id-{label}",
            s.sign(s.response(s.assertion(name_id=f"{label}-1", name_id_format=name_format))),
            f"a NameID of format {label}",
            name_id=f"{label}-1",
            section="SAML Core §8.3",
        )
    yield good(
        "generic/name-id-without-format",
        s.sign(s.response(s.assertion(name_id_element=f"<saml:NameID>{ALICE}</saml:NameID>"))),
        "a NameID that says nothing of its format",
        section="SAML Core §2.2.2",
    )
    yield good(
        "generic/name-id-with-qualifiers",
        s.sign(
            s.response(
                s.assertion(
                    name_id_element=f'<saml:NameID Format="{PERSISTENT}" NameQualifier="{s.idp}"'
                    f' SPNameQualifier="{s.sp}" SPProvidedID="42">opaque-2</saml:NameID>'
                )
            )
        ),
        "a NameID with every qualifier that there is",
        name_id="opaque-2",
        section="SAML Core §2.2.2",
    )
    yield good(
        "generic/name-id-of-digits-and-signs",
        s.sign(s.response(s.assertion(name_id="CN=Alice,OU=R&amp;D,O=Corp", name_id_format=X509))),
        "a distinguished name with an ampersand",
        name_id="CN=Alice,OU=R&D,O=Corp",
        section="SAML Core §8.3.3",
    )
    yield good(
        "generic/name-id-by-character-references",
        s.sign(s.response(s.assertion(name_id="&#97;lice&#x40;corp.example"))),
        "the name written by character references",
        section="XML 1.0 §4.1",
    )
    yield good(
        "generic/issuer-with-entity-format",
        s.sign(
            changed(
                s.response(),
                f"<saml:Issuer>{s.idp}</saml:Issuer>@SIG-A@",
                f'<saml:Issuer Format="{ENTITY}">{s.idp}</saml:Issuer>@SIG-A@',
            )
        ),
        "the Issuer's Format said aloud",
        section="SAML Core §8.3.6",
    )


def conditions(s: Scene) -> Iterator[Case]:
    """Conditions and confirmations that hold."""
    yield good(
        "generic/one-time-use-and-proxy-restriction",
        s.sign(
            s.response().replace(
                "</saml:Conditions>",
                '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/></saml:Conditions>',
            )
        ),
        "the two other conditions of the standard are known",
        section="SAML Core §2.5.1.5",
    )
    yield good(
        "generic/two-restrictions-both-ours",
        s.sign(
            s.response().replace(
                "</saml:AudienceRestriction>",
                "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:x"
                f"</saml:Audience><saml:Audience>{s.sp}</saml:Audience></saml:AudienceRestriction>",
            )
        ),
        "several restrictions, each of which names us",
        section="SAML Core §2.5.1.4",
    )
    other = (
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key">'
        "<saml:SubjectConfirmationData/></saml:SubjectConfirmation>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData Recipient="https://other.example/acs"'
        f' NotOnOrAfter="{s.stamp(5)}"/></saml:SubjectConfirmation>'
    )
    yield good(
        "generic/one-of-three-confirmations-holds",
        s.sign(s.response().replace("</saml:NameID>", "</saml:NameID>" + other)),
        "one bearer confirmation is enough",
    )
    yield good(
        "generic/several-audiences",
        s.sign(
            changed(
                s.response(),
                "<saml:Audience>",
                "<saml:Audience>https://other.example</saml:Audience><saml:Audience>",
            )
        ),
        "one restriction with two audiences, the second of which is ours",
        section="SAML Core §2.5.1.4",
    )
    yield good(
        "generic/conditions-without-times",
        s.sign(
            changed(s.response(), f' NotBefore="{s.stamp(-0.5)}" NotOnOrAfter="{s.stamp(5)}"', "")
        ),
        "times of the conditions are optional, the confirmation has its own",
        section="SAML Core §2.5.1",
    )
    yield good(
        "generic/conditions-without-not-before",
        s.sign(changed(s.response(), f' NotBefore="{s.stamp(-0.5)}"', "")),
        "no NotBefore",
        section="SAML Core §2.5.1",
    )
    yield good(
        "generic/two-bearer-confirmations",
        s.sign(
            re.sub(
                r"(<saml:SubjectConfirmation .*</saml:SubjectConfirmation>)", r"\1\1", s.response()
            )
        ),
        "two bearer confirmations, both ours",
    )
    yield good(
        "generic/confirmation-with-address",
        s.sign(
            changed(
                s.response(),
                "<saml:SubjectConfirmationData",
                '<saml:SubjectConfirmationData Address="203.0.113.9"',
            )
        ),
        "the address of the browser, as the provider saw it",
        section="SAML Core §2.4.1.2",
    )
    yield good(
        "generic/confirmation-with-name-id",
        s.sign(
            changed(
                s.response(),
                "<saml:SubjectConfirmationData",
                "<saml:NameID>proxy</saml:NameID><saml:SubjectConfirmationData",
            )
        ),
        "a confirmation that names who may present it; the subject stays who it is",
        section="SAML Core §2.4.1.1",
    )


def times(s: Scene) -> Iterator[Case]:
    """Times that are odd and still hold."""
    limits = f'NotBefore="{s.stamp(-0.5)}" NotOnOrAfter="{s.stamp(5)}"'
    for label, begins, ends, why in (
        ("our-clock-is-behind", 1.5, 6, "issued a minute and a half from now: within the skew"),
        ("our-clock-is-ahead", -6, -1.5, "over since a minute and a half: within the skew"),
        ("a-long-validity", -600, 600, "valid for twenty hours"),
    ):
        moved = f'NotBefore="{s.stamp(begins)}" NotOnOrAfter="{s.stamp(ends)}"'
        yield good(
            f"generic/{label}",
            s.sign(changed(s.response(), limits, moved)),
            why,
            section="SAML Core §2.5.1.2",
        )
    for label, fraction in (
        ("one-digit", ".5"),
        ("seven-digits", ".1234567"),
        ("nine", ".123456789"),
    ):
        text = s.moment(5, "%Y-%m-%dT%H:%M:%S") + fraction + "Z"
        yield good(
            f"generic/fraction-of-{label}",
            s.sign(s.response().replace(s.stamp(5), text)),
            "fractions of a second, of any length",
            section="SAML Core §1.3.3",
        )
    yield good(
        "generic/old-sign-in",
        s.sign(changed(s.response(), s.stamp(-1), s.stamp(-60 * 24 * 6))),
        "the person signed in at the provider six days ago",
        section="SAML Core §2.7.2",
    )


def attributes(s: Scene) -> Iterator[Case]:
    """Attributes in all their forms."""
    yield good(
        "generic/repeated-attribute-name",
        s.sign(s.response(s.assertion().replace('Name="lastName"', 'Name="firstName"'))),
        "values of a name that comes again are added",
        attributes={
            "email": ["alice@corp.example"],
            "firstName": ["Alice", "Liddell"],
            "groups": ["engineering", "on-call"],
        },
    )
    yield good(
        "generic/targeted-id",
        s.sign(
            s.response(
                s.assertion(
                    attributes={
                        "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": [
                            f'<saml:NameID Format="{PERSISTENT}">opaque-1</saml:NameID>'
                        ]
                    }
                )
            )
        ),
        "eduPersonTargetedID carries a NameID as its value",
        attributes={"urn:oid:1.3.6.1.4.1.5923.1.1.1.10": ["opaque-1"]},
    )
    hidden = s.encrypt(
        f'<saml:Attribute xmlns:saml="{SAML}" Name="badge"><saml:AttributeValue>42'
        "</saml:AttributeValue></saml:Attribute>",
        element="EncryptedAttribute",
    )
    yield good(
        "generic/encrypted-attribute",
        s.sign(
            s.response().replace(
                "</saml:AttributeStatement>", hidden + "</saml:AttributeStatement>"
            )
        ),
        "an attribute on its own is encrypted, inside the signature",
        attributes=ATTRIBUTES | {"badge": ["42"]},
        setup=OPENED,
        section="SAML Core §2.7.3.2",
    )
    empty = (
        '<saml:Attribute Name="phone"/><saml:Attribute Name="fax"><saml:AttributeValue'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>'
        '<saml:Attribute Name="middle"><saml:AttributeValue/></saml:Attribute>'
    )
    yield good(
        "generic/attributes-without-values",
        s.sign(
            s.response().replace("</saml:AttributeStatement>", empty + "</saml:AttributeStatement>")
        ),
        "no value and a nil value are nothing; an empty value is the empty string",
        attributes=ATTRIBUTES | {"middle": [""]},
        section="SAML Core §2.7.3.1.1",
    )
    yield good(
        "generic/two-attribute-statements",
        s.sign(
            changed(
                s.response(),
                '<saml:Attribute Name="groups"',
                '</saml:AttributeStatement><saml:AttributeStatement><saml:Attribute Name="groups"',
            )
        ),
        "attributes spread over two statements",
        section="SAML Core §2.7.3",
    )
    yield good(
        "generic/two-authn-statements",
        s.sign(re.sub(r"(<saml:AuthnStatement .*</saml:AuthnStatement>)", r"\1\1", s.response())),
        "two AuthnStatements",
        section="SAML Core §2.7.2",
    )
    yield good(
        "generic/every-part-of-an-authn-statement",
        s.sign(
            changed(
                s.response(),
                "</saml:AuthnContextClassRef></saml:AuthnContext>",
                "</saml:AuthnContextClassRef><saml:AuthenticatingAuthority>https://up.example"
                "</saml:AuthenticatingAuthority></saml:AuthnContext>",
            ).replace("<saml:AuthnContext>", LOCALITY + "<saml:AuthnContext>")
        ),
        "SubjectLocality, and the authority that the provider itself relied on",
        section="SAML Core §2.7.2.2",
    )
    yield good(
        "generic/no-session-index",
        s.sign(changed(s.response(), ' SessionIndex="_session-1"', "")),
        "no SessionIndex: the provider knows no single logout",
        section="SAML Core §2.7.2",
    )
    for label, kind in (("basic", "basic"), ("uri", "uri"), ("unspecified", "unspecified")):
        named = f'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:{kind}" Name='
        yield good(
            f"generic/attribute-name-format-{label}",
            s.sign(s.response().replace("<saml:Attribute Name=", f"<saml:Attribute {named}")),
            f"NameFormat {kind}",
            section="SAML Core §8.2",
        )
    yield good(
        "generic/values-of-any-type",
        s.sign(s.response().replace("xs:string", "xs:anyType")),
        "xsi:type says nothing that counts",
        section="SAML Core §2.7.3.1.1",
    )
    accents = {
        "email": [ALICE],
        "firstName": ["Zo\u00eb"],
        "lastName": ["\u6797"],
        "groups": ["\U0001f600"],
    }
    yield good(
        "generic/values-in-many-scripts",
        s.sign(s.response(s.assertion(attributes=accents))),
        "Latin with accents, Chinese, and beyond the basic plane",
        attributes=accents,
        section="XML 1.0 §2.2",
    )
    yield good(
        "generic/escaped-values",
        s.sign(
            s.response(
                s.assertion(
                    attributes={
                        "email": [ALICE],
                        "firstName": ["O&apos;Neil &amp; S&#246;hne"],
                        "lastName": ["&lt;b&gt;&quot;"],
                    }
                )
            )
        ),
        "all five entities of XML, and a character reference",
        attributes={"email": [ALICE], "firstName": ["O'Neil & S\u00f6hne"], "lastName": ['<b>"']},
        section="XML 1.0 §4.6",
    )
    many = ATTRIBUTES | {"groups": [f"group-{number}" for number in range(400)]}
    yield good(
        "generic/four-hundred-groups",
        s.sign(s.response(s.assertion(attributes=many, typed=False))),
        "somebody who is in every group",
        attributes=many,
        section="SAML Core §2.7.3.1",
    )


def envelopes(s: Scene) -> Iterator[Case]:
    """What may stand around the assertion."""
    yield good(
        "generic/extensions",
        s.sign(
            s.response(
                extensions='<samlp:Extensions><x:hint xmlns:x="urn:example">1</x:hint>'
                "</samlp:Extensions>"
            )
        ),
        "Extensions may say what they like; nobody reads them",
        section="SAML Core §3.2.2",
    )
    yield good(
        "generic/no-in-response-to-on-the-response",
        s.sign(s.response(in_response_to=None)),
        "the signed confirmation names the request, the unsigned envelope is silent",
    )
    yield good(
        "generic/byte-order-mark",
        "\ufeff" + s.sign(s.response()),
        "a UTF-8 byte order mark, as .NET writes it",
    )
    yield good(
        "generic/no-issuer-on-the-response",
        s.sign(s.response(issuer=None)),
        "the response's Issuer is optional where it is not signed",
        section="SAML Profiles §4.1.4.2",
    )
    yield good(
        "generic/no-destination",
        s.sign(s.response(destination=None)),
        "Destination is optional where the response is not signed",
        section="SAML Core §3.2.2",
    )
    yield good(
        "generic/status-message",
        s.sign(
            changed(
                s.response(),
                "</samlp:Status>",
                "<samlp:StatusMessage>welcome</samlp:StatusMessage></samlp:Status>",
            ),
            "R",
        ),
        "a message with the success",
        signed="response",
        section="SAML Core §3.2.2.3",
    )
    yield good(
        "generic/pretty-printed",
        s.sign(re.sub(r"(</?(?:saml|samlp):)", r"\n  \1", s.response())),
        "every tag on a line of its own, signed as it stands",
        section="C14N §1.3",
    )
    yield good(
        "generic/no-prefixes-at-all",
        s.sign(unprefixed(s.response())),
        "default namespaces everywhere",
        section="Namespaces in XML §6.2",
    )
    yield good(
        "generic/other-prefixes",
        s.sign(s.response(p="A", a="_b-1.x"), ds="Signature"),
        "prefixes that nobody would choose",
        section="Namespaces in XML §3",
    )
    yield good(
        "generic/declaration-and-new-lines-behind",
        DECLARATION + finish(s.sign(s.response())) + "\r\n\n",
        "an XML declaration in front, white space behind",
        section="XML 1.0 §2.8",
    )
    plain = finish(s.sign(s.response())).encode()
    yield good(
        "generic/form-field-in-lines",
        plain,
        "base64 in lines of 76, as MIME has it",
        encoded=encodebytes(plain).decode(),
        section="SAML Bindings §3.5.4",
    )
    yield good(
        "generic/form-field-in-lines-of-windows",
        plain,
        "the same with carriage returns",
        encoded=encodebytes(plain).decode().replace("\n", "\r\n"),
        section="SAML Bindings §3.5.4",
    )
    yield good(
        "generic/consent",
        s.sign(s.response(extra_declarations=f' Consent="{CONSENT}"'), "R"),
        "the response says that nobody was asked for consent",
        signed="response",
        section="SAML Core §8.4",
    )


def unsolicited(s: Scene) -> Iterator[Case]:
    """Started at the identity provider, in several shapes."""
    assertion = s.assertion(in_response_to=None)
    plain = s.response(assertion, in_response_to=None)
    section = "SAML Profiles §4.1.5"
    yield good(
        "generic/unsolicited-response-signed",
        s.sign(plain, "R"),
        "the response signed, no request",
        signed="response",
        section=section,
        setup=Setup(solicited=False),
    )
    yield good(
        "generic/unsolicited-both-signed",
        s.sign(s.sign(plain), "R"),
        "both signed, no request",
        signed="both",
        section=section,
        setup=Setup(solicited=False),
    )
    yield good(
        "generic/unsolicited-encrypted",
        s.response(s.encrypt(finish(s.sign(assertion))), in_response_to=None),
        "encrypted, no request",
        encrypted=True,
        section=section,
        setup=Setup(decryption_keys=("sp",), solicited=False),
    )
