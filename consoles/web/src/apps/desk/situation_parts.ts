/** The parts of a situation on the desk: orders, notes, plan tasks, approvals, plate hits, evidence. Each a list with what can be done. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import "../../components/picture";
import { watchedBy } from "../../components/watched";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { HitRow, MarkRow, OrderRow, Request, SituationRow, TaskRow } from "../../wire";
import "../approvals/card";
import { answerWords, isDecision, notesOf, taskTitle } from "../marks";
import { approvalsOf, isActiveOrder, ordersOf } from "../picture";
import { inLanguage } from "./commands_plans";
import type { Desk } from "./context";
import "./hit_panel";
import { shownHit } from "./shown_hit";
import { unitNames } from "../named";

/** Ask the hub and show what went wrong beside the list. */
export type Act = (request: Request) => void;

/** So many notes stand open, the others fold: what is left to do comes after them. */
const NOTES_OPEN = 3;
/** The hub keeps so many entries of a time line in its tables (R35). */
const MARKS_PER_SITUATION = 500;
const STEPS = ["issued_ms", "signed_ms", "departed_ms", "arrived_ms", "fed_back_ms"] as const;

/** Each can be recalled by the line that `fill` puts down: there the reason is written. */
export function ordersPart(desk: Desk, row: SituationRow, fill: (line: string) => void): TemplateResult {
  const orders = ordersOf(desk.store.rows("orders"), row.id);
  return html`<section>
    <h3 class="heading">${t("situation.orders")}<span class="number">${orders.length}</span></h3>
    ${orders.length === 0 ? html`<p class="none quiet">${t("situation.no_orders")}</p>` : nothing}
    ${repeat(orders, (order) => order.id, (order) => orderLine(desk, order, fill))}
  </section>`;
}

function orderLine(desk: Desk, order: OrderRow, fill: (line: string) => void): TemplateResult {
  const unit = desk.store.rows("units").get(order.unit);
  const late = order.state === "issued" && order.sign_by_ms < desk.now_ms;
  const answer = answerWords(order.result, order.feedback) || order.why;
  return html`<div class="line ${late ? "late" : ""}">
    <t-unit-state state=${unit?.state ?? "off"}></t-unit-state>
    <span class="who">${unitNames(desk.store.rows("units"), desk.store.rows("retired")).get(order.unit)?.name ?? order.unit}</span>
    <ol class="steps">${STEPS.map((step) => stepMark(order, step))}</ol>
    <span class="grow cut quiet" title=${order.text}>${order.text}</span>
    ${late ? html`<span>${t("time.late", { span: format.duration(desk.now_ms - order.sign_by_ms) })}</span>` : nothing}
    ${isActiveOrder(order) ? html`<button class="small" @click=${() => fill(`R ${unit?.name ?? order.unit} `)}>${t("situation.recall")}</button>` : html`<span>${word("order_state", order.state)}</span>`}
  </div>
  ${answer === "" ? nothing : html`<p class="answer written">${answer}</p>`}`;
}

function stepMark(order: OrderRow, step: (typeof STEPS)[number]): TemplateResult {
  const at_ms = order[step];
  const name = t(`step.${step}`);
  return html`<li class=${at_ms === null ? "open" : "done"} title=${at_ms === null ? name : `${name} ${format.clock(at_ms)}`}>
    ${name}<br />${at_ms === null ? "–" : format.clock(at_ms).slice(0, 5)}
  </li>`;
}

/** What people wrote into the record, newest first; the newest few stand open. */
export function notesPart(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
  const marks = desk.store.rows("marks");
  const notes = notesOf(marks, row.id);
  if (notes.length === 0) return nothing;
  const earlier = notes.slice(NOTES_OPEN);
  const list = (some: readonly MarkRow[], label: string): TemplateResult =>
    html`<ol aria-label=${label}>${repeat(some, (note) => note.id, (note) => noteLine(desk, note))}</ol>`;
  return html`<section>
    <h3 class="heading">${t("situation.notes")}<span class="number">${notes.length}</span></h3>
    ${list(notes.slice(0, NOTES_OPEN), t("situation.notes"))}
    ${earlier.length === 0
      ? nothing
      : html`<details><summary>${t("situation.notes_earlier", { n: earlier.length })}</summary>${list(earlier, t("situation.notes_earlier", { n: earlier.length }))}</details>`}
    ${marks.size < MARKS_PER_SITUATION ? nothing : html`<p class="none quiet">${t("situation.marks_cut", { n: MARKS_PER_SITUATION })}</p>`}
  </section>`;
}

function noteLine(desk: Desk, note: MarkRow): TemplateResult {
  return html`<li class="noted">
    <span class="quiet number">${format.instant(note.at_ms, desk.now_ms)}</span><span class="quiet">${desk.who(note.actor)}</span>
    <span class="written">${isDecision(note) ? html`<b>${t("situation.decision")}</b> ` : nothing}${String(note.args["text"] ?? "")}</span>
  </li>`;
}

