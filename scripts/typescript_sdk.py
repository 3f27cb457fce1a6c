"""The generated part of the TypeScript SDKs, written from the calls that `api.py` read.

Owns how a schema and a call are spelt in TypeScript. Knows nothing of the registry, nor of where
a call goes over the wire beyond its row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_GENERATED = "Written by `make api`; change the operations of the server, not this file."
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean",
            "null": "null"}  # fmt: skip
_WIDTH = 96


class Parameter(Protocol):
    """As in `api.py`; a protocol, since the two scripts would import each other."""

    @property
    def name(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def schema(self) -> Mapping[str, Any]: ...


class Call(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def nouns(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def auth(self) -> str: ...
    @property
    def repeatable(self) -> bool: ...
    @property
    def keyed(self) -> bool: ...
    @property
    def rbac(self) -> str: ...
    @property
    def extension(self) -> bool: ...
    @property
    def answer(self) -> Mapping[str, Any]: ...
    @property
    def parameters(self) -> Sequence[Parameter]: ...


@dataclass
class Noun:
    """A group of methods, and the groups inside it."""

    calls: list[Call] = field(default_factory=list)
    inner: dict[str, Noun] = field(default_factory=dict)


def render(
    spec: Mapping[str, Any],
    backend: Sequence[Call],
    frontend: Sequence[Call],
    kinds: Mapping[str, str],
) -> dict[str, str]:
    """Every generated file by its path below `sdks/typescript/packages`."""
    return {
        "core/src/models.ts": write_models(spec, [*backend, *frontend]),
        "node/src/api/codes.ts": write_codes(kinds),
        "node/src/api/operations.ts": write_operations(backend, is_page=False),
        "node/src/api/methods.ts": write_methods(backend),
        "browser/src/api/operations.ts": write_operations(frontend, is_page=True),
        "browser/src/api/methods.ts": write_methods(frontend),
    }


# --- spelling -------------------------------------------------------------------------------------


def camel(name: str) -> str:
    """`create_connection` is `createConnection`; what is written so already stays."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def type_name(schema_name: str) -> str:
    """Two structs of one name are told apart by the file that they stand in."""
    parts = schema_name.split(".")
    if len(parts) == 1:
        return schema_name
    return "".join(word.capitalize() for word in parts[-2].split("_")) + parts[-1]


def constant(call: Call) -> str:
    words = [word for noun in (*call.nouns, call.name) for word in camel(noun).split("_")]
    return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])


def params_name(call: Call) -> str:
    name = constant(call)
    return f"{name[0].upper()}{name[1:]}Params"


def type_of(schema: Mapping[str, Any], prefix: str = "") -> str:
    """The TypeScript type of a schema."""
    if "$ref" in schema:
        return prefix + type_name(str(schema["$ref"]).rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(one, prefix) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        inner = type_of(schema.get("items", {}), prefix)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        inner = type_of(values, prefix) if isinstance(values, dict) and values else "unknown"
        return f"Record<string, {inner}>"
    return _SCALARS.get(str(kind), "unknown")


def _said(call: Call) -> list[str]:
    told = [call.summary if call.summary.endswith(".") else f"{call.summary}."]
    if call.description and " ".join(call.description.split()) != " ".join(call.summary.split()):
        told += ["", *call.description.splitlines()]
    notes = [f"{call.method} {call.path}"]
    if call.rbac:
        notes.append(f"A member needs {call.rbac}.")
    if call.extension:
        notes.append("An extension to the wire.")
    return [*told, "", *notes]


def _comment(lines: Sequence[str], indent: str) -> Iterator[str]:
    safe = [line.replace("*/", "* /") for line in lines]
    if len(safe) == 1 and len(safe[0]) + len(indent) < _WIDTH:
        yield f"{indent}/** {safe[0]} */"
        return
    yield f"{indent}/**"
    for line in safe:
        yield f"{indent} * {line}".rstrip()
    yield f"{indent} */"


def _head(what: str) -> list[str]:
    return [f"// {what}", f"// {_GENERATED}", ""]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)


# --- what is written ------------------------------------------------------------------------------


