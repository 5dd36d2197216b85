/** Who decides what others ask for (R80, R81), with what, and what follows from it. */

import { t } from "../../i18n/i18n";
import type { Actor } from "../../sync/protocol";
import type { Store } from "../../sync/store";
import type { ApprovalRow, Request, TaskRow } from "../../wire";
import { taskTitle } from "../marks";

export type Answer = "grant" | "refuse";

/** What a card needs of the page it stands on. */
export interface Deciding {
  readonly store: Store;
  readonly actor: Actor;
  readonly now_ms: number;
  /** Who did something, by the name people know. */
  who(id: string): string;
  ask(request: Request): Promise<unknown>;
}

export function mayDecide(actor: Actor, row: ApprovalRow): boolean {
  return row.requested_by !== actor.id && actor.roles.some((role) => role === "duty_leader" || role === "commander");
}

/** What the decision does, said before it is made: a task of a plan waits for its yes (R71). */
export function consequenceOf(row: ApprovalRow, answer: Answer, tasks: ReadonlyMap<string, TaskRow>): string {
  const task = tasks.get(row.subject);
  const follows = task === undefined ? "" : t(`approvals.${answer}_task`, { task: taskTitle(task) });
  return `${follows}${t("will.decided_consequence")}`;
}

/** What it was asked for: the task of a plan, or what was written; empty where that is the item itself. */
export function askedFor(row: ApprovalRow, tasks: ReadonlyMap<string, TaskRow>): string {
  const task = tasks.get(row.subject);
  if (task !== undefined) return t("approvals.for_task", { task: taskTitle(task) });
  return row.subject === row.item ? "" : row.subject;
}
