"""Rules of the repository as a whole: what may lie in it, and that its front door opens."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "uv.lock")

# Folders that every machine has at its top; naming one of them gives nothing away.
ORDINARY = {"bin", "builds", "etc", "home", "lib", "mnt", "opt", "root", "srv", "tmp", "usr", "var"}
# What the hosts of package registries look like; the rule names none of them itself.
HOSTS = re.compile(
    r"\bregistry\.\w+\.(?:org|com)\b|\bfiles\.python\w+\.org\b|\bpyp[i]\.org/simple|\bdeb\.\w+\.org\b"
)


def repository_files() -> list[Path]:
    """Everything that is tracked, or would be after `git add`."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def text_files() -> Iterator[tuple[str, str]]:
    """(name, content) of every file of the repository that is text; this one is left out."""
    for path in repository_files():
        if path == Path(__file__).resolve():
            continue
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def requirement_blocks(path: Path) -> list[str]:
    """The requirements of a pinned file, each with its continuation lines joined."""
    joined = path.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    """A path of the machine that wrote a file works there only, and tells about that machine."""
    top = ROOT.parts[1]
    own = [re.escape(str(ROOT)) + r"\b"]
    if top not in ORDINARY:
        own.append(rf"(?<![\w.$}}-])/{re.escape(top)}/")
    forbidden = re.compile("|".join([*own, r"(?<![\w.])/(?:home|Users)/[a-z]\w*/"]))
    found = [
        f"{name}: {match.group()}"
        for name, content in text_files()
        if (match := forbidden.search(content))
    ]
    assert found == []


def test_no_file_names_the_host_of_a_registry() -> None:
    """Packages come from wherever this machine's own settings say: a mirror, a cache, a proxy."""
    found = [
        f"{name}: {match.group()}"
        for name, content in text_files()
        if (match := HOSTS.search(content))
    ]
    assert found == []


def test_lock_files_name_no_download_addresses() -> None:
    """Hashes say which bytes are meant; an address would also say where to fetch them."""
    found = []
    for path in repository_files():
        if path.name not in LOCKS:
            continue
        content = path.read_text()
        packages = json.loads(content)["packages"] if path.name == "package-lock.json" else {}
        # A workspace's own packages are folders beside the lock, and links to them.
        own = {name: one for name, one in packages.items() if not name.startswith("node_modules/")}
        links = [one for one in packages.values() if one.get("link")]
        assert all(one["resolved"] in own for one in links)
        if "://" in content or content.count('"resolved"') != len(links):
            found.append(str(path.relative_to(ROOT)))
        found += [
            f"{name} has no integrity"
            for name, package in packages.items()
            if name not in own and not package.get("link") and "integrity" not in package
        ]
    assert found == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_are_pinned_by_hash(path: Path) -> None:
    """A version can be published anew under the same number; a hash cannot."""
    pinned = re.compile(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}")
    blocks = requirement_blocks(path)
    assert blocks
    assert [block for block in blocks if not pinned.match(block)] == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_name_no_index(path: Path) -> None:
    """An index line overrules the settings of whoever installs."""
    options = ("-i ", "--index", "--extra-index", "--find-links", "-f ", "--trusted-host")
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.strip().startswith(options) or "://" in line] == []


def test_the_build_server_runs_what_people_run() -> None:
    """Two lists of checks drift apart; so .ci/run has none and calls `make test`."""
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert re.search(r"^make test\b", run.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("target", ["dev", "test"])
def test_the_two_commands_of_the_readme_exist(target: str) -> None:
    """The README promises that two commands do all the set-up."""
    assert f"make {target}" in (ROOT / "README.md").read_text()
    assert target in makefile_targets()


def test_every_target_is_listed_by_make_help() -> None:
    """`make help` is how one finds out; a target without a line there is a secret."""
    listed = set(
        re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    )
    assert makefile_targets() - listed == set()


def test_nothing_of_others_is_copied_into_the_repository() -> None:
    """Third-party code comes as a dependency, with its version, its licence and its fixes."""
    folders = {"node_modules", "vendor", "vendored", "third_party", "bower_components"}
    found = [
        str(path.relative_to(ROOT))
        for path in repository_files()
        if folders & set(path.relative_to(ROOT).parts) or ".min." in path.name
    ]
    assert found == []


def test_the_server_prints_nothing() -> None:
    """What the server says goes to its log, where it has a level and no secrets; `print` is how
    debugging is left behind. Only the command line speaks to a terminal."""
    source = ROOT / "src" / "vestibule"
    found = []
    for path in sorted(source.rglob("*.py")):
        if path == source / "cli.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"print", "breakpoint"}
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
