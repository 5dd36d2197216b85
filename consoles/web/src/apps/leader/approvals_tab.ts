/** What waits for the leader's decision, soonest due first, and what was decided today. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { StableOrder } from "../../components/stable_order";
import { t } from "../../i18n/i18n";
import type { ApprovalRow } from "../../wire";
import "../approvals/card";
import { mayDecide } from "../approvals/deciders";
import { waitingApprovals } from "../picture";
import { goingWords, type Leading } from "./context";
import { answerUnderWay, decidedToday } from "./picture";

const MOST = 50;

/** `held` while a question is open: what comes then goes to the end. */
export function approvalsTab(leading: Leading, order: StableOrder, held: boolean): TemplateResult {
  const rows = leading.store.rows("approvals");
  if (!leading.store.loaded("approvals")) return html`<t-state kind="loading"></t-state>`;
  const waiting = waitingApprovals(rows);
  const mine = waiting.filter((row) => mayDecide(leading.actor, row));
  const asked = waiting.filter((row) => row.requested_by === leading.actor.id);
  const keys = order.arrange([...mine, ...asked].map((row) => row.id), held);
  const decided = decidedToday(rows, leading.now_ms);
  return html`${mine.length === 0 ? html`<div class="calm"><h2>${t("leader.nothing_waits")}</h2><p class="quiet">${t("leader.new_rings")}</p></div>` : nothing}
    ${repeat(keys.slice(0, MOST), (key) => key, (key) => approvalCard(leading, rows.get(key), true))}
    ${keys.length > MOST ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST, total: keys.length })}></t-state>` : nothing}
    <p class="quiet">${t("leader.elsewhere")} <a class="touch" href="/vehicles#watches">${t("home.vehicles")}</a></p>
    ${decided.length === 0 ? nothing : html`<h2 class="heading">${t("leader.decided")}<span class="number">${decided.length}</span></h2>`}
    ${repeat(decided.slice(0, MOST), (row) => row.id, (row) => approvalCard(leading, row, true))}
    ${decided.length > MOST ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST, total: decided.length })}></t-state>` : nothing}`;
}

/** `placed` names the situation: it stands among those of others. */
export function approvalCard(leading: Leading, row: ApprovalRow | undefined, placed: boolean): TemplateResult | typeof nothing {
  if (row === undefined) return nothing;
  const answer = answerUnderWay(leading.underWay, row.id);
  const instead = answer !== null ? goingWords(leading, t(`approvals.${answer}`)) : leading.fresh ? "" : t("leader.not_now");
  return html`<t-approval large ?placed=${placed} instead=${instead} .desk=${leading} .row=${row}></t-approval>`;
}
