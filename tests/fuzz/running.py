"""One run: documents by number, counted by what became of them, findings kept and made small.

Owns the counting and the report. A run is bounded by a number of documents or by minutes; the
number is what tests use, because it gives the same run everywhere.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from .bending import sample
from .cases import Finding, Sample
from .judging import Target, Verdict, ask_all, differences, judge, vestibule
from .reducing import reduced

_MOST_FINDINGS = 25
_MOST_COMPARED = 100_000  # characters; what is larger was refused for that


@dataclass
class Report:
    """What a run did. `agreed` counts what was refused here and accepted by every oracle."""

    seed: int
    documents: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    accepted_steps: Counter[str] = field(default_factory=Counter)
    vouched: Counter[str] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)
    asked_about_refused: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    providers_agreed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Sample] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        rate = self.documents / self.seconds if self.seconds else 0.0
        rows = [
            f"seed {self.seed}: {self.documents} documents, {rate:.0f}/s, "
            f"{self.accepted} accepted, {len(self.findings)} findings",
            "",
            "refused by code",
            *_table(self.codes),
            "",
            "accepted, and vouched for by",
            *_table(self.vouched),
            "",
            "accepted, and an oracle that accepts reads another value (a sample)",
            *_table(self.differences),
            "",
            f"of {self.asked_about_refused} refused documents that the oracles saw,",
            "  all four accept, by our code",
            *_table(self.agreed),
            "  both service providers accept, by our code",
            *_table(self.providers_agreed),
        ]
        for finding in self.findings:
            rows += ["", f"FOUND {finding.kind}: {finding.what}", *map(_indent, finding.opinions)]
        return rows


def _table(counts: Counter[str]) -> list[str]:
    return [f"  {count:9}  {name}" for name, count in counts.most_common()] or ["  nothing"]


def _indent(line: str) -> str:
    return f"  {line}"


def run(
    seed: int,
    *,
    documents: int | None = None,
    minutes: float | None = None,
    target: Target = vestibule,
    ask_refused: int = 40,
    ask_accepted: int = 20,
    stop_at_first: bool = False,
    first: int = 0,
) -> Report:
    """Documents `first`, `first` + 1, … of the run `seed`, as many as there is leave for.

    One refused document in `ask_refused` is shown to the oracles too, and one accepted document
    in `ask_accepted` to all of them, also when the first has vouched for it.
    """
    report = Report(seed)
    started = time.monotonic()
    known: set[tuple[str, str]] = set()
    number = first
    while documents is None or number < first + documents:
        if minutes is not None and time.monotonic() - started > minutes * 60:
            break
        one = sample(seed, number)
        verdict = judge(one, target)
        _count(report, one, verdict)
        chance = Random(number)
        if verdict.accepted and not chance.randrange(ask_accepted):
            everybody = ask_all(one)
            report.differences.update(
                differences(Verdict(None, claims=verdict.claims, opinions=everybody))
            )
        elif verdict.code is not None and not chance.randrange(ask_refused):
            _compare(report, one, verdict.code)
        if verdict.kind and verdict.cause not in known and len(known) < _MOST_FINDINGS:
            known.add(verdict.cause)
            report.findings.append(_finding(one, verdict, target, seed, number, stop_at_first))
            if stop_at_first:
                break
        number += 1
    report.seconds = time.monotonic() - started
    return report


def _count(report: Report, one: Sample, verdict: Verdict) -> None:
    report.documents += 1
    if verdict.code is not None:
        report.codes[verdict.code] += 1
    if verdict.accepted:
        report.accepted += 1
        report.accepted_steps.update(one.steps[1:])
        for opinion in verdict.opinions:
            if opinion.facts is not None:
                report.vouched[opinion.oracle] += 1


def _compare(report: Report, one: Sample, code: str) -> None:
    if len(one.form_field) > _MOST_COMPARED:
        return
    report.asked_about_refused += 1
    opinions = ask_all(one)
    yes = {opinion.oracle for opinion in opinions if opinion.facts is not None}
    if opinions and len(yes) == len(opinions):
        report.agreed[code] += 1
        report.examples.setdefault(f"all four, {code}", one)
    if {"python3-saml", "pygamlastan"} <= yes:
        report.providers_agreed[code] += 1
        report.examples.setdefault(f"both providers, {code}", one)


def _finding(
    one: Sample, verdict: Verdict, target: Target, seed: int, number: int, as_it_is: bool
) -> Finding:
    def still(smaller: Sample) -> bool:
        return judge(smaller, target).cause == verdict.cause

    small = one if as_it_is else reduced(one, still)
    final = judge(small, target)
    opinions = [
        f"{opinion.oracle}: {'yes' if opinion.facts is not None else 'no, ' + opinion.why}"
        for opinion in final.opinions
    ]
    return Finding(verdict.kind, verdict.what, small, seed, number, tuple(opinions))
