/** What screens conclude from rows: who waits, what is open, what is near, what happened last. Pure. */

import { recorderWords } from "../components/alarm_words";
import { word } from "../i18n/i18n";
import type { AlarmRow, ApprovalRow, CallRow, CameraRow, OrderRow, PositionRow, SituationRow, TaskRow, UnitRow } from "../wire";
import { taskTitle } from "./marks";

export function isOpen(row: SituationRow): boolean {
  return row.state !== "closed" && row.merged_into === "";
}

/** Gravest first, then newest change. */
export function openSituations(rows: ReadonlyMap<string, SituationRow>): SituationRow[] {
  return [...rows.values()].filter(isOpen).sort((a, b) => a.level - b.level || b.changed_ms - a.changed_ms || (a.id < b.id ? -1 : 1));
}

/** Ringing calls, the longest waiting first. */
export function waitingCalls(rows: ReadonlyMap<string, CallRow>): CallRow[] {
  return [...rows.values()].filter((row) => row.state === "ringing").sort((a, b) => a.arrived_ms - b.arrived_ms);
}

/** Calls that nobody took in time and that are about nothing yet, newest first: somebody has to call back. */
export function abandonedCalls(rows: ReadonlyMap<string, CallRow>): CallRow[] {
  const found = [...rows.values()].filter((row) => row.state === "abandoned" && row.situation === "");
  return found.sort((a, b) => b.arrived_ms - a.arrived_ms || (a.id < b.id ? -1 : 1));
}

export function isActiveOrder(row: OrderRow): boolean {
  return row.state === "issued" || row.state === "signed" || row.state === "departed" || row.state === "arrived";
}

/** Orders of one situation: those under way first, in the order they were issued. */
export function ordersOf(rows: ReadonlyMap<string, OrderRow>, situation: string): OrderRow[] {
  const found = [...rows.values()].filter((row) => row.situation === situation);
  return found.sort((a, b) => Number(isActiveOrder(b)) - Number(isActiveOrder(a)) || a.issued_ms - b.issued_ms);
}

/** When an order came to the state that it is in. */
export function reached_ms(row: OrderRow): number {
  return row.ended_ms ?? row.fed_back_ms ?? row.arrived_ms ?? row.departed_ms ?? row.signed_ms ?? row.issued_ms;
}

/** What waits for somebody's yes, whatever is due first before the rest. */
export function waitingApprovals(rows: ReadonlyMap<string, ApprovalRow>): ApprovalRow[] {
  return [...rows.values()].filter((row) => row.state === "waiting").sort((a, b) => a.due_ms - b.due_ms || (a.id < b.id ? -1 : 1));
}

/** Approvals of one situation: those that wait as above, then what was decided, newest first. */
export function approvalsOf(rows: ReadonlyMap<string, ApprovalRow>, situation: string): ApprovalRow[] {
  const all = [...rows.values()].filter((row) => row.situation === situation);
  const decided = all.filter((row) => row.state !== "waiting").sort((a, b) => (b.decided_ms ?? 0) - (a.decided_ms ?? 0));
  return [...waitingApprovals(new Map(all.map((row) => [row.id, row]))), ...decided];
}

/** Units on their way to, or at, each situation. */
export function unitsAt(rows: ReadonlyMap<string, OrderRow>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const row of rows.values()) if (isActiveOrder(row)) found.set(row.situation, (found.get(row.situation) ?? 0) + 1);
  return found;
}

/** Alarms that want somebody: SOS first, then by level, then oldest. Shelved ones come last. */
export function alarmsInOrder(rows: ReadonlyMap<string, AlarmRow>): AlarmRow[] {
  const weight = (row: AlarmRow): number =>
    (row.state === "shelved" ? 100 : row.state === "taken" ? 50 : 0) + (row.kind === "sos" ? 0 : row.level);
  return [...rows.values()].sort((a, b) => weight(a) - weight(b) || a.raised_ms - b.raised_ms || (a.id < b.id ? -1 : 1));
}

const RATE_WINDOW_MS = 10 * 60_000;
/** More alarms than this in ten minutes and the low ones fold (EEMUA 191 calls ten in ten minutes the most one can handle). */
export const ALARM_FLOOD = 10;

/** How many alarms came in the last ten minutes. */
export function alarmRate(rows: ReadonlyMap<string, AlarmRow>, now_ms: number): number {
  let count = 0;
  for (const row of rows.values()) if (now_ms - row.raised_ms < RATE_WINDOW_MS) count += row.count;
  return count;
}

/** The tables in which an alarm's subject may be found. */
export interface Subjects {
  readonly units: ReadonlyMap<string, UnitRow>;
  readonly cameras: ReadonlyMap<string, CameraRow>;
  readonly orders: ReadonlyMap<string, OrderRow>;
  readonly tasks: ReadonlyMap<string, TaskRow>;
  readonly approvals: ReadonlyMap<string, ApprovalRow>;
}

