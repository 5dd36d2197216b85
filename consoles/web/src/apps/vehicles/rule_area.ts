/** The area of a restriction on the map, corner by corner, and which cameras stand in it. Tells `area` with its corners. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import "../../map/element";
import type { Picked } from "../../map/element";
import type { MapPath } from "../../map/paths";
import { NO_DATA, type MapData } from "../../map/picture";
import type { CameraRow, FenceRow, Place } from "../../wire";
import { contains, type Point } from "./rules_words";

/** As many as the hub takes. */
const MOST_CORNERS = 64;

@customElement("rule-area")
export class RuleArea extends View {
  static override styles = [
    shared,
    css`
      fieldset {
        display: grid;
        gap: var(--s2);
        margin: 0;
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
      }
      t-map {
        height: max(280px, 36vh);
        border-radius: var(--radius);
      }
      .row {
        flex-wrap: wrap;
      }
      select {
        width: auto;
      }
    `,
  ];

  /** Whose area it is; where another one's is, the map moves there once. */
  @property() rule = "";
  /** Corners, [lon, lat]; none for no area. */
  @property({ attribute: false }) ring: readonly Point[] = [];
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @property({ attribute: false }) fences: readonly FenceRow[] = [];
  @state() private begun: readonly Place[] = [];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("rule")) this.begun = this.ring.map(([lon, lat]) => ({ lon, lat }));
  }

  override render(): TemplateResult {
    const data: MapData = { ...NO_DATA, cameras: new Map(this.cameras.map((camera) => [camera.id, camera])) };
    const path: MapPath = { points: this.ring.map(([lon, lat]) => ({ lon, lat })), closed: true, dashed: false, strong: true };
    return html`<fieldset><legend>${t("rules.area")}</legend>
      <t-map .data=${data} .paths=${this.ring.length === 0 ? [] : [path]} .focusOn=${this.begun[0] ?? null} .around=${this.begun} picking pickText=${t("rules.area_draw")} @pick=${this.onPick}></t-map>
      <div class="row">
        <button type="button" ?disabled=${this.ring.length === 0} @click=${() => this.say(this.ring.slice(0, -1))}>${icon("left")} ${t("rules.undo_point")}</button>
        <button type="button" ?disabled=${this.ring.length === 0} @click=${() => this.say([])}>${icon("close")} ${t("rules.area_clear")}</button>
        ${this.fences.length === 0 ? nothing : html`<label class="row"><span>${t("rules.area_fence")}</span><select @change=${this.onFence}><option value=""></option>${this.fences.map((fence) => html`<option value=${fence.id}>${fence.name}</option>`)}</select></label>`}
      </div>
      <p role="status">${this.told()}</p>
    </fieldset>`;
  }

  private told(): string {
    if (this.ring.length === 0) return t("rules.area_none");
    if (this.ring.length < 3) return t("rules.area_corners", { n: this.ring.length });
    const inside = this.cameras.filter((camera) => contains(this.ring, [camera.lon, camera.lat]));
    const reading = inside.filter((camera) => camera.reads_plates);
    return t("rules.area_cameras", { n: inside.length, reading: reading.length, names: reading.map((camera) => camera.name).join("、") || "—" });
  }

  private readonly onPick = (event: CustomEvent<Picked>): void => {
    if (this.ring.length < MOST_CORNERS) this.say([...this.ring, [event.detail.lon, event.detail.lat]]);
  };

  private readonly onFence = (event: Event): void => {
    const fence = this.fences.find((each) => each.id === valueOf(event));
    if (fence === undefined) return;
    const [first, last] = [fence.ring[0], fence.ring.at(-1)];
    // A fence comes back to where it begins; an area says each corner once.
    const closed = first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1];
    this.say(closed ? fence.ring.slice(0, -1) : fence.ring);
  };

  private say(ring: readonly Point[]): void {
    this.ring = ring;
    this.tell<readonly Point[]>("area", ring);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-area": RuleArea;
  }
}
