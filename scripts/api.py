"""`make api`: write down what the operations are, for those who are not in this process.

Reads the registry of operations and the tables of errors, settings and commands, and writes
`sdks/openapi.json`, the generated parts of the Python SDK, `sdks/python/src/vestibule_sdk/api/`,
and of those in TypeScript (`typescript_sdk.py`), and `docs/reference/` (`reference_pages.py`).
With `--check` it writes nothing and tells which files would change. Knows nothing of how a call is
sent.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import vestibule.web.app  # noqa: F401 - importing it is what fills the registry
from vestibule.errors import CODES
from vestibule.web.api.openapi import document

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))  # where this file itself was loaded by its path

import reference_pages  # noqa: E402
import typescript_sdk  # noqa: E402

OPENAPI = ROOT / "sdks" / "openapi.json"
REFERENCE = ROOT / "docs" / "reference"
PYTHON = ROOT / "sdks" / "python" / "src" / "vestibule_sdk" / "api"
TYPESCRIPT = ROOT / "sdks" / "typescript" / "packages"

# Nouns of the ids that are two words. Elsewhere an underscore leads to a noun inside a noun.
TWO_WORDS = ("magic_links",)
# The frontend surface is the browser's; a program with a secret uses the other one.
FRONTEND = "sdk."
# The official client reports of itself there; ours does not.
NOT_CALLED = frozenset({"sdk.events"})
# PUT, and yet a key that is uploaded twice is held twice.
UNREPEATABLE_PUTS = frozenset({"sso_saml.update_connection", "sso.put_draft"})
# POST, and yet the same call twice does what it does once: it reads, or it answers for what is
# there already. `sessions.authenticate` extends to the same moment and gives a fresh JWT.
REPEATABLE_POSTS = frozenset({
    "organizations.search", "organizations_members.search", "organizations.check_lockout",
    "sso.preview_mapping", "sso.dry_run", "sessions.authenticate", "audit.search", "sso.route",
})  # fmt: skip
# The same of the frontend surface, whose pages send no keys.
UNREPEATABLE_PAGE_PUTS = frozenset({"sdk.sso.saml.updateConnection"})
REPEATABLE_PAGE_POSTS = frozenset({
    "sdk.organization.getBySlug", "sdk.organization.members.search", "sdk.session.authenticate",
    "sdk.member_search.by_email",
})  # fmt: skip

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_GENERATED = "Written by `make api`; change the operations of the server, not this file."


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    place: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One operation as a method of the SDK."""

    id: str
    nouns: tuple[str, ...]
    name: str
    method: str
    path: str
    summary: str
    description: str
    auth: str
    as_member: bool
    repeatable: bool
    keyed: bool
    extension: bool
    rbac: str
    response: str
    answer: Mapping[str, Any]
    parameters: tuple[Parameter, ...]


@dataclass
class Noun:
    """A group of methods, and the groups inside it."""

    path: tuple[str, ...]
    calls: list[Call] = field(default_factory=list)
    inner: dict[str, Noun] = field(default_factory=dict)

    @property
    def class_name(self) -> str:
        return "".join(word.capitalize() for part in self.path for word in part.split("_"))


def nouns_of(operation_id: str) -> tuple[tuple[str, ...], str]:
    """`sso_saml.update_connection` is `client.sso.saml.update_connection`."""
    *groups, name = operation_id.removeprefix(FRONTEND).split(".")
    if operation_id.startswith(FRONTEND):
        return tuple(groups), name
    head, *rest = groups
    two = next((w for w in TWO_WORDS if head == w or head.startswith(f"{w}_")), None)
    if two is not None:
        first, inner = two, head[len(two) + 1 :]
    else:
        first, _, inner = head.partition("_")
    return tuple(part for part in (first, inner, *rest) if part), name


def class_of(schema_name: str) -> str:
    """Two structs of one name are told apart by the file that they stand in."""
    parts = schema_name.split(".")
    if len(parts) == 1:
        return schema_name
    return "".join(word.capitalize() for word in parts[-2].split("_")) + parts[-1]


