/** A screen of cameras: tiles in a layout. Those near a situation come by themselves, what a person pinned stays, tours go round the rest. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow, Place } from "../../wire";
import { icon } from "../icons";
import { describe } from "../problems";
import { EverySecond, shared, View } from "../view";
import type { Screening } from "./context";
import "./playback";
import { emptySlots, gridOf, LAYOUTS, propose, put, putFirst, resize, setPinned, takeAway, type Layout, type Slots } from "./slots";
import "./tile";
import { pass, shownOf, span_ms, startTour, step, USUAL_S, type Stop, type Tour } from "./tour";
import "./tour_editor";
import { camerasFor, mostUseful, type Useful } from "./usefulness";
import { sendToWall, takeOffWall } from "./wall";

const SAID_MS = 5_000;
/** A camera that goes down is shown as down for so long. */
const STAYS_MS = 15_000;

/** Tells `shown` with the ids of its cameras when they change. */
@customElement("t-screens")
export class Screens extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        gap: var(--s1);
        height: 100%;
        min-height: 0;
      }
      :host([bare]) {
        grid-template-rows: minmax(0, 1fr);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s2);
        font-size: var(--t1);
      }
      .bar button {
        min-height: 28px;
        padding: 0 var(--s2);
      }
      .bar button[aria-pressed="true"] {
        border-color: var(--accent);
        color: var(--accent);
      }
      .layouts {
        display: flex;
        gap: 2px;
      }
      .grid {
        display: grid;
        gap: var(--s1);
        min-height: 0;
        min-width: 0;
      }
      .grid[data-layout="1"] t-tile,
      .grid .large {
        font-size: var(--t2);
      }
      .notice {
        padding: 0 var(--s2);
        background: var(--hatch);
      }
    `,
  ];

  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  /** What the screen is about: another one brings other cameras. */
  @property() about = "";
  @property() aboutTitle = "";
  @property({ attribute: false }) place: Place | null = null;
  /** Null where nobody can touch it: the wall. */
  @property({ attribute: false }) screening: Screening | null = null;
  @property({ type: Boolean, reflect: true }) bare = false;
  @property({ type: Number }) now = 0;
  /** Not seen: no picture is fetched, and what stands where is kept. */
  @property({ type: Boolean }) asleep = false;
  /** While there is no place, show the first that work. */
  @property({ type: Boolean }) idle = false;
  /** Always shown, first and in this order; where somebody touches the screen only from the beginning. */
  @property({ attribute: false, hasChanged: differ }) fixed: readonly string[] = [];
  /** Who sent which camera to the wall. */
  @property({ attribute: false }) sent: ReadonlyMap<string, string> = new Map();
  /** Set anew it changes the layout; people change it too. */
  @property({ attribute: false }) tiles: Layout = 4;
  /** A tour to begin with; empty for none. */
  @property({ attribute: false }) stops: readonly Stop[] = [];
  @state() private slots: Slots = [];
  @state() private tour: Tour | null = null;
  @state() private enlarged: number | null = null;
  @state() private playing: { readonly camera: string; readonly from_ms: number } | null = null;
  @state() private arranging = false;
  @state() private said = "";
  protected readonly second = new EverySecond(this);
  private filledFor: string | null = null;
  /** Those near the place by their ids, the most useful first. */
  private near: ReadonlyMap<string, Useful> = new Map();
  private passed_ms = 0;
  private told = "";

  /** Ids of the cameras that stand on a tile now. */
  get shown(): readonly string[] {
    return this.slots.flatMap((slot) => (slot === null ? [] : [slot.camera]));
  }

  get layout(): Layout {
    return this.slots.length as Layout;
  }

  /** A person wants to see a camera: it is pinned, where told or where there is room. */
  show(camera: string, at: number | null = null): void {
    const next = put(this.slots, camera, at);
    if (next === null) {
      this.say(t("screens.full"));
      return;
    }
    this.playing = null;
    this.enlarged = null;
    this.slots = next;
  }

  setLayout(layout: Layout): void {
    this.enlarged = null;
    this.slots = resize(this.slots, layout);
  }

  startTour(stops: readonly Stop[]): void {
    this.arranging = false;
    this.tour = stops.length === 0 ? null : startTour(stops);
    this.passed_ms = performance.now();
  }

  /** Every camera that works, for so many seconds each, nearest first where there is a place. */
  tourOfAll(seconds: number): void {
    const working = [...this.cameras.values()].filter(({ state }) => state !== "down");
    const order = camerasFor(new Map(working.map((row) => [row.id, row])), this.place, working.length);
    this.startTour((order.length > 0 ? order : working).map(({ id }) => ({ camera: id, seconds })));
  }

  openPlayback(camera: string, from_ms: number): void {
    this.playing = { camera, from_ms };
    void this.updateComplete.then(() => this.renderRoot.querySelector("t-playback")?.focus());
  }

  /** Put the keyboard on a camera's tile, whose letters replay, lock, turn and send it. */
  focusOn(camera: string): void {
    void this.updateComplete.then(() => [...this.renderRoot.querySelectorAll("t-tile")].find((tile) => tile.camera?.id === camera)?.focus());
  }

  private leavePlayback(camera: string): void {
    this.playing = null;
    this.focusOn(camera);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.slots.length === 0) {
      this.slots = putFirst(emptySlots(this.tiles), this.fixed);
      if (this.stops.length > 0) this.startTour(this.stops);
    } else {
      if (changed.has("tiles")) this.setLayout(this.tiles);
      if (changed.has("fixed") || (changed.has("tiles") && this.fixed.length > 0)) this.slots = putFirst(this.slots, this.fixed);
    }
    if (changed.has("cameras") && this.cameras.size > 0 && this.slots.some((slot) => slot !== null && !this.cameras.has(slot.camera))) {
      this.slots = this.slots.map((slot) => (slot !== null && this.cameras.has(slot.camera) ? slot : null));
    }
    this.passTour();
    this.fill();
  }

  protected override updated(): void {
    const shown = this.shown.join(" ");
    if (shown === this.told) return;
    this.told = shown;
    this.tell("shown", this.shown);
  }

  /** Who stands on the tiles that nobody pinned: the tour's where there is one, else the most useful. */
  private fill(): void {
    const room = this.room();
    this.near = new Map(this.place === null ? [] : mostUseful(this.forgiving(), this.place, this.cameras.size).map((each) => [each.camera.id, each]));
    if (this.tour !== null) {
      this.slots = propose(this.slots, shownOf(this.tour, room).map(({ camera }) => camera), false);
      return;
    }
    const about = this.place === null ? "" : `${this.about} ${this.place.lat} ${this.place.lon}`;
    if (this.place === null && !this.idle) {
      // The last situation's cameras stay until another one is chosen: they may be what somebody is looking at.
      return;
    }
    const wanted = this.place === null ? camerasFor(this.cameras, null, this.slots.length).map(({ id }) => id) : [...this.near.keys()].slice(0, this.slots.length);
    const next = propose(this.slots, wanted, about !== this.filledFor);
    this.filledFor = about;
    if (next.some((slot, index) => slot !== this.slots[index])) this.slots = next;
  }

  /** One that has just failed keeps its tile for a moment: whoever was looking reads why before another takes its place. */
  private forgiving(): ReadonlyMap<string, CameraRow> {
    const just = this.shown.flatMap((id) => {
      const camera = this.cameras.get(id);
      return camera?.state === "down" && this.now - camera.since_ms < STAYS_MS ? [[id, { ...camera, state: "unknown" as const }] as const] : [];
    });
    return just.length === 0 ? this.cameras : new Map([...this.cameras, ...just]);
  }

  private room(): number {
    return this.slots.filter((slot) => !slot?.pinned).length;
  }

  private passTour(): void {
    const now_ms = performance.now();
    if (this.tour !== null) this.tour = pass(this.tour, now_ms - this.passed_ms, this.room());
    this.passed_ms = now_ms;
  }

  override render(): TemplateResult {
    if (this.asleep) return html``;
    const { playing, screening } = this;
    const camera = this.cameras.get(playing?.camera ?? "");
    if (playing !== null && camera !== undefined && screening !== null) {
      return html`<div style="grid-row:1 / -1;min-height:0"><t-playback .camera=${camera} .names=${this.cameras} .screening=${screening} .from=${playing.from_ms} @leave=${() => this.leavePlayback(playing.camera)}></t-playback></div>`;
    }
    return html`${screening === null ? nothing : this.bar(screening)}${this.arranging ? this.editor() : this.grid()}`;
  }

  private bar(screening: Screening): TemplateResult {
    const about = this.place === null ? t("screens.near_none") : t("screens.near", { title: this.aboutTitle });
    return html`<div class="bar">
      <div class="layouts" role="group" aria-label=${t("screens.layouts")}>
        ${LAYOUTS.map((n) => html`<button aria-pressed=${n === this.layout} aria-label=${t("screens.layout", { n })} title=${layoutWords(n)} @click=${() => this.setLayout(n)}>${n}</button>`)}
      </div>
      ${this.tourTools()}
      ${this.slots.some((slot) => slot?.pinned) ? html`<button @click=${this.unpinAll}>${icon("pinned")} ${t("screens.clear")}</button>` : nothing}
      ${screening.mayWall ? this.wallTools(screening) : nothing}
      ${this.said === "" ? html`<span class="quiet grow">${this.tour === null ? about : ""}</span>` : html`<span class="notice grow" role="status">${this.said}</span>`}
      <span class="sr">${screening.situation?.title ?? ""}</span>
    </div>`;
  }

  private wallTools(screening: Screening): TemplateResult {
    const n = this.sent.size;
    return html`<button title="${t("screens.to_wall")} (Shift+W)" ?disabled=${this.shown.length === 0} @click=${() => void this.toWall(screening)}>${icon("monitor")} ${t("screens.to_wall")}</button>
      ${n === 0 ? nothing : html`<button title=${t("screens.off_wall_about", { names: this.sentWords() })} @click=${() => void this.asking(takeOffWall(screening.api, []))}>${icon("close")} ${t("screens.off_wall", { n })}</button>`}`;
  }

  private sentWords(): string {
    return [...this.sent].map(([camera, name]) => `${this.cameras.get(camera)?.name ?? camera} (${name})`).join(t("list.comma"));
  }

  /** The whole layout, as it stands here, on the wall for everybody. */
  private async toWall(screening: Screening | null): Promise<void> {
    if (screening === null || !screening.mayWall || this.shown.length === 0) return;
    await this.asking(sendToWall(screening.api, this.shown, this.layout));
  }

  private async asking(answer: Promise<unknown>): Promise<void> {
    try {
      await answer;
    } catch (error) {
      this.say(describe(error));
    }
  }

  private tourTools(): TemplateResult {
    const { tour } = this;
    if (tour === null) {
      return html`<button aria-pressed=${this.arranging} @click=${() => (this.arranging = !this.arranging)}>${icon("play")} ${t("tour.start")}</button>`;
    }
    const room = Math.max(1, this.room());
    const at = `${tour.at + 1}`;
    const left_ms = span_ms(tour, room) - tour.shown_ms;
    const where = tour.paused ? t("tour.paused", { at, n: tour.stops.length }) : t("tour.where", { at, n: tour.stops.length, span: format.duration(Math.max(0, left_ms) + 999) });
    return html`<button aria-label=${t("tour.back")} title=${t("tour.back")} @click=${() => this.turnTour(-1)}>${icon("left")}</button>
      <button @click=${this.pauseTour}>${icon(tour.paused ? "play" : "pause")} ${tour.paused ? t("tour.resume") : t("tour.pause")}</button>
      <button aria-label=${t("tour.next")} title=${t("tour.next")} @click=${() => this.turnTour(1)}>${icon("right")}</button>
      <span class="number">${where}</span>
      <button @click=${() => (this.tour = null)}>${icon("close")} ${t("tour.stop")}</button>`;
  }

  private editor(): TemplateResult {
    const working = [...this.cameras.values()].filter(({ state }) => state !== "down").map(({ id }) => id);
    return html`<t-tour-editor .cameras=${this.cameras} .shown=${this.shown} .working=${working} .usual=${USUAL_S}
      @start=${(event: CustomEvent<readonly Stop[]>) => this.startTour(event.detail)} @leave=${() => (this.arranging = false)}></t-tour-editor>`;
  }

  private grid(): TemplateResult {
    const one = this.enlarged !== null && this.slots[this.enlarged] != null;
    const { columns, rows, large, span } = gridOf(one ? 1 : this.layout);
    const style = styleMap({ "grid-template-columns": `repeat(${columns}, minmax(0, 1fr))`, "grid-template-rows": `repeat(${rows}, minmax(0, 1fr))` });
    const tiles = this.slots.map((slot, index) => ({ slot, index })).filter(({ index }) => !one || index === this.enlarged);
    // By camera, so that a picture that changes its tile goes on playing; empty tiles by their place.
    const ranks = [...this.near.keys()];
    return html`<div class="grid" data-layout=${one ? 1 : this.layout} style=${style}>
      ${repeat(tiles, ({ slot, index }) => slot?.camera ?? index, ({ slot, index }) => {
        const camera = this.cameras.get(slot?.camera ?? "") ?? null;
        return html`<t-tile class=${index < large ? "large" : ""} style=${index < large ? `grid-area:span ${span} / span ${span}` : ""} .camera=${camera} .useful=${slot?.pinned ? null : (this.near.get(slot?.camera ?? "") ?? null)} .rank=${ranks.indexOf(slot?.camera ?? "") + 1} .screening=${this.screening} .now=${this.now}
          ?pinned=${slot?.pinned ?? false} ?enlarged=${one} sentBy=${this.sent.get(camera?.id ?? "") ?? ""}
          @tolayout=${() => void this.toWall(this.screening)}
          @pin=${(event: CustomEvent<boolean>) => (this.slots = setPinned(this.slots, index, event.detail))}
          @remove=${() => this.empty(index)}
          @enlarge=${() => (this.enlarged = one ? null : index)}
          @playback=${(event: CustomEvent<number>) => this.openPlayback(slot?.camera ?? "", event.detail)}
          @putcamera=${(event: CustomEvent<string>) => this.show(event.detail, index)}></t-tile>`;
      })}
    </div>`;
  }

  private empty(index: number): void {
    this.enlarged = null;
    this.slots = takeAway(this.slots, index);
  }

  private readonly unpinAll = (): void => {
    this.slots = this.slots.map((slot) => (slot === null ? null : { ...slot, pinned: false }));
  };

  private readonly pauseTour = (): void => {
    if (this.tour !== null) this.tour = { ...this.tour, paused: !this.tour.paused };
  };

  private turnTour(by: 1 | -1): void {
    if (this.tour !== null) this.tour = step(this.tour, by, this.room());
  }

  /** Put the whole layout on the wall. */
  sendLayout(): Promise<void> {
    return this.toWall(this.screening);
  }

  private say(words: string): void {
    this.said = words;
    setTimeout(() => (this.said = this.said === words ? "" : this.said), SAID_MS);
  }
}

/** A layout by its name, and what is large in it. */
function layoutWords(layout: Layout): string {
  const { large } = gridOf(layout);
  const name = t("screens.layout", { n: layout });
  return large === 0 ? name : t("screens.layout_large", { name, large, small: layout - large });
}

function differ(after: readonly string[], before: readonly string[] | undefined): boolean {
  return after.join(" ") !== before?.join(" ");
}

declare global {
  interface HTMLElementTagNameMap {
    "t-screens": Screens;
  }
}
