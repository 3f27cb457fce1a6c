"""Who is calling and whether they may: asked first by every use case that has an actor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from vestibule.domain.members import Member
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import OPERATION_RULES, SECRET_ONLY, granting_roles
from vestibule.domain.sessions import Session
from vestibule.domain.setup_links import RENEWAL_OPERATIONS
from vestibule.errors import VestibuleError, refusal


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """The member for whom an application calls: their session and the roles that count in it."""

    member: Member
    session: Session
    organization: Organization
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """The project itself (whoever holds its secret), or one of its members through a session."""

    project: Project
    on_behalf: OnBehalf | None = None

    @property
    def label(self) -> str:
        return self.on_behalf.member.member_id if self.on_behalf else "project"


@dataclass(frozen=True, slots=True)
class Server(Actor):
    """Vestibule itself, where it does something that nobody asked for."""

    @property
    def label(self) -> str:
        return "vestibule"


@dataclass(frozen=True, slots=True)
class OperatorActor(Actor):
    """Somebody who runs the server, at work in one project: all of its rights, under a name."""

    on_behalf: None = field(default=None, init=False)
    operator_id: str

    @property
    def label(self) -> str:
        return self.operator_id


@dataclass(frozen=True, slots=True)
class GuestActor(Actor):
    """Somebody who came by a setup link: never the project, whatever else is not said of them.

    `operations` are open in the whole of their organization. `renewable_connection_id` is a
    connection whose certificates they may change beside that. With `on_behalf` they are a member
    in the embedded portal, who may do what both the link and their own roles allow.
    """

    organization_id: str = ""
    link_id: str = ""
    operations: frozenset[str] = frozenset()
    renewable_connection_id: str | None = None

    @property
    def label(self) -> str:
        return self.on_behalf.member.member_id if self.on_behalf else self.link_id


def authorize(
    actor: Actor,
    operation: str,
    organization_id: str | None,
    *,
    fields: Collection[str] = (),
    member_id: str | None = None,
    certificates_of: str | None = None,
) -> None:
    """Refuse what the actor may not do. The project itself may do everything.

    The organization is compared first, so that a member learns nothing of another one.

    Args:
        operation: a key of `OPERATION_RULES`; any other operation is for the project alone.
        organization_id: the organization that the call is about, None for one that is not there.
        fields: those present in the body, for operations with an action for each field.
        member_id: the member that the call is about, for the rights on oneself.
        certificates_of: the connection, where the call reads or changes nothing beyond that
            connection's identity provider certificates.

    Raises:
        setup_link_scope, operation_needs_project_secret, session_authorization_tenancy_error,
        cannot_update_trusted_metadata, session_authorization_error.
    """
    if isinstance(actor, GuestActor):
        _require_scope(actor, operation, organization_id, certificates_of)
    caller = actor.on_behalf
    if caller is None:
        return
    rule = OPERATION_RULES.get(operation, SECRET_ONLY)
    if rule.resource is None:
        raise refusal("operation_needs_project_secret", got=operation)
    if organization_id != caller.organization.organization_id:
        raise refusal("session_authorization_tenancy_error")
    is_self = member_id is not None and member_id == caller.member.member_id
    asked = [(rule.action, is_self)] if rule.action else []
    for name in fields:
        if name not in rule.fields:
            continue
        action = rule.fields[name]
        if action is None:
            code = (
                "cannot_update_trusted_metadata"
                if name == "trusted_metadata"
                else "operation_needs_project_secret"
            )
            raise refusal(code, got=name)
        asked.append((action, is_self and name not in rule.not_self))
    for action, self_suffices in asked:
        if _grants(actor.project, caller, rule.resource, action):
            continue
        alternative = rule.self_resource if self_suffices else None
        if alternative is None or not _grants(actor.project, caller, alternative, action):
            raise refusal(
                "session_authorization_error",
                want=f"{rule.resource}:{action}",
                got=f"roles {', '.join(caller.roles)}",
            )


def allowed(actor: Actor, operation: str, organization_id: str) -> bool:
    """Whether `authorize` would let it pass; for pages that leave out what would be refused."""
    try:
        authorize(actor, operation, organization_id)
    except VestibuleError:
        return False
    return True


def _require_scope(
    guest: GuestActor, operation: str, organization_id: str | None, certificates_of: str | None
) -> None:
    """A closed list: what the link does not name is refused, as is every other organization."""
    if guest.organization_id and organization_id == guest.organization_id:
        if operation in guest.operations:
            return
        renewable = guest.renewable_connection_id
        is_renewal = renewable is not None and renewable == certificates_of
        if is_renewal and operation in RENEWAL_OPERATIONS:
            return
    raise refusal("setup_link_scope", got=operation)


def _grants(project: Project, caller: OnBehalf, resource: str, action: str) -> bool:
    return bool(
        granting_roles(
            caller.roles, resource, action, project.policy, caller.organization.custom_roles
        )
    )
