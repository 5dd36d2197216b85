/** Plays what a camera's device has recorded itself, as it sends it: speed and pause are the device's own. No page element here. */

import { devicePlaybackPath } from "./camera_api";
import { meaningOf } from "./reasons";
import type { RecordedState } from "./recorded_player";

/** What the time line drives: recordings of the hub, or of the device. */
export interface RecordingPlayer {
  readonly at_ms: number;
  open(at_ms: number): void;
  close(): void;
  seek(at_ms: number): void;
  play(): void;
  pause(): void;
  set speed(times: number);
  step(frames: number): void;
}

interface Init {
  readonly type: "init";
  readonly mime: string;
  /** The instant of media time 0. */
  readonly base_ms: number;
}
type Said =
  | Init
  | { readonly type: "plays"; readonly speed: number; readonly held: boolean }
  | { readonly type: "refused" | "end"; readonly reason: string };

/** Each seek is another invitation of the device: while a key is held down only the last one counts. */
const SETTLE_MS = 300;
const LOOK_EVERY_MS = 250;
/** Kept behind what is shown, seconds; bytes that a browser has not taken yet, past which it is given up. */
const BEHIND_S = 30;
const WAITING_BYTES = 16 * 1024 * 1024;
const STARVED_S = 0.3;
const USUAL_FRAME_S = 0.04;
const NO_LONGER_ALLOWED = 4403;

export class DevicePlayer implements RecordingPlayer {
  private readonly camera: string;
  private readonly video: HTMLVideoElement;
  private readonly onState: (state: RecordedState) => void;
  private socket: WebSocket | null = null;
  private media: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private waiting: (ArrayBuffer | Init)[] = [];
  private waiting_bytes = 0;
  private url = "";
  private base_ms = 0;
  private wanted_ms = 0;
  private times = 1;
  private held = false;
  private ended = false;
  private told = "";
  private settling: ReturnType<typeof setTimeout> | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(camera: string, video: HTMLVideoElement, onState: (state: RecordedState) => void) {
    this.camera = camera;
    this.video = video;
    this.onState = onState;
  }

  /** What is shown now, ms since 1970. */
  get at_ms(): number {
    return this.base_ms === 0 || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA ? this.wanted_ms : this.base_ms + this.video.currentTime * 1_000;
  }

  open(at_ms: number): void {
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
    this.connect(at_ms);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.hangUp();
    this.video.removeAttribute("src");
    this.video.load();
  }

  seek(at_ms: number): void {
    this.hangUp();
    this.wanted_ms = at_ms;
    this.say({ is: "loading" });
    this.settling = setTimeout(() => this.connect(at_ms), SETTLE_MS);
  }

  play(): void {
    if (this.held) this.order({ hold: false });
    this.held = false;
    // A play() that a load or a pause interrupts is not an error here.
    this.video.play().catch(() => undefined);
  }

  pause(): void {
    if (!this.held) this.order({ hold: true });
    this.held = true;
    this.video.pause();
  }

  set speed(times: number) {
    this.times = times;
    this.order({ speed: times });
  }

  /** One picture on or back, among those that came. */
  step(frames: number): void {
    this.pause();
    this.video.currentTime = Math.max(0, this.video.currentTime + frames * USUAL_FRAME_S);
  }

  private connect(at_ms: number): void {
    this.hangUp();
    this.wanted_ms = at_ms;
    this.held = false;
    this.ended = false;
    this.say({ is: "loading" });
    const media = new MediaSource();
    this.media = media;
    this.url = URL.createObjectURL(media);
    media.addEventListener("sourceopen", () => this.append());
    this.video.srcObject = null;
    this.video.src = this.url;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${devicePlaybackPath(this.camera, at_ms)}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.take(event.data);
    socket.onclose = ({ code }) => {
      if (socket !== this.socket || this.ended) return;
      this.fail(code === NO_LONGER_ALLOWED ? "403" : "connection lost");
    };
  }

