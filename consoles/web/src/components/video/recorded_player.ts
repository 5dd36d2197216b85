/** Plays a recording over Media Source Extensions: fetches segments ahead, jumps over gaps, keeps wall-clock time. No page element here. */

import { Problem, problemFrom } from "../../sync/api";
import { initPath, segmentPath } from "./camera_api";
import { codecOf } from "./codec";
import { segmentAt, type Listing, type Segment } from "./recorded_times";

export type RecordedState =
  | { readonly is: "loading" }
  | { readonly is: "playing" }
  | { readonly is: "paused" }
  /** Nothing recorded here: went on at `at_ms`. */
  | { readonly is: "gap"; readonly at_ms: number }
  /** The newest that is recorded has been shown; it goes on when there is more. */
  | { readonly is: "end" }
  | { readonly is: "none" }
  | { readonly is: "unsupported"; readonly codec: string }
  | { readonly is: "failed"; readonly detail: string };

/** Fetched ahead of what is shown, seconds of playing time. */
const AHEAD_S = 12;
/** Kept behind it, for stepping back. */
const BEHIND_S = 30;
const LIST_MS = 10 * 60_000;
const LIST_FAR_MS = 31 * 86_400_000;
const LOOK_EVERY_MS = 250;
const ASK_AGAIN_MS = 2_000;
const FETCH_MS = 15_000;
/** Where a page opens, seconds from the beginning of media time: there is room to go back. */
const ORIGIN_S = 7_200;
/** Between two segments a decoder needs no picture for this long. */
const SEAM_S = 0.25;
const STARVED_S = 0.4;
/** So long it is said that a gap was left out. */
const GAP_SAID_MS = 4_000;
const USUAL_FRAME_S = 0.04;
/** Of the media time line: longer than anybody looks at one page. */
const LENGTH_S = 1e7;

export class RecordedPlayer {
  private readonly camera: string;
  private readonly video: HTMLVideoElement;
  private readonly list: (from_ms: number, to_ms: number) => Promise<Listing>;
  private readonly onState: (state: RecordedState) => void;
  private readonly abort = new AbortController();
  private media: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private url = "";
  private origin_ms = 0;
  private segments: readonly Segment[] = [];
  /** Up to where the listing is known, and when it was asked for last. */
  private listed: { readonly from_ms: number; readonly to_ms: number; readonly asked_ms: number } = { from_ms: 0, to_ms: 0, asked_ms: -Infinity };
  private wanted_ms = 0;
  private init = "";
  private codec = "";
  private busy = false;
  private closed = false;
  private broken = false;
  private timer: ReturnType<typeof setInterval> | null = null;
  private frame_s = USUAL_FRAME_S;
  private lastFrame_s = 0;
  private told = "";
  private gap_ms = 0;

  constructor(
    camera: string,
    video: HTMLVideoElement,
    list: (from_ms: number, to_ms: number) => Promise<Listing>,
    onState: (state: RecordedState) => void,
  ) {
    this.camera = camera;
    this.video = video;
    this.list = list;
    this.onState = onState;
  }

  /** What is shown now, ms since 1970. */
  get at_ms(): number {
    return this.origin_ms + this.video.currentTime * 1_000;
  }

  open(at_ms: number): void {
    this.say({ is: "loading" });
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
    this.load(at_ms);
    this.measureFrames();
    this.play();
  }

  close(): void {
    this.closed = true;
    this.abort.abort();
    if (this.timer !== null) clearInterval(this.timer);
    this.unload();
    this.video.removeAttribute("src");
    this.video.load();
  }

  seek(at_ms: number): void {
    const at_s = (at_ms - this.origin_ms) / 1_000;
    if (at_s < 0 || this.broken) this.load(at_ms);
    else {
      this.video.currentTime = at_s;
      if (this.left_s() === null) {
        this.wanted_ms = at_ms;
        this.listed = { from_ms: 0, to_ms: 0, asked_ms: -Infinity };
      }
    }
    this.look();
  }

  play(): void {
    // A play() that a load or a pause interrupts is not an error here.
    this.video.play().catch(() => undefined);
  }

