"""What attacks in several steps share: the doors they are tried at, and how they are told of.

They need Vestibule's own API, to make the doors. The steps themselves are in `crossings`, `people`
and `replays`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from vestibule.attack.client import Answer
from vestibule.attack.judge import NONE, Entry, Verdict, Wanted, decide
from vestibule.attack.live import BELIEVED, OTHER_IDP, Door, Live, Login, code_of
from vestibule.attack.scene import ALICE, Scene, finish

BINDINGS = "SAML Bindings §3.5"
PROFILES = "SAML Profiles §4.1.4"
UNSOLICITED = "SAML Profiles §4.1.5"
EXTERNAL = "docs/security/cross-organization-attacks.md"


@dataclass
class Stage:
    """What all sequences share: two organizations, their doors, and one that leads to the other."""

    live: Live
    here: Door = field(init=False)
    beside: Door = field(init=False)
    theirs: Door = field(init=False)
    elsewhere: Door = field(init=False)
    external: Door = field(init=False)

    def __post_init__(self) -> None:
        live = self.live
        ours, foreign, third = (live.make_organization() for _ in range(3))
        self.here = live.make_door(ours)
        self.beside = live.make_door(ours)
        self.theirs = live.make_door(ours, certificates=("idp-next",), idp=OTHER_IDP)
        self.elsewhere = live.make_door(foreign, certificates=("idp-next",), idp=OTHER_IDP)
        self.external = self.make_external(third, self.here)

    def make_external(self, organization_id: str, source: Door) -> Door:
        """An External connection of that organization; answers still go to the source."""
        made = self.live.must(
            "POST",
            f"/v1/b2b/sso/external/{organization_id}",
            {
                "external_organization_id": source.organization_id,
                "external_connection_id": source.connection_id,
                "display_name": "attack",
            },
        )["connection"]
        return replace(
            source, organization_id=organization_id, connection_id=str(made["connection_id"])
        )

    def delete(self, door: Door) -> None:
        self.live.must(
            "DELETE", f"/v1/b2b/sso/{door.organization_id}/connections/{door.connection_id}"
        )

    def answer(
        self, door: Door, login: Login | None, *, key: str = "idp", **scene: object
    ) -> tuple[Scene, bytes]:
        """An honest response for that door and login, signed with `key`."""
        s = self.live.scene(door, login.request if login else None, **scene)
        return s, finish(s.sign(s.response(), key=key)).encode()

    def alice_at(self, door: Door) -> Entry:
        return Entry(ALICE, door.organization_id, ALICE)


Steps = Callable[[Stage], tuple[Answer, Door]]


@dataclass(frozen=True)
class Sequence:
    """One attack in several steps, or its honest counterpart.

    Attributes:
        run: takes the steps; gives the last answer, and the door that it may have opened.
        codes: refusals that are right; none means that the honest one must be let in there.
    """

    kind: str
    name: str
    why: str
    section: str
    run: Steps
    codes: tuple[str, ...] = ()


SEQUENCES: list[Sequence] = []


def sequence(kind: str, why: str, section: str, *codes: str) -> Callable[[Steps], Steps]:
    def keep(run: Steps) -> Steps:
        name = run.__name__.strip("_").replace("_", "-")
        SEQUENCES.append(Sequence(kind, name, why, section, run, codes))
        return run

    return keep


def sequences_against(live: Live, kinds: frozenset[str] = frozenset()) -> Iterator[Verdict]:
    """Every sequence of these kinds; of all where none is given."""
    wanted = [one for one in SEQUENCES if not kinds or one.kind in kinds]
    if not wanted:
        return
    stage = Stage(live)
    for one in wanted:
        answer, door = one.run(stage)
        entry = live.entry(answer, door.connection_id)
        code = code_of(answer)
        rule = Wanted(one.codes) if one.codes else Wanted(entry=stage.alice_at(door))
        believed = BELIEVED if one.codes else NONE
        outcome, fault = decide(answer, entry, code, rule, believed)
        yield Verdict(
            one.kind,
            one.name,
            one.why,
            one.section,
            bool(one.codes),
            outcome,
            code,
            fault,
            answer.seconds,
        )
