/** What the hub answers about where patrols were, as `consoles/http/tracks.py` tells it. */

import type { Actor } from "../../../sync/protocol";

export interface Fix {
  readonly at_ms: number;
  readonly lat: number;
  readonly lon: number;
  readonly speed_kmh: number | null;
  readonly sos: boolean;
}

interface Span {
  readonly from_ms: number;
  readonly to_ms: number;
}

export type Gap = Span;

export interface Stop extends Span {
  readonly lat: number;
  readonly lon: number;
}

export interface HelpCall extends Span {
  /** Null where it never said from where. */
  readonly lat: number | null;
  readonly lon: number | null;
}

/** The way of one device while the unit had it; the fixes are thinned, and those left out lie at most `off_m` off. */
export interface PatrolTrack extends Span {
  readonly device: string;
  readonly unit: string;
  readonly fixes: readonly Fix[];
  readonly stops: readonly Stop[];
  readonly gaps: readonly Gap[];
  readonly calls: readonly HelpCall[];
  readonly length_m: number;
  readonly read: number;
  readonly doubtful: number;
  readonly off_m: number;
  /** With `unheard_ms`, the gaps, the whole time. */
  readonly heard_ms: number;
  readonly unheard_ms: number;
  readonly longest: Stop | null;
}

interface Answered {
  readonly query: string;
  /** How many more questions may be asked in this hour. */
  readonly left: number;
  /** From when on positions are kept. */
  readonly since_ms: number;
  /** From when on it is known who had the devices; 0 for ever. */
  readonly holders_since_ms: number;
}

export interface TrackAnswer extends Answered {
  readonly tracks: readonly PatrolTrack[];
  /** Nothing heard for longer than this is a gap. */
  readonly gap_ms: number;
}

export interface UnitThere {
  readonly unit: string;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly fixes: number;
  readonly devices: readonly { readonly device: string; readonly first_ms: number; readonly last_ms: number; readonly fixes: number }[];
}

export interface PresentAnswer extends Answered {
  readonly present: readonly UnitThere[];
}

const MAY = new Set<Actor["roles"][number]>(["dispatcher", "commander", "duty_leader"]);

export function mayLookUpPatrols(actor: Actor): boolean {
  return actor.roles.some((role) => MAY.has(role));
}
