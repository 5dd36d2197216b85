/** What a duty leader's phone shows, read off the tables: what is late, what is reported upward, what is on its way. Pure. */

import type { Entry } from "../../sync/outbox";
import type { ActivationRow, ApprovalRow, OrderRow, PlanPhase, PlanTask, Request, SituationRow, TaskRow } from "../../wire";
import { isActiveOrder, openSituations, startOfDay } from "../picture";

export interface Late {
  readonly orders: number;
  readonly tasks: number;
  readonly approvals: number;
}

const NONE: Late = { orders: 0, tasks: 0, approvals: 0 };

export function isLateOrder(row: OrderRow, now_ms: number): boolean {
  return row.state === "issued" && row.sign_by_ms < now_ms;
}

/** Of the orders of a situation those of who is on it, and of who was and fed back. Whoever was recalled or refused was not, and is among the marks. */
export function servedOf(orders: readonly OrderRow[]): { readonly active: readonly OrderRow[]; readonly done: readonly OrderRow[] } {
  return { active: orders.filter(isActiveOrder), done: orders.filter(({ state }) => state === "fed_back") };
}

export function isLateTask(row: TaskRow, now_ms: number): boolean {
  return row.state === "open" && row.due_ms < now_ms;
}

/** What is late now, by situation. */
export function lateOf(
  orders: ReadonlyMap<string, OrderRow>,
  tasks: ReadonlyMap<string, TaskRow>,
  approvals: ReadonlyMap<string, ApprovalRow>,
  now_ms: number,
): ReadonlyMap<string, Late> {
  const found = new Map<string, Late>();
  const count = (situation: string, what: keyof Late): void => {
    const before = found.get(situation) ?? NONE;
    found.set(situation, { ...before, [what]: before[what] + 1 });
  };
  for (const row of orders.values()) if (isLateOrder(row, now_ms)) count(row.situation, "orders");
  for (const row of tasks.values()) if (isLateTask(row, now_ms)) count(row.situation, "tasks");
  for (const row of approvals.values()) if (row.state === "waiting" && row.due_ms < now_ms) count(row.situation, "approvals");
  return found;
}

/** Decided on the day that it is now in the county, the newest first. */
export function decidedToday(rows: ReadonlyMap<string, ApprovalRow>, now_ms: number): ApprovalRow[] {
  const from_ms = startOfDay(now_ms);
  const decided = [...rows.values()].filter((row) => row.state !== "waiting" && (row.decided_ms ?? 0) >= from_ms);
  return decided.sort((a, b) => (b.decided_ms ?? 0) - (a.decided_ms ?? 0) || (a.id < b.id ? -1 : 1));
}

/** What a running plan has to report upward. */
export interface Upward {
  readonly key: string;
  readonly activation: ActivationRow;
  readonly planned: PlanTask;
  readonly to: NonNullable<PlanTask["report"]>["to"];
  /** Null while tasks before it are not done. */
  readonly task: TaskRow | null;
  readonly due_ms: number;
}

/**
 * Reports that are still to be made, soonest due first: by the task's due time or within the time of the report, whichever comes first. That runs from
 * the start of the phase, so one whose task has not opened yet is there too.
 */
export function reportsDue(activations: ReadonlyMap<string, ActivationRow>, tasks: ReadonlyMap<string, TaskRow>): Upward[] {
  return reportsOf(activations, tasks)
    .filter(({ activation, task }) => (task === null ? activation.state === "active" : task.state === "open"))
    .sort((a, b) => a.due_ms - b.due_ms || (a.key < b.key ? -1 : 1));
}

/** Reports that were made, the newest first. */
export function reportsMade(activations: ReadonlyMap<string, ActivationRow>, tasks: ReadonlyMap<string, TaskRow>): Upward[] {
  const made = reportsOf(activations, tasks).filter(({ task }) => task?.state === "done");
  return made.sort((a, b) => (b.task?.done_ms ?? 0) - (a.task?.done_ms ?? 0) || (a.key < b.key ? -1 : 1));
}