  pause(): void {
    this.video.pause();
  }

  set speed(times: number) {
    this.video.defaultPlaybackRate = times;
    this.video.playbackRate = times;
  }

  /** One picture on or back. */
  step(frames: number): void {
    this.video.pause();
    this.seek(this.at_ms + frames * this.frame_s * 1_000);
  }

  private load(at_ms: number): void {
    this.unload();
    this.broken = false;
    this.origin_ms = Math.floor(at_ms) - ORIGIN_S * 1_000;
    this.wanted_ms = at_ms;
    this.init = "";
    this.codec = "";
    this.segments = [];
    this.listed = { from_ms: 0, to_ms: 0, asked_ms: -Infinity };
    const media = new MediaSource();
    this.media = media;
    this.url = URL.createObjectURL(media);
    this.video.src = this.url;
    this.video.currentTime = ORIGIN_S;
    media.addEventListener("sourceopen", () => {
      if (media !== this.media) return;
      // Without a length a browser lets nobody seek.
      media.duration = LENGTH_S;
      this.look();
    });
  }

  private unload(): void {
    if (this.url !== "") URL.revokeObjectURL(this.url);
    this.url = "";
    this.media = null;
    this.buffer = null;
  }

  /** Bring what is fetched and shown a step further; called often, does one thing at a time. */
  private look(): void {
    if (this.closed || this.broken) return;
    this.overGaps();
    if (this.busy || this.media?.readyState !== "open") return;
    this.busy = true;
    const media = this.media;
    this.forward(media)
      .catch((error: unknown) => {
        if (media === this.media) this.fail(error);
      })
      .finally(() => {
        this.busy = false;
      });
  }

  private async forward(media: MediaSource): Promise<void> {
    const ahead_ms = this.wanted_ms - this.at_ms;
    if (ahead_ms > AHEAD_S * 1_000 * Math.max(1, this.video.playbackRate)) return;
    const next = segmentAt(this.segments, this.wanted_ms);
    if (next === null || next.from_ms > this.listed.to_ms) {
      await this.ask(media);
      return;
    }
    await this.append(media, next);
    if (media !== this.media) return;
    // A seek that came while this was fetched decides what comes next.
    if (this.wanted_ms < next.to_ms && segmentAt(this.segments, this.wanted_ms)?.id === next.id) this.wanted_ms = next.to_ms;
    this.look();
  }

  private async ask(media: MediaSource): Promise<void> {
    const now_ms = performance.now();
    if (now_ms - this.listed.asked_ms < ASK_AGAIN_MS) return;
    const from_ms = this.wanted_ms;
    this.listed = { ...this.listed, asked_ms: now_ms };
    let found = await this.list(from_ms, from_ms + LIST_MS);
    // A long gap is crossed too.
    if (found.segments.length === 0) found = await this.list(from_ms, from_ms + LIST_FAR_MS);
    if (media !== this.media) return;
    this.segments = found.segments;
    this.listed = { from_ms, to_ms: found.segments.at(-1)?.to_ms ?? from_ms, asked_ms: now_ms };
    if (found.segments.length > 0) return;
    if (this.starved()) this.say(this.codec === "" ? { is: "none" } : { is: "end" });
  }

  private async append(media: MediaSource, segment: Segment): Promise<void> {
    if (segment.init !== this.init) {
      const init = await this.fetch(initPath(this.camera, segment.init));
      if (media !== this.media) return;
      if (!this.prepare(media, new Uint8Array(init))) return;
      await this.put(init, 0);
      this.init = segment.init;
    }
    const data = await this.fetch(segmentPath(this.camera, segment.id));
    if (media === this.media) await this.put(data, (segment.from_ms - this.origin_ms) / 1_000);
  }

