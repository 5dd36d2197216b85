/** One camera on a screen: its picture with its age, and what can be done with it. A picture that is old cannot be taken for a live one. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import { LivePlayer, type VideoState, type Way } from "../../media/player";
import type { CameraRow } from "../../wire";
import { icon, type IconName } from "../icons";
import { describe } from "../problems";
import { EverySecond, shared, View } from "../view";
import { listRecordings } from "./camera_api";
import { CAMERA_TYPE, type Screening } from "./context";
import { farWords, type FarWords } from "./far_words";
import "./ptz_layer";
import type { PtzLayer } from "./ptz_layer";
import { RecordedPlayer, type RecordedState } from "./recorded_player";
import { fix, save, still } from "./snapshot";
import { isOld, isUnchanged, liveCover, replayCover } from "./tile_cover";
import { tileStyles } from "./tile_styles";
import type { Useful } from "./usefulness";
import { sendToWall, takeOffWall } from "./wall";
import { moveBy, transformOf, WHOLE, zoomAt, zoomByKey, type Zoom } from "./zoom";

const REPLAY_MS = 30_000;
const SAID_MS = 5_000;
/** The states in which there is a picture, whose delay and age are told. */
const SHOWS: ReadonlySet<VideoState["is"]> = new Set(["live", "waiting", "frozen"]);
/** Between two pictures of a camera that is well; less than this is not told apart, so that the number does not dance. */
const YOUNG_MS = 200;
/** An age of the picture that is worth a mark before it counts as frozen. */
const OLD_MS = 1_000;

/** What plays a camera live: `LivePlayer`, and on the design page what poses. */
export interface Player {
  readonly delay_ms: number | null;
  readonly way: Way;
  age_ms(): number;
  unchanged_ms(): number;
  start(): void;
  stop(): void;
}

export type MakePlayer = (camera: string, video: HTMLVideoElement, onState: (state: VideoState) => void) => Player;

/** Tells `pin`, `remove`, `enlarge`, `playback` (an instant) and `putcamera` ({camera}) of itself; `tolayout` asks for the whole layout on the wall. */
@customElement("t-tile")
export class Tile extends View {
  static override styles = [shared, tileStyles];

