/** Which hit of a situation stands beside its picture: the newest, unless reasons are being asked of another. */

import type { HitRow } from "../../wire";

export interface ShownHit {
  readonly shown: HitRow | undefined;
  /** So many came since that nobody has rejected. */
  readonly newer: number;
}

/** `hits` are newest first. The `held` one stays until its question is over, whatever comes in or becomes of it meanwhile. */
export function shownHit(hits: readonly HitRow[], held: string): ShownHit {
  const standing = hits.filter((hit) => hit.rejected_why === "");
  const shown = hits.find(({ id }) => id === held) ?? standing[0];
  return { shown, newer: shown === undefined ? 0 : standing.filter((hit) => hits.indexOf(hit) < hits.indexOf(shown)).length };
}
