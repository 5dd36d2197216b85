/** What each kind of desk mirrors: call and dispatch desks everything; camera watch no calls, but what alarms are about and its tasks. */

import type { Actor, Subscription } from "../../sync/protocol";

export const DESK_TABLES = {
  calls: {}, situations: {}, orders: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, watches: {}, libraries: {}, hits: {}, alarms: {}, sos: {},
  messages: {}, evidence: {}, plans: {}, activations: {}, tasks: {}, approvals: {}, cases: {}, links: {}, focus: {}, screens: {}, marks: { situation: "-" },
} as const satisfies Subscription; // prettier-ignore

const CAMERA_TABLES = {
  situations: {}, orders: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, watches: {}, libraries: {}, hits: {}, alarms: {}, sos: {},
  activations: {}, tasks: {}, approvals: {}, cases: {}, links: {}, focus: {}, screens: {}, marks: { situation: "-" },
} as const satisfies Subscription; // prettier-ignore

const FULL = new Set<Actor["roles"][number]>(["call_taker", "dispatcher", "commander", "duty_leader", "director"]);

/** Null for who has no business at a desk. */
export function deskTables(actor: Actor): Subscription | null {
  if (actor.roles.some((role) => FULL.has(role))) return DESK_TABLES;
  return actor.roles.includes("camera_watch") ? CAMERA_TABLES : null;
}

/** Whether calls come to this person's desk; who only watches cameras answers none, and is sent none. */
export function answersCalls(actor: Actor): boolean {
  return "calls" in (deskTables(actor) ?? {});
}