def type_of(schema: Mapping[str, Any], prefix: str = "", *, given: bool = False) -> str:
    """The Python type of a schema; `given` for what a caller passes, who may give mappings."""
    if "$ref" in schema:
        name = prefix + class_of(schema["$ref"].rsplit("/", 1)[-1])
        return f"{name} | Mapping[str, Any]" if given else name
    if "anyOf" in schema:
        return " | ".join(
            dict.fromkeys(type_of(one, prefix, given=given) for one in schema["anyOf"])
        )
    if "enum" in schema:
        return "str"
    kind = schema.get("type")
    if kind == "array":
        inner = type_of(schema.get("items", {}), prefix, given=given)
        return f"{'Sequence' if given else 'list'}[{inner}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        inner = (
            type_of(values, prefix, given=given) if isinstance(values, dict) and values else "Any"
        )
        return f"{'Mapping' if given else 'dict'}[str, {inner}]"
    return _SCALARS.get(str(kind), "Any")


def read_calls(spec: Mapping[str, Any], *, frontend: bool = False) -> Iterator[Call]:
    """Every operation of one surface, in the order of the document."""
    schemas = spec["components"]["schemas"]
    for path, methods in spec["paths"].items():
        for method, entry in methods.items():
            operation_id = entry["operationId"]
            if operation_id.startswith(FRONTEND) != frontend or operation_id in NOT_CALLED:
                continue
            nouns, name = nouns_of(entry["operationId"])
            parameters = [
                Parameter(
                    p["name"],
                    type_of(p["schema"], "m.", given=True),
                    p["in"],
                    p["required"],
                    p["schema"],
                )
                for p in entry["parameters"]
                if p["in"] != "header"
            ]
            body = entry.get("requestBody")
            if body:
                schema = body["content"]["application/json"]["schema"]
                if "$ref" in schema:
                    schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
                taken = {p.name for p in parameters}
                parameters += [
                    Parameter(
                        key,
                        type_of(inner, "m.", given=True),
                        "body",
                        key in schema.get("required", ()),
                        inner,
                    )
                    for key, inner in schema.get("properties", {}).items()
                    if key not in taken
                ]
            security = entry["security"]
            auth = "none" if not security else next(iter(security[0]))
            answer = entry["responses"]["200"]["content"]["application/json"]["schema"]
            if frontend:
                answer = answer["properties"]["data"]
            yield Call(
                id=entry["operationId"],
                nouns=nouns,
                name=name,
                method=method.upper(),
                path=path,
                summary=entry["summary"],
                description=entry["description"],
                auth=auth,
                as_member=any("memberSession" in one for one in security),
                repeatable=operation_id in REPEATABLE_POSTS | REPEATABLE_PAGE_POSTS
                if method == "post"
                else operation_id not in UNREPEATABLE_PUTS | UNREPEATABLE_PAGE_PUTS,
                keyed=any(p["name"] == "Idempotency-Key" for p in entry["parameters"])
                and entry["operationId"] not in REPEATABLE_POSTS,
                extension=entry["x-extension"],
                rbac=entry.get("x-rbac", ""),
                response=type_of(answer),
                answer=answer,
                parameters=tuple(sorted(parameters, key=lambda p: not p.required)),
            )


# --- what is written ------------------------------------------------------------------------------


def write_models(spec: Mapping[str, Any], calls: list[Call]) -> str:
    """A struct for every object that goes in or out of one of `calls`."""
    schemas = spec["components"]["schemas"]
    wanted: set[str] = set()

    def reach(value: Any) -> None:
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                name = reference.rsplit("/", 1)[-1]
                if name not in wanted:
                    wanted.add(name)
                    reach(schemas[name])
            for inner in value.values():
                reach(inner)
        elif isinstance(value, list):
            for inner in value:
                reach(inner)

    for methods in spec["paths"].values():
        for entry in methods.values():
            if not entry["operationId"].startswith(FRONTEND):
                reach(entry["responses"]["200"])
                schema = (
                    entry.get("requestBody", {})
                    .get("content", {})
                    .get("application/json", {})
                    .get("schema", {})
                )
                # The body itself becomes parameters; what stands in it is a type of its own.
                reach(schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}))
                reach([p["schema"] for p in entry["parameters"]])
    lines = [
        '"""The objects of the API.',
        "",
        _GENERATED,
        "What a newer server adds is ignored; a field that it leaves out is an unreadable answer.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        "from msgspec import Struct, field",
        "",
    ]
    for name in sorted(wanted, key=class_of):
        schema = schemas[name]
        lines += ["", f"class {class_of(name)}(Struct, kw_only=True, frozen=True):"]
        if schema.get("description"):
            lines += [line[4:] for line in _docstring(_wrapped(_flat(schema["description"])))]
        required = schema.get("required", ())
        for key, inner in schema.get("properties", {}).items():
            kind = type_of(inner)
            if key in required:
                lines.append(f"    {key}: {kind}")
            elif "default" in inner:
                lines.append(f"    {key}: {kind} = {_default(inner)}")
            else:
                optional = kind if "None" in kind.split(" | ") else f"{kind} | None"
                lines.append(f"    {key}: {optional} = None")
        if not schema.get("properties"):
            lines.append("    pass")
        lines.append("")
    return "\n".join(lines)


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    if value in ([], {}):
        return f"field(default_factory={type(value).__name__})"
    return repr(value)


