/** What every part of the leader's page works with. */

import { t } from "../../i18n/i18n";
import type { Request, SituationRow } from "../../wire";
import type { Deciding } from "../approvals/deciders";

export interface Leading extends Deciding {
  /** The situation that is looked at. */
  readonly situation: SituationRow | null;
  /** What is shown is so now: only then is anything decided. */
  readonly fresh: boolean;
  /** What was asked for here and is not in the picture yet. */
  readonly underWay: readonly Request[];
}

/** In place of a button: what it said is on its way. */
export function goingWords(leading: Leading, what: string): string {
  return t(leading.fresh ? "leader.going" : "leader.unsure", { what });
}
