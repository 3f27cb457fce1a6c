"""JWT templates on the management wire, and the claims that they bring into JWTs (wire §5.7)."""

from __future__ import annotations

import base64
import json
from typing import Any

import hypothesis
import pytest
import structlog
from hypothesis import strategies as st

from support.world import World
from vestibule.services import projects
from vestibule.storage import Tx
from web.api.calls import (
    ADA,
    GRACE,
    MEMBERS,
    NORTHWIND,
    SESSIONS,
    Caller,
    contents,
    done,
    refused,
    signed_in,
)

DEPARTMENT = '{"department": {{ member.trusted_metadata.department }}}'


def path(world: World, kind: str = "SESSION") -> str:
    known = world.credentials
    return (
        f"/pwa/v3/projects/{known.project_slug}/environments/{known.environment_slug}"
        f"/jwt_templates/{kind}"
    )


def workspace(world: World) -> tuple[str, str]:
    return (world.credentials.workspace_key_id, world.credentials.workspace_key_secret)


async def set_template(world: World, text: str, **fields: Any) -> dict[str, Any]:
    """As the official clients send it."""
    body = {"template_content": text, **fields}
    answer = await world.call("PUT", path(world), body, auth=workspace(world))
    found: dict[str, Any] = done(answer)["jwt_template"]
    return found


def claims_of(jwt: str) -> dict[str, Any]:
    payload = jwt.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


def own_claims(jwt: str) -> dict[str, Any]:
    """What is there beyond the claims of JWTs and of the wire."""
    ours = {"iss", "sub", "aud", "exp", "nbf", "iat"}
    claims = claims_of(jwt)
    return {
        k: v for k, v in claims.items() if k not in ours and not k.startswith("https://stytch.")
    }


async def minted(world: World, who: Caller, **body: Any) -> dict[str, Any]:
    """Ask for a fresh JWT; returns the whole answer."""
    body = {"session_token": who.token, **body}
    return done(await world.call("POST", f"{SESSIONS}/authenticate", body))


async def give_metadata(world: World, who: Caller, metadata: dict[str, Any]) -> None:
    body = {"trusted_metadata": metadata}
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", body))


# --- the wire -----------------------------------------------------------------------------------


async def test_a_template_is_kept_and_shown_as_it_was_given(world: World) -> None:
    text = '{\n\t"a":{{member.name}},\r\n  "b" : "x-{{ organization.organization_slug }}" }\n'
    given = {
        "template_content": text,
        "custom_audience": "https://api.acme.example",
        "jwt_template_type": "SESSION",
    }
    assert await set_template(world, text, custom_audience=given["custom_audience"]) == given
    for auth in (workspace(world), world.auth):
        answer = await world.call("GET", path(world), auth=auth)
        assert done(answer)["jwt_template"] == given
    # What was answered can be sent back.
    answer = await world.call("PUT", path(world), {"jwt_template": given}, auth=workspace(world))
    assert done(answer)["jwt_template"] == given


async def test_the_demos_template_is_shown(world: World) -> None:
    shown = done(await world.call("GET", path(world)))["jwt_template"]
    assert shown == {
        "template_content": '{"department": "{{ member.trusted_metadata.department }}"}',
        "custom_audience": "",
        "jwt_template_type": "SESSION",
    }


@pytest.mark.parametrize("text", ["", " \n", "{}"])
async def test_a_template_can_be_taken_away(world: World, text: str) -> None:
    who = await signed_in(world)
    await set_template(world, text)
    assert own_claims((await minted(world, who))["session_jwt"]) == {}


async def test_a_template_from_before_texts_were_kept_is_written_out_and_works(
    world: World,
) -> None:
    who = await signed_in(world)

    def write(tx: Tx) -> None:
        project = tx.projects.find(world.credentials.project_id)
        assert project is not None
        tx.projects.update(
            projects.replace(project, jwt_template={"d": "{{ member.name }}"}, jwt_template_text="")
        )

    await world.rt.store.write(write)
    shown = done(await world.call("GET", path(world)))["jwt_template"]
    assert shown["template_content"] == '{\n  "d": "{{ member.name }}"\n}'
    assert own_claims((await minted(world, who))["session_jwt"]) == {"d": ADA.name}


