/** What running plans have to report upward, soonest due first, and what was reported. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../../i18n/i18n";
import type { Leading } from "./context";
import { reportsDue, reportsMade, type Upward } from "./picture";
import "./report_card";

const MOST_MADE = 20;

export function reportsTab(leading: Leading): TemplateResult {
  const [activations, tasks] = [leading.store.rows("activations"), leading.store.rows("tasks")];
  if (!leading.store.loaded("tasks") || !leading.store.loaded("activations")) return html`<t-state kind="loading"></t-state>`;
  const [due, made] = [reportsDue(activations, tasks), reportsMade(activations, tasks)];
  const card = (report: Upward): TemplateResult => html`<leader-report .leading=${leading} .report=${report}></leader-report>`;
  return html`${due.length === 0 ? html`<div class="calm"><h2>${t("leader.no_reports")}</h2></div>` : nothing}
    ${repeat(due, ({ key }) => key, card)}
    ${made.length === 0 ? nothing : html`<h2 class="heading">${t("leader.reported")}<span class="number">${made.length}</span></h2>`}
    ${repeat(made.slice(0, MOST_MADE), ({ key }) => key, card)}
    ${made.length > MOST_MADE ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_MADE, total: made.length })}></t-state>` : nothing}`;
}
