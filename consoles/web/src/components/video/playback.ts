/** Recordings of one camera: the time line, seek, speed, frames, lock, and a clip as evidence. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import { answerWords } from "../answer_words";
import { icon, type IconName } from "../icons";
import { describe } from "../problems";
import { valueOf } from "../typing";
import { EverySecond, shared, View } from "../view";
import { listRecordings } from "./camera_api";
import type { Screening } from "./context";
import { DeviceLane, playableFrom } from "./device_lane";
import { DevicePlayer, type RecordingPlayer } from "./device_player";
import { Evidence, quiet } from "./evidence_row";
import { HubLane } from "./hub_lane";
import { PlateLane, stretchOf } from "./plate_lane";
import { playbackStyles } from "./playback_styles";
import { RecordedPlayer, type RecordedState } from "./recorded_player";
import "./clips";
import { gapWords } from "./gap_words";
import { gapAt, lastRecorded, nearestRecorded, type Gap } from "./recorded_times";
import "./timebar";
import { keyStep_ms, rangeAround, SPANS_MS, type BarMark } from "./timebar_layout";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;
/** Gaps that are named under the time line, the newest. */
const MOST_GAPS = 40;

/** Tells `leave`. */
@customElement("t-playback")
export class Playback extends View {
  static override styles = [shared, playbackStyles];

