/**
 * An area drawn on the map corner by corner, with the pointer or by keyboard, or typed as a line of coordinates for each corner.
 * Tells `ring` with the corners as they are then.
 */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { valueOf } from "../components/typing";
import { shared, View } from "../components/view";
import { t } from "../i18n/i18n";
import type { FenceRow, Place } from "../wire";
import "./element";
import type { Picked } from "./element";
import type { MapPath } from "./paths";
import { NO_DATA, type MapData } from "./picture";
import { cornersOf, cornersText, type Corner } from "./typed";

/** Fewer enclose nothing. */
export const LEAST_CORNERS = 3;

@customElement("ring-drawing")
export class RingDrawing extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: minmax(0, 1fr) auto auto;
        gap: var(--s1);
      }
      t-map {
        min-height: 0;
        border-radius: var(--radius);
        overflow: hidden;
      }
      .keys,
      details {
        padding: var(--s1) var(--s2);
      }
      .keys {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        align-items: center;
      }
      summary {
        cursor: pointer;
        color: var(--text-2);
        font-size: var(--t1);
      }
      textarea {
        font-size: var(--t1);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) corners: readonly Corner[] = [];
  @property({ type: Number }) most = Infinity;
  @property({ attribute: false }) data: MapData = NO_DATA;
  @property({ attribute: false }) fences: ReadonlyMap<string, FenceRow> = new Map();
  @property({ attribute: false }) focusOn: Place | null = null;
  @property({ attribute: false }) around: readonly { readonly lat: number; readonly lon: number }[] = [];
  @state() private wrong = "";

  override render(): TemplateResult {
    const { corners } = this;
    const path: MapPath = { points: corners.map(([lon, lat]) => ({ lon, lat })), closed: true, dashed: false, strong: true };
    return html`<t-map .data=${this.data} .fences=${this.fences} .focusOn=${this.focusOn} .around=${this.around} .paths=${corners.length === 0 ? [] : [path]} picking reshaping pickText=${t("ring.how")}
        @reshape=${(event: CustomEvent<readonly Corner[]>) => this.set(event.detail)} @pick=${(event: CustomEvent<Picked>) => this.add(event)} @keydown=${(event: KeyboardEvent) => this.onKey(event)}></t-map>
      <div class="keys"><span class="quiet" role="status">${corners.length < LEAST_CORNERS ? t("ring.least") : t("ring.corners", { n: corners.length })}</span>
        <button type="button" ?disabled=${corners.length === 0} @click=${() => this.set(corners.slice(0, -1))}>${icon("left")} ${t("ring.undo")}</button>
        <button type="button" ?disabled=${corners.length === 0} @click=${() => this.set([])}>${icon("close")} ${t("ring.anew")}</button></div>
      <details><summary>${t("ring.typed")}</summary>
        <textarea rows="5" aria-label=${t("ring.typed")} placeholder="29.144000, 113.116000" spellcheck="false" .value=${cornersText(corners)} @change=${(event: Event) => this.type(valueOf(event))}></textarea>
        ${this.wrong === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.wrong}</p>`}
      </details>`;
  }

  private add(event: CustomEvent<Picked>): void {
    event.stopPropagation();
    const { lon, lat } = event.detail;
    if (this.corners.length < this.most) this.set([...this.corners, [lon, lat]]);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Backspace" || this.corners.length === 0) return;
    event.preventDefault();
    this.set(this.corners.slice(0, -1));
  }

  /** As it was typed, for whoever has no pointer or knows the coordinates. */
  private type(text: string): void {
    const corners = cornersOf(text);
    this.wrong = typeof corners === "number" ? t("ring.wrong", { n: corners }) : corners.length > this.most ? t("ring.most", { n: this.most }) : "";
    if (typeof corners !== "number" && this.wrong === "") this.set(corners);
  }

  private set(corners: readonly Corner[]): void {
    this.wrong = "";
    this.tell("ring", corners);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ring-drawing": RingDrawing;
  }
}
