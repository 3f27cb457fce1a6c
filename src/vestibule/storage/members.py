"""Rows of members, of the addresses they own and of their registrations at connections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from vestibule.domain.attributes import email_key
from vestibule.domain.members import Member, Registration
from vestibule.domain.rbac import RoleRules
from vestibule.storage import role_sources
from vestibule.storage.connections import load_rules
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared, Stale, plan_for_these_values
from vestibule.storage.tables import (
    connection,
    member,
    member_email,
    organization,
    registration,
)

Condition = sa.ColumnElement[bool]
# So many members are read to find one with a verified address.
_ENOUGH = 50
_load = loader(Member)
_load_registration = loader(Registration)
_source = connection.alias("source")

_BY_ID = Prepared(
    sa.select(member.c.document).where(
        member.c.organization_id == sa.bindparam("organization_id"),
        member.c.member_id == sa.bindparam("id"),
    )
)
_ANYWHERE = Prepared(
    sa.select(member.c.document).where(
        member.c.project_id == sa.bindparam("project_id"), member.c.member_id == sa.bindparam("id")
    )
)
_BY_EXTERNAL_ID = Prepared(
    sa.select(member.c.document).where(
        member.c.organization_id == sa.bindparam("organization_id"),
        member.c.external_id == sa.bindparam("id"),
        member.c.status != "deleted",
    )
)
_BY_EMAIL = Prepared(
    sa.select(member.c.document, member_email.c.retired)
    .join(member, member.c.member_id == member_email.c.member_id)
    .where(
        member_email.c.organization_id == sa.bindparam("organization_id"),
        member_email.c.email_key == sa.bindparam("key"),
    )
)
_VERSION = Prepared(
    sa.select(member.c.version, member.c.document).where(member.c.member_id == sa.bindparam("id"))
)
_BY_SUBJECT = Prepared(
    sa.select(registration.c.document, member.c.document)
    .join(member, member.c.member_id == registration.c.member_id)
    .where(
        registration.c.connection_id == sa.bindparam("connection_id"),
        registration.c.subject == sa.bindparam("subject"),
    )
)
_REGISTRATION_COLUMNS = (
    registration.c.document,
    connection.c.rules,
    sa.and_(connection.c.share_status == "active", _source.c.status == "active"),
)
_JOINED = registration.join(
    connection, connection.c.connection_id == registration.c.connection_id
).join(_source, _source.c.connection_id == connection.c.source_connection_id)
_REGISTRATIONS = Prepared(
    sa.select(*_REGISTRATION_COLUMNS)
    .select_from(_JOINED)
    .where(registration.c.member_id == sa.bindparam("member_id"))
    .order_by(registration.c.registration_id)
)
_UPDATE_REGISTRATION = Prepared(
    registration.update()
    .where(registration.c.registration_id == sa.bindparam("id"))
    .values(document=sa.bindparam("new_document"))
)
_INSERT_REGISTRATION = Prepared(registration.insert())


class Members:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, organization_id: str, member_id: str) -> Member | None:
        row = _BY_ID.run(self._c, {"organization_id": organization_id, "id": member_id}).fetchone()
        return _load(row[0]) if row else None

    def find_anywhere(self, project_id: str, member_id: str) -> Member | None:
        row = _ANYWHERE.run(self._c, {"project_id": project_id, "id": member_id}).fetchone()
        return _load(row[0]) if row else None

    def find_by_external_id(self, organization_id: str, external_id: str) -> Member | None:
        parameters = {"organization_id": organization_id, "id": external_id}
        row = _BY_EXTERNAL_ID.run(self._c, parameters).fetchone()
        return _load(row[0]) if row else None

    def find_by_email(self, organization_id: str, address: str) -> tuple[Member, bool] | None:
        """Who owns the address in this organization, and whether it is a retired one."""
        parameters = {"organization_id": organization_id, "key": email_key(address)}
        row = _BY_EMAIL.run(self._c, parameters).fetchone()
        return (_load(row[0]), bool(row[1])) if row else None

    def of_address(self, organization_ids: Collection[str], address: str) -> dict[str, Member]:
        """Whose address it is in each of these organizations; a retired one is nobody's."""
        query = (
            sa.select(member_email.c.organization_id, member.c.document)
            .join(member, member.c.member_id == member_email.c.member_id)
            .where(
                member_email.c.organization_id.in_(list(organization_ids)),
                member_email.c.email_key == email_key(address),
                member_email.c.retired.is_(False),
            )
        )
        return {row[0]: _load(row[1]) for row in self._c.execute(query)}

    def knows_domain(self, organization_id: str, domain: str) -> bool:
        """Whether some member has a verified address of this domain there."""
        query = sa.select(member.c.document).where(
            member.c.organization_id == organization_id,
            member.c.status != "deleted",
            member.c.email_key.endswith(f"@{domain}", autoescape=True),
            # Only to read little: metadata may hold the same words, so the document is asked too.
            member.c.document.contains('"email_address_verified":true', autoescape=True),
        )
        found = self._c.execute(query.limit(_ENOUGH))
        return any(_load(row[0]).email_address_verified for row in found)

    def insert(self, new: Member, project_id: str) -> None:
        self._c.execute(member.insert().values(**_row(new), project_id=project_id, version=1))
        self._own_addresses(new)
        role_sources.change(self._c, new.member_id, set(), role_sources.of_member(new))

    def update(self, new: Member) -> None:
        """Write a changed member and the addresses that they own now. Deleted members own none."""
        row = _VERSION.run(self._c, {"id": new.member_id}).fetchone()
        if row is None:
            raise Stale
        done = self._c.execute(
            member.update()
            .where(member.c.member_id == new.member_id, member.c.version == row[0])
            .values(**_row(new), version=row[0] + 1)
        )
        if done.rowcount != 1:
            raise Stale
        old = _load(row[1])
        if _addresses(old) != _addresses(new):
            self._c.execute(member_email.delete().where(member_email.c.member_id == new.member_id))
            self._own_addresses(new)
        role_sources.change(
            self._c, new.member_id, role_sources.of_member(old), role_sources.of_member(new)
        )

    def _own_addresses(self, new: Member) -> None:
        rows = [
            {
                "organization_id": new.organization_id,
                "email_key": key,
                "member_id": new.member_id,
                "retired": retired,
            }
            for key, retired in _addresses(new).items()
        ]
        if rows:
            self._c.execute(member_email.insert(), rows)

    # --- registrations --------------------------------------------------------------------------

    def find_by_subject(
        self, connection_id: str, subject: str
    ) -> tuple[Registration, Member] | None:
        """The registration of that subject at that connection, with its member, deleted or not."""
        parameters = {"connection_id": connection_id, "subject": subject}
        row = _BY_SUBJECT.run(self._c, parameters).fetchone()
        return (_load_registration(row[0]), _load(row[1])) if row else None

    def by_subjects(self, connection_id: str, subjects: Collection[str]) -> dict[str, Member]:
        """Whoever is registered at that connection under one of the subjects, deleted or not."""
        if not subjects:
            return {}
        query = (
            sa.select(registration.c.subject, member.c.document)
            .join(member, member.c.member_id == registration.c.member_id)
            .where(
                registration.c.connection_id == connection_id,
                registration.c.subject.in_(list(subjects)),
            )
        )
        return {row[0]: _load(row[1]) for row in self._c.execute(query)}

    def by_emails(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, tuple[Member, bool]]:
        """Who owns the addresses in this organization, and whether it is a retired one, by key."""
        if not keys:
            return {}
        query = (
            sa.select(member_email.c.email_key, member.c.document, member_email.c.retired)
            .join(member, member.c.member_id == member_email.c.member_id)
            .where(
                member_email.c.organization_id == organization_id,
                member_email.c.email_key.in_(list(keys)),
            )
        )
        return {row[0]: (_load(row[1]), bool(row[2])) for row in self._c.execute(query)}

    def of_ids(self, member_ids: Collection[str]) -> dict[str, Member]:
        """The members of these ids that there are, deleted ones too."""
        if not member_ids:
            return {}
        query = sa.select(member.c.member_id, member.c.document).where(
            member.c.member_id.in_(list(member_ids))
        )
        return {row[0]: _load(row[1]) for row in self._c.execute(query)}

    def registrations(self, member_id: str) -> list[Registration]:
        """The member's registrations with the rules of their connections as they stand now."""
        return [
            _registration(*row) for row in _REGISTRATIONS.run(self._c, {"member_id": member_id})
        ]

    def registrations_of(self, member_ids: Sequence[str]) -> dict[str, list[Registration]]:
        """The same for many members in one query."""
        found: dict[str, list[Registration]] = {name: [] for name in member_ids}
        if not found:
            return found
        query = (
            sa.select(*_REGISTRATION_COLUMNS)
            .select_from(_JOINED)
            .where(registration.c.member_id.in_(list(member_ids)))
            .order_by(registration.c.registration_id)
        )
        for row in self._c.execute(query):
            one = _registration(*row)
            found[one.member_id].append(one)
        return found

    def groups_of(self, connection_id: str, people: int = 300) -> list[str]:
        """The groups of so many of the people who are registered with a connection."""
        rows = self._c.execute(
            sa.select(registration.c.document)
            .where(registration.c.connection_id == connection_id)
            .limit(people)
        )
        return sorted({group for row in rows for group in _load_registration(row[0]).groups})

    def put_registration(self, new: Registration, known: Registration | None = None) -> None:
        """Insert or replace. Rules belong to the connection and are not stored here.

        `known` is the registration as this transaction has read it; without it, it is read here.
        """
        stored = dump(replace(new, rules=RoleRules(), open=True))
        groups = known.groups if known else None
        if known is None:
            groups = role_sources.stored_groups(self._c, new.registration_id)
        if groups is not None:
            _UPDATE_REGISTRATION.run(self._c, {"id": new.registration_id, "new_document": stored})
        else:
            _INSERT_REGISTRATION.run(
                self._c,
                {
                    "registration_id": new.registration_id,
                    "member_id": new.member_id,
                    "connection_id": new.connection_id,
                    "subject": new.subject,
                    "document": stored,
                },
            )
        if groups != new.groups:
            given = role_sources.of_registration(new.connection_id, new.groups)
            before = (
                set() if groups is None else role_sources.of_registration(new.connection_id, groups)
            )
            role_sources.change(self._c, new.member_id, before, given)

    # --- search -----------------------------------------------------------------------------------

    def first_active(self, project_id: str, limit: int) -> list[Member]:
        """Some who are there: the first of the first organizations."""
        rows = self._c.execute(
            sa.select(member.c.document)
            .select_from(
                organization.join(
                    member, member.c.organization_id == organization.c.organization_id
                )
            )
            .where(organization.c.project_id == project_id, member.c.status == "active")
            .order_by(
                organization.c.created_at,
                organization.c.organization_id,
                member.c.created_at,
                member.c.member_id,
            )
            .limit(limit)
        )
        return [_load(row[0]) for row in rows]

    def count_by_hand(self, project_id: str, role_id: str) -> int:
        """How many members of the project hold the role by hand."""
        owners = self._c.execute(
            sa.select(organization.c.organization_id).where(organization.c.project_id == project_id)
        )
        sources = {role_sources.by_hand(row[0], role_id) for row in owners}
        return role_sources.count(self._c, sources)

    def search(
        self,
        organization_ids: Sequence[str],
        conditions: Sequence[Condition],
        *,
        match_all: bool,
        with_deleted: bool,
        after: tuple[int, str] | None,
        limit: int,
        once: bool = False,
    ) -> tuple[list[Member], int, tuple[int, str] | None]:
        """A page in the order of creation, the number of all matches, and where the next begins.

        With `once` the matches are worked out once for both, which pays where that is dear: a
        search by role makes a set of members.
        """
        plan_for_these_values(self._c)
        where: list[Condition] = [member.c.organization_id.in_(list(organization_ids))]
        if not with_deleted:
            where.append(member.c.status != "deleted")
        if conditions:
            where.append(sa.and_(*conditions) if match_all else sa.or_(*conditions))
        found = sa.select(member.c.member_id, member.c.created_at).where(*where)
        # What is used twice, both databases work out once.
        matches = found.cte("matches") if once else found.subquery("matches")
        count = sa.select(sa.func.count()).select_from(matches)
        told = count.scalar_subquery() if once else sa.null()
        page = sa.select(matches.c.member_id, matches.c.created_at, told)
        if after is not None:
            page = page.where(
                sa.tuple_(matches.c.created_at, matches.c.member_id)
                > sa.tuple_(sa.literal(after[0]), sa.literal(after[1]))
            )
        ordered = page.order_by(matches.c.created_at, matches.c.member_id)
        # Ids first, from the index alone; documents only of the members that are shown.
        rows = self._c.execute(ordered.limit(limit + 1)).all()
        if after is None and len(rows) <= limit:
            total = len(rows)
        elif once and rows:
            total = rows[0][2]
        else:
            total = self._c.execute(count).scalar_one()
        more = (rows[limit - 1][1], rows[limit - 1][0]) if len(rows) > limit else None
        return self._documents([row[0] for row in rows[:limit]]), total, more

    def _documents(self, member_ids: Sequence[str]) -> list[Member]:
        """The members of these ids, in the same order."""
        found = self.of_ids(member_ids)
        return [found[name] for name in member_ids]


