/** One approval: what is to be decided, about what, by when; whoever may decide does so here. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { ApprovalRow } from "../../wire";
import type { Desk } from "./context";
import { mayDecide } from "./deciders";

/** Tells `choose` with the situation it is about, where that is named on it. */
@customElement("desk-approval")
export class ApprovalCard extends View {
  static override styles = [
    shared,
    css`
      .card {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s3);
        min-height: 34px;
        padding: var(--s1) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      .late {
        background: var(--hatch);
      }
      .item {
        flex: 1 1 10em;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .about {
        flex: 1 1 100%;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 var(--s3);
        font-size: var(--t1);
      }
      .about button {
        min-height: 24px;
        padding: 0;
        color: var(--accent);
        white-space: normal;
        text-align: left;
      }
      .buttons {
        display: flex;
        gap: var(--s2);
        margin-left: auto;
      }
      .buttons button {
        min-height: 28px;
        padding: 0 var(--s2);
        font-size: var(--t1);
      }
      t-confirm,
      .error {
        flex: 1 1 100%;
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) row: ApprovalRow | null = null;
  /** Name the situation and who asked: it stands in a list of many matters. */
  @property({ type: Boolean }) placed = false;
  /** The answer that is being asked about. */
  @state() private answer: "grant" | "refuse" | "" = "";
  @state() private failure = "";
  private asking = false;

  override render(): TemplateResult {
    const { desk, row } = this;
    if (desk === null || row === null) return html``;
    const waiting = row.state === "waiting";
    const left_ms = row.due_ms - desk.now_ms;
    const time = left_ms < 0 ? t("time.late", { span: format.duration(-left_ms) }) : t("time.left", { span: format.duration(left_ms) });
    return html`<article class="card ${waiting && left_ms < 0 ? "late" : ""}">
      <span class="item">${icon(waiting ? "lock" : row.state === "granted" ? "check" : "close")} ${row.item}</span>
      ${waiting ? html`<span class="number">${time}</span>` : html`<span>${word("approval_state", row.state)} ${desk.who(row.decided_by)}</span>`}
      ${this.placed ? this.about(desk, row) : nothing}
      ${waiting && this.answer === "" ? this.buttons(desk, row) : nothing}
      ${waiting && this.answer !== "" ? this.question(row, this.answer) : nothing}
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
    </article>`;
  }

  private about(desk: Desk, row: ApprovalRow): TemplateResult {
    const situation = desk.store.rows("situations").get(row.situation);
    return html`<span class="about">
      ${situation === undefined
        ? row.subject === row.item ? nothing : html`<span>${row.subject}</span>`
        : html`<button class="bare" @click=${() => this.tell("choose", { table: "situations", id: situation.id })}><t-level level=${situation.level}></t-level> ${situation.title}</button>`}
      <span class="quiet">${row.requested_by === desk.actor.id ? t("approvals.own") : t("approvals.by", { name: desk.who(row.requested_by) })}</span>
    </span>`;
  }

  private buttons(desk: Desk, row: ApprovalRow): TemplateResult | typeof nothing {
    if (!mayDecide(desk.actor, row)) return nothing;
    return html`<span class="buttons">
      <button id="grant" @click=${() => this.askAbout("grant")}>${t("situation.grant")}</button>
      <button id="refuse" @click=${() => this.askAbout("refuse")}>${t("situation.refuse")}</button>
    </span>`;
  }

  private question(row: ApprovalRow, answer: "grant" | "refuse"): TemplateResult {
    const question = t("will.do", { verb: t(`situation.${answer}`), what: row.item });
    return html`<t-confirm question=${question} consequence=${t("will.decided_consequence")}
      @cancel=${() => this.leave(answer)} @confirm=${() => void this.decide(row, answer)}></t-confirm>`;
  }

  private askAbout(answer: "grant" | "refuse"): void {
    if (!this.asking) this.answer = answer;
  }

  /** The keyboard goes back to where it came from: a press too many must not fall on the page. */
  private leave(answer: string): void {
    this.answer = "";
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#${answer}`)?.focus());
  }

  private async decide(row: ApprovalRow, answer: "grant" | "refuse"): Promise<void> {
    this.leave(answer);
    this.asking = true;
    this.failure = "";
    try {
      await this.desk?.ask({ request: "decide_approval", approval: row.id, granted: answer === "grant" });
    } catch (error) {
      this.failure = describe(error);
    }
    this.asking = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-approval": ApprovalCard;
  }
}
