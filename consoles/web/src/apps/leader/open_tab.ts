/** What is open right now: how many of each level, how many calls wait, and the situations, gravest and newest change first. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { SituationRow } from "../../wire";
import { abandonedCalls, openSituations, unitsAt, waitingCalls } from "../picture";
import { hashOf } from "../tabs";
import type { Leading } from "./context";
import { lateOf, type Late } from "./picture";

const LEVELS = [1, 2, 3, 4] as const;
const MOST = 100;

export function openTab(leading: Leading): TemplateResult {
  const { store, now_ms } = leading;
  if (!store.loaded("situations")) return html`<t-state kind="loading"></t-state>`;
  const open = openSituations(store.rows("situations"));
  const orders = store.rows("orders");
  const [units, late] = [unitsAt(orders), lateOf(orders, store.rows("tasks"), store.rows("approvals"), now_ms)];
  const calls = waitingCalls(store.rows("calls"));
  const longest = calls[0];
  const abandoned = abandonedCalls(store.rows("calls")).length;
  return html`<dl class="numbers">
      ${LEVELS.map((level) => html`<div><dt><t-level level=${level}></t-level></dt><dd>${open.filter((row) => row.level === level).length}</dd></div>`)}
    </dl>
    <p class="waiting">${icon("ringing")} <b class="number">${calls.length}</b> ${t("leader.calls")}${longest === undefined ? nothing : html`<span class="number">${format.duration(now_ms - longest.arrived_ms)}</span>`}</p>
    ${abandoned === 0 ? nothing : html`<p class="waiting">${icon("phoneOff")} <b class="number">${abandoned}</b> <span class="grow">${t("leader.abandoned")}</span></p>`}
    ${open.length === 0 ? html`<t-state kind="empty" text=${t("desk.no_situations")}></t-state>` : nothing}
    ${repeat(open.slice(0, MOST), (row) => row.id, (row) => situationCard(leading, row, units.get(row.id) ?? 0, late.get(row.id)))}
    ${open.length > MOST ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST, total: open.length })}></t-state>` : nothing}`;
}

function situationCard({ now_ms }: Leading, row: SituationRow, units: number, late: Late | undefined): TemplateResult {
  return html`<a class="card" href=${hashOf("open", row.id)}>
    <span class="title"><t-level level=${row.level}></t-level><b>${row.title}</b></span>
    <span>${placeWords(row)}</span>
    <span class="quiet">${word("situation_state", row.state)} · ${t("situation.units", { n: units })} · ${t("leader.changed", { span: format.duration(now_ms - row.changed_ms) })}</span>
    ${late === undefined ? nothing : html`<span class="late">${lateWords(late)}</span>`}
  </a>`;
}

export function placeWords(row: SituationRow): string {
  return row.place === null ? t("situation.no_place") : row.place.text || `${row.place.lat}, ${row.place.lon}`;
}

export function lateWords({ orders, tasks, approvals }: Late): string {
  const parts = [["leader.late_orders", orders], ["leader.late_tasks", tasks], ["leader.late_approvals", approvals]] as const;
  return parts.filter(([, n]) => n > 0).map(([key, n]) => t(key, { n })).join(t("list.comma"));
}
