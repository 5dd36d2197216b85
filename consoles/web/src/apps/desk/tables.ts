/** What each kind of desk mirrors: call and dispatch desks everything, camera watch the places, hits and alarms. */

import type { Actor, Subscription } from "../../sync/protocol";

export const DESK_TABLES = {
  calls: {}, situations: {}, orders: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, watches: {}, libraries: {}, hits: {}, alarms: {}, sos: {},
  messages: {}, evidence: {}, plans: {}, activations: {}, tasks: {}, approvals: {}, cases: {}, links: {}, focus: {}, screens: {}, marks: { situation: "-" },
} as const satisfies Subscription; // prettier-ignore

const CAMERA_TABLES = {
  situations: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, watches: {}, libraries: {}, hits: {}, alarms: {}, sos: {}, links: {}, screens: {}, marks: { situation: "-" },
} as const satisfies Subscription; // prettier-ignore

const FULL = new Set<Actor["roles"][number]>(["call_taker", "dispatcher", "commander", "duty_leader", "director"]);

/** Null for who has no business at a desk. */
export function deskTables(actor: Actor): Subscription | null {
  if (actor.roles.some((role) => FULL.has(role))) return DESK_TABLES;
  return actor.roles.includes("camera_watch") ? CAMERA_TABLES : null;
}
