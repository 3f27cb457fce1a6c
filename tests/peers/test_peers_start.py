"""Each peer starts, answers, and lets a person sign in, before Vestibule is asked anything.

When one of these fails, the machine or the peer is at fault, and not Vestibule.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from playwright.sync_api import Page
from sqlalchemy import create_engine, text

from peers import certificates, postgres, process
from peers.oidc_provider import SCOPES, OidcProvider, run_oidc_provider
from peers.people import ADA, BEN
from peers.saml_idp import SamlIdp
from peers.simplesamlphp import PERSISTENT_FORMAT, SimpleSamlPhp
from peers.vestibule_server import run_vestibule_dev

SP = "https://sp.northwind.test/metadata"
ACS = "https://sp.northwind.test/acs"
CALLBACK = "https://rp.northwind.test/callback"
NAMES = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    """A browser without JavaScript: a cookie jar."""
    with httpx2.Client(timeout=20) as browser:
        yield browser


def authn_request(sso_url: str, *, acs_url: str = ACS, key_pem: str | None = None) -> str:
    """An AuthnRequest by redirect, the least that the standard allows; signed when told how."""
    request = (
        f'<samlp:AuthnRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}"'
        f' ID="_request" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"'
        f' Destination="{sso_url}" AssertionConsumerServiceURL="{acs_url}">'
        f"<saml:Issuer>{SP}</saml:Issuer></samlp:AuthnRequest>"
    )
    deflated = zlib.compress(request.encode())[2:-4]
    query = {"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": "state-1"}
    if key_pem is not None:
        query["SigAlg"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        key = serialization.load_pem_private_key(key_pem.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        signature = key.sign(urlencode(query).encode(), padding.PKCS1v15(), hashes.SHA256())
        query["Signature"] = base64.b64encode(signature).decode()
    return f"{sso_url}?{urlencode(query)}"


def response_of(fields: dict[str, str]) -> etree._Element:
    return etree.fromstring(base64.b64decode(fields["SAMLResponse"]))


def only(response: etree._Element, path: str) -> etree._Element:
    (found,) = response.findall(path, NAMES)
    return found


def texts(response: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in response.findall(path, NAMES)]


def values(response: etree._Element, attribute: str) -> list[str]:
    return texts(response, f".//saml:Attribute[@Name='{attribute}']/saml:AttributeValue")


@pytest.mark.peer
def test_saml_idp_signs_in_whoever_the_test_names(client: httpx2.Client, saml_idp: SamlIdp) -> None:
    saml_idp.register_sp(SP, ACS)
    other_acs = f"{ACS}/connection-2"
    form = saml_idp.sign_in(client, authn_request(saml_idp.sso_url, acs_url=other_acs), BEN)
    response = response_of(form.fields)

    assert form.acs_url == other_acs
    assert form.fields["RelayState"] == "state-1"
    assert response.get("InResponseTo") == "_request"
    assert texts(response, "saml:Issuer") == [saml_idp.entity_id]
    assert texts(response, ".//saml:Audience") == [SP]
    assert texts(response, ".//saml:NameID") == [BEN.email]
    assert values(response, "email") == [BEN.email]
    assert values(response, "firstName") == [BEN.given_name]
    assert values(response, "groups") == list(BEN.groups)
    assert len(response.findall(".//ds:Signature", NAMES)) == 2


@pytest.mark.peer
def test_saml_idp_signs_encrypts_and_starts_as_told(
    client: httpx2.Client, saml_idp: SamlIdp
) -> None:
    saml_idp.register_sp(SP, ACS, sign_response=False)
    response = response_of(saml_idp.sign_in_unsolicited(client).fields)
    assert response.get("InResponseTo") is None
    assert response.find("ds:Signature", NAMES) is None
    assert response.find("saml:Assertion/ds:Signature", NAMES) is not None

    sp = certificates.make_key_pair("sp")
    saml_idp.register_sp(SP, ACS, encryption_certificate=sp.certificate_pem)
    form = saml_idp.sign_in(client, authn_request(saml_idp.sso_url))
    response = response_of(form.fields)
    assert response.find("saml:Assertion", NAMES) is None
    assert response.find("saml:EncryptedAssertion", NAMES) is not None


@pytest.mark.peer
def test_saml_idp_takes_a_signed_request(client: httpx2.Client, saml_idp: SamlIdp) -> None:
    saml_idp.register_sp(SP, ACS)
    key_pem = certificates.make_key_pair("sp").key_pem
    form = saml_idp.sign_in(client, authn_request(saml_idp.sso_url, key_pem=key_pem))
    assert response_of(form.fields).get("InResponseTo") == "_request"


@pytest.mark.peer
def test_saml_idp_publishes_metadata(saml_idp: SamlIdp) -> None:
    metadata = etree.fromstring(httpx2.get(saml_idp.metadata_url).content)
    assert metadata.get("entityID") == saml_idp.entity_id
    locations = metadata.findall(".//md:SingleSignOnService", NAMES)
    assert {urlsplit(found.get("Location")).path for found in locations} == {"/saml/sso"}


@pytest.mark.peer
def test_simplesamlphp_publishes_metadata(simplesamlphp: SimpleSamlPhp) -> None:
    metadata = etree.fromstring(httpx2.get(simplesamlphp.metadata_url).content)
    assert metadata.get("entityID") == simplesamlphp.entity_id
    location = only(metadata, ".//md:SingleSignOnService").get("Location")
    assert location == simplesamlphp.sso_url
    written = "".join(texts(metadata, ".//ds:X509Certificate")[0].split())
    assert written in simplesamlphp.certificate_pem.replace("\n", "")


@pytest.mark.peer
def test_simplesamlphp_asks_for_a_password_and_signs_in(
    client: httpx2.Client, simplesamlphp: SimpleSamlPhp
) -> None:
    simplesamlphp.register_sp(SP, ACS)
    form = simplesamlphp.sign_in(client, authn_request(simplesamlphp.sso_url), BEN)
    response = response_of(form.fields)

    assert form.acs_url == ACS
    assert form.fields["RelayState"] == "state-1"
    assert response.get("InResponseTo") == "_request"
    assert texts(response, ".//saml:NameID") == [BEN.email]
    assert values(response, "sn") == [BEN.family_name]
    assert values(response, "groups") == list(BEN.groups)
    assert len(response.findall(".//ds:Signature", NAMES)) == 2


@pytest.mark.peer
def test_simplesamlphp_signs_and_encrypts_as_told(
    client: httpx2.Client, simplesamlphp: SimpleSamlPhp
) -> None:
    simplesamlphp.register_sp(SP, ACS, sign_response=False, name_id_format=PERSISTENT_FORMAT)
    response = response_of(simplesamlphp.sign_in_unsolicited(client, SP, ADA).fields)
    assert response.get("InResponseTo") is None
    assert response.find("ds:Signature", NAMES) is None
    assert response.find("saml:Assertion/ds:Signature", NAMES) is not None
    assert texts(response, ".//saml:NameID") == [ADA.subject]

    sp = certificates.make_key_pair("sp")
    simplesamlphp.register_sp(
        SP,
        ACS,
        sign_assertion=False,
        encryption_certificate=sp.certificate_pem,
    )
    form = simplesamlphp.sign_in(client, authn_request(simplesamlphp.sso_url))
    response = response_of(form.fields)
    assert response.find("ds:Signature", NAMES) is not None
    data = only(response, "saml:EncryptedAssertion/xenc:EncryptedData")
    algorithm = only(data, "xenc:EncryptionMethod").get("Algorithm")
    assert algorithm == f"{NAMES['xenc']}aes128-cbc"


@pytest.mark.peer
def test_simplesamlphp_takes_only_signed_requests_when_told_to(
    client: httpx2.Client, simplesamlphp: SimpleSamlPhp
) -> None:
    sp, stranger = certificates.make_key_pair("sp"), certificates.make_key_pair("stranger")
    simplesamlphp.register_sp(SP, ACS, signing_certificate=sp.certificate_pem)
    sso_url = simplesamlphp.sso_url
    with pytest.raises(AssertionError, match="Validation of received messages enabled"):
        simplesamlphp.sign_in(client, authn_request(sso_url))
    with pytest.raises(AssertionError, match="Unable to validate signature on query string"):
        simplesamlphp.sign_in(client, authn_request(sso_url, key_pem=stranger.key_pem))
    form = simplesamlphp.sign_in(client, authn_request(sso_url, key_pem=sp.key_pem))
    assert response_of(form.fields).get("InResponseTo") == "_request"


def authorization(provider: OidcProvider, client_id: str, **more: str) -> tuple[str, str]:
    """An authorization URL with PKCE, and the verifier that goes with it."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPES,
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **more,
    }
    return f"{provider.issuer}/auth?{urlencode(query)}", verifier


