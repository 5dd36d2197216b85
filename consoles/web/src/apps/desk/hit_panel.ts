/** A hit beside the picture: scene and plate, what was read and why it fits, where the car goes, who is near, and what to do. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/plate";
import "../../components/scene";
import type { Box } from "../../components/scene";
import { nearUnits } from "../../components/near_units";
import { PageKeys, shared, View } from "../../components/view";
import { watchedBy, type Watched } from "../../components/watched";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { HitRow, RejectHit } from "../../wire";
import type { Desk } from "./context";
import { Meant } from "./meant";
import { lookUpOf, mayLookUp } from "./plates";
import type { Act } from "./situation_parts";

const KINDS: readonly NonNullable<RejectHit["kind"]>[] = ["misread", "look_alike", "cloned_plate", "out_of_date", "other"];

/** As the hub tells it of the passage. */
interface Reading {
  readonly colour: string;
  readonly box: Box | null;
  readonly char_confidences: readonly number[];
}

/**
 * Tells `watchall` with the ids of cameras in the order in which the car passes them, `fill` for the command line, and `hold` with the id of the
 * hit of which the reasons are asked, which is to stay meanwhile, empty once that is over.
 */
@customElement("desk-hit")
export class HitPanel extends View {
  static override styles = [
    shared,
    css`
      :host {
        border-left: 3px solid var(--accent);
        background: var(--raised);
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(200px, 46%) minmax(0, 1fr);
        gap: var(--s3);
        padding: var(--s3);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2);
        padding: var(--s2) var(--s3) 0;
      }
      t-plate {
        font-size: var(--t4);
      }
      .told {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s2);
        align-content: start;
      }
      h4 {
        margin: 0;
        color: var(--text-2);
        font-size: var(--t1);
        font-weight: 400;
      }
      .line {
        display: flex;
        align-items: center;
        gap: var(--s2);
        width: 100%;
        justify-content: flex-start;
        min-height: 28px;
        padding: 0 var(--s2);
      }
      .told-of {
        margin: 0;
        padding: var(--s1) var(--s3) 0;
      }
      .keys {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        margin-left: auto;
      }
      .keys button,
      .keys .button {
        min-height: 28px;
        padding: 0 var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) hit: HitRow | null = null;
  @property({ attribute: false }) act: Act = () => undefined;
  /** So many have come since. */
  @property({ type: Number }) newer = 0;
  /** Whether the reasons are asked. */
  @property({ type: Boolean }) rejecting = false;
  @state() private reading: Reading | null = null;
  /** Something was pressed that was not meant for this one. */
  @state() private hasty = false;
  private askedFor = "";
  private readonly meant = new Meant<HitRow>();
  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const { desk, hit } = this;
    if (desk === null || hit === null || hit.id === this.askedFor) return;
    [this.askedFor, this.reading, this.hasty] = [hit.id, null, false];
    void this.read(desk, hit.id);
  }

  /** Behind cameras it stands before nobody. */
  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("rejecting") && this.rejecting) this.renderRoot.querySelector<HTMLElement>(".reason")?.focus();
    if (this.hit !== null && this.offsetParent !== null) this.meant.shown([this.hit], performance.now());
  }

  /** The passage may be forgotten, or not told yet by an edge agent: then the hit alone is shown. */
  private async read(desk: Desk, hit: string): Promise<void> {
    try {
      const reading = await desk.api.get<Reading>(`/api/v1/hits/${encodeURIComponent(hit)}/reading`);
      if (this.askedFor === hit) this.reading = reading;
    } catch {
      this.reading = null;
    }
  }

  override render(): TemplateResult {
    const { desk, hit } = this;
    if (desk === null || hit === null) return html``;
    const watch = watchedBy(desk.store, hit);
    return html`<section aria-label=${t("hit.title", { plate: hit.plate })}>
      <div class="head">
        <t-plate plate=${hit.plate} colour=${this.reading?.colour ?? ""} .confidences=${this.reading?.char_confidences ?? []}></t-plate>
        <span>${this.place(desk, hit.camera)} ${format.instant(hit.seen_ms, desk.now_ms)} <span class="quiet">${t("time.ago", { span: format.duration(desk.now_ms - hit.seen_ms) })}</span></span>
        ${this.rejecting ? this.reasons(hit) : this.keys(hit)}
      </div>
      ${this.newer === 0 ? nothing : html`<p class="told-of" role="status"><button @click=${() => this.tell("hold", "")}>${icon("alert")} ${t("hit.newer", { n: this.newer })}</button></p>`}
      ${this.hasty ? html`<p class="told-of" role="status">${icon("alert")} ${t("hit.hasty")}</p>` : nothing}
      ${hit.rejected_why === "" ? nothing : html`<p class="told-of" role="status">${icon("close")} ${t("hit.rejected", { why: hit.rejected_why, who: desk.who(hit.rejected_by) })}</p>`}
      ${hit.confirmed_by === "" ? nothing : html`<p class="told-of">${icon("check")} ${t("watches.confirmed", { who: desk.who(hit.confirmed_by) })}</p>`}
      <div class="columns">
        <t-scene picture=${hit.picture} .box=${this.reading?.box ?? null} platePicture=${hit.plate_picture} label=${t("now.scene", { plate: hit.plate, place: this.place(desk, hit.camera) })}></t-scene>
        <div class="told">${this.why(hit, watch)}${this.way(desk, hit)}${this.units(desk, hit)}${this.ahead(desk, hit)}</div>
      </div>
    </section>`;
  }

  private place(desk: Desk, camera: string): string {
    return desk.store.rows("cameras").get(camera)?.name ?? camera;
  }

  private why(hit: HitRow, watch: Watched | undefined): TemplateResult {
    const how = `${word("hit_how", hit.how)}${hit.how === "look_alike" ? ` ${Math.round(hit.score * 100)}%` : ""}`;
    return html`<t-plate-reading plate=${hit.plate} .confidences=${this.reading?.char_confidences ?? []} expected=${watch?.pattern ?? ""}></t-plate-reading>
      <p><b>${how}</b> <span class="quiet">${t("plate.sure")} ${format.sureness(hit.confidence)}</span></p>
      ${watch === undefined
        ? nothing
        : html`<p><t-level level=${watch.level}></t-level> <b>${watch.pattern}</b> ${watch.reason}
            <br /><span class="quiet">${word("watch_action", watch.action)} · ${t("hit.asked", { who: this.desk?.who(watch.requested_by) ?? "", office: watch.office })}</span></p>`}`;
  }

  private way(desk: Desk, hit: HitRow): TemplateResult {
    const said = [hit.direction === null ? "" : word("direction", hit.direction), hit.heading_deg === null ? "" : word("bearing", String(Math.round(hit.heading_deg / 45) % 8))];
    const seen = hit.last_seen === null ? t("watches.first_seen") : t("watches.last_seen", { place: this.place(desk, hit.last_seen.camera), when: format.moment(hit.last_seen.at_ms, desk.now_ms) });
    return html`<p>${said.filter((each) => each !== "").join(" · ") || "—"} <span class="quiet">${seen}</span></p>`;
  }

  private ahead(desk: Desk, hit: HitRow): TemplateResult | typeof nothing {
    if (hit.ahead.length === 0) return nothing;
    return html`<div><h4>${t(hit.ahead_by === "roads" ? "watches.ahead_roads" : "watches.ahead_bearing")}</h4>
      ${hit.ahead.map((each) => {
        const left_ms = hit.seen_ms + each.expected_s * 1_000 - desk.now_ms;
        return html`<button class="bare line" @click=${() => this.tell("watchall", [each.camera])}>${icon("video")} <span class="grow cut" style="text-align:left">${this.place(desk, each.camera)}</span>
          <span class="number quiet">${format.distance(each.distance_m)} · ${left_ms >= 0 ? t("hit.in", { span: format.duration(left_ms) }) : t("hit.passed", { span: format.duration(-left_ms) })}</span></button>`;
      })}</div>`;
  }

  /** Each is sent to by its digit, as in the list beside. They stand before the cameras ahead: who can stop the car is asked first. */
  private units(desk: Desk, hit: HitRow): TemplateResult {
    const near = nearUnits(hit, { units: desk.store.rows("units"), cameras: desk.store.rows("cameras"), situation: desk.situation, recommended: desk.recommended });
    const lines = near.map(
      ({ name, digit, about }) => html`<button class="bare line unit" @click=${() => this.tell("fill", `D ${name} `)}>${digit === null ? nothing : html`<kbd>${digit}</kbd>`} <span class="grow cut" style="text-align:left">${name}</span><span class="number quiet">${about}</span></button>`,
    );
    return html`<div><h4>${t("watches.units")}</h4>${lines.length === 0 ? html`<span class="quiet">${t("watches.no_units")}</span>` : lines}</div>`;
  }

  private keys(hit: HitRow): TemplateResult {
    return html`<div class="keys">
      ${hit.ahead.length === 0 ? nothing : html`<button @click=${() => this.watchAhead()}>${icon("video")} ${t("hit.watch_ahead")} <kbd>C</kbd></button>`}
      ${this.lookUp(hit)}
      ${hit.confirmed_by === "" ? html`<button @click=${(event: Event) => this.confirm(hit, event)}>${icon("check")} ${t("watches.confirm")} <kbd>Y</kbd></button>` : nothing}
      <button @click=${(event: Event) => this.begin(hit, event)}>${icon("close")} ${t("watches.reject")} <kbd>X</kbd></button>
    </div>`;
  }

  private reasons(hit: HitRow): TemplateResult {
    return html`<div class="keys" role="group" aria-label=${t("watches.reject_kind")} @keydown=${(event: KeyboardEvent) => this.onReasonKey(event, hit)}>
      ${KINDS.map((kind, index) => html`<button class="reason" @click=${() => this.reject(hit, kind)}><kbd>${index + 1}</kbd> ${word("reject_kind", kind)}</button>`)}
      <button class="bare" @click=${() => this.tell("hold", "")}>${t("action.cancel")} <kbd>Esc</kbd></button>
    </div>`;
  }

  /** Where the car was else: the search in a page of its own, so that the desk stays as it is. */
  private lookUp(hit: HitRow): TemplateResult | typeof nothing {
    const situation = this.desk?.situation ?? null;
    if (this.desk === null || situation === null || !mayLookUp(this.desk.actor)) return nothing;
    return html`<a class="button lookup" href=${lookUpOf(hit.plate, situation)} target="triune-vehicles">${icon("search")} ${t("hit.look_up")} <kbd>Q</kbd></a>`;
  }

  private watchAhead(): void {
    const ahead = this.hit?.ahead.map(({ camera }) => camera) ?? [];
    if (ahead.length > 0) this.tell("watchall", ahead);
  }

  /** Whether it was this one that whoever pressed had before them. */
  private looked(hit: HitRow, { timeStamp }: Event): boolean {
    this.hasty = this.meant.at([hit], timeStamp) === undefined;
    return !this.hasty;
  }

  private confirm(hit: HitRow, event: Event): void {
    if (hit.confirmed_by === "" && this.looked(hit, event)) this.act({ request: "confirm_hit", hit: hit.id });
  }

  private begin(hit: HitRow, event: Event): void {
    if (this.looked(hit, event)) this.tell("hold", hit.id);
  }

  private reject(hit: HitRow, kind: NonNullable<RejectHit["kind"]>): void {
    this.tell("hold", "");
    this.act({ request: "reject_hit", hit: hit.id, kind, why: word("reject_kind", kind) });
  }

  /** While reasons are asked for, digits are theirs and nobody else's. */
  private onReasonKey(event: KeyboardEvent, hit: HitRow): void {
    const kind = KINDS[Number(event.key) - 1];
    if (event.key === "Escape") this.tell("hold", "");
    else if (kind === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    else if (!event.repeat) this.reject(hit, kind);
    event.preventDefault();
    event.stopPropagation();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented || this.offsetParent === null) return;
    const { hit, rejecting } = this;
    if (hit === null || rejecting) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.matches("input, textarea, select, t-tile, t-playback")) return;
    const key = event.key.toLowerCase();
    if (key === "c") this.watchAhead();
    else if (key === "q") this.renderRoot.querySelector<HTMLElement>(".lookup")?.click();
    else if (key === "x") this.begin(hit, event);
    else if (key === "y") this.confirm(hit, event);
    else return;
    event.preventDefault();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-hit": HitPanel;
  }
}
