/** Fragmented MP4 over a websocket into Media Source Extensions: for networks that let no UDP through. */

import { Problem } from "../sync/api";
import { Carrier } from "./carrier";

/** Further behind the newest picture than this and the player jumps: live is live. */
const BEHIND_MOST_MS = 700;
/** Where it jumps to, so that the next picture is there when its turn comes. */
const BEHIND_MS = 120;
/** What was shown longer ago than this is forgotten. */
const KEPT_S = 10;
/** Bytes waiting for a browser that does not take them; past it the connection is begun anew. */
const WAITING_BYTES = 8 * 1024 * 1024;
const NO_LONGER_ALLOWED = 4403;

interface Init {
  readonly mime: string;
  readonly base_ms: number;
  readonly now_ms: number;
}

export class MseCarrier extends Carrier {
  private socket: WebSocket | null = null;
  private media: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private waiting: (ArrayBuffer | Init)[] = [];
  private waiting_bytes = 0;
  private base_ms = 0;
  /** What to add to this machine's clock for the hub's. */
  private offset_ms = 0;
  private url = "";

  static get present(): boolean {
    return typeof MediaSource === "function";
  }

  override open(): void {
    const media = new MediaSource();
    this.media = media;
    this.url = URL.createObjectURL(media);
    media.addEventListener("sourceopen", () => this.append());
    this.video.srcObject = null;
    this.video.src = this.url;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this.path("mse")}`);
    socket.binaryType = "arraybuffer";
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
    this.media = null;
    this.buffer = null;
    this.waiting = [];
    socket?.close();
    if (this.url === "") return;
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.url);
    this.url = "";
  }

  override delay_ms(metadata: VideoFrameCallbackMetadata): number | null {
    if (this.base_ms === 0) return null;
    const late_ms = metadata.expectedDisplayTime - performance.now();
    return Date.now() + this.offset_ms + late_ms - (this.base_ms + metadata.mediaTime * 1_000);
  }

  override keepUp(): void {
    const { buffer, video } = this;
    if (buffer === null || buffer.buffered.length === 0) return;
    const last = buffer.buffered.length - 1;
    const end_s = buffer.buffered.end(last);
    const behind_ms = (end_s - video.currentTime) * 1_000;
    if (behind_ms > BEHIND_MOST_MS || video.currentTime < buffer.buffered.start(last)) {
      video.currentTime = Math.max(buffer.buffered.start(last), end_s - BEHIND_MS / 1_000);
    }
    if (video.paused) video.play().catch(() => undefined);
    if (!buffer.updating && buffer.buffered.start(0) < end_s - 2 * KEPT_S) buffer.remove(0, end_s - KEPT_S);
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      const init = JSON.parse(data) as Init;
      this.offset_ms = init.now_ms - Date.now();
      if (!MediaSource.isTypeSupported(init.mime)) {
        this.socket = null;
        this.events.refused(new Problem(406, "not_playable", `this browser does not play ${init.mime}`));
        return;
      }
      this.waiting.push(init);
    } else {
      this.waiting.push(data);
      this.waiting_bytes += data.byteLength;
    }
    if (this.waiting_bytes > WAITING_BYTES) this.events.lost();
    else this.append();
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
        // The browser gave the picture up, or its memory is full: a new connection begins with a clean one.
        this.events.lost();
        return;
      }
    }
  }

  private begin(media: MediaSource, init: Init): void {
    this.base_ms = init.base_ms;
    if (this.buffer !== null) {
      this.buffer.changeType(init.mime);
      return;
    }
    this.buffer = media.addSourceBuffer(init.mime);
    this.buffer.addEventListener("updateend", () => {
      this.append();
      this.keepUp();
    });
  }
}
