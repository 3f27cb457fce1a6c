"""Our own keys for a SAML connection: made, published, signing, replaced, with nobody shut out."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from peers import certificates
from services.attacks import AUTHENTICATE, JSON, Tell, alive, done, refused, token_of
from services.saml_answers import answer, begin, deliver
from support.world import World, read_form
from vestibule.errors import SamlError
from vestibule.protocols import saml
from vestibule.protocols.saml.xml import parse
from vestibule.storage.audit import AuditEvent

_SIGNING = re.compile(r'use="signing">.*?<ds:X509Certificate>([^<]+)</ds:X509Certificate>')
_ENCRYPTING = re.compile(r'use="encryption">.*?<ds:X509Certificate>([^<]+)</ds:X509Certificate>')


class Keys:
    """The keys of the demo's connection, as an administrator and as a provider sees them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = world.demo.saml.connection_id
        self.path = f"/v1/b2b/sso/saml/northwind/connections/{self.name}"

    async def call(self, method: str, more: str = "") -> Any:
        return await self.world.call(method, f"{self.path}/signing_keys{more}")

    async def make(self) -> str:
        made = done(await self.call("POST"))
        name: str = made["certificate_id"]
        assert made["connection"]["signing_certificates"][-1]["certificate_id"] == name
        return name

    async def listed(self) -> list[dict[str, Any]]:
        found = done(await self.world.call("GET", "/v1/b2b/sso/northwind"))
        connection = next(c for c in found["saml_connections"] if c["connection_id"] == self.name)
        certificates_: list[dict[str, Any]] = connection["signing_certificates"]
        return certificates_

    async def published(self) -> tuple[list[str], list[str]]:
        """Fingerprints in the SP metadata: for signing, in their order, and for encryption."""
        url = f"/v1/public/sso/metadata/{self.name}"
        document = (await self.world.client().get(url)).text
        return (
            [saml.read_certificate(b).fingerprint_sha256 for b in _SIGNING.findall(document)],
            [saml.read_certificate(b).fingerprint_sha256 for b in _ENCRYPTING.findall(document)],
        )

    async def signed_by(self, certificate_pem: str) -> bool:
        """Whether the next request, in either binding, is signed by this one's key."""
        trusted = (saml.read_certificate(certificate_pem),)
        begun = await begin(self.world, self.name)
        signed, _, signature = urlsplit(begun.location).query.partition("&Signature=")
        found = []
        try:
            saml.verify_query(signed.encode(), base64.b64decode(unquote(signature)), trusted)
            found.append(True)
        except SamlError as error:
            assert error.code == "saml_signature_invalid"
            found.append(False)
        done(await self.world.call("PUT", self.path, {"idp_sso_binding": "post"}))
        page = await self.world.client().get(self.world.start_url(self.name))
        document = base64.b64decode(read_form(page.text)[1]["SAMLRequest"])
        try:
            saml.verify_enveloped(parse(document), trusted)
            found.append(True)
        except SamlError as error:
            assert error.code == "saml_signature_invalid"
            found.append(False)
        done(await self.world.call("PUT", self.path, {"idp_sso_binding": "redirect"}))
        assert found[0] is found[1]
        return found[0]

    async def opens(self, certificate_pem: str) -> Any:
        """A login whose assertion the provider encrypted for this certificate."""
        begun = await begin(self.world, self.name)
        return await deliver(begun, answer(self.world, begun, encrypt_for=certificate_pem))


async def events(world: World) -> list[AuditEvent]:
    organization_id = world.demo.northwind.organization_id
    return list(await world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 50)))