def _reached(schemas: Mapping[str, Any], roots: Sequence[Any]) -> set[str]:
    """Names of the schemas that `roots` lead to."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            name = reference.rsplit("/", 1)[-1] if isinstance(reference, str) else ""
            if name and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def write_models(spec: Mapping[str, Any], calls: Sequence[Call]) -> str:
    """An interface for every object that goes in or out of one of `calls`."""
    schemas = spec["components"]["schemas"]
    given = _reached(schemas, [p.schema for call in calls for p in call.parameters])
    answered = _reached(schemas, [call.answer for call in calls])
    lines = _head("The objects of the API, spelt as on the wire.")
    for name in sorted(given | answered, key=type_name):
        schema = schemas[name]
        told = " ".join(str(schema.get("description", "")).split())
        lines += _comment(_folded(told), "") if told else ()
        lines.append(f"export interface {type_name(name)} {{")
        for key, inner in schema.get("properties", {}).items():
            # The server leaves nothing out of its answers; a caller may leave out what has a
            # default.
            sure = key in schema.get("required", ()) or name not in given
            lines.append(f"  {_key(key)}{'' if sure else '?'}: {type_of(inner)};")
        lines += ["}", ""]
    return "\n".join(lines)


def _folded(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= _WIDTH - 4:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def write_operations(calls: Sequence[Call], *, is_page: bool) -> str:
    """What goes in, what comes out and where it goes, for each call a constant that a bundler can
    leave out."""
    body: list[str] = []
    for call in calls:
        params = "Empty"
        if call.parameters:
            params = params_name(call)
            body.append(f"export interface {params} {{")
            for one in call.parameters:
                kind = type_of(one.schema, "m.")
                if not one.required:
                    kind = kind if "null" in kind.split(" | ") else f"{kind} | null"
                mark = "" if one.required else "?"
                body.append(
                    f"  {_key(one.name)}{mark}: {kind}{'' if one.required else ' | undefined'};"
                )
            body += ["}", ""]
        row: dict[str, Any] = {"method": call.method, "path": call.path}
        if not is_page:
            row = {"id": call.id, **row, "auth": call.auth}
        if call.keyed:
            row["keyed"] = True
        elif call.repeatable != (call.method in ("GET", "PUT", "DELETE")):
            row["repeatable"] = call.repeatable
        answer = type_of(call.answer, "m.")
        fields = [f"  {name}: {json.dumps(value)}," for name, value in row.items()]
        body.append(f"export const {constant(call)}: Operation<{params}, {answer}> = {{")
        body += [*fields, "};", ""]
    uses = ["Empty", "Operation"] if any(not call.parameters for call in calls) else ["Operation"]
    return "\n".join([
        *_head("How each call goes over the wire."),
        f'import type {{ {", ".join(uses)}, models as m }} from "@vestibule-sso/core";',
        "",
        *body,
    ])  # fmt: skip


def write_methods(calls: Sequence[Call]) -> str:
    """The nouns with their methods: what an editor shows, and how they are made."""
    root = Noun()
    for call in calls:
        noun = root
        for part in call.nouns:
            noun = noun.inner.setdefault(camel(part), Noun())
        noun.calls.append(call)
    lines = [
        *_head("One method for each operation."),
        'import { type Caller, type MethodOf, bind } from "@vestibule-sso/core";',
        'import * as o from "./operations.js";',
        "",
        "export interface Methods {",
        *_interface(root, "  "),
        "}",
        "",
        "export function methods(caller: Caller): Methods {",
        "  const of = bind(caller);",
        "  return {",
        *_object(root, "    "),
        "  };",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _interface(noun: Noun, indent: str) -> Iterator[str]:
    for call in noun.calls:
        yield from _comment(_said(call), indent)
        yield f"{indent}{camel(call.name)}: MethodOf<typeof o.{constant(call)}>;"
    for name, inner in noun.inner.items():
        yield f"{indent}readonly {name}: {{"
        yield from _interface(inner, f"{indent}  ")
        yield f"{indent}}};"


def _object(noun: Noun, indent: str) -> Iterator[str]:
    for call in noun.calls:
        yield f"{indent}{camel(call.name)}: of(o.{constant(call)}),"
    for name, inner in noun.inner.items():
        yield f"{indent}{name}: {{"
        yield from _object(inner, f"{indent}  ")
        yield f"{indent}}},"


def write_codes(kinds: Mapping[str, str]) -> str:
    lines = [*_head("Every code of the server and its kind."), "export const KIND_OF = {"]
    lines += [f"  {_key(code)}: {json.dumps(kind)}," for code, kind in sorted(kinds.items())]
    lines.append("} as const satisfies Record<string, string>;")
    return "\n".join(lines) + "\n"
