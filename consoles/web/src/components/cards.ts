/** Cards for the two things people work through: alarms and situations. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import * as format from "../i18n/format";
import { t, word } from "../i18n/i18n";
import type { AlarmRow, SituationRow } from "../wire";
import { alarmDetail } from "./alarm_words";
import { icon } from "./icons";
import { valueOf } from "./typing";
import { shared, View } from "./view";

const SHELVE_MINUTES = [5, 15, 30, 60] as const;

/** How a card of an alarm, or of several alike, is laid out. */
export const alarmStyles = css`
  .card {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: var(--s1) var(--s2);
    padding: var(--s2) var(--s3);
    background: var(--raised);
    border-radius: var(--radius);
    border-left: calc(3px * var(--scale)) solid var(--level);
  }
  .card.line {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: var(--s1) var(--s2);
    white-space: nowrap;
  }
  .two {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    white-space: normal;
    line-height: 1.25;
  }
  .card.taken,
  .card.shelved {
    background: none;
    border-left-style: dotted;
  }
  .flash {
    color: var(--level);
    animation: flash 1s steps(2, jump-none) infinite;
  }
  @keyframes flash {
    from {
      opacity: 1;
    }
    to {
      opacity: 0.25;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .flash {
      animation: none;
    }
  }
  .title {
    font-weight: 650;
  }
  .body {
    grid-column: 2 / -1;
    color: var(--text-2);
    overflow-wrap: anywhere;
  }
  .actions {
    grid-column: 2 / -1;
    flex-wrap: wrap;
    justify-content: flex-end;
  }
  .actions button {
    min-height: 28px;
  }
  input {
    width: auto;
    flex: 1;
    min-width: 8em;
  }
`;

/** Tells `take`, `shelve` ({minutes, why}) and `place` of an alarm. */
@customElement("t-alarm")
export class AlarmCard extends View {
  static override styles = [
    shared,
    alarmStyles,
  ];

  @property({ attribute: false }) alarm: AlarmRow | null = null;
  /** What it is about, in words: a unit's name, a plate, a task. */
  @property() subject = "";
  /** Whoever has taken it, by name. */
  @property() owner = "";
  @property({ type: Number }) now = 0;
  /** The line of a list (wall, folded): no buttons. */
  @property({ type: Boolean }) quiet = false;
  /** A line may take a second one rather than be cut. */
  @property({ type: Boolean }) roomy = false;
  @property({ type: Boolean }) chosen = false;
  @state() private shelving = false;
  private minutes: number = SHELVE_MINUTES[1];

  override render(): TemplateResult {
    const alarm = this.alarm;
    if (alarm === null) return html``;
    const flash = alarm.state === "raised";
    if (this.quiet) return this.line(alarm);
    return html`<article class="card ${alarm.state}" style="--level:var(--level-${alarm.level})" aria-current=${this.chosen}>
      <span class=${flash ? "flash" : "quiet"}>${icon(alarm.kind === "sos" ? "siren" : flash ? "alert" : "bell")}</span>
      <div class="row">
        <t-level level=${alarm.level}></t-level>
        <span class="title grow">${word("alarm", alarm.kind)} ${alarm.count > 1 ? t("alarm.count", { n: alarm.count }) : ""}</span>
      </div>
      <span class="number quiet" title=${format.instant(alarm.raised_ms, this.now)}>${format.duration(this.now - alarm.raised_ms)}</span>
      <div class="body">
        ${this.subject}${alarm.detail === "" ? nothing : html` · ${alarmDetail(alarm)}`}
        ${alarm.escalated ? html` · ${t("alarm.escalated")}` : nothing}
        <div>${this.todo(alarm)}</div>
      </div>
      ${this.actions(alarm)}
    </article>`;
  }

  /** Else what is typed goes to whatever has the keys then: `autofocus` is heeded once in the life of a page. */
  protected override updated(changed: PropertyValues): void {
    if (changed.has("shelving") && this.shelving) this.renderRoot.querySelector("input")?.focus();
  }

  private line(alarm: AlarmRow): TemplateResult {
    return html`<article class="card line" style="--level:var(--level-${alarm.level})">
      <span class="flash">${icon(alarm.kind === "sos" ? "siren" : "alert")}</span>
      <t-level level=${alarm.level}></t-level>
      <span class="title">${word("alarm", alarm.kind)} ${alarm.count > 1 ? t("alarm.count", { n: alarm.count }) : ""}</span>
      <span class="grow ${this.roomy ? "two" : "cut"} quiet">${this.subject} ${alarmDetail(alarm)}</span>
      <span class="number quiet">${format.duration(this.now - alarm.raised_ms)}</span>
    </article>`;
  }

