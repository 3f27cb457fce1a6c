"""`python -m benchmarks [part …]`: run the parts and print their tables."""

from __future__ import annotations

import sys

from benchmarks import rbac, saml_verify, server

PARTS = {"saml_verify": saml_verify.run, "rbac": rbac.run, "server": server.run}


def main() -> None:
    asked = [name for name in sys.argv[1:] if not name.startswith("-")] or list(PARTS)
    quick = "--quick" in sys.argv
    for name in asked:
        print(f"\n## {name}\n", flush=True)
        PARTS[name](quick=quick)


if __name__ == "__main__":
    main()
