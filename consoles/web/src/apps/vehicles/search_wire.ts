/** What the hub answers to queries of sightings, as `consoles/http/sightings.py` tells it. */

import type { Sighting } from "../../wire";

/** Of every answer: the id under which the query is on record, and how many more may be made in this hour. */
interface Answered {
  readonly query: string;
  readonly left: number;
}

export interface Found extends Answered {
  readonly sightings: readonly Sighting[];
  readonly next: string | null;
  /** Of the cameras that stand somewhere still. */
  readonly places: Readonly<Record<string, { readonly name: string; readonly lat: number; readonly lon: number }>>;
}

/** The likely way by road: a guess. `way` is the place of its points among those told, null where they are not. */
export interface Road {
  readonly way: number | null;
  readonly distance_m: number;
  readonly usual_s: number;
  readonly speed_kmh: number | null;
}

/** From one passage to the next. Between cameras nothing is known; the way is at least the straight line. */
export interface Leg {
  readonly ms: number;
  readonly distance_m: number | null;
  readonly speed_kmh: number | null;
  readonly gap: boolean;
  readonly road: Road | null;
  /** Why there is no likely way. */
  readonly no_road: "off_road" | "unconnected" | "too_far" | "no_net" | "same_place" | "no_place" | null;
  /** No car is so fast: even straight on, or on any roads of the net. */
  readonly suspect: "straight" | "roads" | null;
}

/** Points as (lat, lon). */
export type Way = readonly (readonly [number, number])[];

export interface Track extends Answered {
  readonly stops: readonly Sighting[];
  readonly legs: readonly Leg[];
  readonly ways: readonly Way[];
  readonly earlier: boolean;
}

export interface Companion {
  readonly plate: string;
  readonly times: number;
  readonly cameras: readonly string[];
  readonly days: number;
  readonly lag_ms: number;
  readonly expected: number;
  readonly chance: number;
  readonly by_chance: number;
}

export interface Companions extends Answered {
  readonly companions: readonly Companion[];
}

export interface Pass {
  readonly first_ms: number;
  readonly camera: string;
  readonly plate: string;
}

export interface FirstTime extends Answered {
  readonly passes: readonly Pass[];
  readonly since_ms: number;
}

export interface Visits {
  readonly plate: string;
  readonly passes: number;
  readonly days: number;
  readonly most_in_a_day: number;
  readonly first_ms: number;
  readonly last_ms: number;
}

export interface Frequent extends Answered {
  readonly visits: readonly Visits[];
}

/** A plate that was at two places sooner than one car may be: `times` in all, the newest of them told. */
export interface Clone {
  readonly plate: string;
  readonly times: number;
  readonly before: Sighting;
  readonly after: Sighting;
  readonly leg: Leg;
}

export interface Clones extends Answered {
  readonly clones: readonly Clone[];
  readonly ways: readonly Way[];
  readonly more: boolean;
}

export interface Export extends Answered {
  readonly file_name: string;
  readonly csv: string;
}

export interface Left {
  readonly an_hour: number;
  readonly left: number;
  readonly next_ms: number;
}

/** A query that somebody made, for those who look after them. */
export interface QueryRow {
  readonly id: string;
  readonly by: string;
  readonly at_ms: number;
  readonly what: string;
  readonly terms: string;
  readonly reason: string;
  readonly case: string;
  readonly results: number;
  readonly pages: number;
  /** Of the file in which the answer was taken out, or empty. */
  readonly sha256: string;
}

export interface Queries {
  readonly queries: readonly QueryRow[];
  readonly more: boolean;
}

/** Where the picture of a passage is told; only to who may look the passage up. */
export function pictureOf({ camera, plate, first_ms, picture }: Pick<Sighting, "camera" | "plate" | "first_ms" | "picture">): string {
  if (picture === null || picture === "") return "";
  return `/api/v1/sightings/picture?${new URLSearchParams({ camera, plate, first_ms: String(first_ms) }).toString()}`;
}
