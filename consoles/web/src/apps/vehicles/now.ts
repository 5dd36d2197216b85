/** Reads now (实时): what passes which camera, on the map and as a stream that stands still under a hand. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import "../../components/plate";
import "../../components/states";
import { valueOf } from "../../components/typing";
import type { Screening } from "../../components/video/context";
import { mayLookUpPlates } from "../../components/video/plate_lane";
import { maySendToWall } from "../../components/video/wall";
import { PageKeys, shared } from "../../components/view";
import { watchedBy } from "../../components/watched";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import "../../map/element";
import { NO_DATA, type MapData } from "../../map/picture";
import type { Pin } from "../../map/pins";
import type { Pressed } from "../../map/symbols_layer";
import type { Connection } from "../../sync/connect";
import type { CameraRow, HitRow, PassageRow } from "../../wire";
import { Kept } from "../kept";
import { nowStyles } from "./now_styles";
import "./passage";
import type { Passage } from "./passage";
import { EVERYTHING, filtered, Heard, HeldStream, hitsByPassage, keyOf, newestFirst, onMap, PINS_PER_CAMERA, type Filter } from "./passages";
import { VehiclesTab } from "./shared";

@customElement("vehicles-now")
export class VehiclesNow extends VehiclesTab {
  static override styles = [shared, nowStyles];

  @state() private filter: Filter = EVERYTHING;
  @state() private chosen: PassageRow | null = null;
  @state() private paused = false;
  @state() private hovered = false;
  @query("vehicles-passage") private panel!: Passage | null;
  private readonly stream = new HeldStream();
  private readonly heard = new Heard();
  private readonly mapData = new Kept(["cameras", "stations", "alarms"], () => this.data());
  private lines: readonly PassageRow[] = [];
  private pins: readonly Pin[] = [];
  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const hits = hitsByPassage(this.rows("hits"));
    const rows = filtered(newestFirst(this.rows("passages")), this.filter, hits, this.rows("cameras"), this.rows("fences"));
    if (!(this.connection?.store.loaded("passages") ?? false)) return;
    const there = new Map(onMap(rows, hits, this.heard.note(this.rows("passages"), this.now_ms), this.now_ms));
    // The one that is looked at stays, whatever passes.
    const { chosen } = this;
    if (chosen !== null) there.set(chosen.camera, [chosen, ...(there.get(chosen.camera) ?? []).filter((row) => keyOf(row) !== keyOf(chosen))].slice(0, PINS_PER_CAMERA));
    this.pins = [...there].flatMap(([id, passed]) => this.pin(id, passed, hits));
  }

  private data(): MapData {
    return { ...NO_DATA, cameras: this.rows("cameras"), stations: this.rows("stations"), alarms: this.rows("alarms"), chosen: new Set([this.chosen?.camera ?? ""]) };
  }

  private pin(id: string, passed: readonly PassageRow[], hits: ReadonlyMap<string, HitRow>): Pin[] {
    const camera = this.rows("cameras").get(id);
    if (camera === undefined) return [];
    // The list beside holds the same for the keyboard.
    const content = html`${passed.toReversed().map((row) => html`<button class="bare" style="min-height:0;padding:0" tabindex="-1" @click=${() => this.choose(row)}>
      ${hits.has(keyOf(row)) ? icon("alert") : nothing}<t-plate plate=${row.plate} colour=${row.colour} kind=${row.kind}></t-plate></button>`)}`;
    return [{ id, lat: camera.lat, lon: camera.lon, content }];
  }

  override render(): TemplateResult {
    const { connection } = this;
    if (connection === null) return html``;
    return html`<t-map .data=${this.mapData.get(connection.store, this.chosen?.camera ?? "")} .fences=${this.rows("fences")} .pins=${this.pins} @press=${this.onPress}></t-map>
      <section class="panel stream" aria-label=${t("now.stream")} @pointerenter=${() => (this.hovered = true)} @pointerleave=${() => (this.hovered = false)}>
        ${this.filters()}${this.list(connection)}
      </section>
      <section class="panel detail" aria-label=${t("now.detail")}>${this.detailOf(connection)}</section>`;
  }

  private filters(): TemplateResult {
    const readers = [...this.rows("cameras").values()].filter((row) => row.reads_plates).sort(byName);
    const fences = [...this.rows("fences").values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
    const option = (value: string, name: string): TemplateResult => html`<option value=${value} ?selected=${value === this.filter.where}>${name}</option>`;
    return html`<div class="filters">
      <label class="grow"><span class="sr">${t("now.where")}</span>
        <select @change=${(event: Event) => this.narrow({ where: valueOf(event) })}>
          ${option("", t("now.everywhere"))}
          <optgroup label=${t("now.cameras")}>${readers.map((row) => option(`camera:${row.id}`, row.name))}</optgroup>
          <optgroup label=${t("now.areas")}>${fences.map((row) => option(`fence:${row.id}`, row.name))}</optgroup>
        </select></label>
      <button aria-pressed=${this.filter.what === "hits"} @click=${() => this.toggleHits()}>${icon("alert")} ${t("now.hits_only")} <kbd>H</kbd></button>
      <button aria-pressed=${this.paused} @click=${() => (this.paused = !this.paused)}>${icon(this.paused ? "play" : "pause")} ${this.paused ? t("now.go_on") : t("now.pause")} <kbd>P</kbd></button>
    </div>`;
  }

  private list(connection: Connection): TemplateResult {
    if (!connection.store.loaded("passages")) return html`<t-state kind="loading"></t-state>`;
    const hits = hitsByPassage(this.rows("hits"));
    const rows = filtered(newestFirst(this.rows("passages")), this.filter, hits, this.rows("cameras"), this.rows("fences"));
    const inside = this.renderRoot.querySelector(".lines")?.matches(":focus-within") ?? false;
    const { lines, waiting } = this.stream.show(rows, this.paused || this.hovered || inside);
    this.lines = lines;
    return html`<p class="waiting ${waiting === 0 ? "none" : ""}" role="status">${waiting === 0 ? t("now.following") : t("now.waiting", { n: waiting })}</p>
      ${lines.length === 0
        ? html`<t-state kind="empty" text=${this.filter.where === "" && this.filter.what === "all" ? t("now.none") : t("now.none_fit")}></t-state>`
        : html`<div class="lines" @keydown=${this.onListKey}>${repeat(lines, keyOf, (row, index) => this.line(row, index, hits.get(keyOf(row))))}</div>`}`;
  }

  private line(row: PassageRow, index: number, hit: HitRow | undefined): TemplateResult {
    const chosen = this.chosen !== null && keyOf(this.chosen) === keyOf(row);
    const entry = this.chosen === null || !this.lines.some((each) => keyOf(each) === keyOf(this.chosen as PassageRow)) ? index === 0 : chosen;
    return html`<button class="pick ${hit === undefined ? "" : "watched"}" aria-current=${chosen} tabindex=${entry ? 0 : -1} @click=${() => this.choose(row)}>
      <t-plate plate=${row.plate} colour=${row.colour} kind=${row.kind} .confidences=${row.char_confidences}></t-plate>
      <span class="number quiet">${format.duration(this.now_ms - row.first_ms)}</span>
      <span class="second cut">${hit === undefined ? nothing : html`<b>${icon("alert")} ${t("now.hit_short")}</b> `}${this.rows("cameras").get(row.camera)?.name ?? row.camera}</span>
    </button>`;
  }

  private detailOf(connection: Connection): TemplateResult {
    const passage = this.chosen;
    const hit = passage === null ? null : (hitsByPassage(this.rows("hits")).get(keyOf(passage)) ?? null);
    return html`<vehicles-passage .passage=${passage} .hit=${hit} .watch=${(hit === null ? undefined : watchedBy(connection.store, hit)) ?? null} .camera=${this.rows("cameras").get(passage?.camera ?? "") ?? null}
      .cameras=${this.rows("cameras")} .screening=${this.screening(connection)} .now_ms=${this.now_ms} ?maySearch=${this.has("camera_watch", "dispatcher", "commander", "duty_leader")}
      @close=${() => (this.chosen = null)}></vehicles-passage>`;
  }

  private screening(connection: Connection): Screening | null {
    if (this.actor === null) return null;
    return { api: connection.api, now_ms: this.now_ms, situation: null, alarms: this.rows("alarms"), hits: this.rows("hits"), mayWall: maySendToWall(this.actor), mayLookUp: mayLookUpPlates(this.actor), who: this.who };
  }

  private choose(row: PassageRow): void {
    this.chosen = row;
  }

  private narrow(by: Partial<Filter>): void {
    this.filter = { ...this.filter, ...by };
    this.stream.release();
  }

  private toggleHits(): void {
    this.narrow({ what: this.filter.what === "hits" ? "all" : "hits" });
  }

  /** A camera pressed on the map: its passages alone; pressed again, all. */
  private readonly onPress = (event: CustomEvent<Pressed>): void => {
    const { table, id } = event.detail;
    const where = `camera:${id}`;
    if (table === "cameras") this.narrow({ where: this.filter.where === where ? "" : where });
  };

  private readonly onListKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>(".lines .pick")];
    const at = buttons.indexOf(this.renderRoot instanceof ShadowRoot ? (this.renderRoot.activeElement as HTMLElement) : buttons[0]!);
    const next = Math.min(buttons.length - 1, Math.max(0, at + step));
    buttons[next]?.focus();
    const row = this.lines[next];
    if (row !== undefined) this.choose(row);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.active || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.matches("input, textarea, select, t-tile, t-playback")) return;
    const key = event.key.toLowerCase();
    if (key === "p") this.paused = !this.paused;
    else if (key === "h") this.toggleHits();
    else if (key === "l") this.panel?.toggle("live");
    else if (key === "r") this.panel?.toggle("replay");
    else if (key === "escape") this.chosen = null;
    else return;
    event.preventDefault();
  };
}

function byName(a: CameraRow, b: CameraRow): number {
  return a.name.localeCompare(b.name, "zh-CN");
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-now": VehiclesNow;
  }
}
