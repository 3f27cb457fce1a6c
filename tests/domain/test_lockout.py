"""Who is left to administer an organization: the words of the warning, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vestibule.domain.lockout import Administrator, Outlook, require_way_in, warning
from vestibule.domain.members import Member
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def member(name: str, *, breakglass: bool = False) -> Member:
    return Member(
        name, "organization-a", f"{name}@example.com", "active", created_at=NOW, updated_at=NOW,
        is_breakglass=breakglass,
    )  # fmt: skip


def able(name: str, *, breakglass: bool = False) -> Administrator:
    return Administrator(member(name, breakglass=breakglass), ("saml-1",))


def untried(name: str) -> Administrator:
    return Administrator(member(name), (), ("saml-1",))


def test_nobody_left_is_a_lockout_and_is_refused() -> None:
    outlook = Outlook((able("ada"),), ())
    assert outlook.locks_out
    assert "ada@example.com would be shut out" in warning(outlook)
    with pytest.raises(VestibuleError) as refused:
        require_way_in(outlook)
    assert refused.value.code == "would_lock_out_administrators"
    assert refused.value.got == "ada@example.com"


def test_somebody_of_whom_nobody_can_tell_is_not_refused_but_warned_of() -> None:
    outlook = Outlook((able("ada"),), (untried("ada"),))
    assert not outlook.locks_out
    require_way_in(outlook)
    assert "test login" in warning(outlook)


def test_one_of_several_left_is_warned_of_unless_one_is_breakglass() -> None:
    both = (able("ada"), able("grace"))
    assert "Only grace@example.com" in warning(Outlook(both, (able("grace"),)))
    assert warning(Outlook(both, (able("grace", breakglass=True),))) == ""
    assert warning(Outlook(both, both)) == ""


def test_the_only_administrator_who_stays_the_only_one_is_nothing_new() -> None:
    assert warning(Outlook((able("ada"),), (able("ada"),))) == ""


def test_an_organization_without_administrators_is_never_locked_out() -> None:
    outlook = Outlook((), ())
    assert not outlook.locks_out
    require_way_in(outlook)
    assert warning(outlook) == ""
