/** Tasks of running plans that are for the person at this desk: what is late first, each with its situation and one press from done. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { StableOrder, UnderPointer } from "../../components/stable_order";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Actor } from "../../sync/protocol";
import type { TaskRow } from "../../wire";
import { consoleStyles } from "../console_styles";
import { taskTitle } from "../marks";
import type { Desk } from "./context";

/** Open tasks for one of the actor's roles, the soonest due first: what is late stands above. */
export function ownTasks(rows: ReadonlyMap<string, TaskRow>, actor: Actor): TaskRow[] {
  const mine = [...rows.values()].filter((row) => row.state === "open" && actor.roles.includes(row.role));
  return mine.sort((a, b) => a.due_ms - b.due_ms || (a.id < b.id ? -1 : 1));
}

/** Hidden while there is none. Tells `choose` ({table, id}) for a task's situation. */
@customElement("desk-own-tasks")
export class OwnTasks extends View {
  static override styles = [
    shared,
    consoleStyles,
    css`
      :host {
        height: auto;
        overflow: auto;
      }
      .task {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--s2);
        align-items: center;
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      .task > button:first-child {
        justify-content: start;
        padding: 0;
        border: none;
        background: none;
        text-align: left;
        white-space: normal;
      }
      .late {
        background: var(--hatch);
      }
      small {
        grid-column: 1 / -1;
        font-size: var(--t1);
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @state() private failure = "";
  private tasks: readonly string[] = [];
  private readonly pointer = new UnderPointer(this);
  private readonly order = new StableOrder();

  protected override willUpdate(): void {
    if (this.desk === null) return;
    this.tasks = this.order.arrange(ownTasks(this.desk.store.rows("tasks"), this.desk.actor).map(({ id }) => id), this.pointer.held);
    this.hidden = this.tasks.length === 0;
  }

  override render(): TemplateResult {
    const { desk } = this;
    if (desk === null) return html``;
    const rows = desk.store.rows("tasks");
    return html`<h2 class="heading">${t("desk.own_tasks")}<span class="number">${this.tasks.length}</span></h2>
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
      ${repeat(this.tasks, (id) => id, (id) => this.task(desk, rows.get(id)))}`;
  }

  private task(desk: Desk, task: TaskRow | undefined): TemplateResult | typeof nothing {
    if (task === undefined) return nothing;
    const left_ms = task.due_ms - desk.now_ms;
    const time = left_ms < 0 ? t("time.late", { span: format.duration(-left_ms) }) : t("time.left", { span: format.duration(left_ms) });
    return html`<div class="task ${left_ms < 0 ? "late" : ""}">
      <button @click=${() => this.tell("choose", { table: "situations", id: task.situation })}>${taskTitle(task)}</button>
      <button @click=${() => void this.finish(desk, task)}>${t("situation.done")}</button>
      <small class="quiet">${time} · ${desk.store.rows("situations").get(task.situation)?.title ?? task.situation}</small>
    </div>`;
  }

  private async finish(desk: Desk, task: TaskRow): Promise<void> {
    this.failure = "";
    try {
      await desk.ask({ request: "finish_task", task: task.id });
    } catch (error) {
      this.failure = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-own-tasks": OwnTasks;
  }
}