REFUSED = [
    ('{\n  "a": 1,\n}', "jwt_template_invalid_json", "Line 3, column 1"),
    ('{"a": "b\x01"}', "jwt_template_invalid_json", "Line 1, column 9, claim a"),
    ('{"a": "b\\u0000"}', "jwt_template_invalid_json", "Line 1, column 9, claim a"),
    ('{"a": NaN}', "jwt_template_invalid_json", "Line 1, column 7, claim a"),
    ('{"a": [{ "b": {{ member.nme }}}]}', "jwt_template_invalid_tag",
     "Line 1, column 18, claim a[0].b"),
    ('{"a": "{{ env.SECRET }}"}', "jwt_template_invalid_tag", "Line 1, column 11, claim a"),
    ('{\n "a": "{{ member.name"}', "jwt_template_mismatched_tag", "Line 2, column 8, claim a"),
    ('{"iss": "x"}', "reserved_claims_in_custom_claims", "Line 1, column 2, claim iss"),
    ('{"https://stytch.com/session": 1}', "stytch_claims_in_custom_claims", "Line 1, column 2"),
    ('{"a": "%s"}' % ("x" * 4096), "custom_claims_too_large", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place"), REFUSED)
async def test_a_template_is_refused_with_its_position_and_changes_nothing(
    world: World, text: str, code: str, place: str
) -> None:
    before = contents(world)
    for body in ({"template_content": text}, {"jwt_template": {"template_content": text}}):
        answer = await world.call("PUT", path(world), body, auth=workspace(world))
        assert place in refused(answer, 400, code)["error_message"]
    assert contents(world) == before


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "field_missing"),
    ({"custom_audience": "x"}, "field_missing"),
    ({"template_content": None}, "field_missing"),
    ({"jwt_template": {}}, "field_missing"),
    ({"template_content": {"a": 1}}, "field_invalid"),
    ({"template_content": "{}", "custom_audience": 7}, "field_invalid"),
    ({"template_content": "{}", "custom_audience": "x" * 257}, "field_invalid"),
    ({"template_content": "{}", "custom_audience": "a\nb"}, "field_invalid"),
    ({"template_content": "{}", "jwt_template": {"template_content": "{}"}}, "field_invalid"),
    ({"jwt_template": {"template_content": "{}", "jwt_template_type": "M2M"}},
     "jwt_template_type_unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code"), BAD_BODIES)
async def test_a_body_that_says_no_template_is_refused(
    world: World, body: dict[str, Any], code: str
) -> None:
    before = contents(world)
    answer = await world.call("PUT", path(world), body, auth=workspace(world))
    assert refused(answer, 400, "bad_request")["error_details"]["code"] == code
    assert contents(world) == before


@pytest.mark.parametrize("kind", ["M2M", "session", "nothing"])
async def test_there_is_a_template_for_session_jwts_only(world: World, kind: str) -> None:
    for method, body in (("GET", None), ("PUT", {"template_content": "{}"})):
        answer = await world.call(method, path(world, kind), body, auth=workspace(world))
        told = refused(answer, 400, "bad_request")
        assert told["error_details"]["code"] == "jwt_template_type_unknown"
        assert told["error_details"]["want"] == "SESSION"


async def test_only_the_team_may_see_or_set_a_template(world: World) -> None:
    who = await signed_in(world)
    key, secret = workspace(world)
    before = contents(world)
    for auth in (
        (key, "wrong"), ("wrong", secret), (world.credentials.project_id, secret),
        (key, world.credentials.secret), (world.credentials.public_token, ""),
        (who.member_id, who.token), (world.credentials.project_id, who.token), ("", ""),
    ):  # fmt: skip
        for method, body in (("GET", None), ("PUT", {"template_content": "{}"})):
            answer = await world.call(
                method, path(world), body, auth=auth, session=who.token, jwt=who.jwt
            )
            refused(answer, 401, "unauthorized_credentials")
    for auth in (workspace(world), world.auth):
        for method, body in (("GET", None), ("PUT", {"template_content": "{}"})):
            elsewhere = path(world).replace("/test/", "/live/")
            answer = await world.call(method, elsewhere, body, auth=auth)
            refused(answer, 404, "route_not_found")
    assert contents(world) == before


