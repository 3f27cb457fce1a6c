"""What a run has found, as a table, as JSON and as the page of the documentation.

Owns the counting. Refuses to judge: it shows verdicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from vestibule.attack.judge import ACCEPTED, REFUSED, Verdict


@dataclass(frozen=True)
class Row:
    """One class: how many of it ended as they must, and how the others ended."""

    kind: str
    hostile: bool
    cases: int
    right: int
    wrong: int
    otherwise: int


def rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """One row for each class, in the order of the run.

    `wrong` counts false accepts of a hostile class and false rejects of an honest one; `otherwise`
    what was refused for another reason, answered 5xx, or took too long.
    """
    kinds: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        kinds.setdefault(verdict.kind, []).append(verdict)
    found = []
    for kind, members in kinds.items():
        hostile = members[0].hostile
        right = sum(not v.fault for v in members)
        wrong = sum(v.false_accept if hostile else v.false_reject for v in members)
        otherwise = len(members) - right - wrong
        found.append(Row(kind, hostile, len(members), right, wrong, otherwise))
    return found


def faults(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.fault]


def table(verdicts: Sequence[Verdict]) -> str:
    """For a terminal: the classes, the sums, and every fault by name."""
    lines: list[str] = []
    for hostile, title, heads in (
        (True, "hostile", ("cases", "refused", "accepted", "other")),
        (False, "honest", ("cases", "let in", "refused", "other")),
    ):
        found = [row for row in rows(verdicts) if row.hostile is hostile]
        if not found:
            continue
        width = max(len(row.kind) for row in found) + 2
        lines.append(title.ljust(width) + "".join(head.rjust(10) for head in heads))
        lines += [
            row.kind.ljust(width)
            + "".join(str(n).rjust(10) for n in (row.cases, row.right, row.wrong, row.otherwise))
            for row in found
        ]
        sums = _sums(found)
        lines += ["all".ljust(width) + "".join(str(n).rjust(10) for n in sums), ""]
    lines += [f"{v.kind}: {v.name}: {v.fault}" for v in faults(verdicts)]
    accepted = sum(v.false_accept for v in verdicts)
    rejected = sum(v.false_reject for v in verdicts)
    rest = len(faults(verdicts)) - accepted - rejected
    lines.append(f"{accepted} false accepts, {rejected} false rejects, {rest} other faults.")
    return "\n".join(lines)


def listing(planned: Iterable[tuple[str, str, str]], only: frozenset[str] = frozenset()) -> str:
    """Every case under its class, with one line of what it is."""
    lines: list[str] = []
    last = ""
    for kind, name, why in planned:
        if only and kind not in only:
            continue
        if kind != last:
            lines += ["", kind]
            last = kind
        lines.append(f"  {name}: {why}")
    return "\n".join(lines).strip()


def document(verdicts: Sequence[Verdict], version: str) -> str:
    """The whole run as JSON."""
    return (
        json.dumps(
            {
                "version": version,
                "false_accepts": sum(v.false_accept for v in verdicts),
                "false_rejects": sum(v.false_reject for v in verdicts),
                "faults": len(faults(verdicts)),
                "cases": [asdict(v) for v in verdicts],
            },
            indent=2,
        )
        + "\n"
    )


def _sums(found: Sequence[Row]) -> tuple[int, int, int, int]:
    return (
        sum(row.cases for row in found),
        sum(row.right for row in found),
        sum(row.wrong for row in found),
        sum(row.otherwise for row in found),
    )


_HEAD = """\
# The attack suite

<!-- Written by `make attack ATTACK_ARGS="--write-docs docs/security/attack-suite.md"`. -->

`vestibule attack` sends hostile SAML responses to a service provider that runs, and honest ones
that a service provider must not refuse. This page is what it found in Vestibule {version}:
**{hostile} hostile cases, {accepted} let in; {honest} honest cases, {rejected} refused.**

## Run it again

```sh
make attack
```

That starts a fresh `vestibule dev` on a free port, makes organizations and connections through its
public API, and runs every case in a login of its own, over real sockets. It ends with 0 when
everything ended as it must, with 1 when not, and with 2 when it could not be run.
`vestibule attack --list` shows the cases, `--only CLASS` runs one class, `--json FILE` writes the
report.

Another service provider is attacked at its ACS URL, once it trusts the key that is given:

```sh
vestibule attack --acs http://127.0.0.1:9000/acs --idp-key idp.key --idp-cert idp.crt \\
  --idp-entity-id https://idp.example/metadata --audience http://127.0.0.1:9000/metadata
```

Only loopback is attacked unless you say `--i-may-test-this-host`. Without `--start` the responses
are unsolicited. There a case counts as let in when the answer is below 400, or, with
`--accepted-when REGEX`, when that is found in its status line, headers or body. Steps that need
Vestibule's API, and connections that are set up in another way, are left out.

## What is judged, and how

- **Let in** means that a one-time token came back *and* that `POST /v1/b2b/sso/authenticate`
  opened a session for it. It is compared who has the session, in which organization, and by which
  NameID: an honest case may let in the honest person only.
- **Refused** means a 4xx answer with the very code that this page names. A refusal for another
  reason would prove nothing about the check that the case is after, and counts as a fault. A
  hostile response that is believed, and stopped only because its address is taken, was let in.
- **Other faults** are an answer of 5xx, none at all, or one that takes more than five seconds.
- All answers to ciphertexts that cannot be opened are compared with each other: but for their ids
  they must be one and the same.
- The signatures of hostile cases are true wherever a class does not say otherwise: the identity
  provider of the suite signs whatever it is told to. It is written on lxml and cryptography
  directly and shares no line with the code that verifies.
- The same catalogue, frozen in one scene, is `tests/vectors/saml/`.
"""


def page(verdicts: Sequence[Verdict], version: str, not_run: dict[str, str]) -> str:
    """The page of the documentation; the same run writes the same page."""
    found = rows(verdicts)
    lines = [
        _HEAD.format(
            version=version,
            hostile=sum(v.hostile for v in verdicts),
            honest=sum(not v.hostile for v in verdicts),
            accepted=sum(v.false_accept for v in verdicts),
            rejected=sum(v.false_reject for v in verdicts),
        )
    ]
    for hostile, title, heads in (
        (True, "Hostile", "class | cases | refused as they should | accepted | other faults"),
        (False, "Honest", "shape | cases | let in as they should | refused | other faults"),
    ):
        part = [row for row in found if row.hostile is hostile]
        lines += [f"## {title}", "", f"| {heads} |", "|---|---:|---:|---:|---:|"]
        lines += [
            f"| {row.kind} | {row.cases} | {row.right} | {row.wrong} | {row.otherwise} |"
            for row in part
        ]
        sums = " | ".join(f"**{number}**" for number in _sums(part))
        lines += [f"| **all** | {sums} |", ""]
    lines += ["## Every case", ""]
    for row in found:
        lines += [
            f"### {row.kind}",
            "",
            "| case | what it is | reference | ends |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{v.name}` | {_cell(v.why)} | {_cell(v.section)} | {_ends(v)} |"
            for v in verdicts
            if v.kind == row.kind
        ]
        lines.append("")
    if not_run:
        lines += ["## Not run live", ""]
        lines += [f"- `{name}`: {why}." for name, why in not_run.items()]
        lines.append("")
    return "\n".join(lines)


def _ends(verdict: Verdict) -> str:
    if verdict.fault:
        return f"**fault**: {_cell(verdict.fault)}"
    if verdict.outcome == REFUSED:
        return f"`{verdict.code}`"
    return "let in" if verdict.outcome == ACCEPTED else verdict.outcome


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
