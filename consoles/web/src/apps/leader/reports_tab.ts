/** What running plans have to report upward, soonest due first, and what was reported. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { inLanguage } from "../desk/commands_plans";
import { hashOf } from "../tabs";
import type { Leading } from "./context";
import { reportsDue, reportsLater, reportsMade, unplanned, type Later, type Upward } from "./picture";
import "./report_card";

const MOST_MADE = 20;
const MOST_UNPLANNED = 20;

export function reportsTab(leading: Leading): TemplateResult {
  const [activations, tasks] = [leading.store.rows("activations"), leading.store.rows("tasks")];
  if (!leading.store.loaded("tasks") || !leading.store.loaded("activations")) return html`<t-state kind="loading"></t-state>`;
  const [due, made] = [reportsDue(activations, tasks), reportsMade(activations, tasks)];
  const [later, without] = [reportsLater(activations), unplanned(leading.store.rows("situations"), activations)];
  const nothingToCome = later.length + without.length === 0;
  const card = (report: Upward): TemplateResult => html`<leader-report .leading=${leading} .report=${report}></leader-report>`;
  return html`${due.length === 0 ? html`<div class="calm"><h2>${t(nothingToCome ? "leader.no_reports" : "leader.no_reports_now")}</h2></div>` : nothing}
    ${repeat(due, ({ key }) => key, card)}
    ${without.length === 0 ? nothing : html`<section><h2 class="heading">${t("leader.unplanned")}<span class="number">${without.length}</span></h2>
      <p class="quiet">${icon("info")} ${t("leader.unplanned_about")}</p>
      ${repeat(without.slice(0, MOST_UNPLANNED), ({ id }) => id, ({ id, level, title }) => html`<a class="line" href=${hashOf("open", id)}><t-level level=${level}></t-level> ${title}</a>`)}
      ${without.length > MOST_UNPLANNED ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_UNPLANNED, total: without.length })}></t-state>` : nothing}</section>`}
    ${later.length === 0 ? nothing : html`<section><h2 class="heading">${t("leader.later")}<span class="number">${later.length}</span></h2>
      <ul>${repeat(later, ({ key }) => key, (each) => laterLine(leading, each))}</ul></section>`}
    ${made.length === 0 ? nothing : html`<h2 class="heading">${t("leader.reported")}<span class="number">${made.length}</span></h2>`}
    ${repeat(made.slice(0, MOST_MADE), ({ key }) => key, card)}
    ${made.length > MOST_MADE ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_MADE, total: made.length })}></t-state>` : nothing}`;
}

function laterLine(leading: Leading, { activation, phase, planned, report }: Later): TemplateResult {
  const situation = leading.store.rows("situations").get(activation.situation);
  const within = format.duration(report.within_min * 60_000);
  return html`<li class="line"><span class="grow">${inLanguage(planned.title)}<br />
    <span class="quiet">${t("leader.to", { who: word("authority", report.to) })} · ${t("leader.later_when", { phase: inLanguage(phase.title), span: within })}</span><br />
    <span class="quiet">${situation?.title ?? ""} · ${inLanguage(activation.definition.title)}</span></span></li>`;
}
