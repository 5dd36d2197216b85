/** Facts on a time line, in words. */

import type { TimeBar, TimeMark } from "../components/timeline";
import { language, t, word } from "../i18n/i18n";
import type { MarkRow, TaskRow } from "../wire";
import type { UnitNames } from "./named";

const WEIGHTY = new Set([
  "call_arrived", "situation_opened", "situation_raised", "situation_closed", "order_arrived", "order_overdue", "plan_activated", "phase_started",
  "plate_hit", "sos_raised", "approval_decided", "task_overdue", "case_opened", "alarm_raised", "alarm_renewed",
]); // prettier-ignore

/** What became of an alarm: which one has to be said. */
const OF_ALARMS = new Set(["alarm_renewed", "alarm_taken", "alarm_escalated", "alarm_cleared"]);

/** The arguments that say most, in the order in which they are said. */
const TELLING = ["unit", "title", "text", "item", "plate", "result", "case", "step", "leader", "name", "why", "note"] as const;

/** What an officer answered: the result, and whatever was written with it. */
export function answerWords(result: string, text: string): string {
  return [result, text].filter((part) => part !== "").join(t("list.colon"));
}

export function wordMark(row: MarkRow, units: UnitNames): string {
  if (row.kind === "order_fed_back") return [word("fact", row.kind), unitName(row, units), answerWords(textOf(row, "result"), textOf(row, "text"))].join(" ");
  const parts = [row.kind === "alarm_raised" ? word("alarm", String(row.args["alarm_kind"])) : factWords(row)];
  // What an earlier release wrote of some does not say.
  if (OF_ALARMS.has(row.kind) && textOf(row, "alarm_kind") !== "") parts.push(word("alarm", textOf(row, "alarm_kind")));
  const most = row.kind === "alarm_cleared" ? 4 : 3;
  if (row.kind === "situation_raised" || row.kind === "situation_lowered") parts.push(word("level", String(row.args["level"])));
  if (row.kind === "approval_decided") parts.push(word("approval_state", row.args["granted"] === true ? "granted" : "refused"));
  for (const name of TELLING) {
    const value = row.args[name];
    if (value === undefined || value === "") continue;
    const text = String(value);
    if (name === "unit") parts.push(unitName(row, units));
    else if (name === "step") parts.push(word("case_step", text));
    else parts.push(name === "why" && row.kind === "alarm_cleared" ? word("cleared_why", text) : text);
    if (parts.length >= most) break;
  }
  return parts.join(" ");
}

function textOf(row: MarkRow, name: string): string {
  return String(row.args[name] ?? "");
}

function unitName(row: MarkRow, units: UnitNames): string {
  const unit = textOf(row, "unit");
  return units.get(unit)?.name ?? unit;
}

function factWords(row: MarkRow): string {
  return isDecision(row) ? t("situation.decision") : word("fact", row.kind);
}

/** A note that a commander or duty leader recorded as a decision. */
export function isDecision(row: MarkRow): boolean {
  return row.kind === "situation_noted" && row.args["decision"] === true;
}

/** What people wrote into the record of a situation, newest first. */
export function notesOf(rows: ReadonlyMap<string, MarkRow>, situation: string): MarkRow[] {
  const found = [...rows.values()].filter((row) => row.situation === situation && row.kind === "situation_noted");
  // Of one millisecond the later fact has the greater number.
  return found.sort((a, b) => b.at_ms - a.at_ms || Number(b.id) - Number(a.id));
}

export function timeMarks(rows: ReadonlyMap<string, MarkRow>, situation: string, units: UnitNames): TimeMark[] {
  const found: TimeMark[] = [];
  for (const row of rows.values()) {
    // A text message, an opened task and a repeated alarm say nothing that is not on the line already.
    if (row.situation !== situation || row.kind.startsWith("message_") || row.kind === "task_opened" || row.kind === "alarm_repeated") continue;
    found.push({ id: row.id, at_ms: row.at_ms, label: wordMark(row, units), weighty: WEIGHTY.has(row.kind) || isDecision(row) });
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
