/** What every part of the desk works with: the rows, who sits here, what is chosen, and the way to ask for changes. */

import { t } from "../../i18n/i18n";
import type { Api, Answer } from "../../sync/api";
import type { Actor } from "../../sync/protocol";
import type { Store } from "../../sync/store";
import type { CallRow, Candidate, Recommendation, Request, SituationRow } from "../../wire";

export interface Desk {
  readonly store: Store;
  readonly api: Api;
  readonly actor: Actor;
  readonly now_ms: number;
  /** The call being worked on: chosen, or the newest one I answered and have not ended. */
  readonly call: CallRow | null;
  readonly situation: SituationRow | null;
  /** Units for the chosen situation, best first. */
  readonly recommended: readonly Recommendation[];
  /** Open situations that the call may be about, likeliest first. */
  readonly candidates: readonly Candidate[];
  /** Who did something, by the name people know. */
  who(id: string): string;
  ask(request: Request): Promise<Answer>;
  choose(table: "calls" | "situations", id: string): void;
}

/** The words of a recommendation's reasons. */
export function whyWords(why: Recommendation["why"]): string {
  return why.map((each) => t(`why.${each}`)).join(t("list.comma"));
}
