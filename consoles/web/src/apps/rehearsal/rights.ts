/** Who may watch a rehearsal and who may direct one; the hub decides, this only spares people buttons that it would refuse. */

import type { Actor } from "../../sync/protocol";

type Role = Actor["roles"][number];

export const DIRECTS: ReadonlySet<Role> = new Set(["director", "commander"]);
export const MAY_SEE: ReadonlySet<Role> = new Set(["director", "commander", "duty_leader", "dispatcher", "call_taker"]);