async def test_another_projects_secret_reaches_no_template(world: World) -> None:
    made = await projects.create(
        world.rt, "Other", environment="test", settings=projects.ProjectSettings()
    )
    before = contents(world)
    for method, body in (("GET", None), ("PUT", {"template_content": "{}"})):
        answer = await world.call(method, path(world), body, auth=(made.project_id, made.secret))
        refused(answer, 404, "route_not_found")
    assert contents(world) == before


PIECES = st.sampled_from(
    ["{", "}", "{{", "}}", '"a"', ":", ",", "\\", "[", "member.name", "\n", "é"]
)


def test_no_text_makes_a_failure(world: World, runner: Any) -> None:
    @hypothesis.settings(derandomize=True, deadline=None, max_examples=100)
    @hypothesis.given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), st.text())
    def send(text: str, audience: str) -> None:
        body = {"template_content": text, "custom_audience": audience}
        answer = runner.run(world.call("PUT", path(world), body, auth=workspace(world)))
        assert answer.status_code in (200, 400), answer.text

    send()


# --- the next JWT -------------------------------------------------------------------------------


async def test_an_attribute_of_a_login_becomes_a_typed_claim(world: World) -> None:
    """Claim of the provider, attribute mapping, trusted_metadata, template, claim of the JWT."""
    await set_template(
        world,
        '{"department": {{ member.trusted_metadata.department }}, "at": '
        '"{{ organization.organization_slug }}/{{ member.trusted_metadata.department }}", '
        '"roles": {{ member.rbac.roles }}, "docs": {{ member.rbac.documents.actions }}}',
    )
    for person, roles, actions in (
        (ADA, ["editor", "stytch_member", "viewer"], ["read", "write"]),
        (GRACE, ["stytch_member", "viewer"], ["read"]),
    ):
        for connection in (world.demo.saml, world.demo.oidc):
            answer = await world.sign_in(connection.connection_id, person.email)
            made = own_claims(answer["session_jwt"])
            assert sorted(made.pop("docs")) == actions
            assert made == {
                "department": person.department,
                "at": f"northwind/{person.department}",
                "roles": roles,
            }
            assert answer["member_session"]["custom_claims"].keys() == {*made, "docs"}


async def test_a_member_without_the_attribute_has_no_claim(world: World) -> None:
    await set_template(world, DEPARTMENT)
    who = await signed_in(world)
    await give_metadata(world, who, {"department": None})
    assert own_claims((await minted(world, who))["session_jwt"]) == {}


async def test_a_change_of_the_template_shows_in_the_next_jwt(world: World) -> None:
    who = await signed_in(world)
    assert own_claims(who.jwt) == {"department": ADA.department}
    await set_template(world, '{"team": {{ member.trusted_metadata.department }}, "v": 2}')
    assert own_claims((await minted(world, who))["session_jwt"]) == {
        "team": ADA.department,
        "v": 2,
    }
    answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_jwt": who.jwt})
    assert own_claims(done(answer)["session_jwt"])["v"] == 2


async def test_a_change_of_metadata_shows_in_the_next_jwt(world: World) -> None:
    await set_template(
        world,
        '{"level": {{ member.trusted_metadata.level }}, '
        '"tier": "{{ organization.trusted_metadata.tier }}"}',
    )
    who = await signed_in(world)
    assert own_claims(who.jwt) == {}
    for level in (3, 2.5, False, "x", [1, None, {"a": 1}], {"deep": {"er": [True]}}):
        await give_metadata(world, who, {"level": level})
        made = own_claims((await minted(world, who))["session_jwt"])
        assert json.dumps(made) == json.dumps({"level": level})
    done(await world.call("PUT", NORTHWIND, {"trusted_metadata": {"tier": "gold"}}))
    assert own_claims((await minted(world, who))["session_jwt"])["tier"] == "gold"


