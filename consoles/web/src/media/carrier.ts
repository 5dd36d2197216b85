/** How live pictures come to a `<video>`: by WebRTC, or by websocket where UDP is blocked. The player chooses. */

import type { Problem } from "../sync/api";

/** What a carrier tells its player. It says at most one of `lost` and `refused`, and nothing more after that. */
export interface CarrierEvents {
  /** It came to its end, or never began; trying again may help. `detail` is why, where the hub says. */
  lost(detail?: string): void;
  /** Trying again does not help, by this way at least. */
  refused(problem: Problem): void;
}

export abstract class Carrier {
  protected readonly video: HTMLVideoElement;
  protected readonly events: CarrierEvents;
  private readonly camera: string;
  private agreed_ms: number | null = null;

  constructor(camera: string, video: HTMLVideoElement, events: CarrierEvents) {
    this.camera = camera;
    this.video = video;
    this.events = events;
  }

  abstract open(): void;
  abstract close(): void;
  /** How late the picture with this metadata is shown; null where that is not told. */
  abstract delay_ms(metadata: VideoFrameCallbackMetadata): number | null;

  /** Called twice a second: keep close to the live edge, where the browser does not. */
  keepUp(): void {}

  /** For how long pictures could have been there; null before the hub has agreed to send them. */
  due_for_ms(): number | null {
    return this.agreed_ms === null ? null : performance.now() - this.agreed_ms;
  }

  /** The hub has agreed to send. */
  protected agreed(): void {
    this.agreed_ms = performance.now();
  }

  protected path(what: string): string {
    return `/api/v1/cameras/${encodeURIComponent(this.camera)}/${what}`;
  }
}
