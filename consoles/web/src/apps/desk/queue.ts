/** The left of the desk: calls that wait, calls I have, what waits for my yes, alarms, situations. Nothing here moves under the pointer. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../../components/alike_alarms";
import "../../components/cards";
import { icon } from "../../components/icons";
import { StableOrder } from "../../components/stable_order";
import "../../components/states";
import { focusedIn, isField } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CallRow, SituationRow } from "../../wire";
import { AlikeAlarms, repeatsIn, type AlarmCard } from "../alike";
import "../approvals/card";
import { mayDecide } from "../approvals/deciders";
import { consoleStyles } from "../console_styles";
import { ALARM_FLOOD, alarmRate, alarmsInOrder, openSituations, subjectOf, unitsAt, waitingApprovals, waitingCalls, type Subjects } from "../picture";
import type { Desk } from "./context";
import { enterMeans } from "./keys";
import "./others_calls";
import "./own_tasks";
import { answersCalls } from "./tables";
import { myCalls } from "./whose_calls";

const LATE_ANSWER_MS = 15_000;
const MOST_APPROVALS = 30;
const MOST_ALARMS = 30;
const MOST_SITUATIONS = 100;

/** Tells `answer` (call id), `choose` ({table, id}) and what the alarm cards tell. */
@customElement("desk-queue")
export class Queue extends View {
  static override styles = [
    shared,
    consoleStyles,
    css`
      :host {
        height: 100%;
        display: flex;
        flex-direction: column;
        gap: var(--s2);
      }
      .calls {
        flex: none;
        max-height: 34%;
      }
      /* What nobody here is on never takes the room of what rings, and is never gone for want of room. */
      desk-others-calls.panel {
        flex: 0 1 auto;
        min-height: min(7em, 16%);
        max-height: 36%;
      }
      /* Each as high as what is in it; where both cannot be, alarms and situations share what is left. */
      .alarms {
        flex: 0 1 auto;
        min-height: min(14em, 30%);
      }
      .situations {
        flex: 1 1 auto;
        min-height: 30%;
      }
      /* One with its question has to be seen whole; calls, alarms and situations make room for that. */
      .approvals {
        flex: none;
        max-height: 32%;
      }
      .approvals .heading button {
        min-height: 22px;
        padding: 0;
      }
      :host:has(desk-others-calls:not([hidden])) .calls {
        max-height: 28%;
      }
      :host:has(desk-others-calls:not([hidden])) .alarms {
        min-height: min(14em, 22%);
      }
      :host:has(desk-others-calls:not([hidden])) .situations {
        min-height: 24%;
      }
      :host:has(.approvals) .calls {
        max-height: 24%;
      }
      :host:has(.approvals) .alarms {
        min-height: min(14em, 16%);
      }
      :host:has(.approvals) .situations {
        min-height: 16%;
      }
      :host:has(.approvals) desk-others-calls.panel {
        min-height: min(5em, 10%);
        max-height: 20%;
      }
      .alarms t-alarm,
      .alarms t-alike-alarms {
        margin: 0 var(--s2) var(--s2);
        font-size: var(--t1);
      }
      .each {
        padding-left: var(--s3);
      }
      .call {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 var(--s3);
        align-items: center;
        width: 100%;
        padding: var(--s2) var(--s3);
        text-align: left;
        border: none;
        border-top: var(--hair) solid var(--line);
        border-radius: 0;
        background: none;
      }
      .call[aria-current="true"] {
        background: var(--accent-dim);
      }
      .call .caller {
        overflow-wrap: anywhere;
      }
      /* Both fit beside a number in the narrowest column. */
      .call .keys {
        margin-left: calc(-1 * var(--s1));
        font-size: var(--t1);
      }
      .call .keys kbd {
        padding: 0 0.2em;
      }
      .call .second {
        grid-column: 2 / -1;
        white-space: normal;
        font-size: var(--t1);
      }
      .dialled {
        font-size: var(--t3);
        font-weight: 700;
      }
      .late {
        background: var(--hatch);
      }
      .pick {
        display: block;
        width: 100%;
        padding: 0;
        border: none;
        border-radius: 0;
        background: none;
        text-align: left;
        white-space: normal;
      }
      .pick > * {
        flex: 1;
        min-width: 0;
      }
      .pick:focus-visible,
      .call:focus-visible {
        outline-offset: -2px;
      }
      .fold {
        display: flex;
        padding: var(--s1) var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) subjects: Subjects | null = null;
  @state() private unfolded = false;
  private held = "";
  private readonly approvalOrder = new StableOrder();
  private readonly alarmOrder = new StableOrder();
  private readonly alike = new AlikeAlarms();
  /** Cards of several alarms of which each is shown. */
  @state() private opened: ReadonlySet<string> = new Set();
  private readonly situationOrder = new StableOrder();

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("focusin", this.onFocus);
    document.addEventListener("focusout", this.onFocus);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("focusin", this.onFocus);
    document.removeEventListener("focusout", this.onFocus);
  }

  /** What Enter does has changed; within one part of the page nobody is told, and the next second draws it. */
  private readonly onFocus = (): void => this.requestUpdate();

  override render(): TemplateResult {
    const desk = this.desk;
    if (desk === null) return html``;
    return html`${answersCalls(desk.actor) ? html`<section class="panel calls" aria-label=${t("desk.queue")}>${this.calls(desk)}</section>
        <desk-others-calls class="panel" .desk=${desk}></desk-others-calls>` : html`<desk-own-tasks class="panel" .desk=${desk}></desk-own-tasks>`}
      ${this.approvals(desk)} ${this.alarms(desk)}
      <section class="panel situations" aria-label=${t("desk.situations")} @pointerenter=${() => (this.held = "situations")} @pointerleave=${this.release}>
        ${this.situations(desk)}
      </section>`;
  }

  private readonly release = (): void => {
    this.held = "";
    this.requestUpdate();
  };

  private calls(desk: Desk): TemplateResult {
    const calls = desk.store.rows("calls");
    const waiting = waitingCalls(calls);
    const mine = myCalls(calls, desk.actor.id);
    if (!desk.store.loaded("calls")) return html`<t-state kind="loading"></t-state>`;
    return html`<h2 class="heading">${t("desk.queue")}<span class="number">${t("desk.waiting", { n: waiting.length })}</span></h2>
      ${waiting.length + mine.length === 0 ? html`<t-state kind="empty" text=${t("desk.no_calls")}></t-state>` : nothing}
      ${repeat(waiting, (row) => row.id, (row, index) => this.call(desk, row, index === 0))}
      ${repeat(mine, (row) => row.id, (row) => this.call(desk, row, false))}`;
  }

  private call(desk: Desk, row: CallRow, first: boolean): TemplateResult {
    const rings = row.state === "ringing";
    const waited_ms = desk.now_ms - row.arrived_ms;
    const tell = (): void => (rings ? this.tell("answer", row.id) : this.tell("choose", { table: "calls", id: row.id }));
    return html`<button class="call ${rings && waited_ms > LATE_ANSWER_MS ? "late" : ""}" aria-current=${desk.call?.id === row.id} @click=${tell}>
      <span>${icon(rings ? "ringing" : "phone")} <span class="dialled">${row.dialled}</span></span>
      <span class="caller">${row.caller || "—"}</span>
      ${first ? enterHint() : html`<span></span>`}
      <span class="second quiet row"
        ><span class="grow">${rings ? row.place?.text || row.address || word("call_state", row.state) : t(row.hung_up_ms == null ? "desk.mine" : "call.hung_up")}</span
        ><span class="number">${format.duration(rings ? waited_ms : desk.now_ms - (row.answered_ms ?? row.arrived_ms))}</span></span
      >
    </button>`;
  }

  /** What I may decide, soonest due first; then what I asked for that stands in no situation, and so nowhere else. */
  private approvals(desk: Desk): TemplateResult | typeof nothing {
    const rows = desk.store.rows("approvals");
    const waiting = waitingApprovals(rows);
    const mine = waiting.filter((row) => mayDecide(desk.actor, row));
    const asked = waiting.filter((row) => row.requested_by === desk.actor.id && row.situation === "");
    if (mine.length + asked.length === 0) return nothing;
    const keys = this.approvalOrder.arrange([...mine, ...asked].map((row) => row.id), this.held === "approvals");
    const title = mine.length > 0 ? t("approvals.mine", { n: mine.length }) : t("approvals.asked", { n: asked.length });
    return html`<section class="panel approvals" aria-label=${title} @pointerenter=${() => (this.held = "approvals")} @pointerleave=${this.release}>
      <h2 class="heading">${title}${mine.length === 0
        ? nothing
        : html`<button class="bare number" title=${t("approvals.line")} @click=${() => this.tell("fill", "Y ")}><kbd>Y</kbd></button>`}</h2>
      ${repeat(keys.slice(0, MOST_APPROVALS), (key) => key, (key) => html`<t-approval placed .desk=${desk} .row=${rows.get(key) ?? null}></t-approval>`)}
      ${keys.length > MOST_APPROVALS ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_APPROVALS, total: keys.length })}></t-state>` : nothing}
    </section>`;
  }

  /** Whether somebody writes why an alarm is shelved: a card that moves or folds away loses the keyboard, and the rest of the words would be keys. */
  private isTypedIn(): boolean {
    return this.shadowRoot?.activeElement?.localName === "t-alarm" && isField(focusedIn(document));
  }

  private alarms(desk: Desk): TemplateResult | typeof nothing {
    const rows = desk.store.rows("alarms");
    const wanted = alarmsInOrder(rows).filter((row) => row.state !== "shelved");
    const typed = this.isTypedIn();
    const held = this.held === "alarms" || typed;
    // A card that joins others under the keys would leave them to the page.
    const cards = this.alike.arrange(wanted, held || /^t-al/.test(this.shadowRoot?.activeElement?.localName ?? ""));
    if (wanted.length === 0) return nothing;
    const rate = alarmRate(rows, desk.now_ms);
    const repeats = alarmRate(new Map(repeatsIn(cards).map((row) => [row.id, row])), desk.now_ms);
    const flood = rate - repeats > ALARM_FLOOD && !this.unfolded && !typed;
    const shown = new Map(cards.filter(({ rows: [row] }) => !flood || row.level <= 2 || row.kind === "sos" || row.state === "taken").map((card) => [card.key, card]));
    const folded = wanted.length - [...shown.values()].reduce((sum, card) => sum + card.rows.length, 0);
    const keys = this.alarmOrder.arrange([...shown.keys()], held);
    return html`<section class="panel alarms" aria-label=${t("desk.alarms", { n: wanted.length })}
      @pointerenter=${() => (this.held = "alarms")} @pointerleave=${this.release}>
      <h2 class="heading">${t("desk.alarms", { n: wanted.length })}<span class="number quiet">${t("desk.alarm_rate", { n: rate })}</span></h2>
      ${repeat(keys.slice(0, MOST_ALARMS), (key) => key, (key) => this.card(desk, shown.get(key)))}
      ${keys.length > MOST_ALARMS ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_ALARMS, total: keys.length })}></t-state>` : nothing}
      ${folded > 0
        ? html`<p class="fold row quiet"><span class="grow">${t("desk.alarms_folded", { n: folded })}</span>
            <button @click=${() => (this.unfolded = true)}>${t("desk.alarms_unfold")}</button></p>`
        : nothing}
    </section>`;
  }

  private card(desk: Desk, card: AlarmCard | undefined): TemplateResult | typeof nothing {
    const { subjects } = this;
    if (card === undefined || subjects === null) return nothing;
    const { key, rows } = card;
    const each = repeat(rows, (row) => row.id, (row) => html`<t-alarm .alarm=${row} subject=${subjectOf(row, subjects)} owner=${desk.who(row.taken_by)} .now=${desk.now_ms}></t-alarm>`);
    if (key === rows[0].id) return html`${each}`;
    const unfolded = this.opened.has(key);
    return html`<t-alike-alarms .alarms=${rows} .names=${rows.map((row) => subjectOf(row, subjects))} about=${desk.store.rows("situations").get(rows[0].situation)?.title ?? ""}
        owner=${desk.who(rows[0].taken_by)} .now=${desk.now_ms} ?unfolded=${unfolded} @unfold=${() => this.unfold(key)}></t-alike-alarms>
      ${unfolded ? html`<div class="each">${each}</div>` : nothing}`;
  }

  private unfold(key: string): void {
    const opened = new Set(this.opened);
    if (!opened.delete(key)) opened.add(key);
    this.opened = opened;
  }

  private situations(desk: Desk): TemplateResult {
    const rows = desk.store.rows("situations");
    if (!desk.store.loaded("situations")) return html`<t-state kind="loading"></t-state>`;
    const open = openSituations(rows);
    const keys = this.situationOrder.arrange(mineFirst(open, desk).map((row) => row.id), this.held === "situations");
    const units = unitsAt(desk.store.rows("orders"));
    const pinned = desk.store.rows("focus").get("wall");
    return html`<h2 class="heading">${t("desk.situations")}<span class="number">${open.length}</span></h2>
      ${open.length === 0 ? html`<t-state kind="empty" text=${t("desk.no_situations")}></t-state>` : nothing}
      ${repeat(keys.slice(0, MOST_SITUATIONS), (key) => key, (key) => {
        const row = rows.get(key);
        if (row === undefined) return nothing;
        return html`<button class="pick" aria-current=${desk.situation?.id === key} @click=${() => this.tell("choose", { table: "situations", id: key })}>
          <t-situation .situation=${row} .now=${desk.now_ms} .units=${units.get(key) ?? 0} ?chosen=${desk.situation?.id === key}
            pinned=${pinned?.situation === key ? desk.who(pinned.by) : ""}></t-situation>
        </button>`;
      })}
      ${keys.length > MOST_SITUATIONS ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST_SITUATIONS, total: keys.length })}></t-state>` : nothing}`;
  }
}

/** The keys that answer, as long as they do. */
function enterHint(): TemplateResult {
  const means = enterMeans(focusedIn(document));
  if (means === "press") return html`<span></span>`;
  return html`<span class="keys" title=${t("desk.answer")}>${means === "leave_first" ? html`<kbd>Esc</kbd>` : nothing}<kbd>Enter</kbd></span>`;
}

/** Situations of calls that I took come before the others; each part keeps its order. */
export function mineFirst(open: readonly SituationRow[], desk: Pick<Desk, "store" | "actor">): SituationRow[] {
  const calls = desk.store.rows("calls");
  const mine = (row: SituationRow): number => (row.calls.some((id) => calls.get(id)?.answered_by === desk.actor.id) ? 0 : 1);
  return [...open].sort((a, b) => mine(a) - mine(b));
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-queue": Queue;
  }
}
