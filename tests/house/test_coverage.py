"""What decides whom to believe is tested on every branch, or nearly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_branch_coverage_of_the_protocols_is_98_percent_at_least() -> None:
    """`make coverage` prints the same: SAML, OIDC and JWT by their own tests, each by itself."""
    measured = subprocess.run(
        ["sh", "scripts/coverage.sh"],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert measured.returncode == 0, measured.stdout[-4000:] + measured.stderr[-2000:]
