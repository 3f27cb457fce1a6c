"""A new identity provider is data: its name on the wire and its file, and no third place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from vestibule.domain.connections import IDENTITY_PROVIDERS
from vestibule.domain.presets import GENERIC
from vestibule.services.presets import FOLDER, all_presets

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "vestibule"
GUIDE = (ROOT / "docs/guides/identity-providers.md").read_text()


def test_every_identity_provider_has_its_file_and_every_file_its_provider() -> None:
    """A name without steps would be a promise, a file without a name nobody could choose."""
    assert FOLDER == SRC / "presets"
    assert {path.name for path in FOLDER.iterdir()} == {f"{n}.toml" for n in IDENTITY_PROVIDERS}
    assert len(set(IDENTITY_PROVIDERS)) == len(IDENTITY_PROVIDERS) >= 15


def test_no_code_asks_which_identity_provider_it_is() -> None:
    """What is special about one is a line in its file; a branch in the code would be the next
    place to touch for each new one."""
    named = {
        f"{path.relative_to(SRC)}: {node.value}"
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and node.value in IDENTITY_PROVIDERS
        and node.value != GENERIC
    }
    assert named == {f"domain/connections.py: {n}" for n in IDENTITY_PROVIDERS if n != GENERIC}


def test_the_files_are_read_from_where_the_package_lies(tmp_path: Path) -> None:
    """An installed package has no repository around it, and starts anywhere."""
    script = "from vestibule.services.presets import all_presets; print(len(all_presets()))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert int(done.stdout) == len(IDENTITY_PROVIDERS)


def test_the_guide_lists_what_there_is() -> None:
    """The table is written by hand; this is what keeps it true."""
    table = GUIDE.partition("\n\n| `identity_provider`")[2].partition("\n\n")[0]
    listed = {}
    for row in table.splitlines()[2:]:
        name, display_name, saml, oidc = (cell.strip() for cell in row.strip("|").split("|"))
        listed[name.strip("`")] = (display_name, bool(saml), bool(oidc))
    assert listed == {
        name: (preset.display_name, preset.saml is not None, preset.oidc is not None)
        for name, preset in all_presets().items()
    }
