"""The generated pages of `docs/reference/`, for `make api`: API, errors, settings, commands, SDKs.

Owns how a reference reads; what is true stands in the registry of operations, the table of errors,
the table of settings, the commands and the SDK's own docstrings. Writes no file.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import click

import vestibule_sdk
from vestibule.cli import cli
from vestibule.errors import CODES, Row, VestibuleError
from vestibule.settings import VARIABLES
from vestibule.web.api.openapi import reference
from vestibule.web.problems import status_of

_AREAS = {
    "The browser's legs": "Addresses that browsers visit; answers are redirects and pages.",
    "Organizations": "A customer: its settings, its deletion, and who would be locked out.",
    "Members": "The people of an organization, their roles, and tokens of their OpenID Providers.",
    "Single sign-on": "What connections of all kinds share, and the end of a login.",
    "SAML connections": "Connections to SAML identity providers, their keys and metadata.",
    "OIDC connections": "Connections to OpenID Providers, and our keys for them.",
    "External connections": "Connections that lead to another organization's, and its say in it.",
    "Sessions": "Sessions, their JWTs and the keys that sign them.",
    "Magic links": "Links by e-mail that sign somebody in, where no connection is there yet.",
    "Discovery": "From a proven address to the organizations that are open to it.",
    "Setup links": "Links by which a customer's administrator sets a connection up.",
    "RBAC": "The policy of a project and the roles of an organization.",
    "Management": "The project itself: policy, JWT template, redirect URLs, secrets.",
    "Audit log": "What happened, and who did it.",
    "Branding": "How the pages look that a customer's people see.",
    "Frontend API": "The same things for browsers, with a public token and the member's session.",
}
_WIDTH = 84
# What the modules share among themselves.
_INNER = frozenset({"visit_of"})
_PACKAGES = ("fastapi", "flask", "django", "asgi", "wsgi")


class Call(Protocol):
    """As in `api.py`; a protocol, since the two scripts would import each other."""

    @property
    def id(self) -> str: ...
    @property
    def nouns(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...


def pages(calls: Sequence[Call]) -> dict[str, str]:
    """Every page by its name below `docs/reference/`. An SDK that gets a page gets a row here."""
    methods = {call.id: ".".join(("client", *call.nouns, call.name)) for call in calls}
    made = {
        "errors.md": _errors(),
        "settings.md": _settings(),
        "cli.md": _commands(),
        "python-sdk.md": _python_sdk(calls),
    }
    return made | dict(_api(methods))


# --- API ------------------------------------------------------------------------------------------


def _api(methods: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page for each area, and a page that lists every operation."""
    index = [
        "# API",
        "",
        _written("the operations of the server"),
        "",
        "Calls are JSON over https, with the project's id and secret as HTTP Basic credentials "
        "where nothing else is said. A refusal has a code of the [list of errors](errors.md). A "
        "running server shows the same at `/docs`, and as OpenAPI 3.1 at `/openapi.json`.",
    ]
    for group in reference():
        name: str = group["name"]
        file = f"{slug(name)}.md"
        operations = sorted(group["operations"], key=lambda one: str(one["id"]))
        about = _AREAS.get(name, "")
        index += ["", f"## [{name}](api/{file})", "", about, ""]
        lines = [f"# {name}", "", _written("the operations of the server"), "", about]
        for op in operations:
            link = f"[`{op['id']}`](api/{file}#{slug(op['id'])})"
            index.append(f"- {link}: {_flat(op['summary'])}")
            lines += ["", *_operation(op, methods)]
        yield f"api/{file}", _text(lines)
    yield "api.md", _text(index)


def _operation(op: Mapping[str, Any], methods: Mapping[str, str]) -> Iterator[str]:
    yield f"## {op['id']}"
    yield from ("", f"**{_sentence(op['summary'])}** {_paragraph(op)}".rstrip(), "")
    yield from ("```text", f"{op['method']} {op['path']}", "```", "")
    facts = {
        "Python": f"`{methods[op['id']]}`" if op["id"] in methods else "",
        "who may call": {"none": "anybody"}.get(op["auth"], op["auth"]),
        "a member needs": f"`{op['rbac']}`" if op["rbac"] else "",
        "answer": op["response"],
        "header": ", ".join(f"`{p['name']}`" for p in op["parameters"] if p["place"] == "header"),
        "extension": "beyond the wire" if op["extension"] else "",
    }
    yield from (f"- {name}: {value}" for name, value in facts.items() if value)
    for place in ("path", "query", "form", "body"):
        fields = [_field(one) for one in op["parameters"] if one["place"] == place]
        yield from ("", f"In the {place}:", "", *fields) if fields else ()


def _field(one: Mapping[str, Any]) -> str:
    told = f"`{one['name']}`, {one['type']}" + (", required" if one["required"] else "")
    return f"- {told}" + (f": {_flat(one['description'])}" if one["description"] else "")