def write_operations(calls: list[Call]) -> str:
    lines = [
        *_head("How each call goes over the wire."),
        "",
        "from __future__ import annotations",
        "",
        "from vestibule_sdk.calls import Operation",
        "from vestibule_sdk.api import models as m",
        "",
    ]
    lines += [
        f"{_constant(call)} = Operation({call.id!r}, {call.method!r}, {call.path!r}, "
        f"{call.auth!r}, {call.keyed!r}, m.{call.response})"
        for call in calls
    ]
    return "\n".join(lines) + "\n"


def _constant(call: Call) -> str:
    return re.sub(r"\W", "_", call.id).upper()


def write_methods(calls: list[Call], *, is_async: bool) -> str:
    """The classes with the methods; the two faces differ in `async` and `await` alone."""
    root = Noun(())
    for call in calls:
        noun = root
        for depth, part in enumerate(call.nouns, start=1):
            noun = noun.inner.setdefault(part, Noun(call.nouns[:depth]))
        noun.calls.append(call)
    kind = "asynchronous" if is_async else "synchronous"
    base = "AsyncCaller" if is_async else "Caller"
    lines = [
        *_head(f"The {kind} methods, one for each operation."),
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping, Sequence",
        "from typing import TYPE_CHECKING, Any",
        "",
        "from vestibule_sdk.api import operations as o",
        f"from vestibule_sdk.calls import AsMember, {base}",
        "",
        "if TYPE_CHECKING:",
        "    from vestibule_sdk.api import models as m",
        "",
    ]
    for noun in _inside_out(root):
        lines += ["", *_write_class(noun, base, is_async=is_async), ""]
    return "\n".join(lines)


def _inside_out(noun: Noun) -> Iterator[Noun]:
    for inner in noun.inner.values():
        yield from _inside_out(inner)
    yield noun


def _write_class(noun: Noun, base: str, *, is_async: bool) -> Iterator[str]:
    yield f"class {noun.class_name or 'Api'}:"
    what = " ".join(noun.path).replace("_", " ") or "all nouns"
    yield f'    """{what[0].upper()}{what[1:]}."""'
    yield ""
    yield f"    def __init__(self, caller: {base}) -> None:"
    yield "        self._call = caller.call"
    for name, inner in noun.inner.items():
        yield f"        self.{name} = {inner.class_name}(caller)"
    for call in noun.calls:
        yield ""
        yield from _write_method(call, is_async=is_async)


def _write_method(call: Call, *, is_async: bool) -> Iterator[str]:
    by_name = call.parameters or call.as_member or call.keyed
    star = ["self", "*"] if by_name else ["self"]
    signature = list(star)
    for one in call.parameters:
        kind = one.type
        if one.required:
            signature.append(f"{one.name}: {kind}")
        else:
            optional = kind if "None" in kind.split(" | ") else f"{kind} | None"
            signature.append(f"{one.name}: {optional} = None")
    if call.as_member:
        signature.append("as_member: AsMember | None = None")
    if call.keyed:
        signature.append("idempotency_key: str | None = None")
    word, wait = ("async def", "await ") if is_async else ("def", "")
    yield f"    {word} {call.name}({', '.join(signature)}) -> m.{call.response}:"
    said = [_sentence(call.summary)]
    if call.description and _flat(call.description) != _flat(call.summary):
        said += ["", *_wrapped(call.description)]
    notes = [f"{call.method} {call.path}"]
    if call.rbac:
        notes.append(f"A member needs {call.rbac}.")
    if call.extension:
        notes.append("An extension to the wire.")
    said += ["", *notes]
    yield from _docstring(said)
    groups = []
    for place in ("path", "query", "body"):
        named = [f"{one.name!r}: {one.name}" for one in call.parameters if one.place == place]
        groups.append("{" + ", ".join(named) + "}")
    last = ", as_member" if call.as_member else ""
    if call.keyed:
        last += ", idempotency_key=idempotency_key"
    yield f"        return {wait}self._call(o.{_constant(call)}, {', '.join(groups)}{last})"


