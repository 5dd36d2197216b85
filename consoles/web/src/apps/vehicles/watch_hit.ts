/** One hit of an entry: pictures, how it fits, where the car was and goes, who is near; and marking it as none. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { filePath } from "../../components/picture";
import "../../components/plate";
import { nearWords } from "../../components/near_units";
import { describe } from "../../components/problems";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { HitRow, RejectHit, Request } from "../../wire";
import { sideStyles } from "./watches_styles";
import { unitNames } from "../named";

type Kind = NonNullable<RejectHit["kind"]>;
const KINDS: readonly Kind[] = ["misread", "look_alike", "cloned_plate", "out_of_date", "other"];

@customElement("watch-hit")
export class WatchHit extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) hit: HitRow | null = null;
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Boolean }) mayReject = false;
  /** Of a list: whether this person may set its entry aside. */
  @property({ type: Boolean }) maySetAside = false;
  @state() private rejecting = false;
  @state() private kind: Kind = "misread";
  @state() private exclude = true;
  @state() private why = "";
  @state() private refusal = "";

  override render(): TemplateResult {
    const { hit } = this;
    if (hit === null) return html``;
    return html`<article class="hit ${hit.rejected_why === "" ? "" : "none"}" aria-label="${hit.plate} ${format.clock(hit.seen_ms)}">
      <div class="pictures">${this.picture(hit.plate_picture, hit, t("watches.plate_picture", { plate: hit.plate }))}
        ${this.picture(hit.picture, hit, t("watches.scene", { plate: hit.plate, place: this.place(hit.camera) }))}</div>
      <div class="told">
        <p><b class="plate">${hit.plate}</b> ${word("hit_how", hit.how)}${hit.how === "look_alike" ? html` · ${t("watches.score", { score: Math.round(hit.score * 100) })}` : nothing}
          ${hit.line !== "" && (hit.line !== hit.plate || hit.note !== "") ? html`<span>${[hit.line === hit.plate ? "" : hit.line, hit.note].filter((each) => each !== "").join(" · ")}</span>` : nothing}
          <span class="quiet">${t("watches.sure", { sure: format.sureness(hit.confidence) })}</span></p>
        <p>${this.place(hit.camera)} · ${format.moment(hit.seen_ms, this.now_ms)} <span class="quiet">${t("time.ago", { span: format.duration(this.now_ms - hit.seen_ms) })}</span> ${this.heading(hit)}</p>
        <p class="quiet">${this.seenBefore(hit)}</p>
        ${hit.rejected_why === "" ? html`${this.ahead(hit)}${this.units(hit)}` : nothing}
        ${this.judged(hit)}
      </div>
      ${this.rejecting && hit.rejected_why === "" ? this.form(hit) : nothing}
    </article>`;
  }

  private picture(name: string, hit: HitRow, label: string): TemplateResult | typeof nothing {
    if (name === "") return nothing;
    // An agent tells a hit before its pictures: they are asked for until they are there.
    const path = filePath(name, hit.id);
    return html`<a href=${path} target="_blank" rel="noopener"><t-picture src=${path} alt=${label}></t-picture></a>`;
  }

  private place(camera: string): string {
    return this.connection?.store.rows("cameras").get(camera)?.name ?? camera;
  }

  private heading(hit: HitRow): string {
    const said = [hit.direction === null ? "" : word("direction", hit.direction), hit.heading_deg === null ? "" : word("bearing", String(Math.round(hit.heading_deg / 45) % 8))];
    return said.filter((each) => each !== "").join(" · ");
  }

  private seenBefore(hit: HitRow): string {
    if (hit.last_seen === null) return t("watches.first_seen");
    return t("watches.last_seen", { place: this.place(hit.last_seen.camera), when: format.moment(hit.last_seen.at_ms, this.now_ms) });
  }

  private ahead(hit: HitRow): TemplateResult | typeof nothing {
    if (hit.ahead.length === 0) return nothing;
    return html`<h3>${t(hit.ahead_by === "roads" ? "watches.ahead_roads" : "watches.ahead_bearing")}</h3>
      <ol>${hit.ahead.map((each) => html`<li>${t("watches.expected", { place: this.place(each.camera), span: format.duration(each.expected_s * 1000), distance: format.distance(each.distance_m) })}</li>`)}</ol>`;
  }

  private units(hit: HitRow): TemplateResult {
    const store = this.connection?.store;
    const units = store && unitNames(store.rows("units"), store.rows("retired"));
    const line = (unit: string): string => units?.get(unit)?.name ?? unit;
    return html`<h3>${t("watches.units")}</h3>
      ${hit.units.length === 0
        ? html`<p class="quiet">${t("watches.no_units")}</p>`
        : html`<ol>${hit.units.map((each) => html`<li>${t("watches.unit", { unit: line(each.unit), about: nearWords(each) })}</li>`)}</ol>`}`;
  }

  private judged(hit: HitRow): TemplateResult | typeof nothing {
    if (hit.rejected_why !== "") {
      const kind = word("reject_kind", hit.rejected_kind ?? "other");
      return html`<p>${icon("close")} ${t("watches.rejected", { kind, why: hit.rejected_why, who: this.who(hit.rejected_by) })}</p>`;
    }
    const confirmed = hit.confirmed_by === "" ? nothing : html`<p>${icon("check")} ${t("watches.confirmed", { who: this.who(hit.confirmed_by) })}</p>`;
    if (!this.mayReject || this.rejecting) return confirmed;
    return html`${confirmed}
      <p>${hit.confirmed_by === "" ? html`<button class="small" @click=${() => void this.confirm(hit)}>${icon("check")} ${t("watches.confirm")}</button> ` : nothing}<button class="small" @click=${() => this.begin(hit)}>${icon("close")} ${t("watches.reject")} <kbd>X</kbd></button></p>
      ${this.refused()}`;
  }

  private refused(): TemplateResult | typeof nothing {
    return this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`;
  }

  /** Open the form in which somebody says what was wrong. */
  begin(hit: HitRow): void {
    if (!this.mayReject || hit.rejected_why !== "") return;
    this.rejecting = true;
    this.kind = hit.how === "look_alike" ? "look_alike" : "misread";
    this.exclude = hit.how === "look_alike";
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".reject select")?.focus());
  }

  private form(hit: HitRow): TemplateResult {
    return html`<form class="reject" @submit=${(event: Event) => void this.reject(event, hit)} @keydown=${this.onKey}>
      <label><span>${t("watches.reject_kind")}</span>
        <select .value=${this.kind} @change=${(event: Event) => (this.kind = valueOf(event) as Kind)}>
          ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${word("reject_kind", kind)}</option>`)}
        </select></label>
      <label><span>${t("watches.reject_why")}</span><input maxlength="500" .value=${this.why} @input=${(event: Event) => (this.why = valueOf(event))} /></label>
      ${!this.mayExclude(hit)
        ? nothing
        : html`<label class="tick"><input type="checkbox" .checked=${this.exclude} @change=${(event: Event) => (this.exclude = (event.target as HTMLInputElement).checked)} /><span>${t(hit.line === "" ? "watches.exclude" : "watches.exclude_line")}</span></label>`}
      ${this.refused()}
      <div class="keys"><button class="primary">${t("watches.reject")}</button><button type="button" @click=${() => (this.rejecting = false)}>${t("action.cancel")} <kbd>Esc</kbd></button></div>
    </form>`;
  }

  /** An entry that is the plate itself is lifted instead; one of a list can only be set aside. */
  private mayExclude(hit: HitRow): boolean {
    return hit.line === "" ? hit.how !== "exact" : this.maySetAside;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") this.rejecting = false;
  };

  private reject(event: Event, hit: HitRow): Promise<void> {
    event.preventDefault();
    const why = this.why.trim() === "" ? word("reject_kind", this.kind) : this.why.trim();
    return this.ask({ request: "reject_hit", hit: hit.id, why, kind: this.kind, exclude: this.mayExclude(hit) ? this.exclude : null });
  }

  private confirm(hit: HitRow): Promise<void> {
    return this.ask({ request: "confirm_hit", hit: hit.id });
  }

  private async ask(request: Request): Promise<void> {
    try {
      await this.connection?.api.request(request);
      this.rejecting = false;
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-hit": WatchHit;
  }
}
