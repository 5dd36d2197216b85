/** What a recording holds and what not: spans, gaps, and where to go on after a gap. Pure; instants are ms since 1970. */

export interface Span {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly locked: boolean;
}

export interface Segment {
  readonly id: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly init: string;
}

export interface Listing {
  readonly spans: readonly Span[];
  readonly segments: readonly Segment[];
  readonly gaps: readonly Gap[];
  /** Where the list was cut; ask on from here. */
  readonly next_ms?: number | null;
}

/** Shorter than this, two segments belong together: a camera's clock and a frame's length are no gap. */
export const SEAM_MS = 400;

/** So much of the end of a recording is shown to whoever wants to see how it ended. */
const LEAD_MS = 10_000;

/** A time without pictures, and why, as the hub knows it. */
export interface Gap {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly reason: string;
  /** For a technician, where more is known. */
  readonly detail?: string;
}

/** The gap that holds an instant. */
export function gapAt(gaps: readonly Gap[], at_ms: number): Gap | null {
  return gaps.find(({ from_ms, to_ms }) => from_ms <= at_ms && at_ms < to_ms) ?? null;
}

/** Gaps of several pages of a listing, each once: a page says those of its time up to the end asked for. */
export function withoutDoubles(gaps: readonly Gap[]): Gap[] {
  const found: Gap[] = [];
  for (const gap of [...gaps].sort((a, b) => a.from_ms - b.from_ms || b.to_ms - a.to_ms)) {
    if (gap.to_ms > (found.at(-1)?.to_ms ?? -Infinity)) found.push(gap);
  }
  return found;
}

/** The segment that holds an instant, or the next one after it; null where nothing later is recorded. */
export function segmentAt(segments: readonly Segment[], at_ms: number): Segment | null {
  let best: Segment | null = null;
  for (const each of segments) {
    if (each.to_ms > at_ms && (best === null || each.from_ms < best.from_ms)) best = each;
  }
  return best;
}

/** The nearest instant that is recorded: itself, or where the next span begins; else the end of the last one. */
export function nearestRecorded(spans: readonly Span[], at_ms: number): number | null {
  let later: number | null = null;
  let earlier: number | null = null;
  for (const { from_ms, to_ms } of spans) {
    if (from_ms <= at_ms && at_ms < to_ms) return at_ms;
    if (from_ms > at_ms && (later === null || from_ms < later)) later = from_ms;
    if (to_ms <= at_ms && (earlier === null || to_ms > earlier)) earlier = to_ms;
  }
  return later ?? earlier;
}

/** From where on to see the last of what was recorded before an instant; null where nothing was. */
export function lastRecorded(spans: readonly Span[], at_ms: number): number | null {
  const before = spans.filter(({ to_ms }) => to_ms <= at_ms);
  const last = before.reduce<Span | null>((best, span) => (best === null || span.to_ms > best.to_ms ? span : best), null);
  return last === null ? null : Math.max(last.from_ms, last.to_ms - LEAD_MS);
}

/** Spans of two listings as one; overlapping parts are joined, locked ones stay apart from others. */
export function joined(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from_ms - b.from_ms)) {
    const last = found.at(-1);
    if (last !== undefined && last.locked === span.locked && span.from_ms - last.to_ms <= SEAM_MS) {
      found[found.length - 1] = { ...last, to_ms: Math.max(last.to_ms, span.to_ms) };
    } else found.push(span);
  }
  return found;
}
