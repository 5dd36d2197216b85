/** Which situation the wall shows large: the one a desk has pinned, else the gravest, then the newest change, at most every 20 s. */

import type { FocusRow, SituationRow } from "../../wire";
import { isOpen, openSituations } from "../picture";

export const HOLD_MS = 20_000;

export interface Focus {
  readonly situation: string;
  /** Who sent it here; empty when the wall chose by itself. */
  readonly by: string;
  readonly since_ms: number;
}

export const NO_FOCUS: Focus = { situation: "", by: "", since_ms: 0 };

/** The focus now, given the one before. Never leaves an open situation within 20 s unless a desk says so. */
export function nextFocus(
  before: Focus,
  situations: ReadonlyMap<string, SituationRow>,
  pinned: FocusRow | undefined,
  now_ms: number,
): Focus {
  const wanted = pinned === undefined ? undefined : situations.get(pinned.situation);
  if (pinned !== undefined && wanted !== undefined && isOpen(wanted)) {
    return before.situation === wanted.id && before.by === pinned.by ? before : { situation: wanted.id, by: pinned.by, since_ms: now_ms };
  }
  const best = openSituations(situations)[0];
  if (best === undefined) return before.situation === "" ? before : { ...NO_FOCUS, since_ms: now_ms };
  const current = situations.get(before.situation);
  const held = current !== undefined && isOpen(current) && before.by === "" && now_ms - before.since_ms < HOLD_MS;
  if (best.id === before.situation && before.by === "") return before;
  // Something graver than what is shown does not wait.
  if (held && best.level >= current.level) return before;
  return { situation: best.id, by: "", since_ms: now_ms };
}