  @property({ attribute: false }) camera: CameraRow | null = null;
  /** How it lies to the place it is shown for; null where it is shown for its own sake. */
  @property({ attribute: false }) useful: Useful | null = null;
  /** Its place in the order of their use, from 1. */
  @property({ type: Number }) rank = 1;
  /** Null where nobody can touch it: the wall. */
  @property({ attribute: false }) screening: Screening | null = null;
  @property({ type: Number }) now = 0;
  @property({ type: Boolean }) pinned = false;
  /** Who sent it to the wall; empty while it is not there. */
  @property() sentBy = "";
  @property({ type: Boolean }) enlarged = false;
  @property({ type: Boolean, reflect: true }) over = false;
  @property({ attribute: false }) makePlayer: MakePlayer = (...from) => new LivePlayer(...from);
  @property({ attribute: false }) replay: RecordedState | null = null;
  @state() private shown: VideoState = { is: "connecting" };
  @state() private zoom: Zoom = WHOLE;
  @state() private turning = false;
  @state() private said = "";
  @query("video.live") private video!: HTMLVideoElement;
  @query("t-ptz") private ptz!: PtzLayer | null;
  @query("video.replay") private replayVideo!: HTMLVideoElement | null;
  protected readonly second = new EverySecond(this);
  private player: Player | null = null;
  private playing = "";
  private recorded: RecordedPlayer | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.onKey);
    this.addEventListener("keyup", this.onKeyUp);
    this.addEventListener("focusout", this.onFocusOut);
    this.addEventListener("dragover", this.onDragOver);
    this.addEventListener("dragleave", this.onDragLeave);
    this.addEventListener("drop", this.onDrop);
    this.addEventListener("dragstart", this.onDragStart);
    if (this.hasUpdated) this.play();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.halt();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("camera") && this.isConnected) {
      const before = changed.get("camera");
      if (before != null && before.id !== this.camera?.id) this.halt();
      this.play();
    }
    this.tabIndex = this.screening === null || this.camera === null ? -1 : 0;
    this.draggable = this.screening !== null && this.camera !== null && !this.turning && this.zoom.times === 1;
    this.toggleAttribute("replaying", this.replay !== null);
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.camera?.name ?? t("screens.drop"));
  }

  override render(): TemplateResult {
    const { camera } = this;
    const bad = camera !== null && this.replay === null && isOld(camera, this.shown);
    const look = styleMap({ transform: transformOf(this.zoom) });
    return html`<div class="stage ${bad ? "old" : ""}" @wheel=${this.onWheel} @dblclick=${this.enlarge} @pointerdown=${this.onZoomDrag}>
        <video class="live" muted autoplay playsinline style=${look} aria-label=${camera?.name ?? nothing}></video>
        ${this.replay === null ? nothing : html`<video class="replay" muted playsinline style=${look} aria-label=${t("tile.replay")}></video>`}
      </div>
      ${camera === null ? html`<p class="empty">${this.screening === null ? t("video.none") : t("screens.drop")}</p>` : html`${this.replay === null ? liveCover(camera, this.shown, this.player, this.now) : replayCover(this.replay)}${this.head(camera)}`}
      ${this.screening === null || camera === null ? nothing : html`${this.turning ? html`<t-ptz camera=${camera.id} .screening=${this.screening} .now=${this.now} @dblclick=${quiet} @wheel=${quiet}></t-ptz>` : nothing}${this.foot(camera)}`}`;
  }

  private head(camera: CameraRow): TemplateResult {
    return html`<div class="head">
      ${this.pinned && (this.screening !== null || this.sentBy === "") ? html`<span class="pin" title=${t("tile.pinned")}>${icon("pinned")}<span class="sr">${t("tile.pinned")}</span></span>` : nothing}
      <span class="name cut">${camera.name}</span>
      ${this.useful === null ? nothing : this.far(farWords(this.useful, this.rank))}
    </div>${this.sentBy === "" ? nothing : html`<span class="sent cut">${icon("monitor")} ${t("wall.sent", { name: this.sentBy })}</span>`}${this.ageWords(camera)}`;
  }

  private far({ plain, short, whole }: FarWords): TemplateResult {
    return html`<span class="far cut" title=${whole}><span class="plain" aria-hidden="true">${plain}</span><span class="short" aria-hidden="true">${short}</span><span class="sr">${whole}</span></span>`;
  }

  private ageWords(camera: CameraRow): TemplateResult | typeof nothing {
    if (this.replay !== null) {
      const at_ms = this.recorded?.at_ms ?? this.now;
      return html`<span class="age late replaying">${icon("history")} ${t("tile.replaying", { time: format.clock(at_ms), span: format.duration(this.now - at_ms) })}</span>`;
    }
    if (camera.state === "down" || this.player === null || !SHOWS.has(this.shown.is)) return nothing;
    const { delay_ms, way } = this.player;
    const age_ms = this.player.age_ms();
    const delay = delay_ms === null ? "—" : delay_ms < 100 ? t("tile.little", { s: "0.1" }) : format.age(delay_ms);
    const age = age_ms < YOUNG_MS ? t("tile.little", { s: "0.2" }) : format.age(age_ms);
    return html`<span class="age ${age_ms > OLD_MS ? "late" : ""}" title="${t(`tile.way_${way}`)} · ${t("tile.delay_about")}"
      ><span>${t("tile.delay", { delay })}</span> <span><span class="word">${t("tile.picture")}</span> ${t("tile.old", { age })}</span></span>`;
  }

  private foot(camera: CameraRow): TemplateResult {
    const replaying = this.replay !== null;
    return html`${this.said === "" ? nothing : html`<p class="said stays" role="status">${this.said}</p>`}
      <div class="foot ${this.turning || replaying ? "stays" : ""}" role="toolbar" aria-label=${t("tile.tools", { name: camera.name })} @dblclick=${quiet} @pointerdown=${quiet}>
        ${this.button("pinned", this.pinned ? t("tile.unpin") : t("tile.pin"), "F", () => this.tell("pin", !this.pinned), this.pinned)}
        ${this.button("camera", t("tile.snapshot"), "S", () => void this.snapshot(camera))}
        ${replaying
          ? this.button("video", t("tile.live"), "R", this.endReplay, true)
          : this.button("history", t("tile.replay"), "R", () => this.startReplay(camera))}
        ${this.screening?.mayWall === true
          ? this.button("monitor", this.sentBy === "" ? t("tile.to_wall") : t("tile.off_wall"), "W", () => void this.toWall(camera), this.sentBy !== "")
          : nothing}
        ${this.button("forward", t("tile.playback"), "B", () => this.tell("playback", (this.recorded?.at_ms ?? this.now) - (replaying ? 0 : REPLAY_MS)))}
        ${this.button("crosshair", this.turning ? t("ptz.off") : t("ptz.on"), "P", () => this.setTurning(!this.turning), this.turning)}
        ${this.zoom.times === 1 ? nothing : html`<button title="${t("tile.whole")} (0)" @click=${() => (this.zoom = WHOLE)}>${t("tile.zoomed", { times: this.zoom.times.toFixed(1) })}</button>`}
        ${this.button("enlarge", this.enlarged ? t("tile.shrink") : t("tile.enlarge"), "Z", this.enlarge, this.enlarged)}
        ${this.button("close", t("tile.remove"), "Del", () => this.tell("remove", null))}
      </div>`;
  }

  private button(name: IconName, label: string, key: string, run: () => void, pressed?: boolean): TemplateResult {
    return html`<button aria-label=${label} title="${label} (${key})" aria-pressed=${pressed ?? nothing} @click=${run}>${icon(name)}</button>`;
  }

  // --- live ---

  private play(): void {
    const wanted = this.camera !== null && this.camera.state !== "down" ? this.camera.id : "";
    if (wanted === this.playing) return;
    this.player?.stop();
    this.player = null;
    this.playing = wanted;
    if (wanted === "") {
      this.setTurning(false);
      return;
    }
    this.shown = { is: "connecting" };
    this.player = this.makePlayer(wanted, this.video, (next) => {
      if (next.is !== this.shown.is || isUnchanged(next) !== isUnchanged(this.shown)) this.shown = next;
    });
    this.player.start();
  }

  private halt(): void {
    this.player?.stop();
    this.player = null;
    this.playing = "";
    this.setTurning(false);
    this.endReplay();
    this.zoom = WHOLE;
    this.said = "";
  }

  // --- replay, snapshot ---

  private startReplay(camera: CameraRow): void {
    const { screening } = this;
    if (screening === null || this.recorded !== null) return;
    this.setTurning(false);
    this.replay = { is: "loading" };
    const from_ms = this.now - REPLAY_MS;
    void this.updateComplete.then(() => {
      const video = this.replayVideo;
      if (video === null || this.replay === null) return;
      const list = (from: number, to: number) => listRecordings(screening.api, camera.id, from, to);
      this.recorded = new RecordedPlayer(camera.id, video, list, (next) => (this.replay = next));
      this.recorded.open(from_ms);
    });
  }

  private readonly endReplay = (): void => {
    this.recorded?.close();
    this.recorded = null;
    this.replay = null;
  };

  private async snapshot(camera: CameraRow): Promise<void> {
    const { screening } = this;
    const video = this.replayVideo ?? this.video;
    const taken_ms = this.recorded?.at_ms ?? this.now - (this.player?.delay_ms ?? 0);
    const picture = await still(video);
    if (picture === null || screening === null) {
      this.say(t("tile.snapshot_none"));
      return;
    }
    const { situation } = screening;
    if (situation === null) {
      save(camera, picture, taken_ms);
      this.say(t("tile.snapshot_saved"));
      return;
    }
    try {
      await fix(screening, situation.id, camera, picture, taken_ms);
      this.say(t("tile.snapshot_fixed", { title: situation.title }));
    } catch (error) {
      this.say(describe(error));
    }
  }

  /** On the wall, or off it again, for everybody. */
  private async toWall(camera: CameraRow): Promise<void> {
    const { screening } = this;
    if (screening === null || !screening.mayWall) return;
    try {
      if (this.sentBy === "") await sendToWall(screening.api, [camera.id]);
      else await takeOffWall(screening.api, [camera.id]);
    } catch (error) {
      this.say(describe(error));
    }
  }

  private say(words: string): void {
    this.said = words;
    setTimeout(() => (this.said = this.said === words ? "" : this.said), SAID_MS);
  }

  private readonly enlarge = (): void => {
    if (this.camera !== null && this.screening !== null) this.tell("enlarge", null);
  };

  // --- digital zoom ---

  private onWheel(event: WheelEvent): void {
    if (this.screening === null || this.camera === null) return;
    event.preventDefault();
    if (this.turning) return;
    const box = this.getBoundingClientRect();
    const factor = event.deltaY < 0 ? 1.25 : 0.8;
    this.zoom = zoomAt(this.zoom, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, factor);
  }

  private onZoomDrag(event: PointerEvent): void {
    if (this.zoom.times === 1 || event.button !== 0) return;
    event.preventDefault();
    const target = event.currentTarget as HTMLElement;
    const box = this.getBoundingClientRect();
    const move = (next: PointerEvent): void => {
      this.zoom = moveBy(this.zoom, next.movementX / box.width, next.movementY / box.height);
    };
    const end = (): void => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
    };
    target.setPointerCapture(event.pointerId);
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  }

  // --- turning ---

  private setTurning(on: boolean): void {
    if (on === this.turning) return;
    this.turning = on;
    if (!on) return;
    this.endReplay();
    this.zoom = WHOLE;
    this.focus();
  }

  // --- keys ---

  private readonly onKey = (event: KeyboardEvent): void => {
    if (this.camera === null || this.screening === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.composedPath()[0] !== this;
    if (this.press(event, onButton)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private press(event: KeyboardEvent, onButton: boolean): boolean {
    const { key } = event;
    if (this.ptz?.press(event)) return true;
    const zoom = this.turning ? null : zoomByKey(this.zoom, key);
    if (zoom !== null) this.zoom = zoom;
    else if (key === "Escape" && this.turning) this.setTurning(false);
    else if (key === "Escape" && this.replay !== null) this.endReplay();
    else if (key === "Delete") this.tell("remove", null);
    else if (key === "Enter" && !onButton) this.enlarge();
    else if (key === "W" && event.shiftKey) this.tell("tolayout", null);
    else return !onButton && this.letter(key.toLowerCase());
    return true;
  }

  private letter(key: string): boolean {
    const { camera } = this;
    if (camera === null) return false;
    if (key === "f") this.tell("pin", !this.pinned);
    else if (key === "s") void this.snapshot(camera);
    else if (key === "r") this.replay === null ? this.startReplay(camera) : this.endReplay();
    else if (key === "b") this.tell("playback", (this.now) - REPLAY_MS);
    else if (key === "p") this.setTurning(!this.turning);
    else if (key === "z") this.enlarge();
    else if (key === "w") void this.toWall(camera);
    else return false;
    return true;
  }

  private readonly onKeyUp = (event: KeyboardEvent): void => this.ptz?.release(event);

  /** Whoever looks elsewhere lets go: no camera turns on by itself. */
  private readonly onFocusOut = (): void => this.ptz?.letGo();

  // --- dragging cameras ---

  private readonly onDragStart = (event: DragEvent): void => {
    if (this.camera !== null) event.dataTransfer?.setData(CAMERA_TYPE, this.camera.id);
  };

  private readonly onDragOver = (event: DragEvent): void => {
    if (this.screening === null || !event.dataTransfer?.types.includes(CAMERA_TYPE)) return;
    event.preventDefault();
    this.over = true;
  };

  private readonly onDragLeave = (): void => {
    this.over = false;
  };

  private readonly onDrop = (event: DragEvent): void => {
    this.over = false;
    const camera = event.dataTransfer?.getData(CAMERA_TYPE) ?? "";
    if (this.screening === null || camera === "") return;
    event.preventDefault();
    this.tell("putcamera", camera);
  };
}

function quiet(event: Event): void {
  event.stopPropagation();
}

declare global {
  interface HTMLElementTagNameMap {
    "t-tile": Tile;
  }
}