def test_a_rotation_shuts_nobody_out_at_any_step(story: Tell) -> None:
    """Made, published, trusted by the provider, signing, and only then the old one goes."""

    async def work(world: World) -> None:
        keys = Keys(world)
        old = (await keys.listed())[0]
        held = done(
            await world.call(
                "POST", AUTHENTICATE, {"sso_token": token_of(await keys.opens(old["certificate"]))}
            )
        )

        # The next key: published behind the first, opens already, does not sign.
        name = await keys.make()
        new = (await keys.listed())[1]
        assert new["certificate_id"] == name
        prints = [saml.read_certificate(c["certificate"]).fingerprint_sha256 for c in (old, new)]
        assert await keys.published() == (prints, prints[:1])
        assert await keys.signed_by(old["certificate"])
        for certificate in (old, new):
            token_of(await keys.opens(certificate["certificate"]))

        # A login under way when the keys change goes on.
        waiting = await begin(world, keys.name)
        for_old = answer(world, waiting, encrypt_for=old["certificate"])
        changed = done(await keys.call("POST", f"/{name}/activate"))["connection"]
        assert [c["certificate_id"] for c in changed["signing_certificates"]] == [
            name, old["certificate_id"]
        ]  # fmt: skip
        token_of(await deliver(waiting, for_old))
        assert await keys.published() == (prints[::-1], prints[1:])
        assert await keys.signed_by(new["certificate"])
        assert not await keys.signed_by(old["certificate"])
        for certificate in (old, new):
            token_of(await keys.opens(certificate["certificate"]))

        # The key that signs stays; the old one goes, and with it what was encrypted for it.
        refused(await keys.call("DELETE", f"/{name}"), "cannot_delete_active_sso_signing_key")
        gone = done(await keys.call("DELETE", f"/{old['certificate_id']}"))
        assert gone["certificate_id"] == old["certificate_id"]
        assert await keys.published() == (prints[1:], prints[1:])
        refused(await keys.opens(old["certificate"]), "saml_decryption_failed")
        token_of(await keys.opens(new["certificate"]))
        assert await alive(world, held["session_token"])

        told = [
            (e.action, e.details["certificate_id"], e.details["fingerprint_sha256"])
            for e in await events(world)
            if e.action.startswith("connection.signing_key_")
        ]
        assert sorted(told) == [
            ("connection.signing_key_activated", name, prints[1]),
            ("connection.signing_key_added", name, prints[1]),
            ("connection.signing_key_deleted", old["certificate_id"], prints[0]),
        ]

    story(work)


def test_a_rotation_can_be_taken_back(story: Tell) -> None:
    """The provider did not know the new certificate: the old one signs again at once."""

    async def work(world: World) -> None:
        keys = Keys(world)
        old = (await keys.listed())[0]
        name = await keys.make()
        done(await keys.call("POST", f"/{name}/activate"))
        done(await keys.call("POST", f"/{old['certificate_id']}/activate"))
        assert [c["certificate_id"] for c in await keys.listed()] == [old["certificate_id"], name]
        assert await keys.signed_by(old["certificate"])
        # Activating the active one changes nothing.
        done(await keys.call("POST", f"/{old['certificate_id']}/activate"))
        assert [c["certificate_id"] for c in await keys.listed()] == [old["certificate_id"], name]

    story(work)


def test_a_connection_holds_three_keys_and_only_its_own(story: Tell) -> None:
    """Whoever names the key of another connection, or makes keys without an end."""

    async def work(world: World) -> None:
        keys = Keys(world)
        await keys.make()
        await keys.make()
        refused(await keys.call("POST"), "too_many_sso_signing_keys")
        assert len(await keys.listed()) == 3
        other = done(await world.call("POST", "/v1/b2b/sso/saml/northwind", {}))["connection"]
        foreign = other["signing_certificates"][0]["certificate_id"]
        for name in (foreign, "nothing"):
            answered = await keys.call("POST", f"/{name}/activate")
            refused(answered, "sso_signing_key_not_found", 404)
            refused(await keys.call("DELETE", f"/{name}"), "sso_signing_key_not_found", 404)
        path = keys.path.replace("northwind", "northwind-labs")
        for method, more in (("POST", ""), ("POST", f"/{foreign}/activate"),
                             ("DELETE", f"/{foreign}")):  # fmt: skip
            answered = await world.call(method, f"{path}/signing_keys{more}")
            refused(answered, "saml_connection_not_found", 404)
        assert len(await keys.listed()) == 3

    story(work)


