"""The picture in ARCHITECTURE.md is what the code is.

Every import is read from the source, those inside functions and those for types too. A rule that is
only written down is broken within a month; each test says why its rule is there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
FILES = sorted(SRC.rglob("*.py"))

# From the ground up. A file belongs to the longest prefix that fits it.
FLOORS = {
    "vestibule": 0,
    "vestibule.errors": 0,
    "vestibule.settings": 0,
    "vestibule.protocols": 1,
    "vestibule.domain": 2,
    "vestibule.network": 3,
    "vestibule.mail": 3,
    "vestibule.dns": 3,
    "vestibule.storage": 3,
    "vestibule.services": 4,
    "vestibule.web": 5,
    "vestibule.worker": 5,
    "vestibule.dev": 6,
    "vestibule.attack": 6,
    "vestibule.cli": 6,
}
PURE = ("vestibule.protocols", "vestibule.domain")

# One library, one room. A prefix stands for all below it. `attack` has a hand of its own for XML
# and keys: it must write what ours refuses to, and a flaw of ours must not be made twice.
ROOMS = {
    "lxml": ("vestibule.protocols.saml.xml", "vestibule.attack.scene"),
    "joserfc": ("vestibule.protocols.jwt",),
    "cryptography": (
        "vestibule.protocols.jwt",
        "vestibule.protocols.saml.certificates",
        "vestibule.protocols.saml.encryption",
        "vestibule.protocols.saml.signature",
        "vestibule.storage.sealed",
        "vestibule.services.keys",
        "vestibule.services.operator_proofs",
        "vestibule.attack",
    ),
    "email_validator": ("vestibule.domain.attributes",),
    "re2": ("vestibule.domain.mapping",),
    "httpcore2": ("vestibule.network",),
    "smtplib": ("vestibule.mail",),
    "dns": ("vestibule.dns",),
    "sqlalchemy": ("vestibule.storage",),
    "alembic": ("vestibule.storage",),
    "msgspec": ("vestibule.storage.documents", "vestibule.web"),
    "starlette": ("vestibule.web",),
    "jinja2": ("vestibule.web.pages",),
    "markupsafe": ("vestibule.web.pages",),
    "segno": ("vestibule.web.qr_codes",),
    "uvicorn": ("vestibule.web.server",),
    "uvloop": ("vestibule.cli",),
    "click": ("vestibule.cli",),
    "structlog": ("vestibule.web", "vestibule.worker", "vestibule.cli"),
}

# What a pure floor may not reach for: clock, chance, network, processes, files, logs.
IMPURE = frozenset({
    "asyncio", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3",
    "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "http.client",
})  # fmt: skip
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "uuid4", "uuid1", "urandom", "open", "print"})

# Doors stand side by side; what they share lies beside them in `web`.
DOORS = (
    "vestibule.web.api",
    "vestibule.web.dashboard",
    "vestibule.web.demo",
    "vestibule.web.login",
    "vestibule.web.mock_idp",
    "vestibule.web.portal",
    "vestibule.web.sign_in",
)


def module_of(file: Path) -> str:
    parts = file.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file) for file in FILES}


def imports_of(file: Path) -> Iterator[str]:
    """Every module that the file imports, by its full name."""
    here = module_of(file)
    package = here if file.name == "__init__.py" else here.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            for name in node.names:
                whole = f"{base}.{name.name}"
                yield whole if whole in MODULES else base


def floor_of(module: str) -> int:
    best = max((p for p in FLOORS if module == p or module.startswith(f"{p}.")), key=len)
    return FLOORS[best]


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_floors_lean_only_downward(file: Path) -> None:
    """An arrow up makes the lower floor untestable without the upper one, and then unreadable."""
    here = module_of(file)
    up = [i for i in imports_of(file) if i in MODULES and floor_of(i) > floor_of(here)]
    assert not up, f"{here} looks up at {up}"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_a_library_stays_in_its_room(file: Path) -> None:
    """A second XML parser or a second way out to the network is how the others were fooled."""
    here = module_of(file)
    astray = [
        name
        for name in imports_of(file)
        for library in [name.partition(".")[0]]
        if library in ROOMS and not within(here, ROOMS[library])
    ]
    assert not astray, f"{here} imports {astray}"


def test_every_library_has_a_room() -> None:
    """A new dependency has to say where it lives before it is used."""
    known = set(ROOMS) | {"vestibule"} | set(sys.stdlib_module_names)
    unknown = {
        f"{module_of(file)}: {name}"
        for file in FILES
        for name in imports_of(file)
        if name.partition(".")[0] not in known
    }
    assert not unknown


def test_there_is_no_circle() -> None:
    """In a circle no file can be understood first."""
    graph = {module_of(f): {i for i in imports_of(f) if i in MODULES} for f in FILES}
    # A package's face names its parts, and its parts may not need the face.
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            circle = path[path.index(module) :]
            raise AssertionError(" -> ".join([*circle, module]))
        if module in done:
            return
        for target in sorted(graph[module]):
            visit(target, (*path, module))
        done.add(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("file", [f for f in FILES if within(module_of(f), PURE)], ids=module_of)
def test_the_pure_floors_touch_nothing_outside(file: Path) -> None:
    """Values in, value or error out: only so can a folder of files test them."""
    touched = [name for name in imports_of(file) if name in IMPURE]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in IMPURE_CALLS:
                touched.append(f"{name}() in line {node.lineno}")
    assert not touched, f"{module_of(file)} touches {touched}"


@pytest.mark.parametrize(
    "file", [f for f in FILES if module_of(f).startswith("vestibule.web")], ids=module_of
)
def test_doors_know_neither_rows_nor_protocols(file: Path) -> None:
    """A door that reads rows skips the question whether the caller may."""
    here = module_of(file)
    forbidden = ["vestibule.storage", "vestibule.network"]
    # These two stand in for somebody else's identity provider.
    if here not in ("vestibule.web.mock_idp", "vestibule.web.mock_logouts"):
        forbidden.append("vestibule.protocols")
    seen = [i for i in imports_of(file) if within(i, tuple(forbidden))]
    assert not seen, f"{here} imports {seen}"


def test_the_attacker_shares_nothing_with_what_it_attacks() -> None:
    """What signs and reads by our own hand would agree with us about our own mistakes."""
    for file in FILES:
        here = module_of(file)
        if within(here, ("vestibule.attack",)):
            ours = [i for i in imports_of(file) if within(i, ("vestibule",))]
            assert all(within(i, ("vestibule.attack",)) for i in ours), here


@pytest.mark.parametrize("door", DOORS)
def test_doors_do_not_lean_on_each_other(door: str) -> None:
    """Each can be taken out without the others noticing; only app.py knows them all."""
    others = tuple(other for other in DOORS if other != door)
    for file in FILES:
        here = module_of(file)
        if within(here, (door,)):
            seen = [i for i in imports_of(file) if within(i, others)]
            assert not seen, f"{here} imports {seen}"


def test_no_room_is_called_utils() -> None:
    """A file without a subject collects everything without a home."""
    names = {file.stem for file in FILES}
    assert not names & {"utils", "util", "helpers", "common", "misc", "manager", "base"}


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_every_file_says_what_it_owns(file: Path) -> None:
    """The first lines are the first thing that anybody reads."""
    text = file.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{module_of(file)} opens without a word"
