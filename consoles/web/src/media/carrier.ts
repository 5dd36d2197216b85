/** How live pictures come to a `<video>`: by WebRTC, or by websocket where UDP is blocked. The player chooses. */

import type { Problem } from "../sync/api";

/** What a carrier tells its player. It says at most one of `lost` and `refused`, and nothing more after that. */
export interface CarrierEvents {
  /** It came to its end, or never began; trying again may help. */
  lost(): void;
  /** Trying again does not help, by this way at least. */
  refused(problem: Problem): void;
}

export interface Carrier {
  open(): void;
  close(): void;
  /** For how long pictures could have been there; null before the hub has agreed to send them. */
  due_for_ms(): number | null;
  /** How late the picture with this metadata is shown; null where that is not told. */
  delay_ms(metadata: VideoFrameCallbackMetadata): number | null;
  /** Called twice a second: keep close to the live edge. */
  keepUp(): void;
}

export function pathOf(camera: string, what: string): string {
  return `/api/v1/cameras/${encodeURIComponent(camera)}/${what}`;
}
