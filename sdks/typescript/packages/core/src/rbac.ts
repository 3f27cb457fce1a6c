// Whether roles grant an action (wire §7.5). Pure; does not know where a policy comes from.
// The same vectors as the server's own evaluation hold for it.

import type { RoleDocument } from "./models.js";

/**
 * Which of the held roles grant `resourceId:action`; empty means no.
 *
 * `roles` are the project's policy, and after it the organization's own roles.
 */
export function grantingRoles(
  held: readonly string[],
  resourceId: string,
  action: string,
  roles: readonly Pick<RoleDocument, "role_id" | "permissions">[],
): string[] {
  return roles
    .filter(
      (role) =>
        held.includes(role.role_id) &&
        role.permissions?.some(
          ({ resource_id, actions }) =>
            resource_id === resourceId && (actions.includes("*") || actions.includes(action)),
        ),
    )
    .map((role) => role.role_id);
}
