"""What a SAML provider is asked, how the request gets there, and that its answer is held to it."""

from __future__ import annotations

import base64
import html
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from services.attacks import ADA, AUTHENTICATE, JSON, Tell, done, post, refused, token_of
from services.saml_answers import answer, begin, deliver, fields_of
from support.world import World, read_form
from vestibule.protocols import saml
from vestibule.protocols.saml.xml import parse
from vestibule.services import logins

CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
MFA = "https://refeds.org/profile/mfa"
X509 = f"{CLASSES}X509"
DOORS = pytest.mark.parametrize("door", ["saml", "labs_saml"])


async def change(world: World, **fields: Any) -> dict[str, Any]:
    """Change the demo's SAML connection through the API."""
    path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}"
    found: dict[str, Any] = done(await world.call("PUT", path, fields))["connection"]
    return found


async def told(world: World, organization: str) -> list[dict[str, Any]]:
    """The steps of the latest login there."""
    trace = (await logins.latest_traces(world.rt, world.actor, organization, limit=1))[0]
    return [{"summary": s.summary, "code": s.code, "got": s.got} for s in trace.steps]


# --- ForceAuthn -----------------------------------------------------------------------------------


@DOORS
def test_a_connection_that_forces_a_sign_in_refuses_an_old_one(story: Tell, door: str) -> None:
    """Whoever finds a browser signed in, and takes ForceAuthn out of the request on its way."""

    async def work(world: World) -> None:
        name, source = getattr(world.demo, door).connection_id, world.demo.saml.connection_id
        assert (await begin(world, name)).request.force_authn is False
        await change(world, force_authn=True)
        begun = await begin(world, name, source)
        assert begun.request.force_authn is True
        stale = answer(world, begun, minutes_ago=30)
        found = refused(await deliver(begun, stale), "saml_authn_too_old")
        assert "11:30:00" in found["error_details"]["got"]
        # The attempt is spent: the same sign-in is not tried again with another answer.
        refused(await deliver(begun, answer(world, begun)), "saml_unsolicited")
        begun = await begin(world, name, source)
        token_of(await deliver(begun, answer(world, begun)))

    story(work)


@pytest.mark.parametrize(
    ("parameters", "forced", "age", "accepted"),
    [
        ({}, False, 600, True),
        ({"provider_prompt": "login"}, True, 30, False),
        ({"provider_prompt": "consent login"}, True, 30, False),
        ({"provider_prompt": "consent"}, False, 600, True),
        ({"provider_max_age": "0"}, True, 30, False),
        # SAML knows no age, so the person is asked, and what was wanted is good enough.
        ({"provider_max_age": "3600"}, True, 30, True),
        ({"provider_max_age": "3600"}, True, 90, False),
    ],
)
def test_an_application_may_ask_for_a_fresh_sign_in(
    story: Tell, parameters: dict[str, str], forced: bool, age: float, accepted: bool
) -> None:
    """Whoever answers with an old session what the application wanted to be sure of now."""

    async def work(world: World) -> None:
        begun = await begin(world, world.demo.saml.connection_id, **parameters)
        assert begun.request.force_authn is forced
        arrived = await deliver(begun, answer(world, begun, minutes_ago=age))
        if accepted:
            token_of(arrived)
        else:
            refused(arrived, "saml_authn_too_old")

    story(work)


def test_nobody_comes_unasked_where_every_sign_in_is_forced(story: Tell) -> None:
    """Whoever starts at the provider, with yesterday's session: no request asked for a new one."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        url = world.rt.callback_url(name)
        token_of(await post(world.client(), name, fields_of(world, url, url, "")))
        await change(world, force_authn=True)
        found = refused(
            await post(world.client(), name, fields_of(world, url, url, "")), "saml_unsolicited"
        )
        assert found["error_details"]["want"] == "an answer to a request with ForceAuthn"

    story(work)


# --- RequestedAuthnContext ------------------------------------------------------------------------


@DOORS
def test_a_weaker_sign_in_than_the_connection_asks_for_is_refused(story: Tell, door: str) -> None:
    """Whoever takes the demand for a second factor out of the request on its way."""

    async def work(world: World) -> None:
        name, source = getattr(world.demo, door).connection_id, world.demo.saml.connection_id
        await change(world, requested_authn_context=[MFA, X509])
        begun = await begin(world, name, source)
        assert begun.request.authn_contexts == (MFA, X509)
        found = refused(
            await deliver(begun, answer(world, begun, context=f"{CLASSES}Password")),
            "saml_authn_context_mismatch",
        )
        assert found["error_details"]["got"] == f"{CLASSES}Password"
        for context in (MFA, X509):
            begun = await begin(world, name, source)
            token_of(await deliver(begun, answer(world, begun, context=context)))

    story(work)


def test_an_unasked_answer_is_held_to_the_context_too(story: Tell) -> None:
    """Whoever starts at the provider because there nobody asks for the second factor."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        url = world.rt.callback_url(name)
        await change(world, requested_authn_context=[MFA])
        weak = await post(world.client(), name, fields_of(world, url, url, ""))
        refused(weak, "saml_authn_context_mismatch")
        strong = fields_of(world, url, url, "", context=MFA)
        token_of(await post(world.client(), name, strong))

    story(work)


