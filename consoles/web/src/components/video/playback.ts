/** Recordings of one camera: the time line, seek, speed, frames, lock, and a clip as evidence. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import { icon, type IconName } from "../icons";
import { describe } from "../problems";
import { EverySecond, shared, View } from "../view";
import { clipPath, exportClip, listRecordings, lock, type Clip } from "./camera_api";
import type { Screening } from "./context";
import { DeviceLane, playableFrom } from "./device_lane";
import { DevicePlayer, type RecordingPlayer } from "./device_player";
import { RecordedPlayer, type RecordedState } from "./recorded_player";
import "./clips";
import { gapWords } from "./gap_words";
import { gapAt, joined, nearestRecorded, withoutDoubles, type Gap, type Span } from "./recorded_times";
import { fix, still } from "./snapshot";
import "./timebar";
import { keyStep_ms, rangeAround, SPANS_MS, type BarMark } from "./timebar_layout";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;
const LIST_EVERY_MS = 5_000;
/** Pages of a listing asked for one after another; a longer time line is shown as far as it was read. */
const MOST_PAGES = 12;
/** Gaps that are named under the time line, the newest. */
const MOST_GAPS = 40;

/** Tells `leave`. */
@customElement("t-playback")
export class Playback extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr) auto auto auto auto;
        gap: var(--s2);
        height: 100%;
        padding: var(--s2);
        font-size: var(--t1);
      }
      .picture {
        position: relative;
        background: #000;
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        overflow: hidden;
      }
      video {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      .when {
        position: absolute;
        left: 0;
        top: 0;
        padding: 0 var(--s3);
        background: rgb(11 15 20 / 85%);
        font-size: var(--t3);
        font-weight: 600;
      }
      .note {
        position: absolute;
        left: 50%;
        top: 50%;
        transform: translate(-50%, -50%);
        padding: var(--s1) var(--s3);
        background: rgb(11 15 20 / 88%);
      }
      .note.low {
        top: auto;
        bottom: 0;
        transform: translateX(-50%);
      }
      .row {
        flex-wrap: wrap;
      }
      .row input,
      .row select {
        width: auto;
      }
      h2 {
        font-size: var(--t2);
        font-weight: 650;
      }
      .banner.device {
        position: absolute;
        right: 0;
        top: 0;
      }
      .banner {
        padding: 0 var(--s2);
        background: var(--hatch);
        border: var(--hair) solid var(--line);
      }
      t-clips {
        position: absolute;
        inset: 0;
        background: var(--panel);
      }
      details.gaps ol {
        max-height: 9em;
        overflow: auto;
        display: grid;
      }
      details.gaps button {
        justify-content: flex-start;
        min-height: 28px;
        border: none;
        background: none;
        white-space: normal;
        text-align: left;
      }
      summary {
        cursor: pointer;
      }
      .why {
        flex: 1;
        min-width: 10em;
      }
      .hash {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) camera: CameraRow | null = null;
  /** Of other cameras, for the list of clips. */
  @property({ attribute: false }) names: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) screening: Screening | null = null;
  /** Where to begin; a change seeks there. */
  @property({ type: Number }) from = 0;
  @state() private shown: RecordedState = { is: "loading" };
  @state() private spans: readonly Span[] = [];
  @state() private gaps: readonly Gap[] = [];
  @state() private showsClips = false;
  @state() private span_ms: number = SPANS_MS[1];
  @state() private range: readonly [number, number] | null = null;
  @state() private choice: readonly [number | null, number | null] = [null, null];
  @state() private why = "";
  @state() private said = "";
  @state() private clip: Clip | null = null;
  @state() private busy = false;
  @state() private times = 1;
  @query("video") private video!: HTMLVideoElement;
  protected readonly second = new EverySecond(this);
  /** Which of both recordings is played: the hub's, or what the device has itself. */
  @state() private lane: "hub" | "device" = "hub";
  private player: RecordingPlayer | null = null;
  private device: DeviceLane | null = null;
  private of = "";
  private listed = { range: "", asked_ms: -Infinity };

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.player?.close();
    this.player = null;
    this.of = "";
  }

  protected override willUpdate(): void {
    const { screening } = this;
    if (screening === null) return;
    this.range = rangeAround(this.at_ms(), this.span_ms, this.range, screening.now_ms);
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { camera, screening } = this;
    if (camera === null || screening === null || !this.isConnected) return;
    if (camera.id !== this.of) {
      this.player?.close();
      this.of = camera.id;
      this.spans = [];
      this.gaps = [];
      this.listed = { range: "", asked_ms: -Infinity };
      this.device = new DeviceLane(camera.id);
      this.begin(screening, camera.id, "hub", this.from);
    } else if (changed.has("from")) this.player?.seek(this.from);
    void this.list(screening, camera.id);
    void this.lookAtDevice(screening);
  }

  private begin(screening: Screening, camera: string, lane: "hub" | "device", at_ms: number): void {
    this.player?.close();
    this.lane = lane;
    const onState = (next: RecordedState): void => void (this.shown = next);
    this.player =
      lane === "device"
        ? new DevicePlayer(camera, this.video, onState)
        : new RecordedPlayer(camera, this.video, (from, to) => listRecordings(screening.api, camera, from, to), onState);
    this.player.speed = this.times;
    this.player.open(at_ms);
  }

  private async lookAtDevice(screening: Screening): Promise<void> {
    const { device, range } = this;
    if (device !== null && range !== null && (await device.look(screening.api, range, screening.now_ms, describe)) && device === this.device) this.requestUpdate();
  }

  /** Go to an instant of one of both recordings. */
  private seekIn(screening: Screening, camera: string, lane: "hub" | "device", at_ms: number): void {
    const nearest_ms = this.nearest(lane, at_ms);
    if (lane === this.lane) this.player?.seek(nearest_ms);
    else this.begin(screening, camera, lane, nearest_ms);
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { camera, screening, range } = this;
    if (camera === null || screening === null || range === null) return html``;
    const at_ms = this.at_ms();
    return html`<div class="row">
        <button @click=${() => this.tell("leave", null)}>${icon("video")} ${t("playback.back")} <kbd>Esc</kbd></button>
        <h2 class="grow cut">${t("playback.title")} · ${camera.name}</h2>
        <span class="quiet cut">${t("playback.keys")}</span>
        <button aria-expanded=${this.showsClips} @click=${() => (this.showsClips = !this.showsClips)}>${icon("evidence")} ${t("clips.title")}</button>
      </div>
      <div class="picture" @keydown=${this.onKey} tabindex="0" role="group" aria-label="${t("playback.title")} ${camera.name}">
        <video muted playsinline aria-label=${camera.name}></video>
        <p class="when number">${format.fullDate(at_ms)} ${format.clock(at_ms)}</p>
        ${this.lane === "device" ? html`<p class="banner device">${t("playback.device_lane")}</p>` : nothing}
        ${this.note()}
        ${this.showsClips ? this.clips(screening, camera) : nothing}
      </div>
      <t-timebar .range=${range} .spans=${this.spans} .gaps=${this.gaps} .marks=${this.marks(screening, camera.id)} .at=${at_ms} .now=${screening.now_ms} .choice=${this.choice}
        .device=${this.device?.spans ?? null} .deviceTrouble=${this.device?.trouble ?? ""} .lane=${this.lane}
        @seek=${(event: CustomEvent<number>) => this.seek(event.detail)}
        @seek-hub=${(event: CustomEvent<number>) => this.seekIn(screening, camera.id, "hub", event.detail)}
        @seek-device=${(event: CustomEvent<number>) => this.seekIn(screening, camera.id, "device", event.detail)}></t-timebar>
      ${this.missing()}
      ${this.controls(at_ms, screening, camera)}
      ${this.evidence(screening, camera)}`;
  }

  private note(): TemplateResult | typeof nothing {
    switch (this.shown.is) {
      case "playing":
      case "paused":
        return nothing;
      case "gap":
        return html`<p class="note low" role="status">${icon("forward")} ${this.wentOn(this.shown.at_ms)}</p>`;
      case "unsupported":
        return html`<p class="note" role="status">${icon("ban")} ${t("playback.unsupported", { codec: this.shown.codec })}</p>`;
      case "failed":
        return html`<p class="note" role="alert">${icon("alert")} ${t("playback.failed", { detail: this.shown.detail })}</p>`;
      case "loading":
      case "none":
      case "end":
        return html`<p class="note" role="status">${t(`playback.${this.shown.is}`)}</p>`;
    }
  }

  /** That it went on at an instant, and why there was nothing before. */
  private wentOn(at_ms: number): string {
    const what = t("playback.gap", { time: format.clock(at_ms) });
    if (this.lane === "device") return "";
    const gap = this.gaps.findLast(({ from_ms, to_ms }) => from_ms < at_ms && at_ms - to_ms < 3_000) ?? gapAt(this.gaps, at_ms);
    return gap === null ? what : t("gaps.because", { what, why: gapWords(gap) });
  }

  /** Every gap with its reason, for those who work by keys or want it in words. */
  private missing(): TemplateResult {
    if (this.gaps.length === 0) return html`<p class="quiet">${t("gaps.none")}</p>`;
    const named = this.gaps.slice(-MOST_GAPS).reverse();
    return html`<details class="gaps" @keydown=${this.onKey}>
      <summary>${t("gaps.count", { n: this.gaps.length })}</summary>
      <ol>${named.map((gap) => html`<li><button @click=${() => this.seek(gap.to_ms)}>${t("gaps.one", {
        from: `${format.fullDate(gap.from_ms)} ${format.clock(gap.from_ms)}`, to: format.clock(gap.to_ms), span: format.duration(gap.to_ms - gap.from_ms), why: gapWords(gap),
      })}</button></li>`)}</ol>
    </details>`;
  }

  private clips(screening: Screening, camera: CameraRow): TemplateResult {
    return html`<t-clips .screening=${screening} .camera=${camera} .names=${this.names} .newest=${this.clip?.id ?? ""}
      @close=${() => this.closeClips()} @seek=${(event: CustomEvent<number>) => {
        this.closeClips();
        this.seek(event.detail);
      }}></t-clips>`;
  }

  private closeClips(): void {
    this.showsClips = false;
    this.renderRoot.querySelector<HTMLElement>(".picture")?.focus();
  }

  private controls(at_ms: number, screening: Screening, camera: CameraRow): TemplateResult {
    const paused = this.shown.is === "paused";
    const date = new Date(at_ms + 8 * 3_600_000).toISOString().slice(0, 19);
    return html`<div class="row" @keydown=${this.onKey}>
      ${this.button("minus", t("playback.back_30"), () => this.seek(at_ms - 30_000), "30")}
      ${this.button("left", t("playback.frame_back"), () => this.player?.step(-1))}
      ${this.button(paused ? "play" : "pause", paused ? t("playback.play") : t("playback.pause"), () => this.toggle())}
      ${this.button("right", t("playback.frame_on"), () => this.player?.step(1))}
      ${this.button("plus", t("playback.on_30"), () => this.seek(at_ms + 30_000), "30")}
      <label class="row">${t("playback.speed")}
        <select @change=${(event: Event) => this.setSpeed(Number((event.target as HTMLSelectElement).value))}>
          ${SPEEDS.map((n) => html`<option value=${n} ?selected=${n === this.times}>${t("playback.times", { n })}</option>`)}
        </select></label>
      ${this.device?.spans == null
        ? nothing
        : html`<button aria-pressed=${this.lane === "device"} @click=${() => this.seekIn(screening, camera.id, this.lane === "device" ? "hub" : "device", at_ms)}>${icon("video")} ${t("playback.device_lane")}</button>`}
      <label class="row">${t("playback.span")}
        <select @change=${(event: Event) => (this.span_ms = Number((event.target as HTMLSelectElement).value))}>
          ${SPANS_MS.map((n) => html`<option value=${n} ?selected=${n === this.span_ms}>${format.duration(n)}</option>`)}
        </select></label>
      <label class="row">${t("playback.go")}
        <input type="datetime-local" step="1" .value=${date} @keydown=${quiet} @change=${this.onGo} /></label>
    </div>`;
  }

  private button(name: IconName, label: string, run: () => void, text = ""): TemplateResult {
    return html`<button aria-label=${label} title=${label} @click=${run}>${icon(name)}${text}</button>`;
  }

  private evidence(screening: Screening, camera: CameraRow): TemplateResult {
    const [first, last] = this.choice;
    const ready = first !== null && last !== null && last > first;
    // What only the device has cannot be locked or exported here.
    const may = ready && this.why.trim() !== "" && !this.busy && this.lane === "hub";
    return html`<div class="row" @keydown=${this.onKey}>
      <button @click=${() => this.mark(0)}>${t("playback.in")} <kbd>I</kbd></button>
      <button @click=${() => this.mark(1)}>${t("playback.out")} <kbd>O</kbd></button>
      <span class="number">${ready ? t("playback.chosen", { from: format.clock(first), to: format.clock(last), span: format.duration(last - first) }) : t("playback.choose")}</span>
      <input class="why" maxlength="500" placeholder=${t("playback.why")} aria-label=${t("playback.why")} .value=${this.why} @keydown=${quiet}
        @input=${(event: Event) => (this.why = (event.target as HTMLInputElement).value)} />
      <button ?disabled=${!may} @click=${() => void this.lockChosen(screening, camera)}>${icon("lock")} ${t("playback.lock")}</button>
      <button class="primary" ?disabled=${!may} @click=${() => void this.exportChosen(screening, camera)}>${icon("evidence")} ${this.busy ? t("playback.exporting") : t("playback.export")}</button>
      <button @click=${() => void this.snapshot(screening, camera)}>${icon("camera")} ${t("tile.snapshot")}</button>
      ${this.said === "" ? nothing : html`<span class="hash" role="status">${this.said}</span>`}
      ${this.clip === null ? nothing : html`<a href=${clipPath(this.clip.id, "mp4")} download>${t("playback.video")}</a><a href=${clipPath(this.clip.id, "json")} download>${t("playback.sheet")}</a>`}
    </div>`;
  }

  private at_ms(): number {
    return this.player?.at_ms ?? this.from;
  }

  /** Alarms and plates of this camera. */
  private marks(screening: Screening, camera: string): BarMark[] {
    const found: BarMark[] = [];
    for (const alarm of screening.alarms.values()) {
      if (alarm.subject === camera) found.push({ at_ms: alarm.raised_ms, kind: "alarm", label: `${word("alarm", alarm.kind)} ${alarm.detail}` });
    }
    for (const hit of screening.hits.values()) {
      if (hit.camera === camera && hit.rejected_why === "") found.push({ at_ms: hit.seen_ms, kind: "hit", label: t("playback.hit", { plate: hit.plate }) });
    }
    return found;
  }

  private async list(screening: Screening, camera: string): Promise<void> {
    if (this.range === null) return;
    const range = this.range.join(" ");
    const now_ms = performance.now();
    if (range === this.listed.range && now_ms - this.listed.asked_ms < LIST_EVERY_MS) return;
    this.listed = { range, asked_ms: now_ms };
    const [from, to] = this.range;
    const spans: Span[] = [];
    const gaps: Gap[] = [];
    try {
      let next: number | null = from;
      for (let page = 0; page < MOST_PAGES && next !== null; page += 1) {
        const found = await listRecordings(screening.api, camera, next, Math.min(to, screening.now_ms + 60_000));
        spans.push(...found.spans);
        gaps.push(...found.gaps);
        const cut: number | null = found.next_ms ?? null;
        next = cut !== null && cut > next ? cut : null;
      }
    } catch (error) {
      this.said = describe(error);
      return;
    }
    if (camera === this.of && this.range.join(" ") === range) {
      this.spans = joined(spans);
      this.gaps = withoutDoubles(gaps);
    }
  }

  private seek(at_ms: number): void {
    this.player?.seek(this.nearest(this.lane, at_ms));
    this.requestUpdate();
  }

  private nearest(lane: "hub" | "device", at_ms: number): number {
    return lane === "device" ? playableFrom(this.device?.spans ?? [], at_ms) : (nearestRecorded(this.spans, at_ms) ?? at_ms);
  }

  private toggle(): void {
    if (this.video.paused) this.player?.play();
    else this.player?.pause();
  }

  private setSpeed(times: number): void {
    this.times = times;
    if (this.player !== null) this.player.speed = times;
  }

  private mark(end: 0 | 1): void {
    const at_ms = Math.round(this.at_ms());
    this.choice = end === 0 ? [at_ms, this.choice[1]] : [this.choice[0], at_ms];
    this.clip = null;
    this.said = "";
  }

  private async lockChosen(screening: Screening, camera: CameraRow): Promise<void> {
    const [first, last] = this.choice;
    if (first === null || last === null) return;
    await this.trying(async () => {
      await lock(screening.api, camera.id, first, last, this.why.trim());
      this.said = t("playback.locked");
      this.listed = { range: "", asked_ms: -Infinity };
    });
  }

  private async exportChosen(screening: Screening, camera: CameraRow): Promise<void> {
    const [first, last] = this.choice;
    if (first === null || last === null) return;
    await this.trying(async () => {
      this.clip = await exportClip(screening.api, camera.id, first, last, this.why.trim(), screening.situation?.id ?? null);
      this.said = t("playback.exported", { hash: this.clip.sha256 });
    });
  }

  private async snapshot(screening: Screening, camera: CameraRow): Promise<void> {
    const taken_ms = this.at_ms();
    const picture = await still(this.video);
    if (picture === null) {
      this.said = t("tile.snapshot_none");
      return;
    }
    const { situation } = screening;
    if (situation === null) {
      this.said = t("wrong.no_situation");
      return;
    }
    await this.trying(async () => {
      await fix(screening, situation.id, camera, picture, taken_ms);
      this.said = t("tile.snapshot_fixed", { title: situation.title });
    });
  }

  private async trying(run: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.said = "";
    try {
      await run();
    } catch (error) {
      this.said = describe(error);
    } finally {
      this.busy = false;
    }
  }

  private onGo(event: Event): void {
    const at_ms = Date.parse(`${(event.target as HTMLInputElement).value}+08:00`);
    if (Number.isFinite(at_ms)) this.seek(at_ms);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onField = event.composedPath()[0] instanceof HTMLSelectElement;
    const step_ms = onField ? null : keyStep_ms(event.key, event.shiftKey, this.span_ms);
    if (step_ms !== null) this.seek(this.at_ms() + step_ms);
    else if (event.key === "Escape" && this.showsClips) this.closeClips();
    else if (event.key === "Escape") this.tell("leave", null);
    else if (event.key === " " && !(event.composedPath()[0] instanceof HTMLButtonElement)) this.toggle();
    else if (event.key === "," || event.key === "，") this.player?.step(-1);
    else if (event.key === "." || event.key === "。") this.player?.step(1);
    else if (event.key === "i" || event.key === "I") this.mark(0);
    else if (event.key === "o" || event.key === "O") this.mark(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function quiet(event: Event): void {
  if (!(event instanceof KeyboardEvent) || event.key !== "Escape") event.stopPropagation();
}

declare global {
  interface HTMLElementTagNameMap {
    "t-playback": Playback;
  }
}