export function planPart(desk: Desk, row: SituationRow, act: Act): TemplateResult | typeof nothing {
  const activation = desk.store.rows("activations").get(row.activation);
  if (activation === undefined) return nothing;
  const { definition } = activation;
  const phase = definition.phases.find((each) => each.id === activation.phase);
  const rank = (task: TaskRow): number => (task.state === "open" ? (task.due_ms < desk.now_ms ? 0 : 1) : 2);
  const tasks = [...desk.store.rows("tasks").values()]
    .filter((task) => task.activation === activation.id)
    .sort((a, b) => rank(a) - rank(b) || a.due_ms - b.due_ms);
  const done = tasks.filter((task) => task.state === "done").length;
  const next: Request = { request: "next_phase", activation: activation.id };
  return html`<section>
    <h3 class="heading">
      ${icon("tasks")} ${inLanguage(definition.title)} · ${phase === undefined ? activation.phase : inLanguage(phase.title)} · ${word("activation_state", activation.state)}
      <span class="number">${done}/${tasks.length}</span>
      ${activation.state === "active" ? html`<button class="small" @click=${() => act(next)}>${t("situation.next_phase")}</button>` : nothing}
    </h3>
    ${repeat(tasks, (task) => task.id, (task) => taskLine(desk, task, act))}
  </section>`;
}

function taskLine(desk: Desk, task: TaskRow, act: Act): TemplateResult {
  const open = task.state === "open";
  const left_ms = task.due_ms - (task.done_ms ?? desk.now_ms);
  const time = left_ms < 0 ? t("time.late", { span: format.duration(-left_ms) }) : open ? t("time.left", { span: format.duration(left_ms) }) : "";
  const finish: Request = { request: "finish_task", task: task.id };
  return html`<div class="line ${open && left_ms < 0 ? "late" : ""} ${open ? "" : "over"}">
    <span>${icon(task.state === "done" ? "check" : task.state === "dropped" ? "close" : "clock")}</span>
    <span class="grow">${taskTitle(task)}</span>
    <span class="quiet">${word("group", task.owner)} · ${word("role", task.role)}</span>
    <span class="number">${time}</span>
    ${open ? html`<button class="small" @click=${() => act(finish)}>${t("situation.done")}</button>` : nothing}
  </div>`;
}

export function approvalsPart(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
  const rows = approvalsOf(desk.store.rows("approvals"), row.id);
  if (rows.length === 0) return nothing;
  return html`<section>
    <h3 class="heading">${t("situation.approvals")}<span class="number">${rows.length}</span></h3>
    ${repeat(rows, (each) => each.id, (each) => html`<t-approval .desk=${desk} .row=${each}></t-approval>`)}
  </section>`;
}

/** The earlier ones move on as others come: what is pressed on one brings it up with the reasons, and judges nothing by itself. */
export function hitsPart(desk: Desk, row: SituationRow, act: Act, held: string, hold: (hit: string) => void): TemplateResult | typeof nothing {
  const hits = [...desk.store.rows("hits").values()].filter((hit) => hit.situation === row.id).sort((a, b) => b.seen_ms - a.seen_ms);
  if (hits.length === 0) return nothing;
  const { shown, newer } = shownHit(hits, held);
  const others = hits.filter((hit) => hit !== shown);
  return html`<section>
    <h3 class="heading">${t("situation.hits")}<span class="number">${hits.length}</span></h3>
    ${shown === undefined ? nothing : html`<desk-hit .desk=${desk} .hit=${shown} .act=${act} .newer=${newer} .rejecting=${shown.id === held}></desk-hit>`}
    ${others.length === 0 ? nothing : html`<div class="pictures">${repeat(others.slice(0, 6), (hit) => hit.id, (hit) => hitCard(desk, hit, hold))}</div>`}
  </section>`;
}

function hitCard(desk: Desk, hit: HitRow, hold: (hit: string) => void): TemplateResult {
  const watch = watchedBy(desk.store, hit);
  return html`<figure>
    ${hit.picture === ""
      ? html`<t-state kind="hint" text=${t("scene.none")}></t-state>`
      : html`<a href="/api/v1/blobs/${hit.picture}" target="_blank" rel="noopener"><t-picture src="/api/v1/blobs/${hit.picture}" alt=${hit.plate}></t-picture></a>`}
    <figcaption>
      <b class="plate">${hit.plate}</b> <span class="quiet">${t("plate.sure")} ${format.sureness(hit.confidence)}</span><br />
      ${desk.store.rows("cameras").get(hit.camera)?.name ?? hit.camera} ${format.instant(hit.seen_ms, desk.now_ms)}<br />
      <span class="quiet">${watch?.reason ?? ""}</span><br />
      ${hit.rejected_why === ""
        ? html`<span class="row">${hit.confirmed_by === "" ? t("situation.compare") : t("watches.confirmed", { who: desk.who(hit.confirmed_by) })} <button class="small" @click=${() => hold(hit.id)}>${t("situation.reject_hit")}</button></span>`
        : hit.rejected_why}
    </figcaption>
  </figure>`;
}

export function evidencePart(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
  const files = [...desk.store.rows("evidence").values()].filter((each) => each.situation === row.id);
  if (files.length === 0) return nothing;
  return html`<section>
    <h3 class="heading">${t("situation.evidence")}<span class="number">${files.length}</span></h3>
    <div class="pictures">
      ${repeat(files, (file) => file.id, (file) => html`<figure>
        <a href="/api/v1/blobs/${file.sha256}" target="_blank" rel="noopener">
          ${file.media_type.startsWith("image/") ? html`<t-picture src="/api/v1/blobs/${file.sha256}" alt=${file.name}></t-picture>` : html`${icon("evidence")} ${file.name}`}
        </a>
        <figcaption>${file.name} <span class="quiet">${format.instant(file.taken_ms, desk.now_ms)} ${desk.who(file.by)}</span></figcaption>
      </figure>`)}
    </div>
  </section>`;
}
