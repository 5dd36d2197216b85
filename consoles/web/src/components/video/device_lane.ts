/** What is known of a camera's own recordings: asked for as the time line moves, and seldom, since the device has to look. */

import type { Api } from "../../sync/api";
import { listDeviceRecordings } from "./camera_api";
import { nearestRecorded, SEAM_MS, type Span } from "./recorded_times";

const ASK_EVERY_MS = 60_000;
/** From behind the last recording one goes to so long before its end: a device that is asked for none of it sends nothing. */
const LAST_MS = 10_000;
/** The hub lists at most this at once. */
const MOST_MS = 32 * 86_400_000;

export class DeviceLane {
  /** Null while it is not known, or where the device offers none. */
  spans: readonly Span[] | null = null;
  /** Why there is no list. */
  trouble = "";
  private asked = { range: "", at_ms: -Infinity };
  private refused = false;
  private readonly camera: string;

  constructor(camera: string) {
    this.camera = camera;
  }

  /** Ask anew where the range is another, or the list old; says whether something changed. */
  async look(api: Api, [from_ms, to_ms]: readonly [number, number], now_ms: number, words: (error: unknown) => string): Promise<boolean> {
    const range = `${from_ms} ${to_ms}`;
    const clock_ms = performance.now();
    if (this.refused || (range === this.asked.range && clock_ms - this.asked.at_ms < ASK_EVERY_MS)) return false;
    this.asked = { range, at_ms: clock_ms };
    const end_ms = Math.min(to_ms, now_ms);
    if (end_ms <= from_ms) return false;
    try {
      const { offered, spans, whole } = await listDeviceRecordings(api, this.camera, Math.max(from_ms, end_ms - MOST_MS), end_ms);
      if (this.asked.range !== range) return false;
      this.refused = !offered;
      this.spans = offered ? asSpans(spans) : null;
      this.trouble = whole ? "" : "…";
    } catch (error) {
      if (this.asked.range !== range) return false;
      this.spans ??= [];
      this.trouble = words(error);
    }
    return true;
  }
}

/** Spans without seams, as the time line takes them. */
export function asSpans(spans: readonly { readonly from_ms: number; readonly to_ms: number }[]): Span[] {
  const found: Span[] = [];
  for (const { from_ms, to_ms } of [...spans].sort((a, b) => a.from_ms - b.from_ms)) {
    const last = found.at(-1);
    if (last !== undefined && from_ms - last.to_ms <= SEAM_MS) found[found.length - 1] = { ...last, to_ms: Math.max(last.to_ms, to_ms) };
    else found.push({ from_ms, to_ms, locked: false });
  }
  return found;
}

/** Where to begin to play for an instant. */
export function playableFrom(spans: readonly Span[], at_ms: number): number {
  const nearest_ms = nearestRecorded(spans, at_ms) ?? at_ms;
  const ending = spans.find((span) => span.to_ms - LAST_MS < nearest_ms && nearest_ms <= span.to_ms);
  return ending === undefined ? nearest_ms : Math.max(ending.from_ms, Math.min(nearest_ms, ending.to_ms - LAST_MS));
}
