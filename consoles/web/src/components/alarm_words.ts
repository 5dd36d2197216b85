/** What an alarm says beside its kind, in words: most say it themselves, some say it as a code. */

import { t, word } from "../i18n/i18n";
import type { AlarmRow } from "../wire";

export function alarmDetail({ kind, detail }: Pick<AlarmRow, "kind" | "detail">): string {
  if (kind === "reading_worse") return readingWords(detail);
  return kind === "watch_doubtful" ? doubtfulWords(detail) : detail;
}

/** `3 diaodu`: how many hits in a row were none, and whose entry it is; of a list, its name after that. */
function doubtfulWords(detail: string): string {
  const [n = "", who = "", ...list] = detail.split(" ");
  const words = t("watches.alarm_doubtful", { n, who });
  return list.length === 0 ? words : `${list.join(" ")} · ${words}`;
}

/** `fewer 41`: why, and the percent of the usual passages where that is known. */
function readingWords(detail: string): string {
  const [why = "", percent = ""] = detail.split(" ");
  const words = word("reading_why", why);
  return percent === "" ? words : `${words} · ${t("quality.of_usual", { percent })}`;
}
