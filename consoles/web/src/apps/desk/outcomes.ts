/** How a call may end: only what the hub will take is offered, and a reason is asked for where one is needed. Pure. */

import type { CallRow } from "../../wire";

export type Outcome = NonNullable<CallRow["outcome"]>;

const LINKED: readonly Outcome[] = ["situation", "duplicate"];
const UNLINKED: readonly Outcome[] = ["inquiry", "misdial", "hoax"];

/** A call that is about a situation ends as that or as its duplicate, any other one as neither (R27). */
export function outcomesOf(call: Pick<CallRow, "situation">): readonly Outcome[] {
  return call.situation === "" ? UNLINKED : LINKED;
}

export function needsReason(outcome: Outcome): boolean {
  return outcome === "misdial" || outcome === "hoax";
}
