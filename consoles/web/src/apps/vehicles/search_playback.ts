/** Where a played-back track stands: stop by stop, the times between shortened so that it can be watched. Pure. */

import type { Leg } from "./search_wire";

/** How many seconds of the track go by in one; the longest and shortest time that one leg takes to watch. */
export const SPEEDS = [60, 300, 1_200] as const;
const LEAST_MS = 500;
const MOST_MS = 4_000;

export interface Playback {
  readonly at: number;
  readonly playing: boolean;
  readonly speed: number;
}

export const BEGINNING: Playback = { at: 0, playing: false, speed: SPEEDS[1] };

/** How long to wait at a stop before the next one is shown. */
export function wait_ms(leg: Leg | undefined, speed: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, (leg?.ms ?? 0) / speed));
}

/** After a key, or null where the key means nothing here. */
export function pressed(state: Playback, key: string, stops: number): Playback | null {
  const last = Math.max(0, stops - 1);
  switch (key) {
    case " ":
      // Played to its end it begins anew.
      return { ...state, playing: !state.playing && last > 0, at: !state.playing && state.at === last ? 0 : state.at };
    case "ArrowLeft":
      return { ...state, playing: false, at: Math.max(0, state.at - 1) };
    case "ArrowRight":
      return { ...state, playing: false, at: Math.min(last, state.at + 1) };
    case "Home":
      return { ...state, playing: false, at: 0 };
    case "End":
      return { ...state, playing: false, at: last };
    case "+":
    case "=":
      return { ...state, speed: faster(state.speed, 1) };
    case "-":
      return { ...state, speed: faster(state.speed, -1) };
    default:
      return null;
  }
}

/** After the wait at a stop: the next one; at the last one it stands still. */
export function advanced(state: Playback, stops: number): Playback {
  const at = Math.min(stops - 1, state.at + 1);
  return { ...state, at, playing: state.playing && at < stops - 1 };
}

function faster(speed: number, step: number): number {
  const index = SPEEDS.findIndex((each) => each === speed);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + step))] ?? speed;
}
