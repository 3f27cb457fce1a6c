"""Debian's SimpleSAMLphp as a SAML identity provider, under PHP's own web server.

The four PHP files beside this are its configuration; they read `peer.json` and `sps.json` from
the folder that this module writes, so a service provider can be registered while it runs. Each
entity id has its own settings: a test may register one that wants encryption and another that
must sign its requests, and use both.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from peers import certificates, parts, process
from peers.pages import Form, PostedForm, walk_to_saml_response
from peers.people import ADA, PEOPLE, Person

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

_CONFIGURATION = Path(__file__).parent
_QUIET = "error_reporting=E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING"


class SimpleSamlPhp:
    """A running SimpleSAMLphp. Attributes sent: email, givenName, sn, groups, department."""

    def __init__(self, base_url: str, folder: Path, key_pair: certificates.KeyPair) -> None:
        self.base_url = base_url
        self.metadata_url = f"{base_url}/saml2/idp/metadata.php"
        self.entity_id = self.metadata_url
        self.sso_url = f"{base_url}/saml2/idp/SSOService.php"
        self.slo_url = f"{base_url}/saml2/idp/SingleLogoutService.php"
        self.certificate_pem = key_pair.certificate_pem
        self._sps = folder / "sps.json"

    def register_sp(
        self,
        entity_id: str,
        acs_url: str,
        *,
        sign_assertion: bool = True,
        sign_response: bool = True,
        signing_certificate: str | None = None,
        encryption_certificate: str | None = None,
        name_id_format: str = EMAIL_FORMAT,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Introduce a service provider, or introduce it anew.

        Args:
            entity_id: of the service provider; becomes the audience.
            acs_url: the only place where responses go.
            sign_assertion: sign the assertion.
            sign_response: sign the response around it.
            signing_certificate: PEM; when given, requests must be signed by its key.
            encryption_certificate: PEM; when given, assertions are encrypted to it, always
                with AES-128-CBC and RSA-OAEP over SHA-1: 1.19 has no switch for that.
            name_id_format: e-mail address, persistent or transient.
            attributes: further settings of `saml20-sp-remote`, by name.
        """
        keys = []
        for certificate, signing in ((signing_certificate, True), (encryption_certificate, False)):
            if certificate is not None:
                body = "".join(certificate.strip().splitlines()[1:-1])
                keys.append(
                    {
                        "type": "X509Certificate",
                        "X509Certificate": body,
                        "signing": signing,
                        "encryption": not signing,
                    }
                )
        sps = json.loads(self._sps.read_text())
        sps[entity_id] = {
            "AssertionConsumerService": acs_url,
            "NameIDFormat": name_id_format,
            "saml20.sign.assertion": sign_assertion,
            "saml20.sign.response": sign_response,
            "validate.authnrequest": signing_certificate is not None,
            "assertion.encryption": encryption_certificate is not None,
            "keys": keys,
            **(attributes or {}),
        }
        # Written beside and moved, so that no request reads half a file.
        draft = self._sps.with_suffix(".new")
        draft.write_text(json.dumps(sps))
        draft.replace(self._sps)

    def sign_in(self, client: httpx2.Client, redirect_url: str, person: Person = ADA) -> PostedForm:
        """Answer the AuthnRequest in `redirect_url` as `person`, by user name and password.

        Who has a session in this `client` is not asked again, and `person` plays no part.

        Returns:
            The ACS URL and the fields (SAMLResponse, RelayState) that a browser would post.
        """

        def fill(form: Form) -> Mapping[str, str] | None:
            if "password" not in form.fields:
                return None
            return {"username": person.subject, "password": person.password}

        return walk_to_saml_response(client, redirect_url, fill)

    def sign_in_unsolicited(
        self, client: httpx2.Client, entity_id: str, person: Person = ADA, *, relay_state: str = ""
    ) -> PostedForm:
        """What is posted to `entity_id` when the person starts here: no InResponseTo."""
        query = httpx2.QueryParams({"spentityid": entity_id, "RelayState": relay_state})
        return self.sign_in(client, f"{self.sso_url}?{query}", person)


def _account(person: Person) -> dict[str, Any]:
    return {
        "password": person.password,
        "attributes": {
            "uid": [person.subject],
            "email": [person.email],
            "givenName": [person.given_name],
            "sn": [person.family_name],
            "groups": list(person.groups),
            "department": [person.department],
        },
    }


@contextlib.contextmanager
def run_simplesamlphp(directory: Path) -> Iterator[SimpleSamlPhp]:
    """Run SimpleSAMLphp for one block, with everything it writes below `directory`."""
    program = parts.simplesamlphp()
    php = parts.php()
    base_url = f"http://127.0.0.1:{process.free_port()}"
    key_pair = certificates.make_key_pair("simplesamlphp")
    for name in ("config", "metadata", "cert", "data", "log", "sessions", "tmp"):
        (directory / name).mkdir()
    for name in ("config.php", "authsources.php"):
        shutil.copy(_CONFIGURATION / name, directory / "config")
    for name in ("saml20-idp-hosted.php", "saml20-sp-remote.php"):
        shutil.copy(_CONFIGURATION / name, directory / "metadata")
    (directory / "cert" / "idp.pem").write_text(key_pair.key_pem)
    (directory / "cert" / "idp.crt").write_text(key_pair.certificate_pem)
    (directory / "sps.json").write_text("{}")
    accounts = {person.subject: _account(person) for person in PEOPLE}
    peer = {"base_url": base_url, "accounts": accounts}
    (directory / "peer.json").write_text(json.dumps(peer))

    settings = {
        "session.save_path": str(directory / "sessions"),
        "date.timezone": "UTC",
        "display_errors": "0",
        "log_errors": "1",
        "opcache.enable_cli": "0",
    }
    command = [str(php), "-d", _QUIET]
    for name, value in settings.items():
        command += ["-d", f"{name}={value}"]
    command += ["-S", base_url.removeprefix("http://"), "-t", str(program / "www")]
    idp = SimpleSamlPhp(base_url, directory, key_pair)
    with process.serve(
        "SimpleSAMLphp",
        command,
        log=directory / "simplesamlphp.log",
        ready_url=idp.metadata_url,
        env={"SIMPLESAMLPHP_CONFIG_DIR": str(directory / "config")},
    ):
        yield idp


@pytest.fixture(scope="session")
def simplesamlphp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSamlPhp]:
    """One SimpleSAMLphp for the whole run; each test registers its service provider."""
    with run_simplesamlphp(tmp_path_factory.mktemp("simplesamlphp")) as idp:
        yield idp