  private todo(alarm: AlarmRow): string {
    if (alarm.state === "taken") return t("alarm.owner", { name: this.owner });
    if (alarm.state === "shelved") {
      return t("alarm.shelved_until", { time: format.moment(alarm.shelved_until_ms ?? this.now, this.now), why: alarm.shelved_why });
    }
    return word("alarm_todo", alarm.kind);
  }

  private actions(alarm: AlarmRow): TemplateResult {
    if (this.shelving) return this.shelveForm();
    return html`<div class="row actions">
      ${alarm.state === "taken"
        ? html`<button @click=${() => this.tell("clear", alarm.id)}>${t("action.clear")}</button>`
        : html`<button @click=${() => this.tell("take", alarm.id)}>${t("action.take")}</button>
            <button @click=${() => (this.shelving = true)}>${t("action.shelve")}</button>`}
    </div>`;
  }

  private shelveForm(): TemplateResult {
    return html`<form class="row actions" @submit=${this.shelve} @keydown=${this.onKey}>
      <select aria-label=${t("alarm.shelve_minutes")} style="width:auto" @change=${this.onMinutes}>
        ${SHELVE_MINUTES.map((n) => html`<option value=${n} ?selected=${n === this.minutes}>${format.duration(n * 60_000)}</option>`)}
      </select>
      <input name="why" required maxlength="500" placeholder=${t("alarm.shelve_why")} aria-label=${t("alarm.shelve_why")} />
      <button class="primary">${t("action.shelve")}</button>
      <button type="button" @click=${() => (this.shelving = false)}>${t("action.cancel")}</button>
    </form>`;
  }

  private onMinutes(event: Event): void {
    this.minutes = Number(valueOf(event));
  }

  private onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) this.shelving = false;
  }

  private shelve(event: SubmitEvent): void {
    event.preventDefault();
    const why = String(new FormData(event.target as HTMLFormElement).get("why") ?? "").trim();
    if (this.alarm === null || why === "") return;
    this.tell("shelve", { id: this.alarm.id, minutes: this.minutes, why });
    this.shelving = false;
  }
}

/** One situation in a list. Tells nothing: the list around it knows what a click means. */
@customElement("t-situation")
export class SituationCard extends View {
  static override styles = [
    shared,
    css`
      .card {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: var(--s1) var(--s3);
        padding: var(--s2) var(--s3);
        border-left: calc(3px * var(--scale)) solid transparent;
        border-bottom: var(--hair) solid var(--line);
      }
      .card.chosen {
        background: var(--accent-dim);
        border-left-color: var(--accent);
      }
      .card > t-level {
        align-self: start;
      }
      .title {
        font-weight: 600;
        /* Between words before within them: a plate is not torn in two. */
        word-break: keep-all;
        overflow-wrap: anywhere;
      }
      .second {
        grid-column: 2 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--s3);
        color: var(--text-2);
        font-size: 0.87em;
      }
      .late {
        color: var(--text);
        padding: 0 var(--s1);
        background: var(--hatch);
      }
      .pin {
        color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) situation: SituationRow | null = null;
  @property({ type: Number }) now = 0;
  @property({ type: Number }) units = 0;
  @property({ type: Boolean }) chosen = false;
  /** Who sent it to the wall; empty for nobody. */
  @property() pinned = "";

  override render(): TemplateResult {
    const row = this.situation;
    if (row === null) return html``;
    const open_ms = (row.closed_ms ?? this.now) - row.opened_ms;
    return html`<article class="card ${this.chosen ? "chosen" : ""}">
      <t-level level=${row.level}></t-level>
      <span class="title">${row.title}</span>
      <span class="number quiet" title=${format.instant(row.opened_ms, this.now)}>${format.duration(open_ms)}</span>
      <div class="second">
        <span>${word("situation_state", row.state)}</span>
        <span>${row.place?.text || (row.place == null ? t("situation.no_place") : "")}</span>
        ${this.units > 0 ? html`<span>${t("situation.units", { n: this.units })}</span>` : nothing}
        ${row.overdue > 0 ? html`<span class="late">${t("situation.overdue", { n: row.overdue })}</span>` : nothing}
        ${this.pinned === "" ? nothing : html`<span class="pin">${icon("pinned")} ${this.pinned}</span>`}
      </div>
    </article>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-alarm": AlarmCard;
    "t-situation": SituationCard;
  }
}