def redeem(provider: OidcProvider, auth: tuple[str, str], **form: str) -> httpx2.Response:
    return httpx2.post(f"{provider.issuer}/token", data=form, auth=auth)


@pytest.mark.peer
def test_oidc_provider_gives_tokens_claims_and_rotating_refresh_tokens(
    client: httpx2.Client, oidc_provider: OidcProvider
) -> None:
    discovery = httpx2.get(oidc_provider.discovery_url).json()
    assert discovery["issuer"] == oidc_provider.issuer
    assert discovery["code_challenge_methods_supported"] == ["S256"]

    ours = oidc_provider.register_client(CALLBACK)
    auth = (ours.client_id, ours.client_secret)
    url, verifier = authorization(oidc_provider, ours.client_id, prompt="consent")
    callback = oidc_provider.sign_in(client, url, BEN)
    answer = parse_qs(urlsplit(callback).query)
    assert callback.startswith(CALLBACK)
    assert answer["state"] == ["state-1"]
    assert answer["iss"] == [oidc_provider.issuer]

    code = {"grant_type": "authorization_code", "code": answer["code"][0]}
    tokens = redeem(
        oidc_provider, auth, **code, redirect_uri=CALLBACK, code_verifier=verifier
    ).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = httpx2.get(discovery["userinfo_endpoint"], headers=bearer).json()
    assert claims == {
        "sub": "ben",
        "email": BEN.email,
        "email_verified": True,
        "name": BEN.name,
        "given_name": BEN.given_name,
        "family_name": BEN.family_name,
        "groups": list(BEN.groups),
        "department": BEN.department,
    }

    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = redeem(oidc_provider, auth, **refresh).json()
    assert again["refresh_token"] != tokens["refresh_token"]
    assert redeem(oidc_provider, auth, **refresh).json()["error"] == "invalid_grant"


