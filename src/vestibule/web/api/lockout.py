"""The API of the question whether an administrator is left."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vestibule.domain.lockout import Administrator, warning
from vestibule.services import lockout
from vestibule.services.lockout import Change
from vestibule.web.api.registry import Call, Request, Response, operation


class LockoutCheck(Request):
    delete_connection_id: str | None = None
    delete_member_id: str | None = None
    member_id: str | None = None
    roles: list[str] | None = None
    is_breakglass: bool | None = None
    auth_methods: str | None = None
    allowed_auth_methods: list[str] | None = None


class AdministratorDocument(msgspec.Struct):
    """`connection_ids` bring this member in as an administrator; of `untried_connection_ids` nobody
    knows yet. `email` is `proven` where a magic link does so, `untried` where nobody knows whether
    the address is theirs, `none` where it does not."""

    member_id: str
    email_address: str
    is_breakglass: bool
    connection_ids: list[str]
    untried_connection_ids: list[str]
    email: str


class LockoutResponse(Response):
    administrators_now: list[AdministratorDocument]
    administrators_then: list[AdministratorDocument]
    locks_out: bool
    warning: str


@operation(
    "organizations.check_lockout",
    "POST",
    "/v1/b2b/organizations/{organization_id}/lockout_check",
    "Ask whether an administrator would be left",
    rule="organizations.check_lockout",
    extension=True,
)
async def check_lockout(call: Call, body: LockoutCheck) -> LockoutResponse:
    """Who can administer the organization now, and who could after a change that is only asked
    about: deleting `delete_connection_id` or `delete_member_id`, giving `member_id` other explicit
    `roles` or another `is_breakglass`, or other `auth_methods`. Ask before you do it; `warning` is
    the sentence to show, "" when all is well. Nothing changes. For a change of a connection's
    settings ask its dry run."""
    found = await lockout.check(
        call.rt, call.actor, call.path["organization_id"], Change(**body.given())
    )
    return LockoutResponse(
        administrators_now=administrator_documents(found.now),
        administrators_then=administrator_documents(found.then),
        locks_out=found.locks_out,
        warning=warning(found),
    )


def administrator_documents(them: Iterable[Administrator]) -> list[AdministratorDocument]:
    return [
        AdministratorDocument(
            one.member.member_id,
            one.member.email_address,
            one.member.is_breakglass,
            list(one.ways),
            list(one.untried),
            one.email,
        )
        for one in them
    ]
