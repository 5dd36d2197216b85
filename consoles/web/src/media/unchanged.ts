/**
 * Whether a picture that plays changes at all. A sensor or an encoder that hangs may send one and the same picture for ever,
 * and frames arrive as ever; but a scene may truly stand still, so this says what is seen, and no more.
 */

/** No sampled pixel changed for this long is worth a word; looked at twice a second, so it shows within three. */
export const UNCHANGED_AFTER_MS = 2_500;
/** Each sampled pixel is the mean of those around it: a digit of a burnt-in clock changes some, and so does a sensor's noise. */
const WIDE = 64;
const HIGH = 36;

export interface Sampled {
  readonly pixels: Uint32Array;
  /** When they last differed from what was sampled before, or were sampled first. */
  readonly changed_ms: number;
}

/** What is known after this sample, given what was before; null where nothing was. */
export function compared(before: Sampled | null, pixels: Uint32Array, now_ms: number): Sampled {
  return before !== null && pixels.every((pixel, i) => pixel === before.pixels[i]) ? before : { pixels, changed_ms: now_ms };
}

/** Samples one video. */
export class ChangeWatch {
  private sampled: Sampled | null = null;

  /** Another picture may follow, or nobody looks. */
  forget(): void {
    this.sampled = null;
  }

  sample(video: HTMLVideoElement, now_ms: number): void {
    const context = canvas();
    if (context === null) return;
    context.drawImage(video, 0, 0, WIDE, HIGH);
    this.sampled = compared(this.sampled, new Uint32Array(context.getImageData(0, 0, WIDE, HIGH).data.buffer), now_ms);
  }

  /** For how long no sampled pixel changed. */
  unchanged_ms(now_ms: number): number {
    return this.sampled === null ? 0 : now_ms - this.sampled.changed_ms;
  }
}

let shared: OffscreenCanvasRenderingContext2D | null = null;

/** One for all videos: what is drawn is read at once. */
function canvas(): OffscreenCanvasRenderingContext2D | null {
  if (shared === null && typeof OffscreenCanvas === "function") {
    shared = new OffscreenCanvas(WIDE, HIGH).getContext("2d", { willReadFrequently: true, alpha: false });
    if (shared !== null) shared.imageSmoothingQuality = "medium";
  }
  return shared;
}
