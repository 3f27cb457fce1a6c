"""The API of trying a change on the logins of the past."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vestibule.domain.lockout import warning
from vestibule.domain.sessions import wire_time
from vestibule.services import dry_run
from vestibule.services.dry_run import DryRun, PersonAfter, Verdict
from vestibule.web.api.lockout import AdministratorDocument, administrator_documents
from vestibule.web.api.registry import Call, Request, Response, operation
from vestibule.web.api.schemas import RefusalDocument, refusal_document


class DryRunRequest(Request):
    logins: int = 100


class RefusedLogins(msgspec.Struct):
    """Past logins that would end for one reason. `trace_ids` are some of them, latest first."""

    refusal: RefusalDocument
    count: int
    trace_ids: list[str]


class ChangedPerson(msgspec.Struct):
    """A member for whom the change makes a difference, judged by their latest login. `enters` is
    `other` or `new` where the person would no longer be found as this member."""

    member_id: str
    email_address: str
    last_login_at: str
    would_pass: bool
    refusal: RefusalDocument | None
    enters: str
    roles_lost: list[str]
    roles_gained: list[str]


class SharedLogins(msgspec.Struct):
    organization_id: str
    external_connection_id: str
    would_pass: int
    would_fail: int


class DryRunResponse(Response):
    connection_id: str
    basis: str
    logins: int
    would_pass: int
    would_fail: int
    refusals: list[RefusedLogins]
    members: list[ChangedPerson]
    shared_with: list[SharedLogins]
    untold: list[str]
    administrators_now: list[AdministratorDocument]
    administrators_then: list[AdministratorDocument]
    locks_out: bool
    warning: str


@operation(
    "sso.dry_run",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/dry_run",
    "Try a draft on the logins of the past",
    rule="sso.update_connection",
    extension=True,
)
async def try_on_past_logins(call: Call, body: DryRunRequest) -> DryRunResponse:
    """Of the last `logins` through this connection (100, at most 500), how many would still pass if
    its draft were live, and who would lose which role; without a draft the connection as it stands
    is tried. `basis` says which. A login is judged by what was kept of it: the certificate that
    signed, issuer, audience and recipient, and what was said of the person; `untold` names the
    changed fields that only a test login can try. `shared_with` counts the logins into
    organizations that use the connection through an External one; their people are not named.
    `warning` says what an administrator should know first. Nothing changes."""
    found = await dry_run.run(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        logins=body.logins,
    )
    return _response(call.path["connection_id"], found)


def _response(connection_id: str, found: DryRun) -> DryRunResponse:
    refused = [v for v in found.verdicts if v.refusal is not None]
    return DryRunResponse(
        connection_id=connection_id,
        basis="draft" if found.draft else "live",
        logins=len(found.verdicts),
        would_pass=len(found.verdicts) - len(refused),
        would_fail=len(refused),
        refusals=_by_reason(refused),
        members=[_person(one) for one in found.people],
        shared_with=[
            SharedLogins(
                s.external.organization_id, s.external.connection_id, s.passed, s.refused
            )
            for s in found.shared
        ],
        untold=list(found.untold),
        administrators_now=administrator_documents(found.outlook.now),
        administrators_then=administrator_documents(found.outlook.then),
        locks_out=found.outlook.locks_out,
        warning=warning(found.outlook),
    )  # fmt: skip


def _by_reason(refused: Iterable[Verdict]) -> list[RefusedLogins]:
    """The most frequent reason first. Two logins have one reason if all that is told is the same
    but what came, which often holds the person's own name."""
    grouped: dict[tuple[str, str | None], RefusedLogins] = {}
    for verdict in refused:
        error = verdict.refusal
        if error is None:
            continue
        one = grouped.get((error.code, error.want))
        if one is None:
            one = grouped[error.code, error.want] = RefusedLogins(refusal_document(error), 0, [])
        one.count += 1
        if len(one.trace_ids) < 5:
            one.trace_ids.append(verdict.login.trace_id)
    return sorted(grouped.values(), key=lambda one: -one.count)


def _person(one: PersonAfter) -> ChangedPerson:
    error = one.verdict.refusal
    return ChangedPerson(
        member_id=one.member.member_id,
        email_address=one.member.email_address,
        last_login_at=wire_time(one.verdict.login.at),
        would_pass=error is None,
        refusal=refusal_document(error) if error else None,
        enters=one.verdict.enters,
        roles_lost=list(one.lost),
        roles_gained=list(one.gained),
    )
