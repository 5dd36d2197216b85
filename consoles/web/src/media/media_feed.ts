/** Feeds what a websocket brings (`streams/mse.py`) to a video element: Media Source Extensions, never too much at once. */

/** What comes before the first picture, and again where coding or size change. */
export interface Init {
  readonly mime: string;
  /** The instant of media time 0. */
  readonly base_ms: number;
}

export interface FeedEvents {
  /** The first pictures will be of this. */
  begun(init: Init): void;
  /** The browser has taken some in. */
  updated(): void;
  /** The browser gave the pictures up, or takes none: nothing more will be shown. */
  failed(why: "unread" | "unreadable"): void;
}

export class MediaFeed {
  buffer: SourceBuffer | null = null;
  private readonly video: HTMLVideoElement;
  private readonly most_bytes: number;
  private readonly events: FeedEvents;
  private media: MediaSource | null = null;
  private waiting: (ArrayBuffer | Init)[] = [];
  private waiting_bytes = 0;
  private url = "";

  /** Past `most_bytes` that wait for a browser that does not take them, it has failed. */
  constructor(video: HTMLVideoElement, most_bytes: number, events: FeedEvents) {
    this.video = video;
    this.most_bytes = most_bytes;
    this.events = events;
  }

  static get present(): boolean {
    return typeof MediaSource === "function";
  }

  static plays(mime: string): boolean {
    return MediaSource.isTypeSupported(mime);
  }

  /** Be what the video element shows, from nothing. */
  open(): void {
    this.close();
    const media = new MediaSource();
    this.media = media;
    this.url = URL.createObjectURL(media);
    media.addEventListener("sourceopen", () => this.append());
    this.video.srcObject = null;
    this.video.src = this.url;
  }

  /** Let go of everything, and of the video element where it shows this. */
  close(): void {
    this.media = null;
    this.buffer = null;
    this.waiting = [];
    this.waiting_bytes = 0;
    if (this.url === "") return;
    if (this.video.src === this.url) {
      this.video.removeAttribute("src");
      this.video.load();
    }
    URL.revokeObjectURL(this.url);
    this.url = "";
  }

  put(next: ArrayBuffer | Init): void {
    this.waiting.push(next);
    if (next instanceof ArrayBuffer) this.waiting_bytes += next.byteLength;
    if (this.waiting_bytes > this.most_bytes) this.events.failed("unread");
    else this.append();
  }

  /** Forget what is before a media time, where the browser is not busy. */
  forget(before_s: number): void {
    const { buffer } = this;
    if (buffer !== null && !buffer.updating && before_s > 0) buffer.remove(0, before_s);
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
        // The browser gave the picture up, or its memory is full: only a new beginning helps.
        this.events.failed("unreadable");
        return;
      }
    }
  }

  private begin(media: MediaSource, init: Init): void {
    if (this.buffer !== null) {
      this.buffer.changeType(init.mime);
      return;
    }
    this.buffer = media.addSourceBuffer(init.mime);
    this.buffer.addEventListener("updateend", () => {
      this.append();
      this.events.updated();
    });
    this.events.begun(init);
  }
}

/** Open a websocket of this hub that brings such pictures. */
export function pictureSocket(path: string): WebSocket {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** How a socket is closed on whoever may not see the camera any more. */
export const NO_LONGER_ALLOWED = 4403;