  @property({ attribute: false }) camera: CameraRow | null = null;
  /** Of other cameras, for the list of clips. */
  @property({ attribute: false }) names: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) screening: Screening | null = null;
  /** Where to begin; a change seeks there. */
  @property({ type: Number }) from = 0;
  @state() private shown: RecordedState = { is: "loading" };
  @state() private showsClips = false;
  @state() private span_ms: number = SPANS_MS[1];
  @state() private range: readonly [number, number] | null = null;
  @state() private times = 1;
  @query("video") private video!: HTMLVideoElement;
  protected readonly second = new EverySecond(this);
  /** Which of both recordings is played: the hub's, or what the device has itself. */
  @state() private lane: "hub" | "device" = "hub";
  private player: RecordingPlayer | null = null;
  private hub: HubLane | null = null;
  private device: DeviceLane | null = null;
  private plates: PlateLane | null = null;
  /** Why cars that passed are not shown, or that they are being looked up. */
  @state() private platesSaid = "";
  private readonly evidence = new Evidence(this, () => this.at_ms(), () => this.hub?.forget());
  private of = "";

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
      this.hub = new HubLane(camera.id);
      this.device = new DeviceLane(camera.id);
      this.plates = new PlateLane(camera.id);
      this.platesSaid = "";
      this.begin(screening, camera.id, "hub", this.from);
    } else if (changed.has("from")) this.player?.seek(this.from);
    void this.lookAtHub(screening);
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

  private async lookAtHub(screening: Screening): Promise<void> {
    const { hub, range } = this;
    if (hub !== null && range !== null && (await hub.look(screening.api, range, screening.now_ms)) && hub === this.hub) this.requestUpdate();
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
        <h2>${t("playback.title")} · ${camera.name}</h2>
        <span class="quiet" style="flex:1 1 28em">${t("playback.keys")}</span>
        <button aria-expanded=${this.showsClips} @click=${() => (this.showsClips = !this.showsClips)}>${icon("evidence")} ${t("clips.title")}</button>
      </div>
      <div class="picture" @keydown=${this.onKey} tabindex="0" role="group" aria-label="${t("playback.title")} ${camera.name}">
        <video muted playsinline aria-label=${camera.name}></video>
        <p class="when number">${format.fullDate(at_ms)} ${format.clock(at_ms)}</p>
        ${this.lane === "device" ? html`<p class="banner device">${t("playback.device_lane")}</p>` : nothing}
        ${this.note()}
        ${this.showsClips ? this.clips(screening, camera) : nothing}
      </div>
      <t-timebar .range=${range} .spans=${this.hub?.spans ?? []} .gaps=${this.gaps} .marks=${this.marks(screening, camera.id)} .at=${at_ms} .now=${screening.now_ms} .choice=${this.evidence.choice}
        .device=${this.device?.spans ?? null} .deviceTrouble=${this.device?.trouble ?? ""} .lane=${this.lane}
        @seek=${(event: CustomEvent<number>) => this.seek(event.detail)}
        @seek-hub=${(event: CustomEvent<number>) => this.seekIn(screening, camera.id, "hub", event.detail)}
        @seek-device=${(event: CustomEvent<number>) => this.seekIn(screening, camera.id, "device", event.detail)}></t-timebar>
      <div class="row">${this.missing()}${screening.mayLookUp ? this.passed(screening, range, at_ms) : nothing}</div>
      ${this.controls(at_ms, screening, camera)}
      <div class="row" @keydown=${this.onKey}>${this.evidence.render(screening, camera, () => this.video, { kept: this.lane === "hub", trouble: this.hub?.trouble ?? "" })}</div>`;
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
        return html`<p class="note" role="alert" title=${this.shown.detail}>${icon("alert")} ${t("playback.failed", { detail: answerWords(this.shown.detail) || this.shown.detail })}</p>`;
      case "none":
        return this.nothingThere();
      case "loading":
      case "end":
        return html`<p class="note" role="status">${t(`playback.${this.shown.is}`)}</p>`;
    }
  }

  /** Why nothing is recorded here, and the way to what was recorded last before. */
  private nothingThere(): TemplateResult {
    const last_ms = this.last_ms();
    const gap = this.lane === "device" ? null : gapAt(this.gaps, this.at_ms());
    const what = t("playback.none");
    return html`<div class="note" role="status">${gap === null ? what : t("gaps.because", { what, why: gapWords(gap) })}
      ${last_ms === null ? nothing : html`<button @click=${() => this.seek(last_ms)}>${icon("history")} ${t("playback.last", { time: format.clock(last_ms) })} <kbd>L</kbd></button>`}</div>`;
  }

  private last_ms(): number | null {
    return this.lane === "device" ? null : lastRecorded(this.hub?.spans ?? [], this.at_ms());
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

  /** Cars that passed are told for a reason only: what is typed, else the situation that is worked on. */
  private passed(screening: Screening, range: readonly [number, number], at_ms: number): TemplateResult {
    const { plates } = this;
    const looked = plates?.looked ?? null;
    const told = looked === null || plates === null ? "" : t("plates.shown", { n: plates.marks.length, from: format.dayAndTime(looked[0]), to: format.dayAndTime(looked[1]) });
    return html`<button @click=${() => void this.lookUp(screening, stretchOf(range, at_ms, screening.now_ms))}>${icon("search")} ${t("plates.show")}</button>
      <span class="quiet" role="status">${this.platesSaid === "" ? told : this.platesSaid}</span>`;
  }

  private async lookUp(screening: Screening, stretch: readonly [number, number]): Promise<void> {
    const { plates } = this;
    const reason = this.evidence.reason || (screening.situation?.title ?? "");
    if (plates === null || reason === "") {
      this.platesSaid = t("plates.why");
      return;
    }
    this.platesSaid = t("plates.looking");
    let said = "";
    try {
      await plates.look(screening.api, stretch, reason, screening.situation?.id ?? null);
    } catch (error) {
      said = describe(error);
    }
    if (plates === this.plates) this.platesSaid = said;
  }

  private clips(screening: Screening, camera: CameraRow): TemplateResult {
    return html`<t-clips .screening=${screening} .camera=${camera} .names=${this.names} .newest=${this.evidence.clip?.id ?? ""}
      @close=${() => this.closeClips()} @seek=${(event: CustomEvent<number>) => {
        this.closeClips();
        this.seek(event.detail);
      }}></t-clips>`;
  }

  /** Onto the picture, where its keys are heard. */
  override focus(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".picture")?.focus());
  }

  private closeClips(): void {
    this.showsClips = false;
    this.focus();
  }

  private controls(at_ms: number, screening: Screening, camera: CameraRow): TemplateResult {
    const paused = this.shown.is === "paused";
    const date = new Date(at_ms + 8 * 3_600_000).toISOString().slice(0, 19);
    return html`<div class="row" @keydown=${this.onKey}>
      ${this.button("minus", t("playback.back_30"), () => this.seek(at_ms - 30_000), t("time.seconds", { s: 30 }))}
      ${this.button("left", t("playback.frame_back"), () => this.player?.step(-1))}
      ${this.button(paused ? "play" : "pause", paused ? t("playback.play") : t("playback.pause"), () => this.toggle())}
      ${this.button("right", t("playback.frame_on"), () => this.player?.step(1))}
      ${this.button("plus", t("playback.on_30"), () => this.seek(at_ms + 30_000), t("time.seconds", { s: 30 }))}
      <label class="row">${t("playback.speed")}
        <select @change=${(event: Event) => this.setSpeed(Number(valueOf(event)))}>
          ${SPEEDS.map((n) => html`<option value=${n} ?selected=${n === this.times}>${t("playback.times", { n })}</option>`)}
        </select></label>
      ${this.device?.spans == null
        ? nothing
        : html`<button aria-pressed=${this.lane === "device"} @click=${() => this.seekIn(screening, camera.id, this.lane === "device" ? "hub" : "device", at_ms)}>${icon("video")} ${t("playback.device_lane")}</button>`}
      <label class="row">${t("playback.span")}
        <select @change=${(event: Event) => (this.span_ms = Number(valueOf(event)))}>
          ${SPANS_MS.map((n) => html`<option value=${n} ?selected=${n === this.span_ms}>${format.duration(n)}</option>`)}
        </select></label>
      <label class="row">${t("playback.go")}
        <input type="datetime-local" step="1" .value=${date} @keydown=${quiet} @change=${this.onGo} /></label>
    </div>`;
  }

  private button(name: IconName, label: string, run: () => void, text = ""): TemplateResult {
    return html`<button aria-label=${label} title=${label} @click=${run}>${icon(name)}${text}</button>`;
  }

  private get gaps(): readonly Gap[] {
    return this.hub?.gaps ?? [];
  }

  private at_ms(): number {
    return this.player?.at_ms ?? this.from;
  }

  /** Alarms, hits and cars that were looked up of this camera. */
  private marks(screening: Screening, camera: string): BarMark[] {
    const found: BarMark[] = [];
    for (const alarm of screening.alarms.values()) {
      if (alarm.subject === camera) found.push({ at_ms: alarm.raised_ms, kind: "alarm", label: `${word("alarm", alarm.kind)} ${alarm.detail}` });
    }
    for (const hit of screening.hits.values()) {
      if (hit.camera === camera && hit.rejected_why === "") found.push({ at_ms: hit.seen_ms, kind: "hit", label: t("playback.hit", { plate: hit.plate }) });
    }
    // A hit is a car that passed too; it is marked once.
    const hit = new Set(found.filter(({ kind }) => kind === "hit").map(({ at_ms }) => at_ms));
    return [...found, ...(this.plates?.marks ?? []).filter(({ at_ms }) => !hit.has(at_ms))];
  }

  private seek(at_ms: number): void {
    this.player?.seek(this.nearest(this.lane, at_ms));
    this.requestUpdate();
  }

  private nearest(lane: "hub" | "device", at_ms: number): number {
    return lane === "device" ? playableFrom(this.device?.spans ?? [], at_ms) : (nearestRecorded(this.hub?.spans ?? [], at_ms) ?? at_ms);
  }

  private toggle(): void {
    if (this.video.paused) this.player?.play();
    else this.player?.pause();
  }

  private setSpeed(times: number): void {
    this.times = times;
    if (this.player !== null) this.player.speed = times;
  }

  private onGo(event: Event): void {
    const at_ms = Date.parse(`${valueOf(event)}+08:00`);
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
    else if ((event.key === "l" || event.key === "L") && this.shown.is === "none") this.seek(this.last_ms() ?? this.at_ms());
    else if (event.key === "i" || event.key === "I") this.evidence.mark(0);
    else if (event.key === "o" || event.key === "O") this.evidence.mark(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "t-playback": Playback;
  }
}
