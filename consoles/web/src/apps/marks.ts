/** Facts on a time line, in words. */

import type { TimeBar, TimeMark } from "../components/timeline";
import { language, word } from "../i18n/i18n";
import type { MarkRow, TaskRow, UnitRow } from "../wire";

const WEIGHTY = new Set([
  "call_arrived", "situation_opened", "situation_raised", "situation_closed", "order_arrived", "order_overdue", "plan_activated", "phase_started",
  "plate_hit", "sos_raised", "approval_decided", "task_overdue", "case_opened", "alarm_raised", "alarm_renewed",
]); // prettier-ignore

/** The arguments that say most, in the order in which they are said. */
const TELLING = ["unit", "title", "text", "item", "plate", "result", "case", "step", "leader", "name", "why", "note"] as const;

export function wordMark(row: MarkRow, units: ReadonlyMap<string, UnitRow>): string {
  const parts = [row.kind === "alarm_raised" ? word("alarm", String(row.args["alarm_kind"])) : word("fact", row.kind)];
  if (row.kind === "alarm_renewed") parts.push(word("alarm", String(row.args["alarm_kind"])));
  if (row.kind === "situation_raised" || row.kind === "situation_lowered") parts.push(word("level", String(row.args["level"])));
  if (row.kind === "approval_decided") parts.push(word("approval_state", row.args["granted"] === true ? "granted" : "refused"));
  for (const name of TELLING) {
    const value = row.args[name];
    if (value === undefined || value === "") continue;
    const text = String(value);
    parts.push(name === "unit" ? (units.get(text)?.name ?? text) : name === "step" ? word("case_step", text) : text);
    if (parts.length >= 3) break;
  }
  return parts.join(" ");
}

export function timeMarks(rows: ReadonlyMap<string, MarkRow>, situation: string, units: ReadonlyMap<string, UnitRow>): TimeMark[] {
  const found: TimeMark[] = [];
  for (const row of rows.values()) {
    // A text message, an opened task and a repeated alarm say nothing that is not on the line already.
    if (row.situation !== situation || row.kind.startsWith("message_") || row.kind === "task_opened" || row.kind === "alarm_repeated") continue;
    found.push({ id: row.id, at_ms: row.at_ms, label: wordMark(row, units), weighty: WEIGHTY.has(row.kind) });
  }
  return found.sort((a, b) => a.at_ms - b.at_ms);
}

export function taskTitle(row: TaskRow): string {
  return language() === "en" && row.title_en !== "" ? row.title_en : row.title;
}

export function timeBars(rows: ReadonlyMap<string, TaskRow>, situation: string): TimeBar[] {
  const found: TimeBar[] = [];
  for (const row of rows.values()) {
    if (row.situation !== situation) continue;
    const { id, opened_ms, due_ms, done_ms } = row;
    found.push({ id, label: taskTitle(row), start_ms: opened_ms, due_ms, done_ms, dropped: row.state === "dropped" });
  }
  return found;
}