/** What an alarm is about, in words people know. */
export function subjectOf(row: AlarmRow, subjects: Subjects): string {
  const unit = subjects.units.get(row.subject) ?? subjects.units.get(subjects.orders.get(row.subject)?.unit ?? "");
  if (unit !== undefined) return [unit.name, ...unit.officers.slice(0, 1)].join(" ");
  const task = subjects.tasks.get(row.subject);
  if (task !== undefined) return taskTitle(task);
  if (row.kind === "link_down") return word("link", row.subject);
  if (row.kind === "recording_failing") return recorderWords(row.subject);
  // `ENTRY/PLATE`: each entry of a plate has an alarm of its own; those of before have the plate alone.
  if (row.kind === "watch_doubtful") return row.subject.slice(row.subject.indexOf("/") + 1);
  return subjects.approvals.get(row.subject)?.item ?? subjects.cameras.get(row.subject)?.name ?? row.subject;
}

export interface DayNumbers {
  readonly waiting: number;
  readonly longestWait_ms: number;
  readonly abandoned: number;
  readonly open: Readonly<Record<1 | 2 | 3 | 4, number>>;
  readonly free: number;
  readonly onDuty: number;
  /** Median time from issuing to signing of today's orders; null without any. */
  readonly signed_ms: number | null;
}

export function numbersOf(
  calls: ReadonlyMap<string, CallRow>,
  situations: ReadonlyMap<string, SituationRow>,
  units: ReadonlyMap<string, UnitRow>,
  orders: ReadonlyMap<string, OrderRow>,
  now_ms: number,
): DayNumbers {
  const waiting = waitingCalls(calls);
  const open = { 1: 0, 2: 0, 3: 0, 4: 0 };
  for (const row of situations.values()) if (isOpen(row)) open[row.level] += 1;
  const duty = [...units.values()].filter((row) => row.state !== "off");
  const midnight_ms = startOfDay(now_ms);
  const signed = [...orders.values()]
    .filter((row) => row.signed_ms !== null && row.issued_ms >= midnight_ms)
    .map((row) => (row.signed_ms ?? 0) - row.issued_ms)
    .sort((a, b) => a - b);
  return {
    waiting: waiting.length,
    longestWait_ms: waiting[0] === undefined ? 0 : now_ms - waiting[0].arrived_ms,
    abandoned: abandonedCalls(calls).length,
    open,
    free: duty.filter((row) => row.state === "free").length,
    onDuty: duty.length,
    signed_ms: signed[Math.floor((signed.length - 1) / 2)] ?? null,
  };
}

/** Midnight in China, which has one zone and no summer time. */
export function startOfDay(now_ms: number): number {
  const zone_ms = 8 * 3_600_000;
  return Math.floor((now_ms + zone_ms) / 86_400_000) * 86_400_000 - zone_ms;
}

export interface Happening {
  readonly key: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly text: string;
  readonly situation: string;
}

/** The last things that happened, newest first, read off the times in the rows. */
export function lastHappenings(
  calls: ReadonlyMap<string, CallRow>,
  situations: ReadonlyMap<string, SituationRow>,
  orders: ReadonlyMap<string, OrderRow>,
  alarms: ReadonlyMap<string, AlarmRow>,
  subjects: Subjects,
  who: (id: string) => string,
  most: number,
): Happening[] {
  const found: Happening[] = [];
  const add = (at_ms: number | null, kind: string, id: string, text: string, situation: string): void => {
    if (at_ms !== null) found.push({ key: `${kind}-${id}`, at_ms, kind, text, situation });
  };
  for (const row of calls.values()) {
    add(row.arrived_ms, "call_arrived", row.id, `${row.dialled} ${row.caller}`, row.situation);
    add(row.answered_ms, "call_answered", row.id, `${row.caller} ${who(row.answered_by)}`, row.situation);
    if (row.state === "abandoned") add(row.ended_ms, "call_abandoned", row.id, `${row.dialled} ${row.caller}`, row.situation);
  }
  for (const row of situations.values()) {
    add(row.opened_ms, "situation_opened", row.id, row.title, row.id);
    add(row.closed_ms, "situation_closed", row.id, row.title, row.id);
  }
  for (const row of orders.values()) {
    const name = subjects.units.get(row.unit)?.name ?? row.unit;
    add(row.issued_ms, "order_issued", row.id, name, row.situation);
    add(row.signed_ms, "order_signed", row.id, name, row.situation);
    add(row.departed_ms, "order_departed", row.id, name, row.situation);
    add(row.arrived_ms, "order_arrived", row.id, name, row.situation);
    add(row.fed_back_ms, "order_fed_back", row.id, `${name} ${row.result}`, row.situation);
  }
  for (const row of alarms.values()) add(row.raised_ms, "alarm_raised", row.id, `${word("alarm", row.kind)} ${subjectOf(row, subjects)}`, row.situation);
  return found.sort((a, b) => b.at_ms - a.at_ms || (a.key < b.key ? 1 : -1)).slice(0, most);
}

/** How old a unit's position is; null without one. */
export function positionAge_ms(row: PositionRow | undefined, now_ms: number): number | null {
  return row === undefined ? null : Math.max(0, now_ms - row.at_ms);
}
