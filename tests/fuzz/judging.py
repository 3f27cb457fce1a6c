"""The rule: what Vestibule read must be signed, says somebody else; and it never falls over.

Owns `judge`, which sends one sample to the target and, where the target accepts, to the oracles.
A target is a function from a sample to what it read there, or a refusal; Vestibule is one, and
`naive.py` has others that are known to be wrong. Keeps nothing.
"""

from __future__ import annotations

import resource
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vestibule.errors import VestibuleError
from vestibule.protocols.saml import read_response, verify_response

from .cases import Sample
from .oracles import ORACLES, Opinion
from .reading import claims_of, contains

Claims = Mapping[str, object]
Target = Callable[[Sample], Claims]

# Ten thousand times what a document takes, and the memory that the issue of limits allows.
CPU_SECONDS = 1.0
MEMORY_KIB = 50 * 1024


def vestibule(sample: Sample) -> Claims:
    """What the service provider reads in the posted field.

    Raises:
        SamlError: by its rules.
    """
    connection = sample.connection
    unverified = read_response(sample.form_field)
    verified = verify_response(unverified, connection.expectations, now=connection.now)
    return claims_of(verified, connection)


@dataclass(frozen=True)
class Verdict:
    """What became of a sample: refused by `code`, or accepted; and what is wrong with that.

    `kind` is "" where nothing is wrong, or "unsigned", "crash", "code", "slow" or "memory".
    """

    code: str | None
    kind: str = ""
    what: str = ""
    claims: Claims | None = None
    opinions: tuple[Opinion, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.claims is not None

    @property
    def cause(self) -> tuple[str, str]:
        """Two findings with one cause are one."""
        return self.kind, self.what


def judge(sample: Sample, target: Target = vestibule) -> Verdict:
    """Let the target read the sample, and hold what it read against what was signed."""
    memory, started = _memory(), time.process_time()
    code: str | None = None
    claims: Claims | None = None
    try:
        claims = target(sample)
    except VestibuleError as refused:
        code = refused.code
    except Exception as error:  # noqa: BLE001 - this is what we are looking for
        return Verdict(None, "crash", f"{type(error).__name__} at {place_of(error)}")
    spent, grown = time.process_time() - started, _memory() - memory
    if code is not None and not code.startswith("saml_"):
        return Verdict(code, "code", f"refused as {code}")
    if spent > CPU_SECONDS:
        return Verdict(code, "slow", f"more than {CPU_SECONDS} s of CPU")
    if grown > MEMORY_KIB:
        return Verdict(code, "memory", f"more than {MEMORY_KIB // 1024} MiB")
    if claims is None:
        return Verdict(code)
    return _backed(sample, claims)


def _backed(sample: Sample, claims: Claims) -> Verdict:
    """Each value that was read must be among the signed ones of some oracle, at the same place."""
    document = sample.document
    if document is None:
        return Verdict(None, "unsigned", "what was posted is not base64", claims)
    open_claims = dict(claims)
    opinions: list[Opinion] = []
    for oracle in ORACLES:
        opinion = oracle.ask(document, sample.connection)
        opinions.append(opinion)
        if opinion.facts is not None:
            for place, value in claims.items():
                if place in open_claims and contains(opinion.facts, place, value):
                    del open_claims[place]
        if not open_claims:
            return Verdict(None, claims=claims, opinions=tuple(opinions))
    if all(opinion.facts is None for opinion in opinions):
        what = "accepted, and no oracle calls it signed"
    else:
        what = "read but not signed: " + ", ".join(sorted({_kind(p) for p in open_claims}))
    return Verdict(None, "unsigned", what, claims, tuple(opinions))


def _kind(place: str) -> str:
    """Attributes have names that the document chose."""
    for family in ("Attribute", "FriendlyName of"):
        if place.startswith(family + " "):
            return family
    return place


def place_of(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def differences(verdict: Verdict) -> list[str]:
    """Where an oracle that accepts reads something else at a place that both read."""
    found = []
    for opinion in verdict.opinions:
        for place, value in (verdict.claims or {}).items():
            if opinion.facts and place in opinion.facts and value not in opinion.facts[place]:
                found.append(f"{opinion.oracle}: {_kind(place)}")
    return found


def ask_all(sample: Sample) -> tuple[Opinion, ...]:
    document = sample.document
    if document is None:
        return ()
    return tuple(oracle.ask(document, sample.connection) for oracle in ORACLES)
