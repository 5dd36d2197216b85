/**
 * Plays a camera live: by WebRTC, or by websocket where no picture comes by UDP. It notices frozen pictures, comes back by
 * itself, and says how late pictures are. No page element here.
 */

import type { Problem } from "../sync/api";
import { backoffMs } from "../sync/backoff";
import type { Carrier, CarrierEvents } from "./carrier";
import { MseCarrier } from "./mse_carrier";
import { ChangeWatch, UNCHANGED_AFTER_MS } from "./unchanged";
import { WhepCarrier } from "./whep_carrier";

/** No new picture for this long is a frozen one; judged twice a second, so it shows within three. */
export const FROZEN_AFTER_MS = 2_000;
/** No picture by UDP within this and the websocket is tried. */
export const NO_UDP_AFTER_MS = 3_000;
/** A screen full of cameras finds out once that UDP is blocked; after this it looks again. */
const BLOCKED_FOR_MS = 5 * 60_000;
/** A stream that stands still, or never began, is given up after this. */
const GIVE_UP_MS = 12_000;
/**
 * A latecomer is shown the newest key frame, and nothing more until the next: so many pictures are no stream yet. Encoders that
 * save send one as rarely as every ten seconds, and the hub gives up those that need more than fifteen.
 */
const STILLS = 2;
const GIVE_UP_KEY_MS = 20_000;
const WATCH_EVERY_MS = 500;
/** Of how many past pictures a new one's delay counts as much as all before it: a number that people read must not dance. */
const SMOOTH = 12;

export type VideoState =
  | { readonly is: "connecting" }
  /** `unchanged`: pictures come, and nothing in them changes. */
  | { readonly is: "live"; readonly unchanged: boolean }
  /** All is well but for the camera's next key frame: what is shown is the newest one. */
  | { readonly is: "waiting" }
  | { readonly is: "frozen" }
  | { readonly is: "lost"; readonly detail: string }
  | { readonly is: "refused"; readonly detail: string };

export type Way = "webrtc" | "websocket";

let blocked_until_ms = 0;

export class LivePlayer {
  /** From the hub's receipt of a picture (or, where browsers tell no more, its arrival here) to its being shown; null if unknown. */
  delay_ms: number | null = null;
  way: Way = "webrtc";
  private readonly camera: string;
  private readonly video: HTMLVideoElement;
  private readonly onState: (state: VideoState) => void;
  private carrier: Carrier | null = null;
  private attempt = 0;
  private stopped = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private watch: ReturnType<typeof setInterval> | null = null;
  private handle = 0;
  private pictures = 0;
  private picture_ms = 0;
  private started_ms = 0;
  private refusal: Problem | null = null;
  private readonly changes = new ChangeWatch();

  constructor(camera: string, video: HTMLVideoElement, onState: (state: VideoState) => void) {
    this.camera = camera;
    this.video = video;
    this.onState = onState;
  }

