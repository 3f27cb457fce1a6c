"""What can go wrong, as classes: one for each kind of refusal of the server, and those of our own.

Owns the exceptions and how an answer of the server becomes one. Does not know how an answer came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vestibule_sdk.api.codes import KIND_OF

_SHOWN = 200  # bytes of an answer that nobody could read


class VestibuleError(Exception):
    """The root of everything that this package raises on purpose."""


class NoAnswer(VestibuleError):
    """The server was not reached, or it did not answer in time.

    Attributes:
        sent: whether the request may have arrived. If not, nothing can have happened.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


class UnreadableAnswer(VestibuleError):
    """Something answered, and it was not what a Vestibule server says."""

    def __init__(self, message: str, *, status: int, body: bytes) -> None:
        self.status = status
        self.body = body[:_SHOWN]
        super().__init__(f"{message} (status {status}): {self.body!r}")


class SessionInvalid(VestibuleError):
    """A session JWT that this program does not accept. Nobody was asked.

    Attributes:
        reason: which rule it breaks.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SessionJwtExpired(SessionInvalid):
    """Signed by the server and too old; the session itself may go on."""


class KeyUnknown(SessionInvalid):
    """It names a key that the server did not publish, or not when we last looked."""


class MappingRefused(VestibuleError):
    """A mapping that cannot be saved, or a person whom it would not let in. Nobody was asked.

    Attributes:
        code: as the server would say it.
        want: what the rule asks for.
        got: what there is instead, or "".
    """

    def __init__(self, code: str, *, want: str, got: str = "") -> None:
        self.code = code
        self.want = want
        self.got = got
        super().__init__(f"{code}: wanted {want}, got {got or 'nothing'}")


class ApiError(VestibuleError):
    """The server refused. The subclasses say who can act.

    Attributes:
        code: the stable name of the cause, as the list of errors at `error_url` has it.
        error_type: the name of the same cause on the wire; several codes can share one.
        message: a sentence on what is the matter.
        status: of HTTP.
        request_id: by which the server's log finds the call.
        remedy: what to do, or "".
        want: what the rule asks for, or "" where nothing was compared.
        got: what came instead, or "".
        error_url: where the cause is described.
        trace_id: of the login that ended, or "".
        retry_after: seconds after which the same call may be made again, or None.
        details: all that came in `error_details`.
    """

    def __init__(
        self,
        *,
        code: str,
        message: str,
        status: int,
        error_type: str = "",
        request_id: str = "",
        error_url: str = "",
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.error_type = error_type or code
        self.message = message
        self.status = status
        self.request_id = request_id
        self.error_url = error_url
        self.details: Mapping[str, Any] = details or {}
        self.remedy = _text(self.details, "remedy")
        self.want = _text(self.details, "want")
        self.got = _text(self.details, "got")
        self.trace_id = _text(self.details, "trace_id")
        self.retry_after = retry_after
        super().__init__(code)

    def __str__(self) -> str:
        said = [f"{self.code}: {self.message}"]
        if self.want:
            said.append(f"Wanted {self.want}, got {self.got or 'nothing'}.")
        if self.remedy:
            said.append(self.remedy)
        if self.request_id:
            said.append(f"({self.request_id})")
        return " ".join(said)


class ProtocolError(ApiError):
    """The identity provider sent something that its standard forbids: its administrator acts."""


class SamlError(ProtocolError):
    """A SAML message was refused."""


class OidcError(ProtocolError):
    """An OpenID Connect answer or token was refused."""


class UpstreamError(ApiError):
    """Somebody else's server did not answer as it should; trying later may help."""


class Misconfigured(ApiError):
    """A setting stands in the way: the customer's administrator acts."""


class InvalidRequest(ApiError):
    """The call cannot be acted upon: the developer acts."""


class Unauthenticated(ApiError):
    """The server does not know who is calling, or no longer."""


class Forbidden(ApiError):
    """It knows who is calling, and they may not do this."""


class NotFound(ApiError):
    """There is no such thing where the caller may look."""


class Conflict(ApiError):
    """It collides with something that exists."""


class TooManyRequests(InvalidRequest):
    """Too many calls; `retry_after` says when to come back."""


class ServerError(ApiError):
    """The server failed; its log knows the request id."""


_KINDS: Mapping[str, type[ApiError]] = {
    kind.__name__: kind
    for kind in (
        ProtocolError, SamlError, OidcError, UpstreamError, Misconfigured, InvalidRequest,
        Unauthenticated, Forbidden, NotFound, Conflict,
    )
}  # fmt: skip
_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 502: UpstreamError,
}  # fmt: skip


def kind_of(code: str, status: int) -> type[ApiError]:
    """The class for a code; one that a newer server invented is judged by its status."""
    if status == 429:
        return TooManyRequests
    if status >= 500 and status != 502:
        return ServerError
    named = _KINDS.get(KIND_OF.get(code, ""))
    return named or _BY_STATUS.get(status, InvalidRequest)


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> VestibuleError:
    """The exception for an answer that is no success."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("error_type"), str):
        return UnreadableAnswer("no error of Vestibule", status=status, body=body)
    details = told.get("error_details")
    details = details if isinstance(details, dict) else {}
    code = _text(details, "code") or told["error_type"]
    return kind_of(code, status)(
        code=code,
        error_type=told["error_type"],
        message=_text(told, "error_message"),
        status=status,
        request_id=_text(told, "request_id"),
        error_url=_text(told, "error_url"),
        details=details,
        retry_after=read_retry_after(headers),
    )


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, as the server says them; a date is not read."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name, "")
    return value if isinstance(value, str) else ""
