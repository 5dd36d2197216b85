/** Where an entry is to fire: everywhere, within an area of the county, within one drawn here, or before some cameras. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import { NO_DATA, type MapData } from "../../map/picture";
import { LEAST_CORNERS } from "../../map/ring_drawing";
import type { Corner } from "../../map/typed";
import type { Connection } from "../../sync/connect";
import type { CameraRow, FenceRow, GivenArea } from "../../wire";
import { areaText } from "./watch_words";
import { sideStyles } from "./watches_styles";

/** As many as the hub takes. */
const MOST_CORNERS = 200;

/** Tells `area`: the cameras and ring that a request names, null for everywhere. */
@customElement("watch-area")
export class WatchArea extends View {
  static override styles = [
    shared,
    sideStyles,
    css`
      :host {
        padding: 0;
      }
      ring-drawing {
        grid-template-rows: 280px auto auto;
      }
    `,
  ];

  @property({ attribute: false }) connection: Connection | null = null;
  /** The area that there is, which may be left as it is; null for everywhere. */
  @property({ attribute: false }) kept: GivenArea | null = null;
  /** Empty for everywhere, `kept`, `drawn`, `cameras`, or `fence:ID`. */
  @state() private where = "";
  @state() private cameras: ReadonlySet<string> = new Set();
  @state() private corners: readonly Corner[] = [];

  /** Say nothing any more. */
  clear(): void {
    [this.where, this.cameras, this.corners] = ["", new Set(), []];
    this.say();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("kept")) this.where = this.kept === null ? "" : "kept";
  }

  override render(): TemplateResult {
    const fences = sorted(this.connection?.store.rows("fences"));
    const option = (value: string, name: string): TemplateResult => html`<option value=${value} ?selected=${value === this.where}>${name}</option>`;
    return html`<fieldset><legend>${t("watches.area")}</legend>
      <label><span class="sr">${t("watches.area")}</span><select @change=${(event: Event) => this.choose(valueOf(event))}>
        ${this.kept === null ? nothing : option("kept", t("watches.area_kept", { area: areaText({ area: this.kept }, this.connection?.store.rows("cameras") ?? new Map<string, CameraRow>()) }))}
        ${option("", t("watches.everywhere"))}${option("drawn", t("watches.area_drawn"))}${option("cameras", t("watches.area_cameras"))}
        <optgroup label=${t("watches.area_fence")}>${fences.map((fence) => option(`fence:${fence.id}`, fence.name))}</optgroup></select></label>
      ${this.where === "drawn" ? this.drawing() : this.where === "cameras" ? this.choosing() : nothing}
    </fieldset>`;
  }

  private drawing(): TemplateResult {
    const data: MapData = { ...NO_DATA, cameras: this.connection?.store.rows("cameras") ?? new Map<string, CameraRow>() };
    return html`<ring-drawing .data=${data} .corners=${this.corners} most=${MOST_CORNERS} @ring=${(event: CustomEvent<readonly Corner[]>) => this.draw(event.detail)}></ring-drawing>`;
  }

  private choosing(): TemplateResult {
    const cameras = sorted(this.connection?.store.rows("cameras"));
    return html`<div class="cameras" role="group" aria-label=${t("watches.area_cameras")}>${cameras.map((camera) => html`<label class="tick"><input type="checkbox" .checked=${this.cameras.has(camera.id)} @change=${() => this.toggle(camera.id)} /><span>${camera.name}</span></label>`)}</div>`;
  }

  private choose(where: string): void {
    this.where = where;
    this.say();
  }

  private draw(corners: readonly Corner[]): void {
    this.corners = corners;
    this.say();
  }

  private toggle(camera: string): void {
    const cameras = new Set(this.cameras);
    if (!cameras.delete(camera)) cameras.add(camera);
    this.cameras = cameras;
    this.say();
  }

  /** An area that is begun and not yet one is told as lacking. */
  private say(): void {
    const fence = this.where.startsWith("fence:") ? this.connection?.store.rows("fences").get(this.where.slice("fence:".length)) : undefined;
    const ring = this.where === "drawn" ? this.corners : (fence?.ring ?? []);
    const cameras = this.where === "cameras" ? [...this.cameras] : [];
    const isWhole = this.where === "" || this.where === "kept" || cameras.length > 0 || ring.length >= LEAST_CORNERS;
    const area: GivenArea | null = this.where === "" ? null : this.where === "kept" ? this.kept : { cameras, ring: ring.map(([lon, lat]): [number, number] => [lon, lat]) };
    this.tell<{ area: GivenArea | null; isWhole: boolean }>("area", { area, isWhole });
  }
}

function sorted<R extends CameraRow | FenceRow>(rows: ReadonlyMap<string, R> | undefined): R[] {
  return [...(rows?.values() ?? [])].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-area": WatchArea;
  }
}
