/** From what the hub says of a rehearsal to what its time line and lists show. Pure. */

import type { TimeBar, TimeMark } from "../../components/timeline";
import { refusalWords } from "../../components/refusals";
import { language, t, word } from "../../i18n/i18n";
import type { Bilingual, CameraRow, MarkRow, PlanDefinition, UnitRow } from "../../wire";
import type { EventLine, Refusal, RehearsalView, Speed, TaskLine } from "./wire";

export const SPEEDS: readonly Speed[] = [1, 5, 20, 60, "max"];

/** Round the middle of it while it runs: what came is worth less room than what comes. */
const BEFORE_MS = 12 * 60_000;
const AFTER_MS = 24 * 60_000;

export function inLanguage(text: Bilingual): string {
  return language() === "en" && text.en !== "" ? text.en : text.zh;
}

/** Where what a rehearsal came to is taken out as a file. */
export function reportPath(report: string): string {
  return `/api/v1/rehearsals/reports/${encodeURIComponent(report)}?language=${language()}`;
}

/** Since the start, as scripts write it: 0:44:07. */
export function offset(span_ms: number): string {
  const s = Math.max(0, Math.floor(span_ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(s / 3_600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Seconds of `h:mm:ss`, `mm:ss` or `ss`; null for anything else. */
export function readOffset(written: string): number | null {
  const parts = written.trim().split(/[:：]/);
  if (parts.length > 3 || parts.some((part) => !/^\d{1,5}$/.test(part))) return null;
  if (parts.slice(1).some((part) => Number(part) > 59)) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The next speed up or down; stays at the ends. */
export function stepSpeed(speed: Speed, by: 1 | -1): Speed {
  const at = SPEEDS.indexOf(speed);
  if (at >= 0) return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))] ?? speed;
  // A speed that is not in the row (asked for by another hand): the nearest one in that direction.
  const numbers = SPEEDS.filter((each): each is number => typeof each === "number");
  const value = Number(speed);
  return (by > 0 ? numbers.find((each) => each > value) : numbers.findLast((each) => each < value)) ?? (by > 0 ? "max" : 1);
}

export function speedWords(speed: Speed): string {
  return speed === "max" ? t("director.fastest") : `×${speed}`;
}

/** The names behind the ids that events are about. */
export interface Names {
  readonly units: ReadonlyMap<string, Pick<UnitRow, "name">>;
  readonly cameras: ReadonlyMap<string, Pick<CameraRow, "name">>;
  readonly tasks: ReadonlyMap<string, string>;
  readonly phases: ReadonlyMap<string, string>;
  /** What was said of the calls and situations that only the script has a key for. */
  readonly said: ReadonlyMap<string, string>;
}

export function namesOf({ tasks, past, next }: Pick<RehearsalView, "tasks" | "past" | "next">, plan: PlanDefinition | undefined, units: Names["units"], cameras: Names["cameras"]): Names {
  return {
    units,
    cameras,
    tasks: new Map(tasks.map((task) => [task.key, inLanguage(task.title)])),
    phases: new Map((plan?.phases ?? []).map((phase) => [phase.id, inLanguage(phase.title)])),
    said: new Map([...past, ...next].flatMap(({ kind, about, text }) => (kind === "call" || kind === "open" ? [[about, text]] : []))),
  };
}

/** What an event is about in names people know; keys that only the script knows are left out where the text says enough, and stand for what was said of them. */
export function aboutWords(line: Pick<EventLine, "kind" | "about" | "text">, names: Names): string {
  const { about } = line;
  if (line.kind === "inject") return word("role", about);
  if (line.kind.startsWith("link_")) return word("link", about);
  const task = names.tasks.get(about) ?? names.phases.get(about) ?? names.cameras.get(about)?.name;
  if (task !== undefined) return task;
  const units = about.split(" ");
  if (units.every((id) => names.units.has(id))) return units.map((id) => names.units.get(id)?.name ?? id).join(" ");
  return line.text === "" ? (names.said.get(about) ?? about) : "";
}

export function eventWords(line: EventLine, names: Names): string {
  const text = line.kind === "step" ? word("unit_step", line.text) : line.text;
  return [word("script_event", line.kind), aboutWords(line, names), text].filter((part) => part !== "").join(" ");
}

/** Events of the script on the time line: filled once they came. A refused one says so. */
export function eventMarks(view: RehearsalView, names: Names): TimeMark[] {
  const mark = (line: EventLine, index: number, weighty: boolean): TimeMark => ({
    id: `${weighty ? "past" : "next"}-${index}`,
    at_ms: line.at_ms,
    label: eventWords(line, names),
    weighty,
  });
  return [...view.past.map((line, index) => mark(line, index, true)), ...view.next.map((line, index) => mark(line, index, false))].sort((a, b) => a.at_ms - b.at_ms);
}

/** Tasks that were opened, planned against done. */
export function taskBars(tasks: readonly TaskLine[]): TimeBar[] {
  return tasks.flatMap(({ key, title, opened_ms, due_ms, done_ms }) =>
    opened_ms === null || due_ms === null ? [] : [{ id: key, label: inLanguage(title), start_ms: opened_ms, due_ms, done_ms }],
  );
}

/** What of the time line is shown: all of it, or what is near now. */
export function timeRange(view: RehearsalView, now_ms: number, whole: boolean): readonly [number, number] {
  const { starts_ms, ends_ms } = view.run;
  const margin = (ends_ms - starts_ms) * 0.015;
  if (whole || ends_ms - starts_ms <= BEFORE_MS + AFTER_MS) return [starts_ms - margin, Math.max(ends_ms, now_ms) + margin];
  const from = Math.max(starts_ms - 60_000, Math.min(now_ms - BEFORE_MS, ends_ms - BEFORE_MS - AFTER_MS));
  return [from, from + BEFORE_MS + AFTER_MS];
}

/** Why the record refused a line of the script; null where it did not. */
export function refusalOf(line: EventLine, refused: readonly Refusal[]): Refusal | null {
  return refused.find((each) => each.kind === line.kind && each.about === line.about && Math.abs(each.at_ms - line.at_ms) < 1_000) ?? null;
}

/** Why the record refused it, in the words of whoever looks; the hub's own sentence stays where there are none for it. */
export function refusedWords({ code, why }: Refusal): string {
  return refusalWords(why) || `${word("problem", code)} ${why}`;
}

/** How many events come before an instant. */
export function comingBefore(view: RehearsalView, at_ms: number): number {
  return view.next.filter((line) => line.at_ms <= at_ms).length;
}

/** Only what lies in the range: a label of something that ended before it would stand where it says nothing. */
export function within(range: readonly [number, number], marks: readonly TimeMark[], bars: readonly TimeBar[]): { readonly marks: readonly TimeMark[]; readonly bars: readonly TimeBar[] } {
  const [from] = range;
  return { marks: marks.filter((mark) => mark.at_ms >= from), bars: bars.filter((bar) => bar.done_ms === null || bar.done_ms > from) };
}

function isPerson(actor: string): boolean {
  return actor !== "hub" && !actor.startsWith("script:");
}

/** Said already by the fact that they follow from. */
const CONSEQUENCES: ReadonlySet<string> = new Set(["message_queued", "message_sent", "message_failed", "alarm_raised", "alarm_repeated", "alarm_renewed", "task_opened"]);

/** What people, the script and the hub did, newest first. The id of a mark is its sequence number. */
export function newestMarks(rows: ReadonlyMap<string, MarkRow>, most: number): MarkRow[] {
  return [...rows.values()]
    .filter((row) => !CONSEQUENCES.has(row.kind) && !(row.kind === "alarm_cleared" && !isPerson(row.actor)))
    .sort((a, b) => Number(b.id) - Number(a.id))
    .slice(0, most);
}