def test_private_keys_are_sealed_and_never_shown(story: Tell) -> None:
    async def work(world: World) -> None:
        keys = Keys(world)
        made = await keys.call("POST")
        name = made.json()["certificate_id"]
        shown = [
            made.text,
            (await keys.call("POST", f"/{name}/activate")).text,
            (await world.call("GET", "/v1/b2b/sso/northwind")).text,
            (await world.client().get(f"/v1/public/sso/metadata/{keys.name}")).text,
            repr(await events(world)),
        ]
        assert not [text for text in shown if "PRIVATE KEY" in text]

    story(work)


def test_an_uploaded_key_signs_at_once_and_the_one_before_stays_published(story: Tell) -> None:
    """The wire's `signing_private_key`; sent again with the rest, it pushes nobody out."""

    async def work(world: World) -> None:
        keys = Keys(world)
        old = (await keys.listed())[0]
        ours = certificates.make_key_pair("ours")
        body = {"signing_private_key": ours.key_pem}
        done(await world.call("PUT", keys.path, body))
        first, second = await keys.listed()
        assert second["certificate_id"] == old["certificate_id"]
        assert await keys.signed_by(first["certificate"])
        for certificate in (first, second):
            token_of(await keys.opens(certificate["certificate"]))
        for _ in range(3):
            done(await world.call("PUT", keys.path, {**body, "display_name": "Again"}))
        assert [c["certificate_id"] for c in await keys.listed()] == [
            first["certificate_id"], old["certificate_id"]
        ]  # fmt: skip
        # Where there is no room, the oldest of those that do not sign makes it.
        world.advance(seconds=1)
        next_one = await keys.make()
        world.advance(seconds=1)
        theirs = certificates.make_key_pair("theirs")
        done(await world.call("PUT", keys.path, {"signing_private_key": theirs.key_pem}))
        listed = [c["certificate_id"] for c in await keys.listed()]
        assert listed[1:] == [first["certificate_id"], next_one]

    story(work)


def test_an_assertion_may_be_encrypted_for_any_of_several_keys(story: Tell) -> None:
    """Decryption keys that a customer brings along from the product before."""

    async def work(world: World) -> None:
        keys = Keys(world)
        pairs = [certificates.make_key_pair(f"old-{number}") for number in range(5)]
        names = []
        for pair in pairs:
            body = {"saml_encryption_private_key": pair.key_pem}
            found = done(await world.call("PUT", keys.path, body))["connection"]
            names.append(found["encryption_private_keys"][-1]["private_key_id"])
        body = {"saml_encryption_private_key": certificates.make_key_pair("more").key_pem}
        refused(await world.call("PUT", keys.path, body), "too_many_encryption_certificates")
        for pair in (pairs[0], pairs[1], pairs[4]):
            token_of(await keys.opens(pair.certificate_pem))
        deleting = f"{keys.path}/encryption_private_keys/{names[1]}"
        done(await world.call("DELETE", deleting))
        refused(await keys.opens(pairs[1].certificate_pem), "saml_decryption_failed")
        token_of(await keys.opens(pairs[0].certificate_pem))
        stranger = certificates.make_key_pair("stranger")
        refused(await keys.opens(stranger.certificate_pem), "saml_decryption_failed")
        told = [e.action for e in await events(world) if "decryption_key" in e.action]
        assert sorted(told) == ["connection.decryption_key_added"] * 5 + [
            "connection.decryption_key_deleted"
        ]  # fmt: skip

    story(work)


@pytest.mark.parametrize("method", ["activate", "delete", "make"])
def test_keys_change_by_the_right_to_change_the_connection_alone(story: Tell, method: str) -> None:
    """Whoever is a member and no administrator."""

    async def work(world: World) -> None:
        keys = Keys(world)
        held = await world.sign_in(keys.name)
        name = await keys.make()
        more = {"activate": f"/{name}/activate", "delete": f"/{name}", "make": ""}[method]
        answered = await world.call(
            "DELETE" if method == "delete" else "POST", f"{keys.path}/signing_keys{more}",
            session=held["session_token"], headers=JSON,
        )  # fmt: skip
        refused(answered, "session_authorization_error", 403)
        assert [c["certificate_id"] for c in await keys.listed()][1:] == [name]

    story(work)
