"""Reading a posted form, and what is shown beside it when it was refused.

Owns the bounds of a form and the shape in which a refusal stands on a page. Does not know what any
form is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from vestibule.errors import VestibuleError, refusal
from vestibule.web.incoming import MAX_ESCAPES, read_body
from vestibule.web.problems import status_of

# A metadata file of an identity provider has up to half a megabyte.
MAX_FORM = 1024 * 1024
_MAX_FIELDS = 2000


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody typed: texts by the name of their input, and the bytes of files."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The one value, without the space around it; "" for none."""
        found = self.values.get(name)
        return found[0].strip() if found else ""

    def secret(self, name: str) -> str:
        """The one value to the letter: space around a password is part of it."""
        found = self.values.get(name)
        return found[0] if found else ""

    def given(self, name: str) -> str | None:
        """The same, with None where the form had no such input or it was left empty."""
        return self.text(name) or None

    def all(self, name: str) -> list[str]:
        """Every value under the name that says something, such as of ticked boxes."""
        return [value.strip() for value in self.values.get(name, ()) if value.strip()]

    def lines(self, name: str) -> list[str]:
        """The lines of a text area that say something."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def flag(self, name: str) -> bool:
        return bool(self.text(name))

    def number(self, name: str) -> int:
        """A whole number.

        Raises:
            field_invalid
        """
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise refusal("field_invalid", want="a whole number", got=text, detail=name)
        return int(text)

    def pairs(self, left: str, right: str) -> list[tuple[str, str]]:
        """Two columns of inputs, row by row; rows with nothing in them are left out."""
        rows = zip(self.values.get(left, ()), self.values.get(right, ()), strict=False)
        return [(a.strip(), b.strip()) for a, b in rows if a.strip() or b.strip()]


async def read_form(request: Request) -> Form:
    """The form in the body, with names that occur as often as they were sent.

    Raises:
        body_too_large, bad_request.
    """
    body = await read_body(request.receive, MAX_FORM)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise refusal("bad_request", want="a form", got=kind or "no content type")
    if kind.startswith("application/") and body.count(b"%") > MAX_ESCAPES:
        raise refusal("bad_request", want=f"at most {MAX_ESCAPES} percent signs")

    async def again() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    values: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    try:
        async with Request(request.scope, again).form(
            max_files=4, max_fields=_MAX_FIELDS, max_part_size=MAX_FORM
        ) as parts:
            for name, part in parts.multi_items():
                if isinstance(part, UploadFile):
                    files[name] = await part.read()
                else:
                    values.setdefault(name, []).append(part.replace("\r\n", "\n"))
    except (MultiPartException, UnicodeDecodeError, ValueError) as error:
        raise refusal("bad_request", want="a form", detail=str(error)) from None
    except Exception as error:
        # Starlette turns a form that it cannot read into an HTTP answer of its own.
        if type(error).__name__ != "HTTPException":
            raise
        raise refusal("bad_request", want="a form", detail=getattr(error, "detail", "")) from None
    if any("\x00" in value for held in values.values() for value in held):
        raise refusal("bad_request", want="no NUL characters")
    return Form(values, files)


def _to_whom(remedy: str) -> str:
    """On a page it is the reader who chooses, not the developer whom the API speaks to."""
    who, _, what = remedy.partition(": ")
    return what[:1].upper() + what[1:] if who == "The application's developer" else remedy


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal on the page of the form that caused it. `field` is the input it is about, or "";
    `retry_after` the seconds for which trying again is of no use."""

    code: str
    status: int
    message: str
    detail: str
    want: str | None
    got: str | None
    remedy: str
    spec: str
    field: str
    retry_after: int | None = None


def problem_of(error: VestibuleError, names: Sequence[str] = ()) -> Problem:
    """The refusal in the words of who can mend it.

    Args:
        names: the inputs of the form. The refusal stands beside the one that its code or its detail
            names; the longest name wins.
    """
    row = error.row
    said = f"{error.code} {error.detail or ''}"
    about = sorted((name for name in names if name in said), key=len)
    return Problem(
        code=error.code,
        status=status_of(row),
        message=row.message,
        detail=error.detail or "",
        want=error.want,
        got=error.got,
        remedy=_to_whom(row.remedy),
        spec=row.spec or "",
        field=about[-1] if about else "",
        retry_after=error.retry_after,
    )
