"""A refusal as it looks from outside: JSON in the wire's envelope, or a page. The only place that
chooses a status and decides who sees which face of an error."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vestibule.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    Misconfigured,
    NotFound,
    ProtocolError,
    Row,
    Unauthenticated,
    UpstreamError,
    VestibuleError,
)

_BY_KIND: Mapping[type[VestibuleError], int] = {
    ProtocolError: 400,
    UpstreamError: 502,
    Misconfigured: 400,
    InvalidRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    # The wire knows no 409: what collides is a bad request there.
    Conflict: 400,
}
_BY_CODE = {
    "method_not_allowed": 405,
    "too_many_requests": 429,
    "operator_locked": 429,
    "use_https": 403,
    "internal_server_error": 500,
    "database_unavailable": 503,
    "changed_meanwhile": 409,
    "idempotency_key_in_use": 409,
    "idempotency_key_reused": 422,
    "body_too_large": 413,
    "oidc_user_not_assigned": 403,
}


def status_of(row: Row) -> int:
    if row.code in _BY_CODE:
        return _BY_CODE[row.code]
    return next(status for kind, status in _BY_KIND.items() if issubclass(row.kind, kind))


class Problem(msgspec.Struct, omit_defaults=True):
    """The error envelope (wire §1.6). `error_details` is an extension."""

    status_code: int
    request_id: str
    error_type: str
    error_message: str
    error_url: str
    error_details: dict[str, str] = {}


_encode = msgspec.json.Encoder().encode


def encode_problem(problem: Problem) -> bytes:
    return _encode(problem)


def problem_document(error: VestibuleError, request_id: str, base_url: str) -> Problem:
    """The envelope for a caller with a credential: the message, what was wanted and what came."""
    row, status = error.row, status_of(error.row)
    message = row.message
    # What our own database or code says of a failure is for the log alone.
    ours = status in (500, 503)
    if error.detail and not ours:
        message = f"{message} {error.detail}"
    details = {
        "code": row.code,
        "want": error.want or "",
        "got": error.got or "",
        "remedy": row.remedy,
        "spec": row.spec,
        "trace_id": error.trace_id or "",
        "login_url": error.login_url or "",
    }
    if isinstance(error, Unauthenticated) or ours:
        details = {"code": row.code, "remedy": row.remedy}
    return Problem(
        status,
        request_id,
        row.wire,
        message,
        f"{base_url}/docs/errors/{status}#{row.wire}",
        {name: value for name, value in details.items() if value},
    )
