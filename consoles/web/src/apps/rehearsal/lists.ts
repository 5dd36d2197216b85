/** The lists of a director's screen: the script, who did what, what would have been sent, the marks. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "../../components/table";
import type { Column } from "../../components/table";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { MarkRow } from "../../wire";
import { wordMark } from "../marks";
import { aboutWords, eventWords, inLanguage, newestMarks, refusalOf, refusedWords, type Names } from "./lines";
import type { EventLine, RehearsalView, TaskLine, Told } from "./wire";
import type { UnitNames } from "../named";

const EVENTS_SHOWN = 60;
const MARKS_SHOWN = 100;

/** What comes next above what came last: now is where the two meet. */
export function scriptList(view: RehearsalView, names: Names, now_ms: number): TemplateResult {
  const coming = view.next.slice(0, EVENTS_SHOWN);
  const came = view.past.slice(-EVENTS_SHOWN).reverse();
  return html`<h2 class="heading">${t("director.coming")}<span class="number">${view.next.length}</span></h2>
    ${coming.length === 0 ? html`<t-state kind="empty" text=${t("director.all_came")}></t-state>` : nothing}
    <ol class="lines">${coming.map((line) => comingLine(line, names, now_ms))}</ol>
    <h2 class="heading">${t("director.came")}<span class="number">${view.past.length}</span></h2>
    ${came.length === 0 ? html`<t-state kind="empty" text=${t("director.none_came")}></t-state>` : nothing}
    <ol class="lines">${came.map((line) => cameLine(line, names, view))}</ol>`;
}

function comingLine(line: EventLine, names: Names, now_ms: number): TemplateResult {
  return html`<li><time>${format.clock(line.at_ms)}</time><span class="wrap">${eventWords(line, names)}</span>
    <span class="number quiet">${t("director.in", { span: format.duration(line.at_ms - now_ms) })}</span></li>`;
}

function cameLine(line: EventLine, names: Names, view: RehearsalView): TemplateResult {
  const refusal = refusalOf(line, view.refused);
  return html`<li class=${refusal === null ? "" : "refused"}><time>${format.clock(line.at_ms)}</time><span class="wrap">${eventWords(line, names)}</span><span></span>
    ${refusal === null ? nothing : html`<span class="second wrap">${t("director.refused", { why: refusedWords(refusal) })}</span>`}</li>`;
}

export function doneList(rows: ReadonlyMap<string, MarkRow>, units: UnitNames, who: (id: string) => string): TemplateResult {
  const shown = newestMarks(rows, MARKS_SHOWN);
  return html`<h2 class="heading">${t("director.who_did")}<span class="number">${shown.length}</span></h2>
    ${shown.length === 0 ? html`<t-state kind="empty" text=${t("director.nobody")}></t-state>` : nothing}
    <ol class="lines">
      ${repeat(shown, (row) => row.id, (row) => html`<li><time>${format.clock(row.at_ms)}</time><span class="wrap">${wordMark(row, units)}</span>
        <span class="quiet">${who(row.actor)}</span></li>`)}
    </ol>`;
}

export function toldList(told: readonly Told[], total: number, names: Names): TemplateResult {
  return html`<h2 class="heading">${t("director.told")}<span class="number">${total}</span></h2>
    ${told.length === 0 ? html`<t-state kind="empty" text=${t("director.told_none")}></t-state>` : nothing}
    <ol class="lines">
      ${told.toReversed().map((each) => html`<li><time>${format.clock(each.at_ms)}</time>
        <span class="wrap">${word("link", each.link)}${each.link === "sms" ? "" : ` · ${toldWords(each.what)}`} ${each.text}</span>
        <span class="quiet">${each.link === "sms" ? each.about : aboutWords({ kind: "told", about: each.about, text: each.text }, names)}</span></li>`)}
    </ol>`;
}

function toldWords(what: string): string {
  const said = word("told", what);
  return said === what ? word("case_step", what) : said;
}

/** The total and how it comes about; every task, planned against done. */
export function marksPanel(view: RehearsalView, onChoose: (event: CustomEvent<string>) => void): TemplateResult {
  const { evaluation, tasks, run } = view;
  const rows = new Map(tasks.map((task) => [task.key, task]));
  return html`<h2 class="heading">${run.state === "ended" ? t("marks.final") : t("marks.title")}</h2>
    ${evaluation.total === null
      ? html`<t-state kind="empty" text=${t("marks.none")}></t-state>`
      : html`<p class="total"><span class="quiet">${t("marks.total")}</span><b>${evaluation.total.toFixed(1)}</b>
          <span>${t("marks.on_time")}<b>${evaluation.on_time}</b></span>
          <span>${t("marks.late")}<b>${evaluation.late}</b></span>
          <span>${t("marks.missed")}<b>${evaluation.missed}</b></span>
          <span>${t("marks.out_of_order")}<b>${evaluation.out_of_order}</b></span></p>`}
    <t-table label=${t("marks.title")} .columns=${markColumns(rows)} .rows=${rows} @choose=${onChoose}></t-table>`;
}

function markColumns(rows: ReadonlyMap<string, TaskLine>): readonly Column<TaskLine>[] {
  const time = (at_ms: number | null): string => (at_ms === null ? "–" : format.clock(at_ms).slice(0, 5));
  return [
    { id: "task", title: t("marks.task"), cell: (row) => html`<span style="white-space:normal">${inLanguage(row.title)}</span>` },
    { id: "planned", title: t("marks.planned"), number: true, cell: (row) => time(row.due_ms) },
    { id: "done", title: t("marks.done"), number: true, cell: (row) => time(row.done_ms) },
    { id: "result", title: t("marks.result"), cell: (row) => markCell(row, rows) },
    {
      id: "points",
      title: t("marks.points"),
      number: true,
      cell: (row) => (row.earned === null ? "–" : String(Math.round(row.earned * 100))),
    },
  ];
}

function markCell(row: TaskLine, rows: ReadonlyMap<string, TaskLine>): TemplateResult {
  const late = row.late_ms > 0 ? format.duration(row.late_ms) : "";
  const names = row.too_early_for.map((key) => inLanguage(rows.get(key)?.title ?? { zh: key, en: key }));
  return html`<span class=${row.late_ms > 0 ? "stale" : row.mark === "not_opened" ? "quiet" : ""} style="white-space:normal">${word("outcome", row.mark)} ${late}</span>
    ${names.length === 0 ? nothing : html`<br /><span class="quiet" style="white-space:normal">${t("marks.too_early", { tasks: names.join("、") })}</span>`}`;
}
