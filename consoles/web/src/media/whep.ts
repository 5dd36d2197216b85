/** A WHEP player (WebRTC-HTTP egress): offers, plays, notices frozen pictures and comes back by itself. No page element here. */

import { backoffMs } from "../sync/backoff";
import { problemFrom, readCookie, type Problem } from "../sync/api";

/** No new picture for this long is a frozen one; judged twice a second, so it shows within three. */
export const FROZEN_AFTER_MS = 2_400;
const GIVE_UP_MS = 10_000;
const GATHER_MS = 1_000;
const WATCH_EVERY_MS = 500;

export type VideoState =
  | { readonly is: "connecting" }
  | { readonly is: "live" }
  | { readonly is: "frozen"; readonly since_ms: number }
  | { readonly is: "lost" }
  | { readonly is: "refused"; readonly detail: string };

export class WhepPlayer {
  private readonly camera: string;
  private readonly video: HTMLVideoElement;
  private readonly onState: (state: VideoState) => void;
  private peer: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private attempt = 0;
  private stopped = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private watch: ReturnType<typeof setInterval> | null = null;
  private pictures = 0;
  private picture_ms = 0;
  private started_ms = 0;

  constructor(camera: string, video: HTMLVideoElement, onState: (state: VideoState) => void) {
    this.camera = camera;
    this.video = video;
    this.onState = onState;
  }

  start(): void {
    this.watch = setInterval(() => this.look(), WATCH_EVERY_MS);
    this.countPictures();
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.watch !== null) clearInterval(this.watch);
    this.close();
  }

  private async open(): Promise<void> {
    this.onState({ is: "connecting" });
    this.started_ms = performance.now();
    this.pictures = 0;
    // A closed network has no STUN; host candidates are all there is and all that is needed.
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.peer = peer;
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.ontrack = (event) => {
      this.video.srcObject = event.streams[0] ?? new MediaStream([event.track]);
      // Autoplay of a muted video may still be put off in a hidden tab; it starts when the tab is seen.
      this.video.play().catch(() => undefined);
    };
    peer.onconnectionstatechange = () => {
      if (peer === this.peer && (peer.connectionState === "failed" || peer.connectionState === "closed")) this.again();
    };
    try {
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const answer = await this.offer(peer.localDescription?.sdp ?? "");
      if (peer !== this.peer) return;
      if (typeof answer === "string") await peer.setRemoteDescription({ type: "answer", sdp: answer });
      else if (answer.passing || answer.status === 404 || answer.status === 409) this.again();
      else this.refuse(answer);
    } catch (error) {
      // Network gone, answer unusable, or the peer closed under us: all mend themselves by trying again.
      if (peer === this.peer) this.again();
      if (error instanceof RangeError || error instanceof ReferenceError) throw error;
    }
  }

  private async offer(sdp: string): Promise<string | Problem> {
    const response = await fetch(`/api/v1/cameras/${encodeURIComponent(this.camera)}/whep`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", "X-CSRF-Token": readCookie(document.cookie, "triune_csrf") ?? "" },
      body: sdp,
      credentials: "same-origin",
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    const text = await response.text();
    if (!response.ok) return problemFrom(response.status, text);
    this.resource = response.headers.get("Location");
    return text;
  }

  private refuse(problem: Problem): void {
    this.close();
    this.onState({ is: "refused", detail: problem.detail || problem.code });
  }

  private again(): void {
    this.close();
    if (this.stopped) return;
    this.onState({ is: "lost" });
    this.timer = setTimeout(() => void this.open(), backoffMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private close(): void {
    const { peer, resource } = this;
    this.peer = null;
    this.resource = null;
    peer?.close();
    if (resource === null) return;
    const headers = { "X-CSRF-Token": readCookie(document.cookie, "triune_csrf") ?? "" };
    // Politeness: the hub also notices by itself that the viewer has gone.
    fetch(resource, { method: "DELETE", headers, credentials: "same-origin", keepalive: true }).catch(() => undefined);
  }

  private countPictures(): void {
    this.video.requestVideoFrameCallback(() => {
      this.pictures += 1;
      this.picture_ms = performance.now();
      if (!this.stopped) this.countPictures();
    });
  }

  private look(): void {
    // Frame callbacks stop in hidden tabs; nobody is looking, so nothing is judged there.
    if (this.peer === null || document.hidden) {
      this.picture_ms = performance.now();
      return;
    }
    const now_ms = performance.now();
    if (this.pictures === 0) {
      if (now_ms - this.started_ms > GIVE_UP_MS) this.again();
      return;
    }
    const silent_ms = now_ms - this.picture_ms;
    if (silent_ms < FROZEN_AFTER_MS) {
      this.attempt = 0;
      this.onState({ is: "live" });
    } else if (silent_ms < GIVE_UP_MS) {
      this.onState({ is: "frozen", since_ms: silent_ms });
    } else {
      this.again();
    }
  }
}

/** Wait until the addresses are known, but never long: gathering may hang on odd networks. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