  /** Have a buffer that takes what is coming; false where the browser cannot play it. */
  private prepare(media: MediaSource, init: Uint8Array): boolean {
    const codec = codecOf(init) ?? "";
    const mime = `video/mp4; codecs="${codec}"`;
    if (codec === "" || !MediaSource.isTypeSupported(mime)) {
      this.broken = true;
      this.say({ is: "unsupported", codec: codec.startsWith("hvc1") ? "H.265" : codec || "?" });
      return false;
    }
    if (this.buffer === null) this.buffer = media.addSourceBuffer(mime);
    else if (codec !== this.codec) this.buffer.changeType(mime);
    this.codec = codec;
    return true;
  }

  private async put(data: ArrayBuffer, offset_s: number): Promise<void> {
    const buffer = this.buffer;
    if (buffer === null) return;
    const keep_s = this.video.currentTime - BEHIND_S;
    if (buffer.buffered.length > 0 && buffer.buffered.start(0) < keep_s - BEHIND_S) {
      buffer.remove(0, keep_s);
      await settled(buffer);
    }
    buffer.timestampOffset = offset_s;
    buffer.appendBuffer(data);
    await settled(buffer);
  }

  private async fetch(path: string): Promise<ArrayBuffer> {
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(FETCH_MS)]);
    const response = await fetch(path, { credentials: "same-origin", signal });
    if (!response.ok) throw problemFrom(response.status, await response.text());
    return response.arrayBuffer();
  }

  /** Where nothing is recorded, go on where the next begins; say what is shown. */
  private overGaps(): void {
    const { video } = this;
    if (!this.starved()) {
      const gapSeen = this.told === "gap" && performance.now() - this.gap_ms < GAP_SAID_MS;
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !gapSeen) this.say({ is: video.paused ? "paused" : "playing" });
      return;
    }
    const at_s = video.currentTime;
    const next_s = this.bufferedAfter(at_s + (this.left_s() ?? 0));
    if (next_s !== null) {
      video.currentTime = next_s + 0.001;
      if (next_s - at_s > SEAM_S) this.say({ is: "gap", at_ms: this.origin_ms + next_s * 1_000 });
    } else if (this.told === "playing" || this.told === "paused") this.say({ is: "loading" });
  }

  /** Nothing more to show: outside of what was fetched, or at the end of it. A browser stops a little before the very end. */
  private starved(): boolean {
    const left_s = this.left_s();
    return left_s === null || (left_s < STARVED_S && !this.video.paused && this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
  }

  /** How much is fetched from here on without a gap; null where nothing is. */
  private left_s(): number | null {
    const { buffered, currentTime: at_s } = this.video;
    for (let i = 0; i < buffered.length; i += 1) if (buffered.start(i) <= at_s + 0.01 && at_s < buffered.end(i)) return buffered.end(i) - at_s;
    return null;
  }

  private bufferedAfter(at_s: number): number | null {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i += 1) if (buffered.start(i) > at_s) return buffered.start(i);
    return null;
  }

  private fail(error: unknown): void {
    if (this.closed) return;
    this.broken = true;
    this.say({ is: "failed", detail: error instanceof Problem ? error.detail || error.code : error instanceof Error ? error.message : String(error) });
  }

  private say(state: RecordedState): void {
    if (state.is === this.told && state.is !== "gap") return;
    this.told = state.is;
    if (state.is === "gap") this.gap_ms = performance.now();
    if (!this.closed) this.onState(state);
  }

  private measureFrames(): void {
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      const span_s = mediaTime - this.lastFrame_s;
      // At high speed pictures are left out: only a plausible distance counts.
      if (span_s > 0.01 && span_s < 0.11 && this.video.playbackRate <= 1) this.frame_s = span_s;
      this.lastFrame_s = mediaTime;
      if (!this.closed) this.measureFrames();
    });
  }
}

/** Wait until a buffer has taken what it was given. Rejects where it could not. */
function settled(buffer: SourceBuffer): Promise<void> {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      buffer.removeEventListener("updateend", done);
      buffer.removeEventListener("error", failed);
      resolve();
    };
    const failed = (): void => {
      buffer.removeEventListener("updateend", done);
      buffer.removeEventListener("error", failed);
      reject(new Error("the browser could not read a segment"));
    };
    buffer.addEventListener("updateend", done);
    buffer.addEventListener("error", failed);
  });
}
