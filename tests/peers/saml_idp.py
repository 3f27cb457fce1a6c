"""The npm package `saml-idp` as a SAML identity provider.

It knows one service provider at a time, `register_sp` names it, and it signs whatever a person
types into its form, so that a test can claim any e-mail address and any group. It signs the
assertion always, the response on demand, and encrypts with AES-256-CBC and RSA-OAEP.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from peers import certificates, parts, process
from peers.pages import Form, PostedForm, walk_to_saml_response
from peers.people import ADA, Person

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class SamlIdp:
    """A running saml-idp. Attributes sent: email, firstName, lastName, displayName, groups."""

    def __init__(self, base_url: str, entity_id: str, key_pair: certificates.KeyPair) -> None:
        self.base_url = base_url
        self.entity_id = entity_id
        self.sso_url = f"{base_url}/saml/sso"
        self.metadata_url = f"{base_url}/metadata"
        self.certificate_pem = key_pair.certificate_pem
        self.key_pem = key_pair.key_pem

    def register_sp(
        self,
        entity_id: str,
        acs_url: str,
        *,
        sign_response: bool = True,
        encryption_certificate: str | None = None,
    ) -> None:
        """From now on speak to this service provider, and to no other.

        Args:
            entity_id: the audience of the assertions.
            acs_url: where unsolicited responses go; a request may name another.
            sign_response: sign the response around the signed assertion too.
            encryption_certificate: PEM; when given, assertions are encrypted to it.
        """
        settings = {
            "audience": entity_id,
            "serviceProviderId": entity_id,
            "acsUrl": acs_url,
            "recipient": acs_url,
            "destination": acs_url,
            "signResponse": str(sign_response).lower(),
            "encryptAssertion": str(encryption_certificate is not None).lower(),
        }
        if encryption_certificate is not None:
            settings["encryptionCert"] = encryption_certificate
            settings["encryptionPublicKey"] = certificates.public_key_pem(encryption_certificate)
        answer = httpx2.post(f"{self.base_url}/settings", data=settings)
        if not answer.is_redirect:
            raise AssertionError(f"saml-idp refused its settings: {answer.status_code}")

    def sign_in(
        self,
        client: httpx2.Client,
        redirect_url: str,
        person: Person = ADA,
        *,
        name_id: str | None = None,
        name_id_format: str = EMAIL_FORMAT,
        attributes: Mapping[str, str] | None = None,
    ) -> PostedForm:
        """Answer the AuthnRequest in `redirect_url` as `person`.

        Args:
            client: the browser; its cookie jar keeps the provider's session.
            redirect_url: where the service provider has sent the browser.
            person: whose e-mail address, names and groups fill the form.
            name_id: instead of the e-mail address.
            name_id_format: the format that goes with it.
            attributes: form fields to overrule, by name.

        Returns:
            The ACS URL and the fields (SAMLResponse, RelayState) that a browser would post.
        """
        typed = {
            "userName": name_id or person.email,
            "nameIdFormat": name_id_format,
            "email": person.email,
            "firstName": person.given_name,
            "lastName": person.family_name,
            "displayName": person.name,
            "groups": ",".join(person.groups),
            **(attributes or {}),
        }

        def fill(form: Form) -> Mapping[str, str] | None:
            return typed if "userName" in form.fields else None

        return walk_to_saml_response(client, redirect_url, fill)

    def sign_in_unsolicited(self, client: httpx2.Client, person: Person = ADA) -> PostedForm:
        """What the provider posts when the person starts there: no InResponseTo."""
        return self.sign_in(client, f"{self.base_url}/idp", person)


@contextlib.contextmanager
def run_saml_idp(
    directory: Path, *, entity_id: str = "urn:saml-idp:northwind"
) -> Iterator[SamlIdp]:
    """Start saml-idp with a key of its own, which it keeps in `directory`, for one block."""
    program = parts.node_package("saml-idp") / "bin" / "run.js"
    key_pair = certificates.make_key_pair("saml-idp")
    key, certificate = directory / "idp-key.pem", directory / "idp-cert.pem"
    key.write_text(key_pair.key_pem)
    certificate.write_text(key_pair.certificate_pem)
    port = process.free_port()
    base_url = f"http://127.0.0.1:{port}"
    # It cannot start without a service provider; `register_sp` replaces this one.
    command = [parts.node(), "--no-deprecation", program, "--host", "127.0.0.1", "--port", port]
    command += ["--issuer", entity_id, "--key", key, "--cert", certificate]
    command += ["--acsUrl", f"{base_url}/no-such-sp", "--audience", "urn:no-such-sp"]
    with process.serve(
        "saml-idp",
        [str(word) for word in command],
        log=directory / "saml-idp.log",
        ready_url=f"{base_url}/metadata",
        env={"PORT": str(port), "HOST": "127.0.0.1"},
    ):
        yield SamlIdp(base_url, entity_id, key_pair)


@pytest.fixture(scope="session")
def saml_idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlIdp]:
    """One saml-idp for the whole run; each test introduces itself by `register_sp`."""
    with run_saml_idp(tmp_path_factory.mktemp("saml-idp")) as idp:
        yield idp
