"""Middleware and decorators for Django.

`settings.VESTIBULE` is a dictionary: `client`, a `Vestibule`, and the options of `Door` beside it.
The session of a request is `request.vestibule_session`, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import HttpResponse, HttpResponseForbidden

from vestibule_sdk.door import Door, Reply
from vestibule_sdk.errors import Forbidden
from vestibule_sdk.session_jwt import Session
from vestibule_sdk.wsgi import visit_of

if TYPE_CHECKING:
    from vestibule_sdk.client import Vestibule

P = ParamSpec("P")
View = Callable[Concatenate[Any, P], Any]


class VestibuleMiddleware:
    """Belongs above everything that asks who is here."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        options = dict(settings.VESTIBULE)
        self.client: Vestibule = options.pop("client")
        self.door = Door(self.client, **options)
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        found = self.client.run(self.door.answer(visit_of(request.META)))
        if isinstance(found, Reply):
            answer = HttpResponse(found.text, status=found.status)
            for name, value in found.headers:
                if name != "set-cookie":
                    answer[name] = value
        else:
            request.vestibule_session = found.session
            request.vestibule = self
            answer = self.get_response(request)
        for cookie in found.cookies:
            answer.cookies.load(cookie)
        return answer


def session_required(view: View[P]) -> View[P]:
    """Let only those in who are signed in; others get 401, or the way to the sign-in."""

    @wraps(view)
    def checked(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        return _refused(request) or view(request, *args, **kwargs)

    return cast("View[P]", checked)


def permission_required(resource_id: str, action: str) -> Callable[[View[P]], View[P]]:
    """Let only those in whose roles grant the action; others get 403."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            refused = _refused(request)
            if refused is not None:
                return refused
            client: Vestibule = request.vestibule.client
            session: Session = request.vestibule_session
            try:
                client.require_permission(session, resource_id, action)
            except Forbidden as error:
                return HttpResponseForbidden(str(error), content_type="text/plain")
            return view(request, *args, **kwargs)

        return cast("View[P]", checked)

    return decorate


def _refused(request: Any) -> Any:
    if request.vestibule_session is not None:
        return None
    way = request.vestibule.door.way_in(visit_of(request.META))
    if not way:
        return HttpResponse("Sign in first", status=401, content_type="text/plain")
    answer = HttpResponse(status=303)
    answer["location"] = way
    return answer
