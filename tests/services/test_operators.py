"""Who runs the server: how operators sign in, and what whoever is none tries. On both databases."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from services.attacks import ADA, Tell
from support.world import World
from vestibule.domain.ids import token_hash
from vestibule.domain.projects import ProjectSettings
from vestibule.errors import VestibuleError
from vestibule.services import audit, connections, members, operators, organizations, projects
from vestibule.services.audit import AuditQuery
from vestibule.services.demo import PEOPLE
from vestibule.services.operator_proofs import code_at, fits
from vestibule.services.operators import NewVisit
from vestibule.services.rbac import Actor, OperatorActor
from vestibule.services.runtime import Runtime
from vestibule.storage.tables import metadata

EMAIL = "grace@ops.example"
PASSWORD = "a sentence that nobody guesses"
GRACE = PEOPLE[1]


@contextmanager
def refusing(code: str) -> Iterator[list[VestibuleError]]:
    caught: list[VestibuleError] = []
    with pytest.raises(VestibuleError) as found:
        yield caught
    assert found.value.code == code, found.value
    caught.append(found.value)


async def made(world: World, email: str = EMAIL) -> str:
    created = await operators.create(world.rt, email, "Grace", PASSWORD)
    return created.operator_id


async def with_code(world: World) -> tuple[str, bytes]:
    """An operator with an authenticator app, and its secret."""
    operator_id = await made(world)
    offer = await operators.begin_totp(world.rt, operator_id)
    padded = offer.secret_base32 + "=" * (-len(offer.secret_base32) % 8)
    secret = base64.b32decode(padded)
    await operators.confirm_totp(world.rt, operator_id, code_at(secret, world.rt.now()))
    world.advance(seconds=60)
    return operator_id, secret


async def tried(work: Awaitable[Any]) -> str:
    """The code of a refusal, or "" where there is none."""
    try:
        await work
    except VestibuleError as error:
        return error.code
    return ""


def everything(world: World) -> str:
    """All that the database holds, as one text."""
    with world.rt.store.engine.engine.connect() as connection:
        return "\n".join(
            repr(tuple(row))
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table))
        )


# --- signing in ---------------------------------------------------------------------------------


def test_a_password_opens_a_visit_and_nothing_in_the_database_does(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id = await made(world)
        entered = await operators.sign_in(world.rt, "Grace@Ops.example ", PASSWORD)
        here = await operators.visit(world.rt, entered.token)
        assert here.operator.operator_id == operator_id
        assert here.started_at == world.rt.now()
        kept = everything(world)
        assert PASSWORD not in kept
        assert entered.token not in kept
        assert "argon2id" not in kept, "the hash is sealed too"

    story(tell)


def test_unknown_address_wrong_password_and_disabled_operator_are_told_the_same(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await made(world)
        shut = await made(world, "out@ops.example")
        await operators.disable(world.rt, shut)
        told = [
            await tried(operators.sign_in(world.rt, *given))
            for given in (
                ("nobody@ops.example", PASSWORD),
                (EMAIL, "another sentence altogether"),
                ("out@ops.example", PASSWORD),
                ("not an address \ud800\x00", PASSWORD),
                (EMAIL, "\ud800" * 300),
            )
        ]
        assert told == ["operator_credentials_invalid"] * 5

    story(tell)


def test_nobody_costs_the_same_work_as_somebody() -> None:
    """The hash that stands for nobody has the parameters of all, and no password fits it."""

    async def tell() -> None:
        assert not await fits("", "")
        assert not await fits(PASSWORD, "")

    asyncio.run(tell())


def test_brute_force_is_paused_twice_as_long_each_time(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        for _ in range(5):
            with refusing("operator_credentials_invalid"):
                await operators.sign_in(world.rt, EMAIL, "wrong")
        for pause in (30, 60, 120):
            with refusing("operator_locked") as caught:
                await operators.sign_in(world.rt, EMAIL, PASSWORD)
            assert caught[0].retry_after == pause
            world.advance(seconds=pause)
            with refusing("operator_credentials_invalid"):
                await operators.sign_in(world.rt, EMAIL, "wrong")
        world.advance(hours=1)
        await operators.sign_in(world.rt, EMAIL, PASSWORD)
        known = await operators.find_named(world.rt, EMAIL)
        assert (known.failures, known.locked_until) == (0, None)

    story(tell)


def test_a_pause_is_never_longer_than_an_hour(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        for _ in range(20):
            await tried(operators.sign_in(world.rt, EMAIL, "wrong"))
            known = await operators.find_named(world.rt, EMAIL)
            if known.locked_until is not None:
                assert (known.locked_until - world.rt.now()).total_seconds() <= 3600
                world.advance(hours=1)
        assert known.failures == 20

    story(tell)


def test_a_pause_tells_nobody_who_is_an_operator(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        told: dict[str, list[str]] = {}
        for address in (EMAIL, "nobody@ops.example"):
            told[address] = [
                await tried(operators.sign_in(world.rt, address, "wrong")) for _ in range(7)
            ]
        assert told[EMAIL] == told["nobody@ops.example"]
        assert told[EMAIL][-1] == "operator_locked"

    story(tell)


def test_guesses_at_the_same_moment_count_one_by_one(story: Tell) -> None:
    """A hundred at once are five guesses, and then a pause for the right one too."""

    async def tell(world: World) -> None:
        await made(world)
        guesses = [operators.sign_in(world.rt, EMAIL, f"wrong {n}") for n in range(9)]
        told = await asyncio.gather(*map(tried, guesses))
        assert told.count("operator_locked") == 4
        assert await tried(operators.sign_in(world.rt, EMAIL, PASSWORD)) == "operator_locked"

    story(tell)


def test_the_pause_is_the_same_for_every_server_of_several(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        another = replace(world.rt)
        for rt in (world.rt, another, world.rt, another, world.rt):
            await tried(operators.sign_in(rt, EMAIL, "wrong"))
        assert await tried(operators.sign_in(another, EMAIL, PASSWORD)) == "operator_locked"

    story(tell)


# --- codes --------------------------------------------------------------------------------------


def test_with_an_app_the_password_alone_does_not_suffice(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, secret = await with_code(world)
        with refusing("operator_code_needed"):
            await operators.sign_in(world.rt, EMAIL, PASSWORD)
        # Whoever does not know the password does not learn that there is an app.
        with refusing("operator_credentials_invalid"):
            await operators.sign_in(world.rt, EMAIL, "wrong")
        code = code_at(secret, world.rt.now())
        assert (await operators.sign_in(world.rt, EMAIL, PASSWORD, f"{code[:3]} {code[3:]}")).token

    story(tell)


def test_a_code_that_was_used_is_refused_and_so_is_one_before_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, secret = await with_code(world)
        now = world.rt.now()
        before = code_at(secret, now.fromtimestamp(now.timestamp() - 30, now.tzinfo))
        code = code_at(secret, now)
        await operators.sign_in(world.rt, EMAIL, PASSWORD, code)
        for replayed in (code, before):
            with refusing("operator_code_invalid"):
                await operators.sign_in(world.rt, EMAIL, PASSWORD, replayed)

    story(tell)


def test_one_code_opens_one_visit_even_at_the_same_moment(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, secret = await with_code(world)
        code = code_at(secret, world.rt.now())
        attempts = [operators.sign_in(world.rt, EMAIL, PASSWORD, code) for _ in range(4)]
        told = await asyncio.gather(*map(tried, attempts))
        assert sorted(told) == ["", *["operator_code_invalid"] * 3]

    story(tell)


def test_a_clock_may_be_one_step_off_and_no_more(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, secret = await with_code(world)
        for offset, code in ((-60, "operator_code_invalid"), (60, "operator_code_invalid"),
                             (-30, ""), (30, "")):  # fmt: skip
            now = world.rt.now()
            shown = code_at(secret, now.fromtimestamp(now.timestamp() + offset, now.tzinfo))
            assert await tried(operators.sign_in(world.rt, EMAIL, PASSWORD, shown)) == code

    story(tell)


def test_guessing_codes_is_paused_like_guessing_passwords(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, secret = await with_code(world)
        wrong = "000000" if code_at(secret, world.rt.now()) != "000000" else "000001"
        for _ in range(5):
            with refusing("operator_code_invalid"):
                await operators.sign_in(world.rt, EMAIL, PASSWORD, wrong)
        with refusing("operator_locked"):
            await operators.sign_in(world.rt, EMAIL, PASSWORD, code_at(secret, world.rt.now()))

    story(tell)


def test_an_app_counts_only_once_a_code_of_it_was_confirmed(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id = await made(world)
        offer = await operators.begin_totp(world.rt, operator_id)
        assert offer.uri.startswith("otpauth://totp/Vestibule:grace%40ops.example?")
        with refusing("operator_code_invalid"):
            await operators.confirm_totp(world.rt, operator_id, "12345")
        assert (await operators.sign_in(world.rt, EMAIL, PASSWORD)).token
        assert offer.secret_base32 not in everything(world)

    story(tell)


def test_whoever_takes_the_app_away_has_to_know_the_password(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id, _ = await with_code(world)
        for _ in range(5):
            with refusing("operator_credentials_invalid"):
                await operators.remove_totp(world.rt, operator_id, "wrong")
        with refusing("operator_locked"):
            await operators.remove_totp(world.rt, operator_id, PASSWORD)
        world.advance(seconds=30)
        await operators.remove_totp(world.rt, operator_id, PASSWORD)
        assert (await operators.sign_in(world.rt, EMAIL, PASSWORD)).token

    story(tell)


# --- visits -------------------------------------------------------------------------------------


def test_each_sign_in_has_a_token_of_its_own(story: Tell) -> None:
    """Fixation: what somebody planted in the browser before is never what counts afterwards."""

    async def tell(world: World) -> None:
        await made(world)
        planted = world.rt.new_token()
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, planted)
        first = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        second = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        assert len({planted, first.token, second.token}) == 3
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, planted)

    story(tell)


def test_the_key_of_the_forms_is_not_the_token_and_opens_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        first = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        second = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        keys = [(await operators.visit(world.rt, v.token)).csrf_key for v in (first, second)]
        assert len(set(keys)) == 2
        again = await operators.visit(world.rt, first.token)
        assert again.csrf_key == keys[0]
        for visit, key in zip((first, second), keys, strict=True):
            assert key not in (visit.token, token_hash(visit.token).hex())
            with refusing("operator_not_signed_in"):
                await operators.visit(world.rt, key)

    story(tell)


def test_a_visit_ends_after_an_idle_hour_and_after_half_a_day(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        idle = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        busy = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        for _ in range(14):
            world.advance(minutes=50)
            await operators.visit(world.rt, busy.token)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, idle.token)
        world.advance(minutes=21)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, busy.token)
        await projects.sweep(world.rt)
        with world.rt.store.engine.engine.connect() as connection:
            left = sa.select(sa.func.count()).select_from(metadata.tables["operator_session"])
            assert connection.execute(left).scalar_one() == 0

    story(tell)


def test_who_signs_out_or_is_shut_out_is_out_at_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id = await made(world)
        one, two = [await operators.sign_in(world.rt, EMAIL, PASSWORD) for _ in range(2)]
        await operators.sign_out(world.rt, one.token)
        await operators.sign_out(world.rt, one.token)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, one.token)
        await operators.visit(world.rt, two.token)
        await operators.disable(world.rt, operator_id)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, two.token)
        await operators.enable(world.rt, operator_id)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, two.token)

    story(tell)


def test_a_new_password_ends_every_visit_and_a_wrong_old_one_changes_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id = await made(world)
        entered = await operators.sign_in(world.rt, EMAIL, PASSWORD)
        with refusing("operator_credentials_invalid"):
            await operators.change_password(world.rt, operator_id, "wrong", "a much better one")
        await operators.visit(world.rt, entered.token)
        await operators.change_password(world.rt, operator_id, PASSWORD, "a much better one")
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, entered.token)
        with refusing("operator_credentials_invalid"):
            await operators.sign_in(world.rt, EMAIL, PASSWORD)
        await operators.sign_in(world.rt, EMAIL, "a much better one")

    story(tell)


@pytest.mark.parametrize(
    "password", ["", "elevenchars", "x" * 201, "Grace@ops.example", "aaaaaaaaaaaaaaaa"]
)
def test_a_password_that_is_guessed_easily_is_refused(story: Tell, password: str) -> None:
    async def tell(world: World) -> None:
        before = everything(world)
        with refusing("operator_password_unfit"):
            await operators.create(world.rt, EMAIL, "Grace", password)
        assert everything(world) == before

    story(tell)


def test_two_operators_with_one_address_are_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        await made(world)
        with refusing("operator_exists"):
            await made(world, "GRACE@ops.example")
        for email, name, code in (("nowhere", "N", "invalid_email"), (EMAIL, " ", "field_invalid")):
            with refusing(code):
                await operators.create(world.rt, email, name, PASSWORD)
        with refusing("operator_not_found"):
            await operators.find_named(world.rt, "nobody@ops.example")
        with refusing("operator_not_found"):
            await operators.disable(world.rt, "operator-test-none")

    story(tell)


def test_a_password_set_from_the_shell_ends_pause_code_and_visits(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id, secret = await with_code(world)
        code = code_at(secret, world.rt.now())
        entered = await operators.sign_in(world.rt, EMAIL, PASSWORD, code)
        for _ in range(5):
            await tried(operators.sign_in(world.rt, EMAIL, "wrong"))
        await operators.set_password(world.rt, operator_id, "a much better one", remove_totp=True)
        with refusing("operator_not_signed_in"):
            await operators.visit(world.rt, entered.token)
        await operators.sign_in(world.rt, EMAIL, "a much better one")

    story(tell)


# --- by single sign-on --------------------------------------------------------------------------


async def sso_world(world: World) -> tuple[Runtime, str]:
    """A server whose operators come by Northwind, with Ada an administrator of it."""
    organization_id = world.demo.northwind.organization_id
    settings = replace(world.rt.settings, operators_organization=organization_id)
    return replace(world.rt, settings=settings), organization_id


async def enter(world: World, rt: Runtime, person: Any = ADA) -> NewVisit:
    token = await world.arrive(world.demo.saml.connection_id, person.email)
    return await operators.sign_in_by_sso(rt, world.demo.project, token)


async def crown(world: World, person: Any, roles: list[str]) -> str:
    """Give a member of Northwind these roles by hand; returns their id."""
    found = await members.get(
        world.rt, world.actor, "northwind", member_id=None, email_address=person.email
    )
    await members.update(
        world.rt, world.actor, "northwind", found.member.member_id, {"roles": roles}
    )
    return found.member.member_id


def test_an_administrator_of_the_operators_organization_enters_by_sso(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, _ = await sso_world(world)
        await world.arrive(world.demo.saml.connection_id, ADA.email)
        await crown(world, ADA, ["stytch_admin"])
        entered = await enter(world, rt)
        assert not entered.operator.has_password
        here = await operators.visit(rt, entered.token)
        assert here.operator.email == ADA.email
        again = await enter(world, rt)
        assert again.operator.operator_id == entered.operator.operator_id
        doors = await operators.operators_sso_connections(rt)
        assert world.demo.saml.connection_id in [one.connection_id for one in doors]
        project = await operators.operators_project(rt)
        assert project is not None and project.project_id == world.demo.project.project_id
        # Without a password there is nothing to guess.
        with refusing("operator_credentials_invalid"):
            await operators.sign_in(rt, ADA.email, "")

    story(tell)


def test_whoever_is_no_administrator_does_not_enter_by_sso(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, _ = await sso_world(world)
        await world.arrive(world.demo.saml.connection_id, GRACE.email)
        await crown(world, GRACE, [])
        for person in (GRACE,):
            with refusing("operator_credentials_invalid"):
                await enter(world, rt, person)
        assert await operators.list_all(rt) == []

    story(tell)


def test_a_login_into_another_organization_is_no_way_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, _ = await sso_world(world)
        token = await world.arrive(world.demo.labs_saml.connection_id, ADA.email)
        with refusing("operator_credentials_invalid"):
            await operators.sign_in_by_sso(rt, world.demo.project, token)
        # Without the setting nobody's is.
        await world.arrive(world.demo.saml.connection_id, ADA.email)
        await crown(world, ADA, ["stytch_admin"])
        with refusing("operator_credentials_invalid"):
            await enter(world, world.rt)
        assert await operators.operators_sso_connections(world.rt) == []
        assert await operators.operators_project(world.rt) is None

    story(tell)


def test_the_token_of_an_sso_sign_in_opens_one_visit(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, _ = await sso_world(world)
        await world.arrive(world.demo.saml.connection_id, ADA.email)
        await crown(world, ADA, ["stytch_admin"])
        token = await world.arrive(world.demo.saml.connection_id, ADA.email)
        other = await projects.create(rt, "Other", environment="test", settings=ProjectSettings())
        stranger = await projects.get(rt, other.project_id)
        with refusing("sso_token_not_found"):
            await operators.sign_in_by_sso(rt, stranger, token)
        await operators.sign_in_by_sso(rt, world.demo.project, token)
        with refusing("sso_token_not_found"):
            await operators.sign_in_by_sso(rt, world.demo.project, token)

    story(tell)


@pytest.mark.parametrize("how", ["deleted", "demoted", "closed", "unset", "disabled"])
def test_a_visit_by_sso_ends_when_what_it_stands_on_does(story: Tell, how: str) -> None:
    async def tell(world: World) -> None:
        rt, _ = await sso_world(world)
        await world.arrive(world.demo.saml.connection_id, ADA.email)
        member_id = await crown(world, ADA, ["stytch_admin"])
        entered = await enter(world, rt)
        await operators.visit(rt, entered.token)
        if how == "deleted":
            await members.delete(world.rt, world.actor, "northwind", member_id)
        elif how == "demoted":
            await crown(world, ADA, [])
        elif how == "closed":
            await connections.delete(
                world.rt, world.actor, "northwind", world.demo.saml.connection_id
            )
        elif how == "unset":
            rt = world.rt
        else:
            await operators.disable(rt, entered.operator.operator_id)
        with refusing("operator_not_signed_in"):
            await operators.visit(rt, entered.token)

    story(tell)


def test_the_developer_enters_without_a_proof_only_in_development(story: Tell) -> None:
    async def tell(world: World) -> None:
        entered = await operators.developer(world.rt)
        again = await operators.developer(world.rt)
        assert entered.operator.operator_id == again.operator.operator_id
        assert (await operators.visit(world.rt, entered.token)).operator.name == "Developer"
        served = replace(world.rt, settings=replace(world.rt.settings, mode="serve"))
        before = everything(world)
        with refusing("operator_credentials_invalid"):
            await operators.developer(served)
        assert everything(world) == before
        with refusing("operator_credentials_invalid"):
            await operators.sign_in(served, operators.DEVELOPER, "")

    story(tell)


# --- what they do -------------------------------------------------------------------------------


def test_what_an_operator_does_is_recorded_under_their_name(story: Tell) -> None:
    async def tell(world: World) -> None:
        operator_id = await made(world)
        actor = OperatorActor(world.demo.project, operator_id)
        assert actor.on_behalf is None
        world.advance(seconds=1)
        await organizations.create(world.rt, actor, {"organization_name": "Made by hand"})
        await operators.sign_in(world.rt, EMAIL, PASSWORD)
        for _ in range(5):
            await tried(operators.sign_in(world.rt, EMAIL, "wrong"))
        found = await audit.search(world.rt, actor, AuditQuery(actor=operator_id))
        assert {e.action for e in found.events} == {"organization.created", "operator.signed_in"}
        told = await audit.search(world.rt, actor, AuditQuery(target=operator_id))
        assert [e.action for e in told.events if e.actor == "vestibule"] == [
            "operator.paused", "operator.created",
        ]  # fmt: skip
        # Whoever holds one project's secret sees what concerns that project.
        seen = await audit.search(world.rt, Actor(world.demo.project), AuditQuery())
        assert not [e for e in seen.events if e.action.startswith("operator.")]

    story(tell)