  private hangUp(): void {
    if (this.settling !== null) clearTimeout(this.settling);
    this.settling = null;
    const { socket } = this;
    this.socket = null;
    this.media = null;
    this.buffer = null;
    this.waiting = [];
    this.waiting_bytes = 0;
    this.base_ms = 0;
    socket?.close();
    if (this.url !== "") URL.revokeObjectURL(this.url);
    this.url = "";
  }

  private order(what: { speed?: number; hold?: boolean }): void {
    if (this.socket?.readyState === WebSocket.OPEN && this.base_ms !== 0) this.socket.send(JSON.stringify(what));
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.waiting.push(data);
      this.waiting_bytes += data.byteLength;
      if (this.waiting_bytes > WAITING_BYTES) this.fail("the browser does not take the pictures");
      else this.append();
      return;
    }
    const said = JSON.parse(data) as Said;
    switch (said.type) {
      case "init":
        if (!MediaSource.isTypeSupported(said.mime)) {
          this.hangUp();
          this.say({ is: "unsupported", codec: said.mime });
          return;
        }
        this.waiting.push(said);
        this.append();
        return;
      case "plays":
        this.video.defaultPlaybackRate = this.video.playbackRate = said.speed;
        return;
      case "refused":
        this.told = "";
        this.say({ is: "failed", detail: said.reason });
        return;
      case "end":
        this.ended = true;
        if (said.reason !== "") this.fail(said.reason);
    }
  }

  private append(): void {
    const { media } = this;
    if (media === null || media.readyState !== "open") return;
    while (this.waiting.length > 0 && !(this.buffer?.updating ?? false)) {
      const next = this.waiting.shift();
      try {
        if (next instanceof ArrayBuffer) {
          this.waiting_bytes -= next.byteLength;
          this.buffer?.appendBuffer(next);
        } else if (next !== undefined) this.begin(media, next);
      } catch {
        this.fail("the browser could not read a segment");
        return;
      }
    }
  }

  private begin(media: MediaSource, init: Init): void {
    if (this.buffer !== null) {
      this.buffer.changeType(init.mime);
      return;
    }
    this.base_ms = init.base_ms;
    this.buffer = media.addSourceBuffer(init.mime);
    this.buffer.addEventListener("updateend", () => this.append());
    this.video.defaultPlaybackRate = this.video.playbackRate = 1;
    if (this.times !== 1) this.order({ speed: this.times });
    this.video.play().catch(() => undefined);
  }

  private look(): void {
    const { buffer, video } = this;
    if (buffer === null || buffer.buffered.length === 0) return;
    const at_s = video.currentTime;
    const last_s = buffer.buffered.end(buffer.buffered.length - 1);
    let left_s = 0;
    for (let i = 0; i < buffer.buffered.length; i += 1) {
      const [start_s, end_s] = [buffer.buffered.start(i), buffer.buffered.end(i)];
      if (start_s <= at_s + 0.05 && at_s <= end_s) left_s = end_s - at_s;
      else if (start_s > at_s && left_s < STARVED_S) {
        // A gap between two files of the device, or a recording that begins a little later.
        video.currentTime = start_s;
        left_s = end_s - start_s;
        break;
      }
    }
    if (!buffer.updating && buffer.buffered.start(0) < at_s - 2 * BEHIND_S) buffer.remove(0, at_s - BEHIND_S);
    if (this.ended && last_s - at_s < STARVED_S) this.say({ is: "end" });
    else if (this.held) this.say({ is: "paused" });
    else if (left_s > 0) this.say({ is: "playing" });
  }

  private fail(reason: string): void {
    this.hangUp();
    this.ended = true;
    const meaning = meaningOf(reason);
    this.say({ is: "failed", detail: meaning === "" ? reason : `${meaning} (${reason})` });
  }

  private say(state: RecordedState): void {
    if (state.is === this.told) return;
    this.told = state.is;
    this.onState(state);
  }
}