# --- filters of the search (wire §2.4) ----------------------------------------------------------


def with_ids(ids: Sequence[str]) -> Condition:
    return sa.or_(member.c.member_id.in_(list(ids)), member.c.external_id.in_(list(ids)))


def with_emails(keys: Sequence[str]) -> Condition:
    return member.c.email_key.in_(list(keys))


def email_contains(part: str) -> Condition:
    return member.c.email_key.contains(part.lower(), autoescape=True)


def name_contains(part: str) -> Condition:
    """By the name as it is written in the document, up to the field that follows there; a member
    whose metadata repeats that very order of words is found as well, and does no harm."""
    written = dump(part)[1:-1]
    for wild in ("\\", "%", "_"):
        written = written.replace(wild, f"\\{wild}")
    return member.c.document.ilike(f'%"name":"%{written}%","external_id":%', escape="\\")


def is_breakglass(wanted: bool) -> Condition:
    return member.c.is_breakglass.is_(wanted)


def with_statuses(statuses: Sequence[str]) -> Condition:
    return member.c.status.in_(list(statuses))


def with_phone_numbers(numbers: Sequence[str]) -> Condition:
    return member.c.mfa_phone_number.in_(list(numbers))


def phone_number_contains(part: str) -> Condition:
    return member.c.mfa_phone_number.contains(part, autoescape=True)


def nobody() -> Condition:
    return sa.false()


def everybody() -> Condition:
    return sa.true()


def _registration(document: str, rules: str, is_open: bool) -> Registration:
    return replace(_load_registration(document), rules=load_rules(rules), open=bool(is_open))


def _addresses(value: Member) -> dict[str, bool]:
    if value.status == "deleted":
        return {}
    owned = {email_key(old.email_address): True for old in value.retired_emails}
    return owned | {email_key(value.email_address): False}


def _row(value: Member) -> dict[str, object]:
    return {
        "member_id": value.member_id,
        "organization_id": value.organization_id,
        "email_key": email_key(value.email_address),
        "status": value.status,
        "external_id": value.external_id,
        "is_breakglass": value.is_breakglass,
        "mfa_phone_number": value.mfa_phone_number,
        "created_at": micros(value.created_at),
        "member_key": role_sources.member_key(value.member_id),
        "document": dump(value),
    }
