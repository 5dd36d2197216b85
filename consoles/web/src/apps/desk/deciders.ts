/** Who decides what others ask for (R80, R81). */

import type { Actor } from "../../sync/protocol";
import type { ApprovalRow } from "../../wire";

export function mayDecide(actor: Actor, row: ApprovalRow): boolean {
  return row.requested_by !== actor.id && actor.roles.some((role) => role === "duty_leader" || role === "commander");
}
