/** Plays what a camera's device has recorded itself, as it sends it: speed and pause are the device's own. No page element here. */

import { MediaFeed, NO_LONGER_ALLOWED, pictureSocket, type Init } from "../../media/media_feed";
import { devicePlaybackPath } from "./camera_api";
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

type Said =
  | (Init & { readonly type: "init" })
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

export class DevicePlayer implements RecordingPlayer {
  private readonly camera: string;
  private readonly video: HTMLVideoElement;
  private readonly onState: (state: RecordedState) => void;
  private socket: WebSocket | null = null;
  private readonly feed: MediaFeed;
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
    this.feed = new MediaFeed(video, WAITING_BYTES, {
      begun: (init) => this.begin(init),
      updated: () => undefined,
      failed: (why) => this.fail(why === "unread" ? "the browser does not take the pictures" : "the browser could not read a segment"),
    });
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
    this.feed.open();
    const socket = pictureSocket(devicePlaybackPath(this.camera, at_ms));
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
    this.base_ms = 0;
    socket?.close();
    this.feed.close();
  }

  private order(what: { speed?: number; hold?: boolean }): void {
    if (this.socket?.readyState === WebSocket.OPEN && this.base_ms !== 0) this.socket.send(JSON.stringify(what));
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.feed.put(data);
      return;
    }
    const said = JSON.parse(data) as Said;
    switch (said.type) {
      case "init":
        if (!MediaFeed.plays(said.mime)) {
          this.hangUp();
          this.say({ is: "unsupported", codec: said.mime });
          return;
        }
        this.feed.put(said);
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

  private begin(init: Init): void {
    this.base_ms = init.base_ms;
    this.video.defaultPlaybackRate = this.video.playbackRate = 1;
    if (this.times !== 1) this.order({ speed: this.times });
    this.video.play().catch(() => undefined);
  }

  private look(): void {
    const { video } = this;
    const { buffer } = this.feed;
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
    if (buffer.buffered.start(0) < at_s - 2 * BEHIND_S) this.feed.forget(at_s - BEHIND_S);
    if (this.ended && last_s - at_s < STARVED_S) this.say({ is: "end" });
    else if (this.held) this.say({ is: "paused" });
    else if (left_s > 0) this.say({ is: "playing" });
  }

  private fail(reason: string): void {
    this.hangUp();
    this.ended = true;
    this.say({ is: "failed", detail: reason });
  }

  private say(state: RecordedState): void {
    if (state.is === this.told) return;
    this.told = state.is;
    this.onState(state);
  }
}