def test_a_sign_in_is_held_to_what_it_was_asked_for(story: Tell) -> None:
    """Whoever changes the connection between start and answer changes the next sign-in."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        await change(world, requested_authn_context=[MFA], force_authn=True)
        begun = await begin(world, name)
        await change(world, requested_authn_context=[], force_authn=False)
        refused(await deliver(begun, answer(world, begun)), "saml_authn_context_mismatch")
        begun = await begin(world, name)
        await change(world, requested_authn_context=[MFA])
        token_of(await deliver(begun, answer(world, begun, minutes_ago=60)))

    story(work)


# --- the POST binding -----------------------------------------------------------------------------


def test_a_request_in_the_post_binding_is_a_form_signed_inside(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        sso_url = world.demo.saml.idp_sso_url
        await change(world, idp_sso_binding="post")
        browser = world.client()
        page = await browser.get(world.start_url(name, provider_login_hint=ADA.email))
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert not re.search(r"<script(?![^>]* src=)", page.text)
        assert "<noscript>" in page.text
        action, fields = read_form(page.text)
        assert action == sso_url
        assert set(fields) == {"SAMLRequest", "RelayState"}
        document = base64.b64decode(fields["SAMLRequest"])
        request = saml.read_authn_request(document)
        assert request.destination == sso_url
        published = await _published(world, name)
        covered = saml.verify_enveloped(parse(document), published)
        assert request.id.encode() in covered
        # The way on is the same one as in the other binding, and the cookie was set by the page.
        at_idp = await browser.post(action, data=fields)
        url, answered = read_form(at_idp.text)
        arrived = await browser.post(url, data=answered, headers=JSON)
        held = done(await world.call("POST", AUTHENTICATE, {"sso_token": token_of(arrived)}))
        assert held["member"]["email_address"] == ADA.email

    story(work)


def test_a_program_is_told_where_to_send_the_browser_and_may_post_itself(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        await change(world, idp_sso_binding="post")
        browser = world.client()
        start = world.start_url(name, provider_login_hint=ADA.email)
        asked = await browser.get(start, headers=JSON)
        told_json = done(asked)
        # A browser that is sent there gets the page, as it would get the redirect.
        assert told_json["redirect_url"] == f"{world.rt.settings.base_url}{start}"
        page = await browser.get(told_json["redirect_url"])
        assert read_form(page.text)[0] == world.demo.saml.idp_sso_url
        form = told_json["form"]
        url, answered = read_form((await browser.post(form["action"], data=form["fields"])).text)
        token_of(await browser.post(url, data=answered, headers=JSON))

    story(work)


def test_a_posted_request_is_unsigned_only_where_the_connection_says_so(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        await change(world, idp_sso_binding="post", sign_requests=False)
        page = await world.client().get(world.start_url(name))
        document = base64.b64decode(read_form(page.text)[1]["SAMLRequest"])
        assert b"Signature" not in document
        assert saml.read_authn_request(document).acs_url == world.rt.callback_url(name)

    story(work)


def test_a_form_escapes_what_the_administrator_wrote(story: Tell) -> None:
    """Whoever writes markup into the provider's URL: the page would run it on our origin."""

    async def work(world: World) -> None:
        path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}"
        for url in ("javascript:alert(1)", 'https://idp.example/"><script>', "data:text/html,x"):
            fields = {"idp_sso_binding": "post", "idp_sso_url": url}
            answered = await world.call("PUT", path, fields)
            assert answered.status_code == 400
        await change(world, idp_sso_binding="post", idp_sso_url="https://idp.example/s?a=1&b='x'"
                     .replace("'", "%27"))  # fmt: skip
        page = await world.client().get(world.start_url(world.demo.saml.connection_id))
        action = re.search(r'action="([^"]+)"', page.text)
        assert action is not None
        assert action[1] == html.escape("https://idp.example/s?a=1&b=%27x%27")

    story(work)


async def _published(world: World, name: str) -> tuple[saml.Certificate, ...]:
    """The certificates that the SP metadata gives for signing, in their order."""
    document = (await world.client().get(f"/v1/public/sso/metadata/{name}")).content.decode()
    return tuple(
        saml.read_certificate(body)
        for body in re.findall(
            r'use="signing">.*?<ds:X509Certificate>([^<]+)</ds:X509Certificate>', document
        )
    )


# --- NameID formats -------------------------------------------------------------------------------

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def test_a_name_id_format_is_a_uri_or_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        for wrong in ("emailAddress", "urn:a b", "urn:\u00e4", "urn:x\n", f"urn:{'x' * 300}"):
            refused(await world.call("PUT", path, {"nameid_format": wrong}), "field_invalid")
        await change(world, nameid_format=PERSISTENT)
        assert (await begin(world, name)).request.name_id_format == PERSISTENT
        await change(world, nameid_format="")
        assert (await begin(world, name)).request.name_id_format is None

    story(work)


