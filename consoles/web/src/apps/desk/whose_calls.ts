/** Whose calls are whose. Pure. */

import type { CallRow } from "../../wire";

/** What I answered and did not end, in the order in which it came. */
export function myCalls(rows: ReadonlyMap<string, CallRow>, me: string): CallRow[] {
  return [...rows.values()].filter((row) => row.state === "answered" && row.answered_by === me);
}

/** What others answered that is about nothing yet: first those whose caller is gone, then the newest. */
export function othersCalls(rows: ReadonlyMap<string, CallRow>, me: string): CallRow[] {
  const found = [...rows.values()].filter((row) => row.state === "answered" && row.answered_by !== me && row.situation === "");
  return found.sort((a, b) => Number(b.hung_up_ms != null) - Number(a.hung_up_ms != null) || answered_ms(b) - answered_ms(a) || (a.id < b.id ? -1 : 1));
}

export function newestOf(calls: readonly CallRow[]): CallRow | null {
  return [...calls].sort((a, b) => answered_ms(b) - answered_ms(a))[0] ?? null;
}

/** Of mine, the one that a page which was opened again comes back to: somebody is still on the line. */
export function spokenOn(calls: readonly CallRow[]): CallRow | null {
  return newestOf(calls.filter((row) => row.hung_up_ms == null));
}

function answered_ms(row: CallRow): number {
  return row.answered_ms ?? 0;
}
