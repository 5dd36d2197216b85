/** The card of several alarms alike: what, how many, about what, whose; taken together, or opened to see to each. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import * as format from "../i18n/format";
import { t, word } from "../i18n/i18n";
import type { AlarmRow } from "../wire";
import { alarmStyles } from "./cards";
import { icon } from "./icons";
import { shared, View } from "./view";

const MOST_NAMES = 12;

/** Tells `takeall` (ids, those that were on the card when it was pressed), `entered` with it, and `unfold`. */
@customElement("t-alike-alarms")
export class AlikeAlarmsCard extends View {
  static override styles = [
    shared,
    alarmStyles,
    css`
      .about {
        color: var(--text);
      }
    `,
  ];

  /** Of one kind, level, state and owner; the longest standing first. */
  @property({ attribute: false }) alarms: readonly AlarmRow[] = [];
  /** Whose each of them is, in words. */
  @property({ attribute: false }) names: readonly string[] = [];
  /** What they are all about: the title of a situation. */
  @property() about = "";
  @property() owner = "";
  @property({ type: Number }) now = 0;
  @property({ type: Boolean }) quiet = false;
  @property({ type: Boolean }) roomy = false;
  /** Each of them stands below. */
  @property({ type: Boolean }) unfolded = false;

  override render(): TemplateResult {
    const [first] = this.alarms;
    if (first === undefined) return html``;
    return this.quiet ? this.line(first) : this.card(first);
  }

  private card(first: AlarmRow): TemplateResult {
    const raised = first.state === "raised";
    const newest_ms = Math.max(...this.alarms.map((each) => each.raised_ms));
    return html`<article class="card ${first.state}" style="--level:var(--level-${first.level})">
      <span class=${raised ? "flash" : "quiet"}>${icon(raised ? "alert" : "bell")}</span>
      <div class="row"><t-level level=${first.level}></t-level><span class="title grow">${this.titleOf(first)}</span></div>
      <span class="number quiet" title=${format.instant(first.raised_ms, this.now)}>${format.duration(this.now - first.raised_ms)}</span>
      <div class="body">
        <div class="about">${this.about}</div>
        <div>${this.whose()}</div>
        <div>${t("alarm.newest", { span: format.duration(this.now - newest_ms) })} · ${raised ? word("alarm_todo", first.kind) : t("alarm.owner", { name: this.owner })}</div>
      </div>
      <div class="row actions">
        ${raised ? html`<button @click=${this.takeAll}>${t("alarm.take_all", { n: this.alarms.length })}</button>` : nothing}
        <button aria-expanded=${this.unfolded} @click=${() => this.tell("unfold", null)}>${t(this.unfolded ? "alarm.fold" : "alarm.each")}</button>
      </div>
    </article>`;
  }

  /** The button goes with what it takes: a second press of Enter would fall on the page. */
  private takeAll(): void {
    this.tell("entered", null);
    this.tell("takeall", this.alarms.map(({ id }) => id));
  }

  private line(first: AlarmRow): TemplateResult {
    return html`<article class="card line" style="--level:var(--level-${first.level})">
      <span class="flash">${icon("alert")}</span>
      <t-level level=${first.level}></t-level>
      <span class="title">${this.titleOf(first)}</span>
      <span class="grow ${this.roomy ? "two" : "cut"} quiet">${this.about} · ${this.whose()}</span>
      <span class="number quiet">${format.duration(this.now - first.raised_ms)}</span>
    </article>`;
  }

  private titleOf(first: AlarmRow): string {
    return `${word("alarm", first.kind)} ${t("alarm.several", { n: this.alarms.length })}`;
  }

  private whose(): string {
    const { names } = this;
    const some = names.slice(0, MOST_NAMES).join(t("list.comma"));
    return names.length > MOST_NAMES ? t("alarm.and_others", { names: some, n: names.length - MOST_NAMES }) : some;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-alike-alarms": AlikeAlarmsCard;
  }
}
