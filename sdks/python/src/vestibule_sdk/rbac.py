"""Whether roles grant an action (wire §7.5). Pure; does not know where a policy comes from.

The same vectors as the server's own evaluation hold for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestibule_sdk.api.models import RoleDocument

_ALL = "*"


def granting_roles(
    held: Collection[str], resource_id: str, action: str, roles: Iterable[RoleDocument]
) -> tuple[str, ...]:
    """Which of the held roles grant `resource_id:action`; empty means no.

    Args:
        roles: the project's policy, and after it the organization's own roles.
    """
    return tuple(
        role.role_id
        for role in roles
        if role.role_id in held
        and any(
            permission.resource_id == resource_id
            and (_ALL in permission.actions or action in permission.actions)
            for permission in role.permissions
        )
    )
