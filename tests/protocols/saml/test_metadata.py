"""Metadata: theirs is read with care (see also the vectors), ours is read by others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from signxml import SignatureConfiguration, XMLVerifier

from protocols.saml.material import NOW, VECTORS, cert_pem, certificate, key_pem
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
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