  start(): void {
    this.watch = setInterval(() => this.look(), WATCH_EVERY_MS);
    this.countPictures();
    this.open(this.firstWay());
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.watch !== null) clearInterval(this.watch);
    this.video.cancelVideoFrameCallback(this.handle);
    this.close();
  }

  /** Since the newest picture was shown. */
  age_ms(): number {
    return performance.now() - this.picture_ms;
  }

  /** For how long pictures came in which nothing changed. */
  unchanged_ms(): number {
    return this.changes.unchanged_ms(performance.now());
  }

  private firstWay(): Way {
    return WhepCarrier.present && (performance.now() >= blocked_until_ms || !MseCarrier.present) ? "webrtc" : "websocket";
  }

  private open(way: Way): void {
    this.close();
    this.onState({ is: "connecting" });
    this.way = way;
    this.started_ms = performance.now();
    this.pictures = 0;
    this.changes.forget();
    this.delay_ms = null;
    let carrier: Carrier | null = null;
    const mine = (): boolean => carrier === this.carrier && !this.stopped;
    const events: CarrierEvents = {
      lost: (detail = "") => {
        if (mine()) this.lost(detail);
      },
      refused: (problem) => {
        if (mine()) this.refused(problem);
      },
    };
    carrier = way === "webrtc" ? new WhepCarrier(this.camera, this.video, events) : new MseCarrier(this.camera, this.video, events);
    this.carrier = carrier;
    carrier.open();
  }

  private close(): void {
    const { carrier } = this;
    this.carrier = null;
    carrier?.close();
  }

  /** What WebRTC cannot play a browser may play by other means; what neither plays is told with the reason. */
  private refused(problem: Problem): void {
    if (this.way === "webrtc" && problem.code === "not_playable" && MseCarrier.present) {
      this.refusal = problem;
      this.open("websocket");
      return;
    }
    const told = this.refusal ?? problem;
    this.refusal = null;
    this.close();
    this.onState({ is: "refused", detail: told.detail || told.code });
  }

  private lost(detail: string): void {
    // The hub agreed to send, and the way of the pictures failed before the first: that is the network, not the camera.
    if (this.way === "webrtc" && this.pictures === 0 && this.carrier?.due_for_ms() != null && MseCarrier.present) this.open("websocket");
    else this.again(detail);
  }

  private again(detail = ""): void {
    this.close();
    if (this.stopped) return;
    this.onState({ is: "lost", detail });
    this.timer = setTimeout(() => this.open(this.refusal === null ? this.firstWay() : "websocket"), backoffMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private countPictures(): void {
    this.handle = this.video.requestVideoFrameCallback((now_ms, metadata) => {
      this.pictures += 1;
      this.picture_ms = now_ms;
      this.judgeDelay(metadata);
      // It plays: whoever looks need not wait for the next look.
      if (this.pictures === STILLS + 1 && !document.hidden) this.judge(0);
      if (!this.stopped) this.countPictures();
    });
  }

  private judgeDelay(metadata: VideoFrameCallbackMetadata): void {
    const delay_ms = this.carrier?.delay_ms(metadata) ?? null;
    // Clocks of two machines that were not yet matched give nonsense.
    if (delay_ms === null || delay_ms < 0 || delay_ms > 60_000) return;
    this.delay_ms = this.delay_ms === null ? delay_ms : this.delay_ms + (delay_ms - this.delay_ms) / SMOOTH;
  }

  private look(): void {
    this.carrier?.keepUp();
    // Frame callbacks stop in hidden tabs; nobody is looking, so nothing is judged there.
    if (this.carrier === null || document.hidden) {
      this.picture_ms = this.started_ms = performance.now();
      this.changes.forget();
      return;
    }
    const now_ms = performance.now();
    if (this.pictures === 0) {
      this.lookForFirst(now_ms - this.started_ms);
      return;
    }
    const silent_ms = now_ms - this.picture_ms;
    // Only pictures that keep coming are compared: what stood for want of new ones is called frozen, and may differ in the next.
    if (silent_ms <= 2 * WATCH_EVERY_MS) this.changes.sample(this.video, now_ms);
    else this.changes.forget();
    this.judge(silent_ms);
  }

  private lookForFirst(waited_ms: number): void {
    const due_for_ms = this.carrier?.due_for_ms() ?? 0;
    if (this.way === "webrtc" && due_for_ms > NO_UDP_AFTER_MS && MseCarrier.present) this.open("websocket");
    else if (waited_ms > GIVE_UP_MS) this.again();
  }

  private judge(silent_ms: number): void {
    const still = this.pictures <= STILLS;
    if (still && silent_ms < FROZEN_AFTER_MS) return;
    if (still && silent_ms < GIVE_UP_KEY_MS) {
      this.onState({ is: "waiting" });
    } else if (silent_ms < FROZEN_AFTER_MS) {
      this.attempt = 0;
      // Only now is it known that the other way works where UDP does not: else it is the camera that is slow.
      if (this.way === "websocket" && WhepCarrier.present && this.refusal === null) blocked_until_ms = performance.now() + BLOCKED_FOR_MS;
      this.onState({ is: "live", unchanged: this.unchanged_ms() >= UNCHANGED_AFTER_MS });
    } else if (silent_ms < GIVE_UP_MS) {
      this.onState({ is: "frozen" });
    } else {
      this.again();
    }
  }
}