/** What a running plan has to report upward in a phase that has not begun: its time does not run yet, and nobody is to take it for nothing. */
export interface Later {
  readonly key: string;
  readonly activation: ActivationRow;
  readonly phase: PlanPhase;
  readonly planned: PlanTask;
  readonly report: NonNullable<PlanTask["report"]>;
}

export function reportsLater(activations: ReadonlyMap<string, ActivationRow>): Later[] {
  const found: Later[] = [];
  for (const activation of activations.values()) {
    if (activation.state !== "active") continue;
    const { phases } = activation.definition;
    for (const phase of phases.slice(phases.findIndex(({ id }) => id === activation.phase) + 1)) {
      for (const planned of phase.tasks) {
        if (planned.report != null) found.push({ key: `${activation.id} ${phase.id} ${planned.id}`, activation, phase, planned, report: planned.report });
      }
    }
  }
  return found;
}

/** III 较大 and above are reported upward within the time that the province sets. */
const LOWEST_REPORTED = 3;

/** Open situations so grave that they are reported upward, of which no plan says when. */
export function unplanned(situations: ReadonlyMap<string, SituationRow>, activations: ReadonlyMap<string, ActivationRow>): SituationRow[] {
  const says = ({ definition }: ActivationRow): boolean => definition.phases.some(({ tasks }) => tasks.some(({ report }) => report != null));
  const planned = new Set([...activations.values()].filter(says).map(({ situation }) => situation));
  return openSituations(situations).filter(({ id, level }) => level <= LOWEST_REPORTED && !planned.has(id));
}

function reportsOf(activations: ReadonlyMap<string, ActivationRow>, tasks: ReadonlyMap<string, TaskRow>): Upward[] {
  const opened = new Map([...tasks.values()].map((row) => [`${row.activation} ${row.phase} ${row.key}`, row]));
  const started = new Map<string, number>();
  for (const row of tasks.values()) {
    const phase = `${row.activation} ${row.phase}`;
    started.set(phase, Math.min(started.get(phase) ?? Infinity, row.opened_ms));
  }
  const found: Upward[] = [];
  for (const activation of activations.values()) {
    for (const phase of activation.definition.phases) {
      const start_ms = phase.id === activation.phase ? activation.phase_started_ms : started.get(`${activation.id} ${phase.id}`);
      if (start_ms === undefined) continue; // it has not begun
      for (const planned of phase.tasks) {
        if (planned.report == null) continue;
        const key = `${activation.id} ${phase.id} ${planned.id}`;
        const task = opened.get(key) ?? null;
        const due_ms = Math.min(start_ms + planned.report.within_min * 60_000, task?.due_ms ?? Infinity);
        found.push({ key, activation, planned, to: planned.report.to, task, due_ms });
      }
    }
  }
  return found;
}

/** Asked for, and told by the hub to be so up to a number that the picture has not reached. */
export interface Told {
  readonly request: Request;
  readonly seq: number;
}

/** What was asked for on this page and is not in the picture yet: waiting to be sent, on its way, or just taken. */
export function underWay(waiting: readonly Entry[], told: readonly Told[], seq: number): Request[] {
  const sent = waiting.filter(({ refused }) => refused === null).map(({ request }) => request);
  return [...sent, ...told.filter((each) => each.seq > seq).map(({ request }) => request)];
}

/** The answer that is on its way to an approval, null for none. */
export function answerUnderWay(requests: readonly Request[], approval: string): "grant" | "refuse" | null {
  for (const each of requests) if (each.request === "decide_approval" && each.approval === approval) return each.granted ? "grant" : "refuse";
  return null;
}

export function isFinishing(requests: readonly Request[], task: string): boolean {
  return requests.some((each) => each.request === "finish_task" && each.task === task);
}

/** Notes about a situation that are on their way, the last typed first. */
export function notesUnderWay(requests: readonly Request[], situation: string): string[] {
  return requests.flatMap((each) => (each.request === "note_situation" && each.situation === situation ? [each.text] : [])).reverse();
}
