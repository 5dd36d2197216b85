/** Arranging a tour: which cameras, in which order, how many seconds each. Kept on this machine for the next time. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import { icon } from "../icons";
import { shared, View } from "../view";
import { LEAST_S, MOST_S, MOST_STOPS, type Stop } from "./tour";

const STORED = "triune.tour";

/** Tells `start` with the stops, and `leave`. */
@customElement("t-tour-editor")
export class TourEditor extends View {
  static override styles = [
    shared,
    css`
      :host {
        overflow: auto;
        padding: var(--s3);
        background: var(--panel);
        border-radius: var(--radius);
      }
      h2 {
        font-size: var(--t3);
        font-weight: 650;
      }
      li {
        display: grid;
        grid-template-columns: 2em minmax(0, 1fr) 6em auto auto;
        gap: var(--s2);
        align-items: center;
        padding: var(--s1) 0;
        border-bottom: var(--hair) solid var(--line);
      }
      .row {
        flex-wrap: wrap;
        margin: var(--s3) 0;
      }
    `,
  ];

  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) shown: readonly string[] = [];
  @property({ attribute: false }) working: readonly string[] = [];
  @property({ type: Number }) usual = 0;
  @state() private stops: readonly Stop[] = keptStops();

  override render(): TemplateResult {
    const known = this.stops.filter(({ camera }) => this.cameras.has(camera));
    return html`<h2>${t("tour.edit")}</h2>
      <div class="row">
        <button @click=${() => this.add(this.shown)}>${icon("plus")} ${t("tour.add_shown")}</button>
        <button @click=${() => this.add(this.working)}>${icon("plus")} ${t("tour.add_all")}</button>
        <button class="primary" ?disabled=${known.length === 0} @click=${() => this.tell("start", known)}>${icon("play")} ${t("tour.start")}</button>
        <button @click=${() => this.tell("leave", null)}>${t("action.cancel")}</button>
      </div>
      ${this.stops.length === 0 ? html`<t-state kind="empty" text=${t("tour.empty")}></t-state>` : ""}
      <ol>${repeat(this.stops, ({ camera }) => camera, (stop, index) => this.line(stop, index))}</ol>`;
  }

  private line(stop: Stop, index: number): TemplateResult {
    const name = this.cameras.get(stop.camera)?.name ?? stop.camera;
    return html`<li>
      <span class="number quiet">${index + 1}</span><span class="cut">${name}</span>
      <input type="number" min=${LEAST_S} max=${MOST_S} .value=${String(stop.seconds)} aria-label=${t("tour.seconds", { name })}
        @keydown=${(event: Event) => event.stopPropagation()} @change=${(event: Event) => this.setSeconds(index, event.target as HTMLInputElement)} />
      <button aria-label="${t("tour.up")} ${name}" title=${t("tour.up")} ?disabled=${index === 0} @click=${() => this.earlier(index)}>${icon("up")}</button>
      <button aria-label="${t("tour.remove")} ${name}" title=${t("tour.remove")} @click=${() => this.keep(this.stops.filter((_, i) => i !== index))}>${icon("close")}</button>
    </li>`;
  }

  private add(cameras: readonly string[]): void {
    const known = new Set(this.stops.map(({ camera }) => camera));
    const added = cameras.filter((camera) => !known.has(camera)).map((camera) => ({ camera, seconds: this.usual }));
    this.keep([...this.stops, ...added].slice(0, MOST_STOPS));
  }

  private earlier(index: number): void {
    const [before, stop] = [this.stops[index - 1], this.stops[index]];
    if (before !== undefined && stop !== undefined) this.keep(this.stops.with(index - 1, stop).with(index, before));
  }

  private setSeconds(index: number, input: HTMLInputElement): void {
    const stop = this.stops[index];
    const seconds = Math.min(MOST_S, Math.max(LEAST_S, Math.round(Number(input.value)) || this.usual));
    input.value = String(seconds);
    if (stop !== undefined) this.keep(this.stops.with(index, { ...stop, seconds }));
  }

  private keep(stops: readonly Stop[]): void {
    this.stops = stops;
    localStorage.setItem(STORED, JSON.stringify(stops));
  }
}

/** What was arranged last; nothing where it cannot be read. */
function keptStops(): readonly Stop[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    if (!Array.isArray(found)) return [];
    return found.filter((each: Partial<Stop>): each is Stop => typeof each?.camera === "string" && typeof each.seconds === "number").slice(0, MOST_STOPS);
  } catch {
    return [];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-tour-editor": TourEditor;
  }
}