@pytest.mark.peer
def test_oidc_provider_takes_a_login_hint_in_place_of_the_form(
    client: httpx2.Client, tmp_path: Path
) -> None:
    fixed = {"client_id": "door", "client_secret": "s" * 40, "redirect_uris": [CALLBACK]}
    with run_oidc_provider(tmp_path, clients=[fixed], access_token_ttl=7) as provider:
        provider.change_person("ada", groups=["retired"])
        url, verifier = authorization(provider, "door", login_hint=ADA.email)
        code = parse_qs(urlsplit(provider.sign_in(client, url)).query)["code"][0]
        tokens = redeem(
            provider,
            ("door", "s" * 40),
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=verifier,
        ).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        claims = httpx2.get(f"{provider.issuer}/me", headers=bearer).json()

    assert tokens["expires_in"] == 7
    assert claims["sub"] == "ada"
    assert claims["groups"] == ["retired"]


@pytest.mark.peer
def test_oidc_provider_insists_on_pkce(client: httpx2.Client, oidc_provider: OidcProvider) -> None:
    ours = oidc_provider.register_client(CALLBACK)
    url, _ = authorization(oidc_provider, ours.client_id)
    bare = url.replace("code_challenge", "no_challenge")
    answer = parse_qs(urlsplit(oidc_provider.sign_in(client, bare)).query)
    assert answer["error"] == ["invalid_request"]


@pytest.mark.peer
def test_postgres_gives_databases_that_know_nothing_of_each_other(
    make_database: Callable[..., str],
) -> None:
    first = make_database()
    engine = create_engine(first)
    with engine.begin() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1
        connection.execute(text("create table door (name text)"))
        connection.execute(text("insert into door values ('north')"))
    engine.dispose()
    with psycopg.connect(postgres.libpq_url(make_database())) as connection:
        found = connection.execute("select to_regclass('door')").fetchone()
    assert found == (None,)