def _head(what: str) -> tuple[str, ...]:
    return f'"""{what}', "", _GENERATED, '"""'


def _docstring(lines: list[str]) -> Iterator[str]:
    escaped = [line.replace("\\", "\\\\").replace('"""', "'''") for line in lines]
    yield f'        """{escaped[0]}'
    for line in escaped[1:]:
        yield f"        {line}" if line else ""
    yield '        """'


def _wrapped(text: str) -> list[str]:
    """Paragraphs keep their lines; a line that is too long for our docstrings is folded."""
    folded: list[str] = []
    for line in text.splitlines():
        folded += textwrap.wrap(line, 88, subsequent_indent="    ") or [""]
    return folded


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _flat(text: str) -> str:
    return " ".join(text.split())


def write_codes() -> str:
    """Which kind of refusal each code is; a code that is not here is judged by its status."""
    lines = [
        *_head("Every code of the server and its kind."),
        "",
        "from __future__ import annotations",
        "",
        "KIND_OF = {",
        *(f"    {code!r}: {row.kind.__name__!r}," for code, row in sorted(CODES.items())),
        "}",
    ]
    return "\n".join(lines) + "\n"


def ordered(spec: Mapping[str, Any]) -> dict[str, Any]:
    """By name, so that it does not matter which module of the server is imported first."""
    paths = {path: dict(sorted(spec["paths"][path].items())) for path in sorted(spec["paths"])}
    schemas = dict(sorted(spec["components"]["schemas"].items()))
    return {**spec, "paths": paths, "components": {**spec["components"], "schemas": schemas}}


def render() -> dict[Path, str]:
    """Every generated file and what has to stand in it."""
    spec = ordered(document("/"))
    calls = sorted(read_calls(spec), key=lambda call: call.id)
    python = {
        "__init__.py": "\n".join(_head("The generated part.")) + "\n",
        "models.py": write_models(spec, calls),
        "operations.py": write_operations(calls),
        "methods.py": write_methods(calls, is_async=False),
        "async_methods.py": write_methods(calls, is_async=True),
        "codes.py": write_codes(),
    }
    files = {OPENAPI: json.dumps(spec, indent=1, ensure_ascii=False) + "\n"}
    files |= {PYTHON / name: _formatted(name, text) for name, text in python.items()}
    pages = sorted(read_calls(spec, frontend=True), key=lambda call: call.id)
    kinds = {code: row.kind.__name__ for code, row in CODES.items()}
    typescript = typescript_sdk.render(spec, calls, pages, kinds)
    files |= {TYPESCRIPT / name: text for name, text in typescript.items()}
    return files | {REFERENCE / name: text for name, text in reference_pages.pages(calls).items()}


def _formatted(name: str, text: str) -> str:
    """As `ruff` would have it, so that the lint of the repository reads them like any file."""
    ruff = Path(sys.executable).with_name("ruff")
    settings = ["--config", str(ROOT / "pyproject.toml"), "--stdin-filename", str(PYTHON / name)]
    sorted_imports = subprocess.run(
        [ruff, "check", "--quiet", "--select", "I,F401", "--fix", *settings, "-"],
        input=text, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return subprocess.run(
        [ruff, "format", "--quiet", *settings, "-"],
        input=sorted_imports, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def stale() -> list[str]:
    """Names of generated files that are not what the operations say, or that nothing makes."""
    rendered = render()
    found = [
        path
        for path, text in rendered.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    made = {*PYTHON.glob("*.py"), *(REFERENCE / "api").glob("*.md")}
    return [str(path.relative_to(ROOT)) for path in [*found, *sorted(made - set(rendered))]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell what would change")
    if parser.parse_args().check:
        found = stale()
        if found:
            sys.exit(f"make api would change {', '.join(found)}")
        return
    for path, text in render().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
