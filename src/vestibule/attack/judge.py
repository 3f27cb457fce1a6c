"""Whether an answer let somebody in, and whether it should have. Pure: answers in, verdicts out.

Owns what counts as a failure. Refuses to know how the answer was got.
"""

from __future__ import annotations

from dataclasses import dataclass

from vestibule.attack.client import Answer

# Generous: a refusal takes a few milliseconds, and a machine that tests runs other things too.
SLOW = 5.0

NONE: frozenset[str] = frozenset()
ACCEPTED, REFUSED, BROKEN = "accepted", "refused", "broken"


@dataclass(frozen=True)
class Entry:
    """Who has a session now, and where; `subject` is the NameID that it stands on."""

    email: str
    organization_id: str
    subject: str = ""


@dataclass(frozen=True)
class Wanted:
    """How a case must end: with this refusal, or with this person inside.

    Attributes:
        codes: refusals that are right; none means that any is.
        entry: the one who must be let in; None where nobody may be.
    """

    codes: tuple[str, ...] = ()
    entry: Entry | None = None


@dataclass(frozen=True)
class Verdict:
    """How one case ended. `fault` is "" where it ended as it must."""

    kind: str
    name: str
    why: str
    section: str
    hostile: bool
    outcome: str
    code: str = ""
    fault: str = ""
    seconds: float = 0.0

    @property
    def false_accept(self) -> bool:
        """Somebody is inside who should not be: anyone at all, or another than the honest one."""
        return self.outcome == ACCEPTED and bool(self.fault)

    @property
    def false_reject(self) -> bool:
        return not self.hostile and self.outcome == REFUSED


def decide(
    answer: Answer, entry: Entry | None, code: str, wanted: Wanted, believed: frozenset[str] = NONE
) -> tuple[str, str]:
    """The outcome of a case, and the fault in it.

    Args:
        answer: what the ACS URL said.
        entry: who has a session after it.
        code: the refusal's name, where the server gives one.
        believed: refusals that only somebody hears whose response was believed: an address that is
            taken, for example. A hostile case that gets so far has won.
    """
    if answer.status == 0:
        return BROKEN, "no answer"
    if answer.status >= 500:
        return BROKEN, f"answered {answer.status}"
    if answer.seconds > SLOW:
        return BROKEN, f"took {answer.seconds:.1f} s"
    if entry is not None:
        if wanted.entry is None:
            return ACCEPTED, f"let in {entry.email}"
        if entry != wanted.entry:
            return ACCEPTED, f"let in {entry}, who is not {wanted.entry}"
        return ACCEPTED, ""
    if not 400 <= answer.status < 500:
        return BROKEN, f"answered {answer.status}, which is neither a session nor a refusal"
    if wanted.entry is not None:
        return REFUSED, f"refused with {code or answer.status}"
    if code in believed and code not in wanted.codes:
        return ACCEPTED, f"believed, and stopped by {code} only"
    if wanted.codes and code not in wanted.codes:
        return (
            REFUSED,
            f"refused with {code or answer.status}, not with {' or '.join(wanted.codes)}",
        )
    return REFUSED, ""