async def test_the_sessions_own_claims_win_and_stay(world: World) -> None:
    await set_template(world, '{"a": {{ member.name }}, "b": {"x": 1}}')
    who = await signed_in(world)
    given = {"a": "own", "b": {"y": 2}, "c": 3}
    answer = await minted(world, who, session_custom_claims=given)
    assert own_claims(answer["session_jwt"]) == given
    assert answer["member_session"]["custom_claims"] == given
    # Taken back, the template's come to light again.
    answer = await minted(world, who, session_custom_claims={"a": None, "b": None})
    assert own_claims(answer["session_jwt"]) == {"a": ADA.name, "b": {"x": 1}, "c": 3}


HOSTILE = [
    "{{ organization.organization_id }}",
    '", "admin": true, "x": "',
    '"}}, {"a": "',
    "line\nbreak\r\n\ttab",
    "\\u007b\\u007b member.email_address }}",
    "}} {{ member.email_address",
    "\u2028</script><script>",
    "😀 \u202e",
    {"{{ member.name }}": "{{ member.name }}", "sub": "x"},
    ["{{ member.name }}", '"]'],
]


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_value_never_becomes_anything_but_a_value(world: World, value: Any) -> None:
    await set_template(
        world,
        '{"whole": {{ member.trusted_metadata.x }}, "quoted": "{{ member.trusted_metadata.x }}", '
        '"text": "<{{ member.trusted_metadata.x }}>", "k": 1}',
    )
    who = await signed_in(world)
    await give_metadata(world, who, {"x": value})
    made = (await minted(world, who))["session_jwt"]
    expected: dict[str, Any] = {"whole": value, "quoted": value, "k": 1}
    if isinstance(value, str):
        expected["text"] = f"<{value}>"
    assert own_claims(made) == expected
    assert claims_of(made)["sub"] == who.member_id


async def test_claims_that_find_no_room_keep_nobody_out_and_are_told(world: World) -> None:
    await set_template(
        world,
        '{"first": {{ member.trusted_metadata.big }}, "second": {{ member.trusted_metadata.big }}, '
        '"last": {{ member.name }}}',
    )
    who = await signed_in(world)
    big = "secret-word " * 200
    await give_metadata(world, who, {"big": big, "department": None})
    with structlog.testing.capture_logs() as logs:
        answer = await minted(world, who)
        assert own_claims(answer["session_jwt"]) == {"first": big, "last": ADA.name}
        own = {"own": "y" * 3000}
        answer = await minted(world, who, session_custom_claims=own)
        assert own_claims(answer["session_jwt"]) == {**own, "last": ADA.name}
        again = await world.sign_in(world.demo.saml.connection_id, ADA.email)
        assert own_claims(again["session_jwt"]) == {"first": big, "last": ADA.name}
    told = [log for log in logs if log["event"] == "jwt_claims_left_out"]
    assert [log["claims"] for log in told] == [["second"], ["first", "second"], ["second"]]
    assert {log["log_level"] for log in told} == {"warning"}
    assert {log["member_id"] for log in told} == {who.member_id}
    assert "secret-word" not in str(logs)


async def test_metadata_nested_without_end_keeps_nobody_out(world: World) -> None:
    await set_template(world, '{"x": {{ member.trusted_metadata.x }}, "n": {{ member.name }}}')
    who = await signed_in(world)
    value: Any = 1
    for _ in range(300):
        value = [value]
    await give_metadata(world, who, {"x": value})
    assert own_claims((await minted(world, who))["session_jwt"]) == {"n": ADA.name}


async def test_the_audience_stands_beside_the_projects_id(world: World) -> None:
    project_id = world.credentials.project_id
    who = await signed_in(world)
    assert claims_of(who.jwt)["aud"] == [project_id]
    await set_template(world, "{}", custom_audience="https://api.acme.example")
    jwt = (await minted(world, who))["session_jwt"]
    assert claims_of(jwt)["aud"] == [project_id, "https://api.acme.example"]
    # It still is a JWT of ours.
    done(await world.call("POST", f"{SESSIONS}/authenticate", {"session_jwt": jwt}))
    await set_template(world, "{}")
    assert claims_of((await minted(world, who))["session_jwt"])["aud"] == [project_id]
