"""What somebody pasted is known by its looks, and nothing that can be pasted breaks that."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peers.certificates import make_key_pair
from vestibule.domain.pasted import MAX_LENGTH, recognise

PAIR = make_key_pair("An identity provider")
PEM = PAIR.certificate_pem
BODY = "".join(PEM.strip().splitlines()[1:-1])
DER = base64.b64decode(BODY)
KEY_DER = base64.b64decode("".join(PAIR.key_pem.strip().splitlines()[1:-1]))
BASE = "https://sso.example.com"
IDP = (
    '<?xml version="1.0"?>\n<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
    'entityID="https://idp.example/entity"><md:IDPSSODescriptor/></md:EntityDescriptor>'
)
SP = IDP.replace("IDPSSODescriptor", "SPSSODescriptor")
OURS = SP.replace("https://idp.example/entity", f"{BASE}/v1/b2b/sso/callback/saml-connection-1")
RESPONSE = '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>'
DISCOVERY = json.dumps({
    "issuer": "https://login.example", "authorization_endpoint": "https://login.example/a",
})  # fmt: skip
KNOWN: dict[str, tuple[str | bytes, str]] = {
    "metadata": (IDP, "metadata_xml"),
    "metadata of many": (f"<EntitiesDescriptor>{IDP[21:]}</EntitiesDescriptor>", "metadata_xml"),
    "metadata with a comment first": (f"<!-- Okta -->\n{IDP[21:]}", "metadata_xml"),
    "a metadata file": (IDP.encode(), "metadata_xml"),
    "a metadata file with a mark": (b"\xef\xbb\xbf" + IDP.encode(), "metadata_xml"),
    "a metadata file of Windows": (IDP.encode("utf-16"), "metadata_xml"),
    "metadata in base64": (base64.b64encode(IDP.encode()).decode(), "metadata_xml"),
    "metadata of an application": (SP, "sp_metadata"),
    "our own metadata": (OURS, "sp_metadata"),
    "our own address": (f"{BASE}/v1/public/sso/metadata/saml-connection-1", "sp_metadata"),
    "a metadata URL": ("https://acme.okta.com/app/exk1/sso/saml/metadata", "metadata_url"),
    "Entra's metadata URL": (
        "https://login.microsoftonline.com/1/federationmetadata/2007-06/federationmetadata.xml?appid=2",
        "metadata_url",
    ),
    "Keycloak's metadata URL": (
        "https://kc.example/realms/acme/protocol/saml/descriptor", "metadata_url",
    ),
    "a certificate": (PEM, "certificate"),
    "a certificate with text around": (f"Bag Attributes\n  x: y\n{PEM}\n\n", "certificate"),
    "a certificate on one line": (BODY, "certificate"),
    "a certificate's body on many lines": ("\n".join(PEM.splitlines()[1:-1]), "certificate"),
    "a certificate file in DER": (DER, "certificate"),
    "a certificate file in PEM": (PEM.encode(), "certificate"),
    "a certificate in XML": (
        f"<ds:X509Certificate>{BODY}</ds:X509Certificate>", "certificate",
    ),
    "a discovery URL": (
        "https://login.example/.well-known/openid-configuration", "discovery_url",
    ),
    "an issuer": ("https://login.example/realms/acme", "issuer"),
    "an issuer in a sentence": ("The issuer is https://login.example/oauth2.", "issuer"),
    "discovery": (DISCOVERY, "discovery_json"),
    "an entity id": ("urn:amazon:webservices", "entity_id"),
    "Entra's entity id": ("https://sts.windows.net/1-2-3/", "entity_id"),
    "Okta's entity id": ("http://www.okta.com/exk1fcia6d6EMsf331d8", "entity_id"),
    "a sign-in URL": ("https://acme.okta.com/app/acme/exk1/sso/saml", "sso_url"),
    "ADFS's sign-in URL": ("https://adfs.example/adfs/ls/", "sso_url"),
    "a private key": (PAIR.key_pem, "private_key"),
    "a private key with its certificate": (f"{PEM}\n{PAIR.key_pem}", "private_key"),
    "a private key in DER": (KEY_DER, "private_key"),
    "a private key in base64": (base64.b64encode(KEY_DER).decode(), "private_key"),
    "an encrypted private key": (
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----",
        "private_key",
    ),
    "a private JWK": ('{"kty": "RSA", "n": "a", "d": "b"}', "private_key"),
    "private JWKs": ('{"keys": [{"kty": "EC", "d": "b"}]}', "private_key"),
    "a service account": (
        json.dumps({"type": "service_account", "private_key": PAIR.key_pem}), "private_key",
    ),
    "a web page": ("<!DOCTYPE html><html><body>Sign in</body></html>", "html_page"),
    "a web page in capitals": ("<HTML><HEAD></HEAD></HTML>", "html_page"),
    "a SAML response": (RESPONSE, "saml_response"),
    "a SAML response in base64": (
        base64.b64encode((RESPONSE * 1).encode()).decode(), "saml_response",
    ),
    "a SAML form": (
        f"SAMLResponse={base64.b64encode(RESPONSE.encode()).decode()}&RelayState=x",
        "saml_response",
    ),
    "a SAML request's address": ("https://idp.example/x?SAMLRequest=abc", "saml_response"),
    "client id and secret": ("Client ID: abc\nClient secret: d-e_f~1", "client_id_secret"),
    "client id and secret of a file": (
        '{"web": {"client_id": "abc", "client_secret": "def"}}', "client_id_secret",
    ),
    "nothing": ("", "unknown"),
    "blanks": (" \n\t ", "unknown"),
    "a sentence": ("please help", "unknown"),
    "two addresses": ("https://a.example or https://b.example", "unknown"),
    "a token": ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "unknown"),
    "a key set": ('{"keys": []}', "unknown"),
    "a list": ("[1]", "unknown"),
    "broken JSON": ('{"issuer": ', "unknown"),
    "other XML": ("<rss/>", "unknown"),
    "metadata without a role": ("<EntityDescriptor/>", "unknown"),
    "a public key": ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "unknown"),
    "half a certificate": (PEM[:400], "unknown"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "unknown"),
    "a bundle": (b"\x30\x82\x00\x60\x06\x09" + bytes(94), "unknown"),
    "too much": ("x" * (MAX_LENGTH + 1), "unknown"),
    "no URL": ("https://[", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_what_people_paste_is_recognised(name: str) -> None:
    pasted, kind = KNOWN[name]
    found = recognise(pasted, base_url=BASE)
    assert found.kind == kind, found.sentence
    assert found.sentence.endswith(".") and len(found.sentence) < 200


def test_a_certificate_is_the_same_however_it_came() -> None:
    forms = [PEM, BODY, DER, PEM.encode(), f"<X509Certificate>\n{BODY}\n</X509Certificate>"]
    for form in forms:
        (one,) = recognise(form).certificates
        assert "".join(line for line in one.split() if "-" not in line).endswith(BODY[-40:])


def test_several_certificates_are_told_apart() -> None:
    other = make_key_pair("Another").certificate_pem
    assert len(recognise(f"{PEM}\n{other}\n{PEM}").certificates) == 2


def test_our_own_metadata_is_told_from_a_strangers() -> None:
    assert "our own" in recognise(OURS, base_url=BASE).sentence
    assert "application" in recognise(SP, base_url=BASE).sentence


def test_what_is_missing_beside_it_is_said() -> None:
    assert recognise(IDP).missing == ()
    assert recognise(PEM).missing == ("the sign-in URL", "the entity ID")
    assert recognise(DISCOVERY).missing == ("the client ID", "the client secret")
    assert recognise("client_id=abc").missing == ("the issuer", "the client secret")


def test_client_id_and_secret_are_read_from_what_people_write() -> None:
    for text in (
        "client_id=abc\nclient_secret=d/e+f==",
        "Client ID:\n  abc\nClient Secret:\n  d/e+f==",
        '"clientId": "abc", "clientSecret": "d/e+f=="',
        "client-id abc client-secret d/e+f==",
    ):
        found = recognise(text)
        assert (found.client_id, found.client_secret) == ("abc", "d/e+f=="), text


def test_a_secret_is_not_in_what_is_printed() -> None:
    assert "hush" not in repr(recognise("client_id: a client_secret: hush"))
    assert "PRIVATE" not in repr(recognise(PAIR.key_pem))


PIECES = st.sampled_from(
    [IDP, SP, PEM, BODY, RESPONSE, DISCOVERY, PAIR.key_pem, "<", "{", "[", "https://", "\x00",
     "-----BEGIN CERTIFICATE-----", "SAMLResponse=", "client_id", "client_secret", "urn:", "\ufeff",
     "<!--", "<?xml", "entityID=", " " * 500, "\ud800", "ey", "."]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.text(max_size=500),
        st.binary(max_size=500),
        st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=8).map("".join),
        st.lists(PIECES, max_size=4).map(lambda parts: "".join(parts).encode("utf-8", "replace")),
        st.binary(max_size=300).map(lambda octets: b"\x30" + octets),
    )
)
def test_nothing_that_is_pasted_breaks_the_recognition(pasted: str | bytes) -> None:
    found = recognise(pasted, base_url=BASE)
    assert found.sentence


@pytest.mark.parametrize(
    "pasted",
    [
        "client id" + " " * 900_000 + ";",
        "client id" * 100_000,
        "<" * 1_000_000,
        "<!--" * 200_000,
        "<?" * 400_000,
        "<EntityDescriptor " + "entityID " * 100_000,
        "-----BEGIN CERTIFICATE-----" * 30_000,
        "<X509Certificate>" * 50_000,
        "A" * 1_000_000,
        "{" * 1_000_000,
        "[" * 1_000_000,
        "https://a" * 100_000,
        "\x00" * 1_000_000,
    ],
    ids=range(13),
)
def test_no_text_makes_the_recognition_work_for_long(pasted: str) -> None:
    """Counted by the whole suite's limit: a text that is read in squares would hang here."""
    assert recognise(pasted).kind in ("unknown", "client_id_secret", "issuer", "certificate")
