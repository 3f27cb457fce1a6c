"""`python -m fuzz`: a run of some minutes, its report, and its findings as vectors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import token_judging
from .cases import VECTORS
from .judging import vestibule
from .naive import NAIVE
from .oracles import ORACLES
from .running import run
from .tokens import VECTORS as TOKEN_VECTORS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for both together")
    parser.add_argument("--documents", type=int, default=None, help="stop after so many of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first response")
    parser.add_argument("--protocol", default="both", choices=["both", "saml", "oidc"])
    parser.add_argument("--target", default="vestibule", choices=["vestibule", *NAIVE])
    parser.add_argument("--findings", type=Path, default=None, help="a folder other than vectors")
    parser.add_argument("--examples", type=Path, default=None, help="keep refusals to look at")
    return parser


def _saml(asked: argparse.Namespace, minutes: float) -> int:
    print(
        "oracles:", ", ".join(f"{oracle.name} {oracle.version}" for oracle in ORACLES), flush=True
    )
    report = run(
        asked.seed,
        documents=asked.documents,
        minutes=minutes,
        target=NAIVE.get(asked.target, vestibule),
        first=asked.first,
    )
    print("\n".join(report.lines()), flush=True)
    for finding in report.findings:
        print("kept as", finding.write(asked.findings or VECTORS / "found"))
    if asked.examples is not None:
        asked.examples.mkdir(parents=True, exist_ok=True)
        for name, one in report.examples.items():
            place = asked.examples / (name.replace(" ", "-").replace(",", "") + ".xml")
            place.write_bytes(one.document or one.form_field.encode())
            print(place, ", ".join(one.steps))
    return len(report.findings)


def _oidc(asked: argparse.Namespace, minutes: float) -> int:
    print("oracles:", ", ".join(token_judging.ORACLES))
    report = token_judging.run_tokens(asked.seed, documents=asked.documents, minutes=minutes)
    print("\n".join(report.lines()))
    for verdict, one in report.findings:
        folder = asked.findings or TOKEN_VECTORS / "found"
        print("kept as", token_judging.keep(verdict, one, folder))
    return len(report.findings)


def main() -> int:
    asked = _parser().parse_args()
    both = asked.protocol == "both"
    found = 0
    if asked.protocol != "oidc":
        found += _saml(asked, asked.minutes * (0.8 if both else 1))
    if asked.protocol != "saml":
        found += _oidc(asked, asked.minutes * (0.2 if both else 1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