def _paragraph(op: Mapping[str, Any]) -> str:
    said = str(op["description"]).strip()
    return "" if _flat(said).rstrip(".") == _flat(op["summary"]).rstrip(".") else said


# --- errors ---------------------------------------------------------------------------------------


def _errors() -> str:
    """By kind, which says who can act; the codes of a kind by name."""
    lines = [
        "# Errors",
        "",
        _written("`src/vestibule/errors.py`"),
        "",
        "Every refusal has a `code`, in `error_details` of the answer; beside it stand what was "
        "wanted, what came, and what to do. `error_type` is the code's name on the wire; several "
        "codes can share one, and where it is another word, it stands behind the code. The "
        "headings are the classes of our SDKs.",
    ]
    for kind in _kinds(VestibuleError):
        rows = sorted((row for row in CODES.values() if row.kind is kind), key=lambda row: row.code)
        if not rows:
            continue
        told = f"{inspect.getdoc(kind)} Who can act: {kind.actor}."
        lines += ["", f"## {kind.__name__}", "", told, "", *(_error(row) for row in rows)]
    return _text(lines)


def _kinds(kind: type[VestibuleError]) -> Iterator[type[VestibuleError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _kinds(inner)


def _error(row: Row) -> str:
    wire = f", `{row.wire}`" if row.wire != row.code else ""
    spec = f" *{row.spec}*" if row.spec else ""
    said = _flat(f"{row.message} {row.remedy}{spec}")
    return f"- **`{row.code}`** ({status_of(row)}{wire}): {said}"


# --- settings and commands ------------------------------------------------------------------------


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _written("`src/vestibule/settings.py`"),
        "",
        "Commands that run a server or change its database read the environment once, when they "
        "start. What is wrong is told all at once, and nothing starts. `vestibule dev` reads none "
        "of this: it takes its [options](cli.md#vestibule-dev) and keeps everything in one folder. "
        "What belongs to a project rather than to the server (redirect URLs, policy, JWT template) "
        "is stored with it; see the [management operations](api/management.md).",
    ]
    for name, one in VARIABLES.items():
        without = "has to be set" if one.default is None else f"`{one.default}`"
        lines += [
            "",
            f"## {name}",
            "",
            f"{one.meaning[0].upper()}{one.meaning[1:]}.",
            "",
            f"- value: {one.shape}, such as `{one.example}`",
            f"- default: {without if one.default != '' else 'empty'}",
        ]
    return _text(lines)


def _commands() -> str:
    lines = [
        "# Command line",
        "",
        _written("`src/vestibule/cli.py`"),
        "",
        "`vestibule COMMAND --help` says the same in a terminal. A refusal is one line on standard "
        "error and the status 1; a wrong option is the status 2.",
    ]
    for path, command in _leaves(cli, ("vestibule",)):
        name = " ".join(path)
        lines += ["", f"## {name}", "", _prose(command.help or ""), ""]
        lines += ["```text", _usage(name, command), "```"]
        rows = [_parameter(one) for one in command.params if isinstance(one, click.Option)]
        if rows:
            lines += ["", *rows]
        if command.epilog:
            lines += ["", "It reads the [settings](settings.md)."]
    return _text(lines)


def _leaves(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield path, command


def _usage(name: str, command: click.Command) -> str:
    return " ".join([name, *command.collect_usage_pieces(click.Context(command))])


def _parameter(one: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    takes = "" if one.is_flag else one.make_metavar(click.Context(click.Command("")))
    if isinstance(one.type, click.IntRange):
        takes = f"{one.type.min} to {one.type.max}"
    given = not one.is_flag and isinstance(one.default, str | int)
    said = [f"{names} {takes}".rstrip() + ":", one.help or ""]
    said += [f"Default: `{one.default}`."] if given else []
    return f"- {_flat(' '.join(said))}"


# --- the Python SDK -------------------------------------------------------------------------------


def _python_sdk(calls: Sequence[Call]) -> str:
    lines = [
        "# Python SDK reference",
        "",
        _written("the docstrings of `sdks/python`"),
        "",
        "The [guide](../guides/python-sdk.md) shows how it is used. Every class below can be "
        "imported from `vestibule_sdk`.",
    ]
    classes = [getattr(vestibule_sdk, name) for name in vestibule_sdk.__all__]
    errors = [kind for kind in classes if issubclass(kind, Exception)]
    for kind in (kind for kind in classes if kind not in errors):
        lines += ["", f"## {kind.__name__}", "", *_documented(kind)]
        for name, member in vars(kind).items():
            if not name.startswith("_") and _is_told(member):
                lines += ["", f"### {kind.__name__}.{name}", "", *_documented(member)]
    lines += ["", "## Errors", ""]
    for kind in sorted(errors, key=lambda one: [base.__name__ for base in one.__mro__[-3::-1]]):
        told = _flat((inspect.getdoc(kind) or "").split("\n\n")[0])
        lines.append(f"- `{kind.__name__}`, a kind of `{kind.__base__.__name__}`: {told}")
    api_error = getattr(vestibule_sdk, "ApiError")  # noqa: B009 - fetched when asked for
    lines += ["", f"### {api_error.__name__}", "", *_prose_blocks(inspect.getdoc(api_error) or "")]
    for package in _PACKAGES:
        lines += ["", *_module(package)]
    told = "The same for `Vestibule` and, to `await`, for `AsyncVestibule`."
    lines += ["", "## Methods", "", told, ""]
    for call in sorted(calls, key=lambda one: (one.nouns, one.name)):
        lines.append(f"- `{'.'.join((*call.nouns, call.name))}`: {_sentence(call.summary)}")
    return _text(lines)


def _is_told(member: object) -> bool:
    unwrapped = inspect.unwrap(member) if callable(member) else member
    if isinstance(member, classmethod | staticmethod):
        unwrapped = member.__func__
    return inspect.isfunction(unwrapped) and bool(unwrapped.__doc__)


def _documented(what: Any) -> Iterator[str]:
    function: Callable[..., Any] = what.__func__ if isinstance(what, classmethod) else what
    yield from ("```python", _signature(function), "```", "")
    yield from _prose_blocks(inspect.getdoc(what) or "")


def _signature(what: Callable[..., Any]) -> str:
    """As it stands in the file, without the words for the type checker's eyes."""
    node = ast.parse(textwrap.dedent(inspect.getsource(what))).body[0]
    if isinstance(node, ast.ClassDef):
        return _folded(f"class {node.name}(", _fields(node), ")")
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        answers = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return _folded(f"{word} {node.name}(", _arguments(node.args), f"){answers}")
    raise TypeError(f"{what} is neither a class nor a function")


def _fields(node: ast.ClassDef) -> str:
    """What the constructor takes: its own arguments, or the fields of a struct."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return _arguments(inner.args)
    told = [
        re.sub(
            r" = field\((?:.*?default=(\w+).*|.*)\)$", r" = \1", ast.unparse(inner)
        ).removesuffix(" = ")
        for inner in node.body
        if isinstance(inner, ast.AnnAssign) and not ast.unparse(inner.target).startswith("_")
    ]
    return ", ".join(told)


def _arguments(arguments: ast.arguments) -> str:
    if arguments.args and arguments.args[0].arg in ("self", "cls"):
        arguments.args.pop(0)
    return re.sub(r"Unpack\[(\w+)\]", r"\1", ast.unparse(arguments))


def _folded(start: str, inner: str, end: str) -> str:
    """One line where it is short, else one line for each argument."""
    arguments = [
        re.sub(r"^(\w+: .+?) ?= ?", r"\1 = ", one)
        for one in re.split(r", (?=\w+(?:: |$)|\*)", inner)
    ]
    whole = f"{start}{', '.join(arguments)}{end}"
    if len(whole) <= _WIDTH:
        return whole
    return "\n".join([start, *(f"    {one}," for one in arguments), end])


def _module(name: str) -> Iterator[str]:
    module = import_module(f"vestibule_sdk.{name}")
    yield from (f"## vestibule_sdk.{name}", "", *_prose_blocks(inspect.getdoc(module) or ""))
    for key, member in vars(module).items():
        ours = getattr(member, "__module__", "") == module.__name__ and not key.startswith("_")
        shown = ours and (inspect.isclass(member) or inspect.isfunction(member))
        if shown and member.__doc__ and key not in _INNER:
            yield from ("", f"### {name}.{key}", "", *_documented(member))


# --- words ----------------------------------------------------------------------------------------


def _written(source: str) -> str:
    """For whoever opens the file; readers of the page do not see it."""
    return f"<!-- Written by `make api` from {source}; change that, not this file. -->"


def slug(text: str) -> str:
    """The name of a heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _prose(text: str) -> str:
    """A help text: its paragraphs flow, and braces and the like stand as code."""
    paragraphs = inspect.cleandoc(text).replace("\b", "").split("\n\n")
    text = "\n\n".join(_flat(one) for one in paragraphs)
    return f"{text[:-1]}." if text.endswith(":") else text


def _prose_blocks(doc: str) -> Iterator[str]:
    """A docstring as Markdown: its sections become lists."""
    for block in doc.split("\n\n"):
        title, *rest = block.splitlines()
        if title in ("Args:", "Attributes:", "Raises:", "Returns:") and rest:
            items = re.split(r"\n(?=\S)", inspect.cleandoc("\n".join(rest)))
            yield from ("", f"{title.removesuffix(':').replace('Args', 'Arguments')}:", "")
            for item in items:
                name, _, told = _flat(item).partition(": ")
                yield f"- `{name}`: {told}" if told else f"- {name}"
            yield ""
        else:
            yield from (_flat(block), "")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _flat(text: str) -> str:
    return " ".join(text.split())


def _text(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
