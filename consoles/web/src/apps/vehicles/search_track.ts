/** The way of one car: its passages in order of time, what lies between them, and playing it back by keyboard. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/plate";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow, Sighting } from "../../wire";
import { advanced, BEGINNING, pressed, wait_ms, type Playback } from "./search_playback";
import { trackStyles } from "./search_styles";
import "./search_suspects";
import { legWords } from "./search_ways";
import { pictureOf, type Leg, type Track } from "./search_wire";

/** While it is played the share of a leg that has gone by is told so often. */
const STEP_MS = 100;

/** Tells `stop` with the number of the passage that is shown now, `along` with the share of the leg after it. */
@customElement("vehicles-track")
export class TrackView extends View {
  static override styles = [shared, trackStyles];

  @property({ attribute: false }) track: Track | null = null;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ type: Number }) now_ms = 0;
  @state() private playback: Playback = BEGINNING;
  private timer: ReturnType<typeof setTimeout> | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.go({ ...this.playback, playing: false });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("track")) this.playback = BEGINNING;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("track")) this.go(BEGINNING);
  }

  override render(): TemplateResult {
    const { track } = this;
    const first = track?.stops[0];
    if (track === null || first === undefined) return html`<t-state kind="empty" text=${t("search.none")}></t-state>`;
    const last = track.stops.at(-1) ?? first;
    return html`<div>
        <p><t-plate plate=${first.plate} colour=${first.colour} kind=${first.kind}></t-plate> ${t("track.stops", { n: track.stops.length, days: format.duration(last.last_ms - first.first_ms) })}</p>
        <p class="quiet">${t(track.ways.length > 0 ? "track.between_roads" : "track.between")}${track.earlier ? html` <b>${t("track.earlier")}</b>` : nothing}</p>
        <vehicles-suspects .track=${track} .cameras=${this.cameras} .now_ms=${this.now_ms} @meant=${(event: CustomEvent<number>) => this.go({ ...this.playback, at: event.detail, playing: false })}></vehicles-suspects>
      </div>
      ${this.controls(track)}
      <ol aria-label=${t("track.label", { plate: first.plate })} @keydown=${this.onKey}>
        ${track.stops.map((stop, at) => html`<li>${this.stop(stop, at)}${this.leg(track.legs[at], at)}</li>`)}
      </ol>`;
  }

  private controls(track: Track): TemplateResult {
    const { playing, at, speed } = this.playback;
    const press = (key: string) => () => this.press(key);
    return html`<div class="controls" role="group" aria-label=${t("track.play")} @keydown=${this.onKey}>
      <button title=${t("track.back")} @click=${press("ArrowLeft")}><span class="sr">${t("track.back")}</span>${icon("left")} <kbd>←</kbd></button>
      <button class="primary" @click=${press(" ")}>${icon(playing ? "pause" : "play")} ${playing ? t("track.pause") : t("track.play")} <kbd>␣</kbd></button>
      <button title=${t("track.forward")} @click=${press("ArrowRight")}><span class="sr">${t("track.forward")}</span>${icon("right")} <kbd>→</kbd></button>
      <button title=${t("track.slower")} @click=${press("-")}><span class="sr">${t("track.slower")}</span>${icon("minus")} <kbd>-</kbd></button>
      <span class="number">${t("track.pace", { n: speed })}</span>
      <button title=${t("track.faster")} @click=${press("+")}><span class="sr">${t("track.faster")}</span>${icon("plus")} <kbd>+</kbd></button>
      <span class="quiet number" role="status">${t("track.at", { at: at + 1, of: track.stops.length })}</span>
    </div>`;
  }

  private stop(stop: Sighting, at: number): TemplateResult {
    const shown = at === this.playback.at;
    const picture = pictureOf(stop);
    return html`<button class="stop" aria-current=${shown} tabindex=${shown ? 0 : -1} @click=${() => this.go({ ...this.playback, at, playing: false })}>
      <span class="number">${at + 1}</span>
      <span class="number">${format.moment(stop.first_ms, this.now_ms)}:${format.clock(stop.first_ms).slice(-2)}</span>
      <span class="cut">${this.cameras.get(stop.camera)?.name ?? stop.camera}</span>
      ${picture === "" ? html`<span></span>` : html`<img src=${picture} alt="" loading="lazy" />`}
    </button>`;
  }

  private leg(leg: Leg | undefined, at: number): TemplateResult | typeof nothing {
    if (leg === undefined) return nothing;
    const [straight, likely] = legWords(leg);
    const meant = at === this.playback.at && this.playback.playing;
    return html`<p class="leg ${meant ? "meant" : ""} ${leg.suspect === null ? "" : "doubtful"}">${straight}${leg.gap ? html` · <b>${t("track.gap")}</b>` : nothing}
      ${likely === undefined ? nothing : html`<br />${likely}`}${leg.suspect === null ? nothing : html`<br />${icon("alert")} ${t(`track.suspect_${leg.suspect}`)}`}</p>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    // On a button the space bar presses it.
    const onControl = event.key === " " && (event.target as Element).closest(".controls") !== null;
    if (event.ctrlKey || event.altKey || event.metaKey || onControl) return;
    const key = { ArrowUp: "ArrowLeft", ArrowDown: "ArrowRight" }[event.key] ?? event.key;
    if (!this.press(key)) return;
    event.preventDefault();
    event.stopPropagation();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".stop[aria-current=true]")?.focus());
  };

  /** Do what a key says; says whether it said something. */
  press(key: string): boolean {
    const next = pressed(this.playback, key, this.track?.stops.length ?? 0);
    if (next !== null) this.go(next);
    return next !== null;
  }

  private go(next: Playback): void {
    this.playback = next;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (!this.isConnected || this.track === null) return;
    this.tell<number>("stop", next.at);
    this.tell<number>("along", 0);
    if (next.playing) this.move(performance.now(), wait_ms(this.track.legs[next.at], next.speed));
    void this.updateComplete.then(() => this.renderRoot.querySelector(".stop[aria-current=true]")?.scrollIntoView({ block: "nearest" }));
  }

  /** Go along the leg until its time is over, then on to the next stop. */
  private move(began_ms: number, lasts_ms: number): void {
    const gone_ms = performance.now() - began_ms;
    if (gone_ms >= lasts_ms) {
      this.go(advanced(this.playback, this.track?.stops.length ?? 0));
      return;
    }
    this.tell<number>("along", gone_ms / lasts_ms);
    this.timer = setTimeout(() => this.move(began_ms, lasts_ms), Math.min(STEP_MS, lasts_ms - gone_ms));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-track": TrackView;
  }
}
