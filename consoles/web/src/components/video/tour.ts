/** A tour: cameras one after another, each for its seconds, as many at once as there are tiles for it. Pure. */

export interface Stop {
  readonly camera: string;
  readonly seconds: number;
}

export interface Tour {
  readonly stops: readonly Stop[];
  /** The first of those shown now. */
  readonly at: number;
  /** How long they have been shown. */
  readonly shown_ms: number;
  readonly paused: boolean;
}

export const LEAST_S = 3;
export const MOST_S = 600;
export const USUAL_S = 10;
/** More stops than this nobody follows. */
export const MOST_STOPS = 64;

export function startTour(stops: readonly Stop[]): Tour {
  const seconds = (each: Stop): number => Math.min(MOST_S, Math.max(LEAST_S, each.seconds));
  return { stops: stops.slice(0, MOST_STOPS).map((each) => ({ ...each, seconds: seconds(each) })), at: 0, shown_ms: 0, paused: false };
}

/** Those shown now on `tiles` tiles; the end of the list is followed by its beginning, nobody twice. */
export function shownOf(tour: Tour, tiles: number): readonly Stop[] {
  const { stops, at } = tour;
  return Array.from({ length: Math.min(tiles, stops.length) }, (_, i) => stops[(at + i) % stops.length] as Stop);
}

/** How long those shown now stay: as long as the one that wants longest. */
export function span_ms(tour: Tour, tiles: number): number {
  return Math.max(LEAST_S, ...shownOf(tour, tiles).map(({ seconds }) => seconds)) * 1_000;
}

/** Time has passed. Never more than one step at once: after a pause of the page nothing is skipped. */
export function pass(tour: Tour, elapsed_ms: number, tiles: number): Tour {
  if (tour.paused || tiles < 1 || tour.stops.length <= tiles) return tour;
  const shown_ms = tour.shown_ms + elapsed_ms;
  return shown_ms < span_ms(tour, tiles) ? { ...tour, shown_ms } : step(tour, 1, tiles);
}

/** Go on (or back) to the next that fit. */
export function step(tour: Tour, by: 1 | -1, tiles: number): Tour {
  const n = tour.stops.length;
  return n === 0 ? tour : { ...tour, at: (((tour.at + by * Math.max(1, tiles)) % n) + n) % n, shown_ms: 0 };
}
