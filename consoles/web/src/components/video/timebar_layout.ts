/** Where things of a recording's time line go, and what the keys over it mean. Pure; instants are ms since 1970. */

export const SPANS_MS = [10 * 60_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000] as const;

export interface BarMark {
  readonly at_ms: number;
  readonly kind: "alarm" | "hit" | "sighting";
  readonly label: string;
}

/** What is shown around an instant: it stays in view with a tenth of the width before each edge, and otherwise nothing moves. */
export function rangeAround(at_ms: number, span_ms: number, before: readonly [number, number] | null, now_ms: number): readonly [number, number] {
  const edge_ms = span_ms / 10;
  const [from, to] = before ?? [0, 0];
  if (to - from === span_ms && at_ms >= from + edge_ms && at_ms <= to - edge_ms) return [from, to];
  // Nothing is recorded after now: the future gets no more than the edge.
  const last_ms = Math.max(now_ms, at_ms) + edge_ms;
  const start_ms = Math.min(at_ms - span_ms / 2, last_ms - span_ms);
  return [start_ms, start_ms + span_ms];
}

/** Marks that would lie on one another become one with their number. `least_ms` is what a mark's width means in time. */
export function bundled(marks: readonly BarMark[], least_ms: number): readonly (readonly BarMark[])[] {
  const found: BarMark[][] = [];
  for (const mark of [...marks].sort((a, b) => a.at_ms - b.at_ms)) {
    const last = found.at(-1);
    const first = last?.[0];
    if (last !== undefined && first !== undefined && mark.at_ms - first.at_ms < least_ms) last.push(mark);
    else found.push([mark]);
  }
  return found;
}

/** How far a key moves the play head, ms; null for other keys. */
export function keyStep_ms(key: string, shift: boolean, span_ms: number): number | null {
  switch (key) {
    case "ArrowLeft":
      return shift ? -60_000 : -5_000;
    case "ArrowRight":
      return shift ? 60_000 : 5_000;
    case "PageUp":
      return -span_ms / 4;
    case "PageDown":
      return span_ms / 4;
    default:
      return null;
  }
}
