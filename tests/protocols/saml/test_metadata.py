"""Metadata: theirs is read with care (see also the vectors), ours is read by others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from signxml import SignatureConfiguration, XMLVerifier

from protocols.saml.material import NOW, VECTORS, cert_pem, certificate, key_pem
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    SamlIdpMetadata,
    SamlSp,
    read_idp_metadata,
    read_private_key,
    render_sp_metadata,
    sign_enveloped,
)
from vestibule.protocols.saml.xml import parse

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SP = SamlSp(
    "https://sso.example/saml/1?a&b",
    "https://sso.example/saml/1/acs",
    signing_key=key_pem("sp"),
    signing_certificates=(cert_pem("sp"), cert_pem("sp-next")),
    encryption_certificates=(cert_pem("sp"),),
    name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    logout_url="https://sso.example/saml/1/logout",
)


def document(name: str) -> bytes:
    return (VECTORS / "good" / name / "idp-metadata.xml").read_bytes()


def test_validity_and_formats_are_read() -> None:
    found = read_idp_metadata(document("simplesamlphp/metadata-several-certificates"), now=NOW)
    assert found.valid_until == datetime(2030, 1, 1, tzinfo=UTC)
    assert found.cache_duration == timedelta(hours=6)
    assert found.name_id_formats == ("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",)
    assert found.certificates == (certificate("idp"), certificate("idp-next"))


def test_metadata_expires_on_the_second() -> None:
    octets = document("simplesamlphp/metadata-several-certificates")
    end = datetime(2030, 1, 1, tzinfo=UTC)
    read_idp_metadata(octets, now=end - timedelta(seconds=1))
    with pytest.raises(SamlError, match="saml_metadata_expired"):
        read_idp_metadata(octets, now=end)


def test_the_cause_is_told_to_the_admin() -> None:
    with pytest.raises(SamlError) as refused:
        read_idp_metadata(b"<!DOCTYPE x><x/>", now=NOW)
    assert refused.value.code == "saml_metadata_invalid"
    assert "saml_xml_forbidden" in str(refused.value.detail)


def test_python3_saml_reads_the_same_out_of_it() -> None:
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(document("generic/metadata-on-one-line"))
    ours = read_idp_metadata(document("generic/metadata-on-one-line"), now=NOW)
    assert theirs["idp"]["entityId"] == ours.entity_id
    assert theirs["idp"]["singleSignOnService"]["url"] == ours.sso_url


def test_our_metadata_shows_every_certificate_and_endpoint() -> None:
    root = parse(render_sp_metadata(SP))
    role = root[0]
    assert root.get("entityID") == SP.entity_id
    uses = [key.get("use") for key in role.findall(f"{MD}KeyDescriptor")]
    assert uses == ["signing", "signing", "encryption"]
    acs = role.find(f"{MD}AssertionConsumerService")
    assert acs is not None and acs.get("Location") == SP.acs_url
    logout = role.find(f"{MD}SingleLogoutService")
    assert logout is not None and logout.get("Location") == SP.logout_url
    assert role.get("AuthnRequestsSigned") == "true"
    assert b"tripledes" not in render_sp_metadata(SP)


def test_our_metadata_without_keys_asks_for_no_signatures_of_ours() -> None:
    bare = parse(render_sp_metadata(SamlSp("e", "https://a.example/acs")))
    assert bare[0].get("AuthnRequestsSigned") == "false"
    assert [child.tag for child in bare[0]] == [f"{MD}AssertionConsumerService"]


def test_our_metadata_is_valid_by_the_schema_of_python3_saml() -> None:
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    assert not isinstance(
        OneLogin_Saml2_XML.validate_xml(
            render_sp_metadata(SP).decode(), "saml-schema-metadata-2.0.xsd", False
        ),
        str,
    )


def test_our_metadata_can_be_signed() -> None:
    signed = sign_enveloped(
        render_sp_metadata(SP), "sp-metadata", read_private_key(key_pem("sp")), cert_pem("sp")
    )
    found = XMLVerifier().verify(
        signed,
        x509_cert=cert_pem("sp"),
        id_attribute="ID",
        expect_config=SignatureConfiguration(location="./"),
    )
    assert b"SPSSODescriptor" in found.signed_data  # type: ignore[union-attr]


# Theirs, part by part --------------------------------------------------------------------------

NS = "urn:oasis:names:tc:SAML:2.0:metadata"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"


def key(name: str, use: str | None = "signing") -> str:
    body = "".join(line for line in cert_pem(name).splitlines() if "-----" not in line)
    said = "" if use is None else f' use="{use}"'
    return (
        f"<m:KeyDescriptor{said}><d:KeyInfo><d:X509Data><d:X509Certificate>{body}"
        "</d:X509Certificate></d:X509Data></d:KeyInfo></m:KeyDescriptor>"
    )


def service(
    location: str | None, binding: str = REDIRECT, kind: str = "SignOn", answers: str | None = None
) -> str:
    where = "" if location is None else f' Location="{location}"'
    elsewhere = "" if answers is None else f' ResponseLocation="{answers}"'
    return f'<m:Single{kind}Service Binding="{binding}"{where}{elsewhere}/>'


SSO = service("https://idp.example/sso")


def role(inside: str = "", *, attributes: str = "", protocol: str | None = PROTOCOL) -> str:
    said = "" if protocol is None else f' protocolSupportEnumeration="{protocol}"'
    return (
        f"<m:IDPSSODescriptor{said}{attributes}>{inside or key('idp') + SSO}</m:IDPSSODescriptor>"
    )


def entity(
    inside: str | None = None, attributes: str = "", entity_id: str | None = "urn:idp"
) -> str:
    named = "" if entity_id is None else f' entityID="{entity_id}"'
    within = role() if inside is None else inside
    return f"<m:EntityDescriptor{named}{attributes}>{within}</m:EntityDescriptor>"


def entities(inside: str, attributes: str = "") -> str:
    return f"<m:EntitiesDescriptor{attributes}>{inside}</m:EntitiesDescriptor>"


def declared(document: str) -> bytes:
    """With its prefixes declared, whatever its root is."""
    head, _, tail = document.partition(">")
    empty = head.endswith("/")
    spaces = f' xmlns:m="{NS}" xmlns:d="http://www.w3.org/2000/09/xmldsig#"'
    return f"{head.removesuffix('/')}{spaces}{'/' if empty else ''}>{tail}".encode()


def read(document: str) -> SamlIdpMetadata:
    return read_idp_metadata(declared(document), now=NOW)


def refused(document: str) -> str:
    with pytest.raises(SamlError) as caught:
        read(document)
    return caught.value.code


def test_the_plainest_metadata_has_nothing_more_than_it_says() -> None:
    assert read(entity()) == SamlIdpMetadata(
        entity_id="urn:idp",
        sso_url="https://idp.example/sso",
        sso_binding=REDIRECT,
        certificates=(certificate("idp"),),
        valid_until=None,
        cache_duration=None,
        wants_signed_requests=False,
        name_id_formats=(),
        slo_url="",
        slo_response_url="",
        slo_binding="",
    )


def test_an_entity_id_of_1024_characters_is_read_and_one_more_is_not() -> None:
    assert read(entity(entity_id="e" * 1024)).entity_id == "e" * 1024
    for entity_id in ("e" * 1025, "", None):
        assert refused(entity(entity_id=entity_id)) == "saml_metadata_invalid"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("true", True), ("1", True), ("false", False), ("0", False), ("True", False), ("", False)],
)
def test_signed_requests_are_wanted_where_the_schema_says_so(said: str, wanted: bool) -> None:
    found = read(entity(role(attributes=f' WantAuthnRequestsSigned="{said}"')))
    assert found.wants_signed_requests is wanted


def test_the_formats_of_names_come_in_order() -> None:
    formats = "<m:NameIDFormat> urn:b </m:NameIDFormat><m:NameIDFormat>urn:a</m:NameIDFormat>"
    assert read(entity(role(key("idp") + formats + SSO))).name_id_formats == ("urn:b", "urn:a")


@pytest.mark.parametrize("place", ["entities", "entity", "role"])
def test_the_earliest_end_and_the_shortest_time_count_wherever_they_stand(place: str) -> None:
    long = ' validUntil="2029-01-01T00:00:00Z" cacheDuration="P2D"'
    short = ' validUntil="2028-01-01T00:00:00Z" cacheDuration="PT1H"'
    at = {name: short if name == place else long for name in ("entities", "entity", "role")}
    found = read(entities(entity(role(attributes=at["role"]), at["entity"]), at["entities"]))
    assert found.valid_until == datetime(2028, 1, 1, tzinfo=UTC)
    assert found.cache_duration == timedelta(hours=1)
    over = ' validUntil="2026-06-01T12:00:00Z"'
    at = {name: over if name == place else long for name in at}
    document = entities(entity(role(attributes=at["role"]), at["entity"]), at["entities"])
    assert refused(document) == "saml_metadata_expired"


def test_the_end_of_another_entity_does_not_count() -> None:
    other = entity("", ' validUntil="2020-01-01T00:00:00Z" cacheDuration="x"', "urn:other")
    assert read(entities(other + entity())).valid_until is None


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P1Y2M3DT4H5M6S", timedelta(days=365 + 60 + 3, hours=4, minutes=5, seconds=6)),
        ("P2Y", timedelta(days=730)),
        ("P1M", timedelta(days=30)),
        ("P1D", timedelta(days=1)),
        ("PT1H", timedelta(hours=1)),
        ("PT1M", timedelta(minutes=1)),
        (" PT1.9S ", timedelta(seconds=1)),
        ("PT0S", timedelta(0)),
    ],
)
def test_a_duration_is_read_to_the_second(text: str, duration: timedelta) -> None:
    assert read(entity(attributes=f' cacheDuration="{text}"')).cache_duration == duration


@pytest.mark.parametrize("text", ["P", "PT", "-P1D", "1D", "P1H", "PT1H1H", "P1.5D", "p1d"])
def test_any_other_duration_is_refused(text: str) -> None:
    assert refused(entity(attributes=f' cacheDuration="{text}"')) == "saml_metadata_invalid"


def test_an_empty_attribute_is_as_good_as_none() -> None:
    found = read(entity(attributes=' cacheDuration="" validUntil=""'))
    assert (found.cache_duration, found.valid_until) == (None, None)


@pytest.mark.parametrize(
    "document",
    [
        entity(role(protocol=None)),
        entity(role(protocol="")),
        entity(role(protocol="urn:oasis:names:tc:SAML:1.1:protocol")),
        entity(role() * 2),
        entity(""),
        entities(entity() + entity(entity_id="urn:two")),
        entities(""),
        "<m:IDPSSODescriptor/>",
        "<m:Organization/>",
        role(),
        f"<m:Other>{entity()}</m:Other>",
        # hidden where the schema lets anything stand
        entity(f"<m:Extensions>{role()}</m:Extensions>"),
        entity(f"<m:Extensions>{role()}</m:Extensions>{role()}"),
        entity(f"<m:Extensions>{entity('')}</m:Extensions>{role()}"),
        entities(f"<m:Extensions>{entity('')}</m:Extensions>{entity()}"),
        entity(role(f"{key('idp')}{SSO}<m:Extensions>{entities(entity(''))}</m:Extensions>")),
    ],
)
def test_a_document_must_hold_one_identity_provider_in_its_place(document: str) -> None:
    assert refused(document) == "saml_metadata_invalid"


def test_the_identity_provider_may_stand_anywhere_among_other_entities() -> None:
    other = entity("<m:SPSSODescriptor/>", entity_id="urn:other")
    old = entity(role(protocol=f"urn:oasis:names:tc:SAML:1.1:protocol {PROTOCOL}"))
    beside = "<m:Extensions/>"
    assert read(entities(beside + entities(other + old) + other)).entity_id == "urn:idp"


def test_a_role_for_another_protocol_beside_ours_is_not_read() -> None:
    other = role(service("javascript:x"), protocol="urn:oasis:names:tc:SAML:1.1:protocol")
    assert read(entity(other + role())).sso_url == "https://idp.example/sso"


# --- services ------------------------------------------------------------------------------------


def with_sso(*services: str) -> str:
    return entity(role(key("idp") + "".join(services)))


def test_redirect_is_liked_better_than_post_and_the_first_of_each_counts() -> None:
    post, other = service("https://idp.example/post", POST), service("https://idp.example/other")
    found = read(with_sso(service("urn:soap", SOAP), post, SSO, other))
    assert (found.sso_url, found.sso_binding) == ("https://idp.example/sso", REDIRECT)
    found = read(with_sso(service("urn:soap", SOAP), post))
    assert (found.sso_url, found.sso_binding) == ("https://idp.example/post", POST)
    assert read(with_sso(service(" https://idp.example/sso\n"))).sso_url == (
        "https://idp.example/sso"
    )


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://u@idp.example/", "//x"])
def test_a_url_that_no_browser_should_be_sent_to_is_refused(url: str | None) -> None:
    assert refused(with_sso(service(url))) == "saml_metadata_invalid"
    assert refused(with_sso(service(url, POST))) == "saml_metadata_invalid"
    assert refused(with_sso(SSO, service(url, kind="Logout"))) == "saml_metadata_invalid"
    assert refused(with_sso(SSO, service(url, POST, "Logout"))) == "saml_metadata_invalid"
    if url:
        answers = service("https://idp.example/out", kind="Logout", answers=url)
        assert refused(with_sso(SSO, answers)) == "saml_metadata_invalid"


def test_without_a_way_through_the_browser_there_is_no_sign_in() -> None:
    assert refused(with_sso(service("https://idp.example/soap", SOAP))) == "saml_metadata_invalid"
    assert refused(with_sso("<m:SingleSignOnService/>")) == "saml_metadata_invalid"


OUT, ANSWERS = "https://idp.example/out", "https://idp.example/answers"


@pytest.mark.parametrize(
    ("services", "slo"),
    [
        ((), ("", "", "")),
        ((service(OUT, SOAP, "Logout"),), ("", "", "")),
        ((service(OUT, kind="Logout"),), (OUT, "", REDIRECT)),
        ((service(OUT, POST, "Logout"),), (OUT, "", POST)),
        ((service("x:", POST, "Logout"), service(OUT, kind="Logout")), (OUT, "", REDIRECT)),
        ((service(OUT, kind="Logout", answers=""),), (OUT, "", REDIRECT)),
        ((service(OUT, kind="Logout", answers=f" {OUT}"),), (OUT, "", REDIRECT)),
        ((service(f" {OUT} ", kind="Logout", answers=f"{ANSWERS} "),), (OUT, ANSWERS, REDIRECT)),
        ((service(OUT, POST, "Logout", ANSWERS),), (OUT, ANSWERS, POST)),
    ],
)
def test_logout_goes_where_the_metadata_says_and_its_answers_too(
    services: tuple[str, ...], slo: tuple[str, str, str]
) -> None:
    found = read(with_sso(SSO, *services))
    assert (found.slo_url, found.slo_response_url, found.slo_binding) == slo


# --- keys ----------------------------------------------------------------------------------------


def test_keys_for_signing_or_for_everything_count_each_once() -> None:
    keys = key("sp", "encryption") + key("idp-next", None) + key("idp") + key("idp-next")
    found = read(entity(role(keys + SSO)))
    assert found.certificates == (certificate("idp-next"), certificate("idp"))


@pytest.mark.parametrize(
    "keys",
    [
        "",
        key("idp", "encryption"),
        key("idp", ""),
        key("idp", "Signing"),
        "<m:KeyDescriptor/>",
        key("idp-weak"),
        key("idp").replace("</d:X509Certificate>", "!</d:X509Certificate>"),
        "<m:KeyDescriptor><d:KeyInfo><d:KeyName>idp</d:KeyName></d:KeyInfo></m:KeyDescriptor>",
    ],
)
def test_metadata_without_a_key_that_we_could_verify_with_is_refused(keys: str) -> None:
    assert refused(entity(role(keys + SSO))) == "saml_metadata_invalid"


# Ours, to the letter ---------------------------------------------------------------------------


def test_our_metadata_is_the_same_bytes_every_time() -> None:
    sp = SamlSp(
        "urn:us&",
        "https://us.example/acs?a&b",
        signing_certificates=("-----BEGIN X-----\nAA\n BB \n-----END X-----\n",),
        encryption_certificates=("CC",),
        name_id_format="urn:f&",
    )
    methods = "".join(
        f'<md:EncryptionMethod Algorithm="{uri}"/>'
        for uri in (
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2009/xmlenc11#aes192-gcm",
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        )
    )
    info = (
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo>"
    )
    assert render_sp_metadata(sp).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{NS}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        ' ID="sp-metadata" entityID="urn:us&amp;"><md:SPSSODescriptor AuthnRequestsSigned="false"'
        f' WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">'
        f'<md:KeyDescriptor use="signing">{info.format("AABB")}</md:KeyDescriptor>'
        f'<md:KeyDescriptor use="encryption">{info.format("CC")}{methods}</md:KeyDescriptor>'
        "<md:NameIDFormat>urn:f&amp;</md:NameIDFormat>"
        f'<md:AssertionConsumerService Binding="{POST}" Location="https://us.example/acs?a&amp;b"'
        ' index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>'
    )
