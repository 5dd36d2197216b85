/** The moment at which a played-back track stands: where it was then and how fast, the marks on its way, what keys do. Pure. */

import { distance_m } from "../../../map/geography";
import type { Fix, Gap, PatrolTrack, Stop } from "./wire";

/** How many seconds of the track go by in one. */
export const SPEEDS = [1, 8, 30, 120] as const;
/** Of a gap there is nothing to see: it goes by in this, or sooner. */
export const GAP_WATCHED_MS = 1_500;
/** A speed that the device told holds for so long; after that it is reckoned from where it was. */
const SPEED_HOLDS_MS = 30_000;
export const STEP_MS = 10_000;

export interface Playback {
  readonly at_ms: number;
  readonly playing: boolean;
  readonly speed: number;
}

export interface Mark {
  readonly kind: "stop" | "gap" | "call";
  readonly from_ms: number;
  readonly to_ms: number;
  /** The moment to look at it: at the edge of a gap it was still heard. */
  readonly at_ms: number;
  /** Its number among those of its kind, from 1. */
  readonly n: number;
  /** Where it is, or where it was last before a gap; null where nobody knows. */
  readonly place: { readonly lat: number; readonly lon: number } | null;
}

export interface Moment {
  /** Null where nobody knows: in a gap, or before the first fix and after the last. */
  readonly place: { readonly lat: number; readonly lon: number } | null;
  readonly speed_kmh: number | null;
  /** The speed is reckoned from two places, not told by the device. */
  readonly reckoned: boolean;
  readonly gap: Gap | null;
  readonly stop: Stop | null;
  readonly sos: boolean;
}

export function beginning(track: PatrolTrack): Playback {
  return { at_ms: track.fixes[0]?.at_ms ?? track.from_ms, playing: false, speed: SPEEDS[1] };
}

/** After so much time of whoever watches; at its end it stands still. */
export function advanced(track: PatrolTrack, state: Playback, elapsed_ms: number): Playback {
  let [at_ms, left_ms] = [state.at_ms, elapsed_ms];
  for (const gap of track.gaps) {
    if (gap.to_ms <= at_ms) continue;
    const before_ms = Math.max(0, gap.from_ms - at_ms) / state.speed;
    if (before_ms >= left_ms) break;
    left_ms -= before_ms;
    at_ms = Math.max(at_ms, gap.from_ms);
    const pace = Math.max(state.speed, (gap.to_ms - gap.from_ms) / GAP_WATCHED_MS);
    const through_ms = (gap.to_ms - at_ms) / pace;
    if (through_ms >= left_ms) return moved(track, state, at_ms + left_ms * pace);
    left_ms -= through_ms;
    at_ms = gap.to_ms;
  }
  return moved(track, state, at_ms + left_ms * state.speed);
}

function moved(track: PatrolTrack, state: Playback, at_ms: number): Playback {
  return at_ms >= track.to_ms ? { ...state, at_ms: track.to_ms, playing: false } : { ...state, at_ms };
}

/** After a key, or null where the key means nothing here. */
export function pressed(track: PatrolTrack, state: Playback, key: string): Playback | null {
  const to = (at_ms: number): Playback => ({ ...state, playing: false, at_ms: Math.min(track.to_ms, Math.max(track.from_ms, at_ms)) });
  switch (key) {
    case " ":
      // Played to its end it begins anew.
      return state.playing ? { ...state, playing: false } : { ...state, playing: true, at_ms: state.at_ms >= track.to_ms ? beginning(track).at_ms : state.at_ms };
    case "ArrowLeft":
      return to(state.at_ms - STEP_MS);
    case "ArrowRight":
      return to(state.at_ms + STEP_MS);
    case "ArrowUp":
      return to(marksOf(track).findLast(({ at_ms }) => at_ms < state.at_ms)?.at_ms ?? track.from_ms);
    case "ArrowDown":
      return to(marksOf(track).find(({ at_ms }) => at_ms > state.at_ms)?.at_ms ?? track.to_ms);
    case "Home":
      return to(beginning(track).at_ms);
    case "End":
      return to(track.to_ms);
    case "+":
    case "=":
      return { ...state, speed: faster(state.speed, 1) };
    case "-":
      return { ...state, speed: faster(state.speed, -1) };
    default:
      return null;
  }
}

function faster(speed: number, step: number): number {
  const index = SPEEDS.findIndex((each) => each === speed);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + step))] ?? speed;
}

/** Stops, gaps and calls for help in order of time. */
export function marksOf(track: PatrolTrack): readonly Mark[] {
  const stops = track.stops.map((stop, at): Mark => ({ kind: "stop", n: at + 1, at_ms: stop.from_ms, from_ms: stop.from_ms, to_ms: stop.to_ms, place: stop }));
  const calls = track.calls.map(({ from_ms, to_ms, lat, lon }, at): Mark => ({ kind: "call", n: at + 1, at_ms: from_ms, from_ms, to_ms, place: lat === null || lon === null ? null : { lat, lon } }));
  const gaps = track.gaps.map((gap, at): Mark => ({ kind: "gap", n: at + 1, at_ms: gap.from_ms + 1, ...gap, place: track.fixes.findLast(({ at_ms }) => at_ms <= gap.from_ms) ?? null }));
  return [...stops, ...gaps, ...calls].sort((a, b) => a.from_ms - b.from_ms || a.kind.localeCompare(b.kind));
}

/** The mark that a moment stands in, a call for help before a stop; with its last instant a gap is over: from there on it was heard. */
export function markAt(marks: readonly Mark[], at_ms: number): Mark | null {
  const here = marks.filter(({ kind, from_ms, to_ms }) => from_ms <= at_ms && (kind === "gap" ? at_ms < to_ms : at_ms <= to_ms));
  return here.find(({ kind }) => kind === "call") ?? here[0] ?? null;
}

/** Where it was, and how fast. Between two fixes that are close in time it is taken to have gone straight and evenly; in a gap nothing is taken. */
export function momentOf(track: PatrolTrack, at_ms: number): Moment {
  const gap = track.gaps.find(({ from_ms, to_ms }) => from_ms < at_ms && at_ms < to_ms) ?? null;
  const stop = track.stops.find(({ from_ms, to_ms }) => from_ms <= at_ms && at_ms <= to_ms) ?? null;
  const sos = track.calls.some(({ from_ms, to_ms }) => from_ms <= at_ms && at_ms <= to_ms);
  const index = lastBefore(track.fixes, at_ms);
  const [a, b] = [track.fixes[index], track.fixes[index + 1]];
  if (gap !== null || a === undefined || (b === undefined && at_ms > a.at_ms)) return { place: null, speed_kmh: null, reckoned: false, gap, stop, sos };
  const told = a.speed_kmh !== null && at_ms - a.at_ms <= SPEED_HOLDS_MS;
  // A fix at the edge of a gap says nothing of the way over it.
  if (b === undefined || track.gaps.some(({ from_ms }) => from_ms === a.at_ms)) return { place: a, speed_kmh: told ? a.speed_kmh : null, reckoned: false, gap, stop, sos };
  const share = (at_ms - a.at_ms) / (b.at_ms - a.at_ms);
  const place = { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * (b.lon - a.lon) };
  return { place, speed_kmh: told ? a.speed_kmh : (distance_m(a, b) / (b.at_ms - a.at_ms)) * 3_600, reckoned: !told, gap, stop, sos };
}

/** The index of the last fix at or before an instant; -1 where there is none. */
function lastBefore(fixes: readonly Fix[], at_ms: number): number {
  let [low, high] = [0, fixes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.at_ms ?? Infinity) <= at_ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
