"""Runs the catalogue against a target. Owns the order, and what is not run and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime

# Importing them is what fills SEQUENCES, in this order.
from vestibule.attack import crossings, people, replays  # noqa: F401
from vestibule.attack.cases import Case, Setup
from vestibule.attack.catalogue import HONEST, HOSTILE, Kind, case_of
from vestibule.attack.client import Answer, Client
from vestibule.attack.judge import NONE, REFUSED, Entry, Verdict, Wanted, decide
from vestibule.attack.keys import KeyRing
from vestibule.attack.live import BELIEVED, IDP, Live, code_of, field_of
from vestibule.attack.scene import ALICE, Scene
from vestibule.attack.server import run_dev
from vestibule.attack.stage import SEQUENCES, sequences_against

# A live server may have to refuse earlier, or for what a frozen document cannot show.
OTHER_CODES = {"no-certificate-configured": ("requires_active_sso_connection",)}

# A transient NameID names nobody twice; the member is registered under the address instead.
SUBJECTS = {"simplesamlphp/default": ALICE}

NOT_LIVE = {
    "generic/sha1-by-switch": "SHA-1 is a switch of the library that the server does not offer",
}


ALIKE = "One answer to every failed decryption"
ALIKE_NAME = "but-for-its-ids"
ALIKE_WHY = "the answers to all altered ciphertexts and plaintexts, compared octet by octet"
# What differs from answer to answer by itself.
_IDS = re.compile(rb'"(request_id|trace_id)":"[^"]*"')


def run(live: Live, only: frozenset[str] = frozenset()) -> Iterator[Verdict]:
    """Every case and every sequence, or those of the classes that are named."""
    unreadable: dict[bytes, str] = {}
    for kind in HOSTILE:
        if not only or kind.title in only:
            yield from _cases(live, kind, unreadable)
    if unreadable:
        yield _alike(unreadable)
    yield from sequences_against(live, only)
    for kind in HONEST:
        if not only or kind.title in only:
            yield from _cases(live, kind, unreadable)


def against_own_server(only: frozenset[str] = frozenset()) -> list[Verdict]:
    """The whole suite against a fresh `vestibule dev`.

    Raises:
        Unusable: it did not start, or refused what only prepares.
    """
    with run_dev() as credentials:
        live = target(credentials)
        with closing(live.client):
            return list(run(live, only))


def target(credentials: Mapping[str, str]) -> Live:
    """The server that wrote these credentials, with fresh keys for all parties."""
    keys = KeyRing()
    keys.make(("idp", "attacker"))
    return Live(
        Client(credentials["base_url"]),
        credentials["project_id"],
        credentials["secret"],
        credentials["public_token"],
        keys,
    )


def planned() -> Iterator[tuple[str, str, str]]:
    """Class, name and meaning of everything that a live run tries; nothing is sent."""
    keys = KeyRing()
    keys.make(("idp", "attacker"))
    nowhere = "http://localhost/acs"
    plan = Scene(datetime.now(UTC), IDP, nowhere, nowhere, nowhere + "/other", "_plan", keys)
    for kind in HOSTILE:
        yield from _planned(kind, plan)
    yield ALIKE, ALIKE_NAME, ALIKE_WHY
    for one in SEQUENCES:
        yield one.kind, one.name, one.why
    for kind in HONEST:
        yield from _planned(kind, plan)


def _planned(kind: Kind, plan: Scene) -> Iterator[tuple[str, str, str]]:
    for case in kind.make(plan):
        if case.name not in NOT_LIVE:
            yield kind.title, case.name, case.why


def titles() -> list[str]:
    """The classes, in the order of the run."""
    steps = dict.fromkeys(one.kind for one in SEQUENCES)
    return [*(k.title for k in HOSTILE), ALIKE, *steps, *(k.title for k in HONEST)]


def _cases(live: Live, kind: Kind, unreadable: dict[bytes, str]) -> Iterator[Verdict]:
    plan = live.scene(live.door(Setup()), "_plan")
    for number, planned in enumerate(list(kind.make(plan))):
        if planned.name in NOT_LIVE:
            continue
        verdict, answer = _one(live, kind, number, planned)
        if planned.code == "saml_decryption_failed":
            unreadable[_IDS.sub(b"", answer.body)] = planned.name
        yield verdict


def _alike(unreadable: dict[bytes, str]) -> Verdict:
    """An answer that differs tells an attacker how far a ciphertext got."""
    fault = "" if len(unreadable) == 1 else "told apart: " + ", ".join(unreadable.values())
    return Verdict(
        ALIKE,
        ALIKE_NAME,
        ALIKE_WHY,
        "Jager and Somorovsky 2011",
        True,
        REFUSED,
        "saml_decryption_failed",
        fault,
    )


def _one(live: Live, kind: Kind, number: int, planned: Case) -> tuple[Verdict, Answer]:
    """One case in a login of its own, and so in a scene of its own."""
    setup = planned.setup
    subject = planned.reading.name_id if planned.reading else ""
    subject = SUBJECTS.get(planned.name, subject)
    door = live.door(setup, subject)
    active = bool(setup.certificates)
    login = live.begin(door.connection_id) if setup.solicited and active else None
    # Where nothing was asked for, a response that names a request names one of nobody's.
    request = login.request if login else ("_request-of-nobody" if active else None)
    case = case_of(kind, number, live.scene(door, request))
    answer = live.post(door, field_of(case), login)
    code = code_of(answer)
    wanted = Wanted(OTHER_CODES.get(case.name, (case.code,)))
    if case.reading is not None:
        wanted = Wanted(entry=Entry(ALICE, door.organization_id, subject))
    entry = live.entry(answer, door.connection_id)
    believed = BELIEVED if kind.hostile else NONE
    outcome, fault = decide(answer, entry, code, wanted, believed)
    told = (kind.title, case.name, case.why, case.section, kind.hostile)
    return Verdict(*told, outcome, code, fault, answer.seconds), answer
