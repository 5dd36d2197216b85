/** Fragmented MP4 over a websocket into Media Source Extensions: for networks that let no UDP through. */

import { Problem } from "../sync/api";
import { Carrier } from "./carrier";
import { MediaFeed, NO_LONGER_ALLOWED, pictureSocket, type Init } from "./media_feed";

/** Further behind the newest picture than this and the player jumps: live is live. */
const BEHIND_MOST_MS = 700;
/** Where it jumps to, so that the next picture is there when its turn comes. */
const BEHIND_MS = 120;
/** What was shown longer ago than this is forgotten. */
const KEPT_S = 10;
/** Bytes waiting for a browser that does not take them; past it the connection is begun anew. */
const WAITING_BYTES = 8 * 1024 * 1024;

interface Begun extends Init {
  readonly now_ms: number;
}

export class MseCarrier extends Carrier {
  private socket: WebSocket | null = null;
  private base_ms = 0;
  /** What to add to this machine's clock for the hub's. */
  private offset_ms = 0;
  private readonly feed = new MediaFeed(this.video, WAITING_BYTES, {
    begun: (init) => (this.base_ms = init.base_ms),
    updated: () => this.keepUp(),
    failed: () => this.events.lost(), // a new connection begins with a clean one
  });

  static get present(): boolean {
    return MediaFeed.present;
  }

  override open(): void {
    this.feed.open();
    const socket = pictureSocket(this.path("mse"));
    this.socket = socket;
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.take(event.data);
    socket.onopen = () => this.agreed();
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      if (event.code === NO_LONGER_ALLOWED) this.events.refused(new Problem(403, "no_right", event.reason));
      else this.events.lost();
    };
  }

  override close(): void {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.feed.close();
  }

  override delay_ms(metadata: VideoFrameCallbackMetadata): number | null {
    if (this.base_ms === 0) return null;
    const late_ms = metadata.expectedDisplayTime - performance.now();
    return Date.now() + this.offset_ms + late_ms - (this.base_ms + metadata.mediaTime * 1_000);
  }

  override keepUp(): void {
    const { video } = this;
    const { buffer } = this.feed;
    if (buffer === null || buffer.buffered.length === 0) return;
    const last = buffer.buffered.length - 1;
    const end_s = buffer.buffered.end(last);
    const behind_ms = (end_s - video.currentTime) * 1_000;
    if (behind_ms > BEHIND_MOST_MS || video.currentTime < buffer.buffered.start(last)) {
      video.currentTime = Math.max(buffer.buffered.start(last), end_s - BEHIND_MS / 1_000);
    }
    if (video.paused) video.play().catch(() => undefined);
    if (buffer.buffered.start(0) < end_s - 2 * KEPT_S) this.feed.forget(end_s - KEPT_S);
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.feed.put(data);
      return;
    }
    const init = JSON.parse(data) as Begun;
    this.offset_ms = init.now_ms - Date.now();
    if (!MediaFeed.plays(init.mime)) {
      this.socket = null;
      this.events.refused(new Problem(406, "not_playable", `this browser does not play ${init.mime}`));
      return;
    }
    this.feed.put(init);
  }
}