@pytest.mark.peer
@pytest.mark.parametrize("left", [
    "INSERT INTO kept VALUES (2), (3)",
    "DELETE FROM kept",
    "UPDATE kept SET number = 7",
    "INSERT INTO empty VALUES (1)",
    "ALTER TABLE kept ADD COLUMN more text",
    "CREATE TABLE more (number int)",
    "CREATE VIEW more AS SELECT 1",
    "CREATE INDEX by_number ON kept (number)",
    "CREATE SCHEMA elsewhere",
    "ALTER TABLE empty DROP CONSTRAINT empty_number_fkey",
    "INSERT INTO kept SELECT generate_series(2, 200000)",
    "INSERT INTO kept SELECT generate_series(2, 2000); ANALYZE kept",
])  # fmt: skip
def test_postgres_lends_a_copy_on_which_nothing_is_left_of_the_use_before(
    make_database: Callable[..., str], postgres_server: postgres.PostgresServer, left: str
) -> None:
    def seen(url: str) -> tuple[list[Any], ...]:
        with psycopg.connect(postgres.libpq_url(url)) as connection:
            return tuple(
                connection.execute(question).fetchall()
                for question in (
                    "SELECT number FROM kept",
                    "SELECT number FROM empty",
                    "SELECT relname FROM pg_class WHERE oid >= 16384 ORDER BY 1",
                    "SELECT attname FROM pg_attribute WHERE attrelid >= 16384 ORDER BY 1",
                    "SELECT conname FROM pg_constraint WHERE oid >= 16384 ORDER BY 1",
                    "SELECT nspname FROM pg_namespace ORDER BY 1",
                    "SELECT count(*) FROM pg_statistic",
                )
            )

    template = make_database()
    with psycopg.connect(postgres.libpq_url(template), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int PRIMARY KEY)")
        connection.execute("CREATE TABLE empty (number int REFERENCES kept)")
        connection.execute("INSERT INTO kept VALUES (1)")
    before = seen(template)
    used = postgres_server.make_database(template)
    assert seen(used) == before
    with psycopg.connect(postgres.libpq_url(used), autocommit=True) as connection:
        for statement in left.split("; "):
            connection.execute(statement)
    assert seen(used) != before
    # Somebody is still there when it is given back, and in the middle of something.
    straggler = psycopg.connect(postgres.libpq_url(used))
    straggler.execute("SELECT number FROM kept FOR UPDATE")
    postgres_server.give_back(used)
    again = postgres_server.make_database(template)
    try:
        assert seen(again) == before
        with pytest.raises(psycopg.OperationalError):
            straggler.execute("SELECT 1")
    finally:
        straggler.close()
        postgres_server.drop_database(again)


@pytest.mark.peer
def test_postgres_copies_a_template(make_database: Callable[..., str]) -> None:
    first = make_database()
    with psycopg.connect(postgres.libpq_url(first)) as connection:
        connection.execute("create table door (name text)")
    with psycopg.connect(postgres.libpq_url(make_database(first))) as connection:
        assert connection.execute("select count(*) from door").fetchone() == (0,)


@pytest.mark.browser
def test_chromium_opens_a_page_and_runs_its_script(browser_page: Page) -> None:
    script = "document.querySelector('h1').textContent = 'open'"
    browser_page.goto(f"data:text/html,<h1>closed</h1><script>{script}</script>")
    assert browser_page.locator("h1").inner_text() == "open"


STAND_IN = """
    import json, pathlib, sys
    from http.server import BaseHTTPRequestHandler, HTTPServer

    options = dict(zip(sys.argv[2:-1:2], sys.argv[3:-1:2]))
    data = pathlib.Path(options["--data"])
    data.mkdir()
    names = ["project_id", "secret", "public_token", "base_url", "project_slug",
             "environment_slug", "workspace_key_id", "workspace_key_secret"]
    (data / "credentials.json").write_text(json.dumps({name: name for name in names}))

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

    HTTPServer((options["--host"], int(options["--port"])), Health).serve_forever()
"""


def test_a_vestibule_is_waited_for_and_ended(tmp_path: Path) -> None:
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text(textwrap.dedent(STAND_IN))
    command: list[str | Path] = [sys.executable, stand_in]
    with run_vestibule_dev(tmp_path / "data", command=command) as server:
        assert server.auth == ("project_id", "secret")
        assert httpx2.get(f"{server.base_url}/health").status_code == 200
        base_url = server.base_url
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(base_url)


def test_a_server_that_dies_at_start_is_reported_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no key')"]
    with (
        pytest.raises(RuntimeError, match="no key"),
        process.serve("broken", command, log=tmp_path / "log", ready_url="http://127.0.0.1:9/"),
    ):
        pass
    assert process.log_sizes().get(tmp_path / "log") is None
