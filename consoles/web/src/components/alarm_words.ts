/** What an alarm says beside its kind, in words: most say it themselves, some say it as a code. */

import { t, word } from "../i18n/i18n";
import type { AlarmRow } from "../wire";
import { meaningOf } from "./video/reasons";

export function alarmDetail({ kind, detail }: Pick<AlarmRow, "kind" | "detail">): string {
  if (kind === "reading_worse") return readingWords(detail);
  if (kind === "recording_failing") return recordingWords(detail);
  return kind === "watch_doubtful" ? doubtfulWords(detail) : detail;
}

/** Whose disk of recordings it is: `recorder-2` of the hub, `edge.gate` and `edge.gate:2` of an agent. */
export function recorderWords(subject: string): string {
  const { agent, disk = "1" } = /^(?:recorder|edge\.(?<agent>[^:]+))(?:[-:](?<disk>\d+))?$/.exec(subject)?.groups ?? { disk: "" };
  if (disk === "") return subject;
  return agent === undefined ? t("disk.alarm_hub", { n: disk }) : t("disk.alarm_agent", { agent, n: disk });
}

/** What it means and what to do; the exact words are on the page of cameras. */
function recordingWords(detail: string): string {
  return meaningOf(detail) || detail;
}

/** `3,4/7 diaodu`: how many hits in a row were none, how many of those judged, or one of these; whose entry it is; of a list, its name after that. */
function doubtfulWords(detail: string): string {
  const [why = "", who = "", ...list] = detail.split(" ");
  const said = why.split(",").map((each) => {
    const [n = "", of = ""] = each.split("/");
    return of === "" ? t("watches.wrong_row", { n }) : t("watches.alarm_share", { n, of, share: Math.round((Number(n) / Number(of)) * 100) });
  });
  const words = t("watches.alarm_doubtful", { why: said.join(t("list.comma")), who });
  return list.length === 0 ? words : `${list.join(" ")} · ${words}`;
}

/** `fewer 41`: why, and the percent of the usual passages where that is known. */
function readingWords(detail: string): string {
  const [why = "", percent = ""] = detail.split(" ");
  const words = word("reading_why", why);
  return percent === "" ? words : `${words} · ${t("quality.of_usual", { percent })}`;
}
