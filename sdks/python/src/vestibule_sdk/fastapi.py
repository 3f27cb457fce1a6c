"""Dependencies for FastAPI, and for Starlette's requests, behind `asgi.VestibuleMiddleware`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from vestibule_sdk.asgi import VestibuleMiddleware, visit_of
from vestibule_sdk.door import CLIENT_KEY, DOOR_KEY, SESSION_KEY
from vestibule_sdk.errors import Forbidden
from vestibule_sdk.session_jwt import Session

__all__ = [
    "CurrentSession",
    "MaybeSession",
    "VestibuleMiddleware",
    "current_session",
    "require_permission",
    "require_session",
]


def current_session(request: HTTPConnection) -> Session | None:
    """The session of the request, or None."""
    session: Session | None = request.scope[SESSION_KEY]
    return session


def require_session(request: HTTPConnection) -> Session:
    """The session of the request; without one the answer is 401, or the way to the sign-in."""
    session = current_session(request)
    if session is None:
        way = request.scope[DOOR_KEY].way_in(visit_of(request.scope))
        if way:
            raise HTTPException(303, headers={"location": way})
        raise HTTPException(401, "Sign in first", headers={"www-authenticate": "Bearer"})
    return session


def require_permission(
    resource_id: str, action: str
) -> Callable[[HTTPConnection], Awaitable[Session]]:
    """A dependency that gives the session if its roles grant the action, and else answers 403."""

    async def check(request: HTTPConnection) -> Session:
        session = require_session(request)
        try:
            await request.scope[CLIENT_KEY].require_permission(session, resource_id, action)
        except Forbidden as error:
            raise HTTPException(403, str(error)) from None
        return session

    return check


CurrentSession = Annotated[Session, Depends(require_session)]
MaybeSession = Annotated[Session | None, Depends(current_session)]
