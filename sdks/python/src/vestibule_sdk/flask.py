"""Decorators for Flask, behind `wsgi.VestibuleMiddleware`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, redirect, request

from vestibule_sdk.door import CLIENT_KEY, DOOR_KEY, SESSION_KEY
from vestibule_sdk.errors import Forbidden
from vestibule_sdk.session_jwt import Session
from vestibule_sdk.wsgi import VestibuleMiddleware, visit_of

__all__ = [
    "VestibuleMiddleware",
    "current_session",
    "permission_required",
    "require_session",
    "session_required",
]
P = ParamSpec("P")
R = TypeVar("R")


def current_session() -> Session | None:
    """The session of the request, or None."""
    session: Session | None = request.environ[SESSION_KEY]
    return session


def require_session() -> Session:
    """The session of the request; without one the answer is 401, or the way to the sign-in."""
    session = current_session()
    if session is None:
        way = request.environ[DOOR_KEY].way_in(visit_of(request.environ))
        if way:
            abort(redirect(way, 303))
        abort(401)
    return session


def session_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only those in who are signed in."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        require_session()
        return view(*args, **kwargs)

    return checked


def permission_required(
    resource_id: str, action: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only those in whose roles grant the action; others get 403."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            session = require_session()
            try:
                request.environ[CLIENT_KEY].require_permission(session, resource_id, action)
            except Forbidden as error:
                abort(403, str(error))
            return view(*args, **kwargs)

        return checked

    return decorate
