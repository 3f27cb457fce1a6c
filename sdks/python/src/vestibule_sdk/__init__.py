"""Vestibule for Python: the API as typed methods, sessions verified on the spot, and doors for
web applications. `Vestibule` is the client that waits, `AsyncVestibule` the one to `await`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestibule_sdk.async_client import AsyncVestibule
    from vestibule_sdk.calls import AsMember
    from vestibule_sdk.client import Vestibule
    from vestibule_sdk.credentials import Credentials
    from vestibule_sdk.errors import (
        ApiError,
        Conflict,
        Forbidden,
        InvalidRequest,
        KeyUnknown,
        MappingRefused,
        Misconfigured,
        NoAnswer,
        NotFound,
        OidcError,
        ProtocolError,
        SamlError,
        ServerError,
        SessionInvalid,
        SessionJwtExpired,
        TooManyRequests,
        Unauthenticated,
        UnreadableAnswer,
        UpstreamError,
        VestibuleError,
    )
    from vestibule_sdk.login import LoginStart
    from vestibule_sdk.session_jwt import Session

__all__ = [
    "ApiError",
    "AsMember",
    "AsyncVestibule",
    "Conflict",
    "Credentials",
    "Forbidden",
    "InvalidRequest",
    "KeyUnknown",
    "LoginStart",
    "MappingRefused",
    "Misconfigured",
    "NoAnswer",
    "NotFound",
    "OidcError",
    "ProtocolError",
    "SamlError",
    "ServerError",
    "Session",
    "SessionInvalid",
    "SessionJwtExpired",
    "TooManyRequests",
    "Unauthenticated",
    "UnreadableAnswer",
    "UpstreamError",
    "Vestibule",
    "VestibuleError",
]

# Where each name lives. It is fetched when it is asked for: a program that only verifies sessions
# does not pay for the client that awaits.
_HOME = {
    "ApiError": "errors",
    "AsMember": "calls",
    "AsyncVestibule": "async_client",
    "Conflict": "errors",
    "Credentials": "credentials",
    "Forbidden": "errors",
    "InvalidRequest": "errors",
    "KeyUnknown": "errors",
    "LoginStart": "login",
    "MappingRefused": "errors",
    "Misconfigured": "errors",
    "NoAnswer": "errors",
    "NotFound": "errors",
    "OidcError": "errors",
    "ProtocolError": "errors",
    "SamlError": "errors",
    "ServerError": "errors",
    "Session": "session_jwt",
    "SessionInvalid": "errors",
    "SessionJwtExpired": "errors",
    "TooManyRequests": "errors",
    "Unauthenticated": "errors",
    "UnreadableAnswer": "errors",
    "UpstreamError": "errors",
    "Vestibule": "client",
    "VestibuleError": "errors",
}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
