/** One approval: what is to be decided, about what, by when; whoever may decide does so here. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { ApprovalRow } from "../../wire";
import { askedFor, consequenceOf, mayDecide, type Answer, type Deciding } from "./deciders";

/** Tells `choose` with the situation it is about, where that is named on it, and `asking` while its question is open or no more. */
@customElement("t-approval")
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
      .instead,
      .error {
        flex: 1 1 100%;
      }
      :host([large]) .card {
        gap: var(--s2) var(--s3);
        padding: var(--s4);
        border: none;
        border-radius: var(--radius);
        background-color: var(--panel);
      }
      :host([large]) .item {
        font-size: 20px;
        font-weight: 700;
        line-height: 1.3;
      }
      :host([large]) .about {
        gap: var(--s1) var(--s3);
        font-size: 16px;
      }
      :host([large]) .about button {
        width: 100%;
        min-height: 44px;
        justify-content: flex-start;
      }
      :host([large]) .about > span {
        flex: 1 1 100%;
        overflow-wrap: anywhere;
      }
      :host([large]) .buttons {
        flex: 1 1 100%;
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: var(--s3);
      }
      :host([large]) .buttons button {
        min-height: 56px;
        font-size: 18px;
        font-weight: 650;
      }
      :host([large]) .instead {
        min-height: 56px;
        padding: var(--s2) 0;
      }
    `,
  ];

  @property({ attribute: false }) desk: Deciding | null = null;
  @property({ attribute: false }) row: ApprovalRow | null = null;
  /** Name the situation and who asked: it stands in a list of many matters. */
  @property({ type: Boolean }) placed = false;
  /** In the hand: large, with place, time and what for. */
  @property({ type: Boolean, reflect: true }) large = false;
  /** Words in place of the buttons: why it cannot be decided now, or that the decision is on its way. */
  @property() instead = "";
  /** The answer that is being asked about. */
  @state() private answer: Answer | "" = "";
  @state() private failure = "";
  private asking = false;

  override render(): TemplateResult {
    const { desk, row } = this;
    if (desk === null || row === null) return html``;
    const waiting = row.state === "waiting";
    const left_ms = row.due_ms - desk.now_ms;
    return html`<article class="card ${waiting && left_ms < 0 ? "late" : ""}">
      <span class="item">${icon(waiting ? "lock" : row.state === "granted" ? "check" : "close")} ${row.item}</span>
      ${waiting ? html`<span class="number">${timeLeft(left_ms)}</span>` : html`<span>${word("approval_state", row.state)} ${desk.who(row.decided_by)}</span>`}
      ${this.placed || this.large ? this.about(desk, row) : nothing}
      ${waiting ? this.decision(desk, row) : nothing}
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
    </article>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("answer")) this.tell("asking", this.answer === "" ? "" : (this.row?.id ?? ""));
  }

  private about(desk: Deciding, row: ApprovalRow): TemplateResult {
    const situation = this.placed ? desk.store.rows("situations").get(row.situation) : undefined;
    const by = row.requested_by === desk.actor.id ? t("approvals.own") : t("approvals.by", { name: desk.who(row.requested_by) });
    return html`<span class="about">
      ${situation === undefined
        ? this.large || row.subject === row.item ? nothing : html`<span>${row.subject}</span>`
        : html`<button class="bare" @click=${() => this.tell("choose", { table: "situations", id: situation.id })}><t-level level=${situation.level}></t-level> ${situation.title}</button>`}
      ${this.large ? this.more(desk, row) : nothing}
      <span class="quiet">${by}${this.large ? html` · ${format.instant(row.requested_ms, desk.now_ms)}` : nothing}</span>
    </span>`;
  }

  private more(desk: Deciding, row: ApprovalRow): TemplateResult {
    const place = (this.placed ? desk.store.rows("situations").get(row.situation)?.place?.text : "") ?? "";
    const why = askedFor(row, desk.store.rows("tasks"));
    return html`${place === "" ? nothing : html`<span>${icon("pin")} ${place}</span>`} ${why === "" ? nothing : html`<span>${why}</span>`}
      ${row.state === "waiting"
        ? html`<span class="quiet">${t("approvals.due", { time: format.moment(row.due_ms, desk.now_ms) })}</span>`
        : html`<span class="quiet">${t("approvals.decided_at", { time: format.moment(row.decided_ms ?? desk.now_ms, desk.now_ms) })}</span>`}`;
  }

  private decision(desk: Deciding, row: ApprovalRow): TemplateResult | typeof nothing {
    if (!mayDecide(desk.actor, row)) return nothing;
    if (this.instead !== "") return html`<p class="instead" role="status">${icon("clock")} ${this.instead}</p>`;
    if (this.answer !== "") return this.question(desk, row, this.answer);
    return html`<span class="buttons">
      <button id="grant" @click=${() => this.askAbout("grant")}>${this.verb("grant")}</button>
      <button id="refuse" @click=${() => this.askAbout("refuse")}>${this.verb("refuse")}</button>
    </span>`;
  }

  private question(desk: Deciding, row: ApprovalRow, answer: Answer): TemplateResult {
    const question = t("will.do", { verb: this.verb(answer), what: row.item });
    return html`<t-confirm ?tapped=${this.large} question=${question} consequence=${consequenceOf(row, answer, desk.store.rows("tasks"))}
      @cancel=${() => this.leave(answer)} @confirm=${() => void this.decide(row, answer)}></t-confirm>`;
  }

  /** A leader says 同意 on paper and in the hand; the desk's words are those of its command line. */
  private verb(answer: Answer): string {
    return t(this.large ? `approvals.${answer}` : `situation.${answer}`);
  }

  private askAbout(answer: Answer): void {
    if (!this.asking) this.answer = answer;
  }

  /** The keyboard goes back to where it came from: a press too many must not fall on the page. */
  private leave(answer: string): void {
    this.answer = "";
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#${answer}`)?.focus());
  }

  private async decide(row: ApprovalRow, answer: Answer): Promise<void> {
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

function timeLeft(left_ms: number): string {
  return left_ms < 0 ? t("time.late", { span: format.duration(-left_ms) }) : t("time.left", { span: format.duration(left_ms) });
}

declare global {
  interface HTMLElementTagNameMap {
    "t-approval": ApprovalCard;
  }
}
