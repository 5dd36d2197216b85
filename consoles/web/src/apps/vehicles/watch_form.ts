/** Asking for an entry: what it matches is checked while it is typed, and how often it would have fired is looked up on demand. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { GivenArea, Level, RequestWatch } from "../../wire";
import "./watch_area";
import type { WatchArea } from "./watch_area";
import { minuteOf } from "./watch_words";
import { sideStyles } from "./watches_styles";

const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30, 90, 365] as const;
const LEVELS: readonly Level[] = [1, 2, 3, 4];
const ACTIONS: readonly NonNullable<RequestWatch["action"]>[] = ["alarm", "follow", "check", "intercept"];
const PAUSE_MS = 300;

/** What the hub says of a pattern; with sightings where they were asked for. */
interface Checked {
  readonly pattern: string;
  readonly code: string;
  readonly detail: string;
  readonly same?: readonly string[];
  readonly days?: number;
  readonly sightings?: number;
  readonly more?: boolean;
  readonly plates?: readonly { readonly plate: string; readonly seen: number; readonly camera: string; readonly at_ms: number; readonly score: number }[];
}

@customElement("watch-form")
export class WatchForm extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ type: Number }) now_ms = 0;
  @property() plate = "";
  @state() private pattern = "";
  @state() private reason = "";
  @state() private office = "";
  @state() private level: Level = 3;
  @state() private action: NonNullable<RequestWatch["action"]> = "alarm";
  @state() private days = 30;
  @state() private lookAlike = false;
  @state() private from = "";
  @state() private to = "";
  @state() area: { readonly area: GivenArea | null; readonly isWhole: boolean } = { area: null, isWhole: true };
  @state() private checked: Checked | null = null;
  @state() private said = "";
  @state() private refusal = "";
  @state() private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("plate") && this.plate !== "" && this.plate !== this.pattern) this.type(this.plate);
  }

  override render(): TemplateResult {
    const lacking = this.lacking();
    return html`<form aria-label=${t("watches.form")} @submit=${(event: Event) => void this.submit(event)}>
      <h2>${t("watches.form")}</h2>
      ${this.said === "" ? nothing : html`<p class="done" role="status">${icon("check")} ${this.said}</p>`}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <label><span>${t("watches.pattern")}</span><input id="pattern" maxlength="16" autocomplete="off" .value=${this.pattern} @input=${(event: Event) => this.type(valueOf(event))} /></label>
      <label class="tick"><input type="checkbox" .checked=${this.lookAlike} @change=${(event: Event) => this.setLookAlike((event.target as HTMLInputElement).checked)} />
        <span>${t("watches.look_alike")}<br /><span class="quiet">${t("watches.look_alike_about")}</span></span></label>
      <label><span>${t("watches.reason")}</span><input maxlength="500" .value=${this.reason} @input=${(event: Event) => (this.reason = valueOf(event))} /></label>
      ${this.check()}
      <fieldset><legend>${t("watches.level")}</legend><div class="segments">${LEVELS.map((level) => html`<button type="button" aria-pressed=${level === this.level} @click=${() => (this.level = level)}>${["I", "II", "III", "IV"][level - 1]} ${word("level", String(level))}</button>`)}</div></fieldset>
      <fieldset><legend>${t("watches.action")}</legend><div class="segments">${ACTIONS.map((action) => html`<button type="button" aria-pressed=${action === this.action} @click=${() => (this.action = action)}>${word("watch_action", action)}</button>`)}</div></fieldset>
      <fieldset><legend>${t("watches.until")}</legend><div class="segments">${DAYS.map((days) => html`<button type="button" aria-pressed=${days === this.days} @click=${() => (this.days = days)}>${t("watches.days", { n: days })}</button>`)}</div></fieldset>
      <label><span>${t("watches.office")}</span><input maxlength="100" .value=${this.office} @input=${(event: Event) => (this.office = valueOf(event))} /></label>
      <fieldset><legend>${t("watches.hours")}</legend><div class="pair">
        <label><span>${t("watches.from")}</span><input type="time" .value=${this.from} @input=${(event: Event) => (this.from = valueOf(event))} /></label>
        <label><span>${t("watches.to")}</span><input type="time" .value=${this.to} @input=${(event: Event) => (this.to = valueOf(event))} /></label></div></fieldset>
      <watch-area .connection=${this.connection} @area=${(event: CustomEvent<WatchForm["area"]>) => (this.area = event.detail)}></watch-area>
      <div class="keys"><button class="primary" ?disabled=${lacking.length > 0 || this.busy}>${t("watches.ask")}</button>
        ${lacking.length === 0 ? nothing : html`<span class="quiet">${t("watches.lacking", { what: lacking.join(t("list.comma")) })}</span>`}</div>
    </form>`;
  }

  private check(): TemplateResult {
    const { checked } = this;
    return html`<div role="status">
        ${checked === null ? nothing : checked.code !== "" ? html`<p class="error">${icon("alert")} ${word("problem", checked.code)} <span class="quiet" lang="en">${checked.detail}</span></p>` : this.fits(checked)}
      </div>
      <div class="keys"><button type="button" ?disabled=${checked === null || checked.code !== "" || this.reason.trim() === "" || this.busy} @click=${() => void this.look()}>${icon("history")} ${t("watches.look")}</button>
        ${this.reason.trim() === "" ? html`<span class="quiet">${t("watches.look_needs")}</span>` : nothing}</div>`;
  }

  private fits(checked: Checked): TemplateResult {
    const wild = /[?*]/.test(checked.pattern);
    const same = checked.same?.length ?? 0;
    return html`<p>${icon("check")} ${wild ? t("watches.fits_pattern", { pattern: checked.pattern }) : t("watches.fits", { pattern: checked.pattern })}${same > 0 ? html` · ${icon("alert")} ${t("watches.same", { n: same })}` : nothing}</p>
      ${checked.sightings === undefined ? nothing : this.seen(checked)}`;
  }

  private seen(checked: Checked): TemplateResult {
    const { sightings = 0, days = 0, plates = [] } = checked;
    const cameras = this.connection?.store.rows("cameras");
    const line = sightings === 0 ? t("watches.seen_none", { days }) : checked.more ? t("watches.seen_more", { days, n: sightings }) : t("watches.seen", { days, n: sightings, plates: plates.length });
    return html`<p>${line}</p>
      <ul>${plates.slice(0, 8).map((each) => html`<li>${t("watches.seen_plate", { plate: each.plate, n: each.seen, place: cameras?.get(each.camera)?.name ?? each.camera, when: format.moment(each.at_ms, this.now_ms) })}${each.score < 1 ? html` <span class="quiet">${t("watches.score", { score: Math.round(each.score * 100) })}</span>` : nothing}</li>`)}</ul>`;
  }

  private setLookAlike(yes: boolean): void {
    this.lookAlike = yes;
    this.type(this.pattern);
  }

  /** Take what is typed, and have it checked once nothing more is typed for a moment. */
  private type(pattern: string): void {
    this.pattern = pattern;
    this.checked = null;
    this.said = "";
    clearTimeout(this.timer);
    if (pattern.trim() !== "") this.timer = setTimeout(() => void this.ask({}), PAUSE_MS);
  }

  private async look(): Promise<void> {
    this.busy = true;
    await this.ask({ reason: this.reason.trim() });
    this.busy = false;
  }

  /** Ask the hub about the pattern; an answer about what was typed before is passed over. */
  private async ask(more: object): Promise<void> {
    const { connection } = this;
    if (connection === null) return;
    const asked = (this.asked += 1);
    try {
      const checked = await connection.api.post<Checked>(connection.api.inSpace("/api/v1/watches/check"), { pattern: this.pattern, look_alike: this.lookAlike, ...more });
      if (asked === this.asked) this.checked = checked;
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private lacking(): string[] {
    const halfHours = (this.from === "") !== (this.to === "") || (this.from !== "" && this.from === this.to);
    return [
      [this.pattern.trim() === "", t("watches.plate")],
      [this.reason.trim() === "", t("watches.reason")],
      [halfHours, t("watches.hours")],
      [!this.area.isWhole, t("watches.area")],
    ].flatMap(([lacks, name]) => (lacks === true ? [String(name)] : []));
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const { connection } = this;
    if (connection === null || this.lacking().length > 0) return;
    const [from_min, to_min] = [minuteOf(this.from), minuteOf(this.to)];
    this.busy = true;
    try {
      const answer = await connection.api.request({
        request: "request_watch", pattern: this.pattern.trim().toUpperCase(), reason: this.reason.trim(), level: this.level, office: this.office.trim(),
        until_ms: Math.round(this.now_ms) + this.days * DAY_MS, look_alike: this.lookAlike, action: this.action, area: this.area.area,
        hours: from_min === null || to_min === null ? null : { from_min, to_min },
      });
      const said = t("watches.asked", { plate: this.pattern });
      this.refusal = "";
      this.type("");
      this.renderRoot.querySelector<WatchArea>("watch-area")?.clear();
      this.said = said;
      this.tell("asked", answer.subject);
    } catch (error) {
      this.refusal = describe(error);
    }
    this.busy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-form": WatchForm;
  }
}
