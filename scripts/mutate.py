"""Mutation testing of the protocols: run mutmut on a copy, and say what survived.

Owns what mutmut cannot do by itself here. It works on a copy below `.make`, so that nobody's tree
is touched. In the copy no function is cached: mutmut lets decorated functions alone, and would take
for the tests of a cached function only those that were the first to call it.

    python scripts/mutate.py run              everything, from the beginning
    python scripts/mutate.py run PATTERN…     only those mutants; the other results stay
    python scripts/mutate.py again            only those that no test has killed yet
    python scripts/mutate.py report           the table by file, and every survivor as a diff

A mutant that differs in the words of a refusal only (`want`, `got`, `detail`, the text of a
ValueError, the case of a codec's name) is counted and not run: codes are a promise, sentences may
be reworded.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / ".make" / "mutation"
COPIED = ("src", "tests", "pyproject.toml")
CACHED = re.compile(r"^@lru_cache\(maxsize=\d+\)\n", re.MULTILINE)

# How mutmut writes down the end of a run: pytest's exit code, a signal, or one of its own.
KILLED, SURVIVED, UNTESTED, SKIPPED = (1, 3), 0, 33, 34
TIMEOUTS = (36, 24, -24, -9, 152, 255)


class Mutant(NamedTuple):
    """One change, and what became of it."""

    file: str
    name: str
    status: str
    diff: tuple[str, ...]


def copy_tree() -> None:
    """Copy what mutmut needs, without the Node packages of tests/peers."""
    left_out = shutil.ignore_patterns("__pycache__", "node_modules")
    COPY.mkdir(parents=True, exist_ok=True)
    # What mutmut once copied of the tests it does not renew.
    for stale in ("src", "tests", "mutants/tests"):
        shutil.rmtree(COPY / stale, ignore_errors=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, COPY / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, COPY / name)
    for path in (COPY / "src/vestibule/protocols").rglob("*.py"):
        stat = path.stat()
        path.write_text(CACHED.sub("", path.read_text()))
        # mutmut makes mutants anew of a file that is younger than they are.
        os.utime(path, (stat.st_atime, stat.st_mtime))


def run(patterns: list[str]) -> int:
    if patterns:
        copy_tree()
        return mutmut(patterns)
    shutil.rmtree(COPY, ignore_errors=True)
    copy_tree()
    # The smallest file first: mutmut makes all mutants and runs only these.
    return mutmut(["vestibule.protocols.oidc.claims*"]) or skip_words() or mutmut([])


def again() -> int:
    left = [
        key
        for meta, _ in metas()
        for key, code in json.loads(meta.read_text())["exit_code_by_key"].items()
        if status_of(code) not in ("killed", "words")
    ]
    return run(left) if left else 0


def mutmut(patterns: list[str]) -> int:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    program = Path(sys.executable).with_name("mutmut")
    children = os.environ.get("MUTATE_CHILDREN", "2")
    command = [str(program), "run", "--max-children", children, *patterns]
    ended = subprocess.run(command, cwd=COPY, env=environment, check=False)  # noqa: S603
    return ended.returncode


def skip_words() -> int:
    """Leave out what changes sentences only; a fifth of all, and each would run every test."""
    for meta, file in metas():
        content = json.loads(meta.read_text())
        functions = functions_of(meta)
        for key, code in content["exit_code_by_key"].items():
            if code is None and is_wordy(functions, key):
                content["exit_code_by_key"][key] = SKIPPED
        meta.write_text(json.dumps(content, indent=4))
        print(f"{file}: {len(content['exit_code_by_key'])} mutants")
    return 0


def metas() -> Iterator[tuple[Path, str]]:
    """Where mutmut keeps the results of each file that has mutants, and the file's path."""
    for meta in sorted((COPY / "mutants" / "src").rglob("*.meta")):
        if json.loads(meta.read_text())["exit_code_by_key"]:
            yield meta, meta.relative_to(COPY / "mutants" / "src").as_posix().removesuffix(".meta")


def functions_of(meta: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(meta.with_suffix("").read_text())
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def both(functions: dict[str, ast.FunctionDef], key: str) -> tuple[ast.FunctionDef, ...]:
    """The function as it was and as it is in that mutant."""
    name = key.rpartition(".")[2]
    return functions[name.partition("__mutmut_")[0] + "__mutmut_orig"], functions[name]


def is_wordy(functions: dict[str, ast.FunctionDef], key: str) -> bool:
    before, after = both(functions, key)
    return wordless(before) == wordless(after)


def mutants() -> Iterator[Mutant]:
    for meta, file in metas():
        functions = functions_of(meta)
        for key, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            status = status_of(code)
            # mutmut runs whatever it is asked for by name, sentences too.
            if status == "survived" and is_wordy(functions, key):
                status = "words"
            diff: tuple[str, ...] = ()
            if status not in ("killed", "not run", "words"):
                diff = tuple(changed_lines(*both(functions, key)))
            yield Mutant(file, key.split("protocols.", 1)[-1], status, diff)


def status_of(code: int | None) -> str:
    if code is None:
        return "not run"
    if code in KILLED:
        return "killed"
    if code in TIMEOUTS:
        return "timeout"
    named = {SURVIVED: "survived", UNTESTED: "untested", SKIPPED: "words"}
    return named.get(code, f"exit {code}")


class _Wordless(ast.NodeTransformer):
    """Takes the sentences out of refusals, leaves the codes in, and spells codecs in one way."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "refusal":
            node.keywords = []
        elif name in ("ValueError", "_not_ours"):
            node.args = []
        elif isinstance(node.func, ast.Attribute) and node.func.attr in ("encode", "decode"):
            for each in node.args:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    each.value = each.value.lower()
        return node


def wordless(function: ast.FunctionDef) -> str:
    copy = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(copy, ast.FunctionDef)  # noqa: S101
    copy.name = "f"
    return ast.dump(_Wordless().visit(copy))


def changed_lines(before: ast.FunctionDef, after: ast.FunctionDef) -> Iterator[str]:
    old, new = (ast.unparse(function).splitlines()[1:] for function in (before, after))
    for line in difflib.unified_diff(old, new, n=0, lineterm=""):
        if line[0] in "+-" and line[:3] not in ("+++", "---"):
            yield line[0] + " " + line[1:].strip()


COLUMNS = ("killed", "timeout", "words", "survived", "untested", "not run")


def report() -> int:
    every = list(mutants())
    print("| file | mutants | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for file in sorted({mutant.file for mutant in every}):
        row(file.partition("protocols/")[2], [one for one in every if one.file == file])
    row("all", every)
    for mutant in every:
        if mutant.status not in ("killed", "words", "not run"):
            print(f"\n{mutant.name} ({mutant.status})")
            print("\n".join(f"    {line}" for line in mutant.diff))
    return 0


def row(name: str, found: list[Mutant]) -> None:
    counted = Counter(mutant.status for mutant in found)
    print(f"| {name} | {len(found)} | " + " | ".join(str(counted[one]) for one in COLUMNS) + " |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", *patterns]:
            sys.exit(run(patterns))
        case ["again"]:
            sys.exit(again())
        case ["report"]:
            sys.exit(report())
        case _:
            sys.exit(__doc__)
