"""Every folder of vectors, good and bad, by one loop; the test's id is the folder's path."""

from __future__ import annotations

import tomllib
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from vestibule.errors import CODES, SamlError
from vestibule.protocols.saml import (
    Certificate,
    Expectations,
    VerifiedAssertion,
    read_certificate,
    read_idp_metadata,
    read_response,
    verify_response,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "saml"
FOLDERS = sorted(path.parent for path in VECTORS.glob("*/*/*/case.toml"))


def load(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))


def path_id(folder: Path) -> str:
    return folder.relative_to(VECTORS).as_posix()


def certificate(name: str) -> Certificate:
    return read_certificate((VECTORS / "keys" / f"{name}.test-cert.pem").read_text())


def form_field(folder: Path) -> str:
    encoded = folder / "response.b64"
    if encoded.exists():
        return encoded.read_text(encoding="utf-8")
    return b64encode((folder / "response.xml").read_bytes()).decode()


def expectations(case: dict[str, Any]) -> Expectations:
    return Expectations(
        idp_entity_id=case["idp_entity_id"],
        certificates=tuple(certificate(name) for name in case["certificates"]),
        acs_urls=(case["acs_url"],),
        audiences=(case["audience"],),
        request_id=case.get("request_id"),
        decryption_keys=tuple(
            (VECTORS / "keys" / f"{name}.test-key.pem").read_text()
            for name in case["decryption_keys"]
        ),
        insecure_sha1=case.get("insecure_sha1", False),
        insecure_legacy_encryption=case.get("insecure_legacy_encryption", False),
    )


def verify(folder: Path) -> VerifiedAssertion:
    case = load(folder)
    now = datetime.fromisoformat(case["now"])
    return verify_response(read_response(form_field(folder)), expectations(case), now=now)


@pytest.mark.parametrize("folder", FOLDERS, ids=path_id)
def test_vector(folder: Path) -> None:
    case = load(folder)
    expected = case["expected"]
    if "code" in expected:
        with pytest.raises(SamlError) as refused:
            run(folder, case)
        assert refused.value.code == expected["code"], str(refused.value)
        return
    run(folder, case)


def run(folder: Path, case: dict[str, Any]) -> None:
    expected = case["expected"]
    if case["kind"] == "metadata":
        found = read_idp_metadata(
            (folder / "idp-metadata.xml").read_bytes(), now=datetime.fromisoformat(case["now"])
        )
        assert found.entity_id == expected["entity_id"]
        assert (found.sso_url, found.sso_binding) == (expected["sso_url"], expected["sso_binding"])
        assert found.certificates == tuple(map(certificate, expected["certificates"]))
        assert found.wants_signed_requests == expected["wants_signed_requests"]
        return
    verified = verify(folder)
    assert verified.name_id == expected["name_id"]
    assert dict(verified.attributes) == {
        name: tuple(values) for name, values in expected["attributes"].items()
    }
    assert verified.signed == expected["signed"]
    assert verified.encrypted == expected["encrypted"]
    assert list(verified.warnings) == expected["warnings"]


def test_bad_folders_are_named_for_their_code() -> None:
    bad = [folder for folder in FOLDERS if folder.parts[-3] == "bad"]
    assert len(bad) >= 90
    for folder in bad:
        assert folder.parts[-2] == load(folder)["expected"]["code"]
        assert folder.parts[-2] in CODES


def test_a_response_can_be_verified_twice() -> None:
    for name in ("generic/both-signed", "okta/prefix-list", "shibboleth/aes256-gcm"):
        folder = VECTORS / "good" / name
        case = load(folder)
        now = datetime.fromisoformat(case["now"])
        unverified = read_response(form_field(folder))
        first = verify_response(unverified, expectations(case), now=now)
        assert verify_response(unverified, expectations(case), now=now) == first


# A second opinion ------------------------------------------------------------------------------

PLAIN = [
    folder
    for folder in FOLDERS
    if folder.parts[-3] == "good"
    and load(folder)["kind"] == "response"
    and not load(folder)["expected"]["encrypted"]
    and not load(folder).get("insecure_sha1")
    and "expired" not in folder.name
]


@pytest.mark.parametrize("folder", PLAIN, ids=path_id)
def test_signxml_agrees_about_the_signed_bytes(folder: Path) -> None:
    from signxml import SignatureConfiguration, XMLVerifier
    from signxml.exceptions import InvalidInput, InvalidSignature

    case = load(folder)
    verified = verify(folder)
    root = etree.fromstring((folder / "response.xml").read_bytes())
    assertion = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
    signed = root if verified.signed == "response" else assertion
    assert signed is not None
    location = "./" if signed is root else "./{urn:oasis:names:tc:SAML:2.0:assertion}Assertion/"
    found = None
    for name in case["certificates"]:
        try:
            found = XMLVerifier().verify(
                root,
                x509_cert=(VECTORS / "keys" / f"{name}.test-cert.pem").read_text(),
                expect_config=SignatureConfiguration(location=location),
                id_attribute="ID",
                validate_schema=False,
            )
            break
        except (InvalidInput, InvalidSignature):
            continue
    assert found is not None and found.signed_xml is not None
    text = [
        element.text.strip(" \t\r\n")
        for element in found.signed_xml.iter("{urn:oasis:names:tc:SAML:2.0:assertion}NameID")
        if element.text
    ]
    if "encrypted-name-id" not in folder.name:
        assert text[0] == verified.name_id
