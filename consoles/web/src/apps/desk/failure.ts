/** What went wrong, in words that stay true on a screen that has moved on meanwhile. */

import { t } from "../../i18n/i18n";
import type { SituationRow } from "../../wire";

type Named = Pick<SituationRow, "id" | "title"> | null;

/** Names the situation it is about where another one is shown by now. */
export function failureOf(about: Named, shown: Named, words: string): string {
  return about === null || about.id === shown?.id ? words : `${about.title}${t("list.colon")}${words}`;
}
