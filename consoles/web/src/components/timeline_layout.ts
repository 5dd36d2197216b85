/** Where things of a time line go: which span is shown, where its ticks stand, which bar lies in which lane. */

import * as format from "../i18n/format";
import type { TimeBar, TimeMark } from "./timeline";

const MINUTE = 60_000;
const STEPS_MS = [10_000, 30_000, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE, 360 * MINUTE, 1_440 * MINUTE];
const MOST_NEAR = 12;
const LEAST_SPAN_MS = 10 * MINUTE;

/** Everything there is and a little ahead of now; never so short that seconds fill the wall. */
export function pickRange(marks: readonly TimeMark[], bars: readonly TimeBar[], now_ms: number): readonly [number, number] {
  let from = now_ms;
  let to = now_ms;
  for (const mark of marks) from = Math.min(from, mark.at_ms);
  for (const bar of bars) {
    from = Math.min(from, bar.start_ms);
    if (bar.done_ms === null && !bar.dropped) to = Math.max(to, bar.due_ms);
  }
  const span = Math.max(LEAST_SPAN_MS, to - from);
  return [from - span * 0.02, Math.max(to, from + span) + span * 0.12];
}

/** Instants on round times, at most `most` of them. */
export function ticks(from_ms: number, to_ms: number, most: number): number[] {
  const step = STEPS_MS.find((each) => (to_ms - from_ms) / each <= most) ?? (to_ms - from_ms) / most;
  const found: number[] = [];
  for (let at = Math.ceil(from_ms / step) * step; at < to_ms; at += step) found.push(at);
  return found;
}

/** What stands at a tick: seconds where all is within minutes, the day where it is longer than one and 08:00 would be any of them. */
export function tickWords(at_ms: number, span_ms: number): string {
  if (span_ms >= 1_440 * MINUTE) return format.dayAndTime(at_ms);
  return format.clock(at_ms).slice(0, span_ms < 10 * MINUTE ? 8 : 5);
}

/** Marks so near to an instant that a pointer there may mean them, as many as can be read at once, the newest last. */
export function marksNear(marks: readonly TimeMark[], at_ms: number, within_ms: number): readonly TimeMark[] {
  return marks.filter((mark) => Math.abs(mark.at_ms - at_ms) <= within_ms).slice(-MOST_NEAR);
}

/** Bars that overlap lie under each other; late ones come first, so that they are seen where room is short. */
export function lanes(
  bars: readonly TimeBar[],
  now_ms: number,
  label_ms: number,
): readonly { readonly bar: TimeBar; readonly lane: number }[] {
  const late = (bar: TimeBar): number => (!bar.dropped && bar.done_ms === null && bar.due_ms < now_ms ? 0 : 1);
  const sorted = [...bars].sort((a, b) => late(a) - late(b) || a.start_ms - b.start_ms || (a.id < b.id ? -1 : 1));
  const taken: (readonly [number, number])[][] = [];
  return sorted.map((bar) => {
    const end_ms = Math.max(bar.done_ms ?? Math.max(now_ms, bar.due_ms), bar.start_ms + label_ms);
    let lane = taken.findIndex((spans) => spans.every(([start, end]) => end <= bar.start_ms || end_ms <= start));
    if (lane < 0) lane = taken.push([]) - 1;
    taken[lane]?.push([bar.start_ms, end_ms]);
    return { bar, lane };
  });
}