@pytest.mark.parametrize(
    ("asked", "came", "warned"),
    [
        (PERSISTENT, EMAIL, True),
        (EMAIL, EMAIL, False),
        (EMAIL, UNSPECIFIED, False),
        (UNSPECIFIED, PERSISTENT, False),
        ("", PERSISTENT, False),
    ],
)
def test_another_name_id_format_than_asked_for_is_told_and_not_refused(
    story: Tell, asked: str, came: str, warned: bool
) -> None:
    """Many providers send what they always send; what is read is in the mapping."""

    async def work(world: World) -> None:
        await change(world, nameid_format=asked)
        begun = await begin(world, world.demo.saml.connection_id)
        fields = answer(world, begun, (f'Format="{EMAIL}"', f'Format="{came}"'))
        token_of(await deliver(begun, fields))
        steps = await told(world, "northwind")
        found = [s for s in steps if s["code"] == "warning" and "the format" in s["summary"]]
        assert bool(found) is warned

    story(work)


def test_a_person_is_never_known_by_a_transient_name_id(story: Tell) -> None:
    """The next sign-in would be somebody new, and a name given again somebody else."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        mapping = {"email": "mail", "full_name": "name"}

        async def sign_in(transient: str) -> Any:
            begun = await begin(world, name)
            document = answer(
                world, begun,
                (f'<saml:NameID Format="{EMAIL}">{ADA.email}<',
                 f'<saml:NameID Format="{TRANSIENT}">{transient}<'),
                ('<saml:Attribute Name="department"', '<saml:Attribute Name="mail"'),
                (f"<saml:AttributeValue>{ADA.department}<",
                 f"<saml:AttributeValue>{ADA.email}<"),
            )  # fmt: skip
            return await deliver(begun, document)

        await change(world, attribute_mapping=mapping,
                     saml_group_implicit_role_assignments=[])  # fmt: skip
        members = []
        for transient in ("_one", "_two"):
            arrived = await sign_in(transient)
            held = done(await world.call("POST", AUTHENTICATE, {"sso_token": token_of(arrived)}))
            members.append(held["member_id"])
            steps = await told(world, "northwind")
            assert any(s["code"] == "warning" and "transient" in s["summary"] for s in steps)
        assert len(set(members)) == 1
        await change(world, attribute_mapping={**mapping, "idp_user_id": "NameID"})
        refused(await sign_in("_three"), "saml_name_id_transient")
        # An expression that could take it, but did not, does no harm.
        for expression, code in (("= employee, NameID", "saml_name_id_transient"),
                                 ("= mail, NameID", "")):  # fmt: skip
            await change(world, attribute_mapping={**mapping, "idp_user_id": expression})
            arrived = await sign_in("_four")
            if code:
                refused(arrived, code)
            else:
                token_of(arrived)

    story(work)


# --- wire -----------------------------------------------------------------------------------------


def test_a_request_names_the_alternative_acs_url_and_the_answer_may_name_either(
    story: Tell,
) -> None:
    """A migration: the provider still knows the old URL and the old name of ours."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        ours = world.rt.callback_url(name)
        old_acs, old_name = "https://old.example/acs", "urn:old:name"
        await change(world, alternative_acs_url=old_acs, alternative_audience_uri=old_name)
        for acs in (ours, old_acs):
            for audience in (ours, old_name):
                begun = await begin(world, name)
                assert begun.request.acs_url == old_acs
                assert begun.request.issuer == ours
                fields = answer(world, begun, acs_url=acs, audience=audience)
                token_of(await deliver(begun, fields))
        for wrong, code in (
            ({"acs_url": "https://old.example/acs/"}, "saml_destination_mismatch"),
            ({"audience": "urn:old:name:"}, "saml_audience_mismatch"),
        ):
            begun = await begin(world, name)
            refused(await deliver(begun, answer(world, begun, **wrong)), code)
        # Destination and Recipient are each held to the two URLs.
        begun = await begin(world, name)
        fields = answer(world, begun, (f'Recipient="{ours}"', 'Recipient="https://x.example"'))
        refused(await deliver(begun, fields), "saml_recipient_mismatch")
        await change(world, alternative_acs_url="", alternative_audience_uri="")
        begun = await begin(world, name)
        assert begun.request.acs_url == ours
        refused(
            await deliver(begun, answer(world, begun, acs_url=old_acs)),
            "saml_destination_mismatch",
        )

    story(work)


def test_a_redirected_request_is_signed_over_what_is_on_the_wire(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        begun = await begin(world, name)
        query = urlsplit(begun.location).query
        signed, _, signature = query.partition("&Signature=")
        octets = base64.b64decode(unquote(signature))
        saml.verify_query(signed.encode(), octets, await _published(world, name))
        await change(world, sign_requests=False)
        begun = await begin(world, name)
        assert "Signature" not in parse_qs(urlsplit(begun.location).query)

    story(work)
