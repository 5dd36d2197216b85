/** What the hubs have recorded of one camera, as the time line shows it: asked anew now and then. */

import type { Api } from "../../sync/api";
import { describe } from "../problems";
import { listRecordings } from "./camera_api";
import { joined, withoutDoubles, type Gap, type Span } from "./recorded_times";

const LIST_EVERY_MS = 5_000;
/** Pages of a listing asked for one after another; a longer time line is shown as far as it was read. */
const MOST_PAGES = 12;

export class HubLane {
  spans: readonly Span[] = [];
  gaps: readonly Gap[] = [];
  /** Why it could not be read the last time. */
  trouble = "";
  private readonly camera: string;
  private listed = { range: "", asked_ms: -Infinity };

  constructor(camera: string) {
    this.camera = camera;
  }

  /** Ask again when one looks next. */
  forget(): void {
    this.listed = { range: "", asked_ms: -Infinity };
  }

  /** Look at a time, unless it was looked at just now; says whether there is news. */
  async look(api: Api, range: readonly [number, number], now_ms: number): Promise<boolean> {
    const wanted = range.join(" ");
    const asked_ms = performance.now();
    if (wanted === this.listed.range && asked_ms - this.listed.asked_ms < LIST_EVERY_MS) return false;
    this.listed = { range: wanted, asked_ms };
    const [from, to] = range;
    const spans: Span[] = [];
    const gaps: Gap[] = [];
    try {
      let next: number | null = from;
      for (let page = 0; page < MOST_PAGES && next !== null; page += 1) {
        const found = await listRecordings(api, this.camera, next, Math.min(to, now_ms + 60_000));
        spans.push(...found.spans);
        gaps.push(...found.gaps);
        const cut: number | null = found.next_ms ?? null;
        next = cut !== null && cut > next ? cut : null;
      }
    } catch (error) {
      this.trouble = describe(error);
      return true;
    }
    if (wanted !== this.listed.range) return false;
    this.trouble = "";
    this.spans = joined(spans);
    this.gaps = withoutDoubles(gaps);
    return true;
  }
}
