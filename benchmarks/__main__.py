"""Run the parts that are named, or all of them: `python -m benchmarks [--quick] [part …]`."""

from __future__ import annotations

import argparse
import importlib
import platform
import time

from benchmarks.measure import note

PARTS = {
    "saml_verify": "SAML response verification beside its floor and three libraries",
    "saml_encrypted": "encrypted SAML responses beside their floor",
    "limits": "what it takes to refuse documents that are made to cost",
    "id_token": "ID token verification and session JWT signing beside PyJWT and cryptography",
    "rbac": "role evaluation with 200 groups and 100 rules",
    "mapping": "an attribute mapping of 20 keys",
    "search": "searches over 100,000 members and 10,000 connections on SQLite and PostgreSQL",
    "refresh": "tokens refreshed per second, and what a large stock costs a turn of the worker",
    "sdk_import": "importing the Python SDK beside an empty program and the official package",
    "startup": "exec to the first 200, memory, --version",
    "sessions": "sessions/authenticate by token and by JWT beside /health",
    "logins": "whole logins over HTTP at 1 and 10,000 stored connections",
    "profile": "where the server's time goes in a SAML login",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description="Measure this machine. Everything runs on loopback and ends by itself.",
        epilog="Parts: " + "; ".join(f"{name}: {what}" for name, what in PARTS.items()) + ".",
    )
    parser.add_argument("parts", nargs="*", metavar="part", help="all parts when none is named")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, more noise")
    given = parser.parse_args()
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    print(f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}")
    for name in given.parts or PARTS:
        began = time.perf_counter()
        print(f"\n## {name}: {PARTS[name]}\n")
        importlib.import_module(f"benchmarks.{name}").run(quick=given.quick)
        note(f"{name} took {time.perf_counter() - began:.0f} s")


main()
