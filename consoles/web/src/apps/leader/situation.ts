/** One situation on the phone: units with their states, what is late in its plan, what waits for a yes, notes, what happened last. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { MarkRow, OrderRow, SituationRow, TaskRow } from "../../wire";
import "../desk/note_field";
import { isDecision, notesOf, taskTitle, timeMarks } from "../marks";
import { approvalsOf, ordersOf, reached_ms } from "../picture";
import { hashOf } from "../tabs";
import { approvalCard } from "./approvals_tab";
import type { Leading } from "./context";
import { placeWords } from "./open_tab";
import { isLateOrder, isLateTask, notesUnderWay, servedOf } from "./picture";
import { unitNames } from "../named";

const MOST_NOTES = 20;
const MOST_MARKS = 15;

export function situationPage(leading: Leading): TemplateResult {
  const row = leading.situation;
  const back = html`<a class="back" href=${hashOf("open")}>${icon("left")} ${t("leader.back")}</a>`;
  if (!leading.store.loaded("situations")) return html`${back}<t-state kind="loading"></t-state>`;
  if (row === null) return html`${back}<t-state kind="hint" text=${t("leader.gone")}></t-state>`;
  const { now_ms } = leading;
  return html`${back}
    <header class="about">
      <h2 class="title"><t-level level=${row.level} named></t-level><b>${row.title}</b></h2>
      <p>${icon("pin")} ${placeWords(row)}</p>
      <p class="quiet">${word("situation_state", row.state)} · ${word("service", row.service)} · ${format.duration((row.closed_ms ?? now_ms) - row.opened_ms)} · ${format.moment(row.opened_ms, now_ms)}</p>
    </header>
    ${approvals(leading, row)} ${units(leading, row)} ${tasks(leading, row)} ${notes(leading, row)} ${marks(leading, row)}`;
}

function heading(title: string, count: number): TemplateResult {
  return html`<h3 class="heading">${title}<span class="number">${count}</span></h3>`;
}

function approvals(leading: Leading, row: SituationRow): TemplateResult | typeof nothing {
  const waiting = approvalsOf(leading.store.rows("approvals"), row.id).filter((each) => each.state === "waiting");
  if (waiting.length === 0) return nothing;
  return html`<section>${heading(t("situation.approvals"), waiting.length)}
    ${repeat(waiting, (each) => each.id, (each) => approvalCard(leading, each, false))}</section>`;
}

function units(leading: Leading, row: SituationRow): TemplateResult {
  const orders = ordersOf(leading.store.rows("orders"), row.id);
  const { active, done } = servedOf(orders);
  return html`<section>${heading(t("leader.units"), active.length)}
      ${orders.length === 0 ? html`<p class="quiet">${t("situation.no_orders")}</p>` : nothing}${unitLines(leading, active)}</section>
    ${done.length === 0 ? nothing : html`<section>${heading(word("order_state", "fed_back"), done.length)}${unitLines(leading, done)}</section>`}`;
}

function unitLines(leading: Leading, orders: readonly OrderRow[]): TemplateResult {
  return html`<ul>${repeat(orders, (order) => order.id, (order) => unitLine(leading, order))}</ul>`;
}

function unitLine({ store, now_ms }: Leading, order: OrderRow): TemplateResult {
  const unit = store.rows("units").get(order.unit);
  const late = isLateOrder(order, now_ms);
  return html`<li class="line unit ${late ? "late" : ""}">
    <t-unit-state state=${unit?.state ?? "off"}></t-unit-state><b>${unitNames(store.rows("units"), store.rows("retired")).get(order.unit)?.name ?? order.unit}</b><span class="grow">${word("order_state", order.state)}</span>
    <span class="number quiet">${late ? t("time.late", { span: format.duration(now_ms - order.sign_by_ms) }) : format.duration(now_ms - reached_ms(order))}</span>
  </li>`;
}

function tasks(leading: Leading, row: SituationRow): TemplateResult | typeof nothing {
  if (row.activation === "") return nothing;
  const open = [...leading.store.rows("tasks").values()].filter((task) => task.activation === row.activation && task.state === "open");
  const late = open.filter((task) => isLateTask(task, leading.now_ms)).sort((a, b) => a.due_ms - b.due_ms);
  return html`<section>${heading(t("leader.tasks"), open.length)}
    ${late.length === 0 ? html`<p class="quiet">${t("leader.no_late_tasks", { n: open.length })}</p>` : nothing}
    <ul>${repeat(late, (task) => task.id, (task) => taskLine(leading, task))}</ul></section>`;
}

function taskLine({ now_ms }: Leading, task: TaskRow): TemplateResult {
  return html`<li class="line late"><span class="grow">${taskTitle(task)}<br /><span class="quiet">${word("group", task.owner)} · ${word("role", task.role)}</span></span>
    <span class="number">${t("time.late", { span: format.duration(now_ms - task.due_ms) })}</span></li>`;
}

function notes(leading: Leading, row: SituationRow): TemplateResult {
  const found = notesOf(leading.store.rows("marks"), row.id);
  return html`<section>${heading(t("situation.notes"), found.length)}
    <desk-note large .desk=${leading}></desk-note>
    <ol>${notesUnderWay(leading.underWay, row.id).map((text) => html`<li class="note"><span class="quiet">${icon("clock")} ${t("mobile.unsent")}</span><span class="written">${text}</span></li>`)}
      ${repeat(found.slice(0, MOST_NOTES), (note) => note.id, (note) => noteLine(leading, note))}</ol>
    ${found.length > MOST_NOTES ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_NOTES, total: found.length })}></t-state>` : nothing}</section>`;
}

function noteLine(leading: Leading, note: MarkRow): TemplateResult {
  return html`<li class="note"><span class="quiet">${format.moment(note.at_ms, leading.now_ms)} ${leading.who(note.actor)}</span>
    <span class="written">${isDecision(note) ? html`<b>${t("situation.decision")}</b> ` : nothing}${String(note.args["text"] ?? "")}</span></li>`;
}

function marks({ store, now_ms }: Leading, row: SituationRow): TemplateResult {
  // Notes stand above in full.
  const others = new Map([...store.rows("marks")].filter(([, mark]) => mark.kind !== "situation_noted"));
  const found = timeMarks(others, row.id, unitNames(store.rows("units"), store.rows("retired"))).slice(-MOST_MARKS).reverse();
  return html`<section><h3 class="heading">${t("leader.marks")}</h3>
    ${!store.loaded("marks") ? html`<t-state kind="loading"></t-state>` : found.length === 0 ? html`<p class="quiet">${t("leader.no_marks")}</p>` : nothing}
    <ol>${repeat(found, (mark) => mark.id, (mark) => html`<li class="line"><span class="number quiet">${format.instant(mark.at_ms, now_ms)}</span><span class="grow">${mark.label}</span></li>`)}</ol></section>`;
}
