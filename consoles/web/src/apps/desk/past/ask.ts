/** From what stands in the form to what the hub is asked about where patrols were. Pure. */

import type { SituationRow, UnitRow } from "../../../wire";
import { instantOf, localOf, MOST_CORNERS, type Corner } from "../../vehicles/search_ask";

export type What = "track" | "present";
/** The last hour, since the unit is on duty, since the situation began, or a time that somebody chose. */
export type When = "hour" | "shift" | "situation" | "picked";
export const RADII_M = [100, 200, 500, 1_000, 3_000] as const;

export interface Form {
  readonly what: What;
  readonly unit: string;
  readonly reason: string;
  readonly when: When;
  /** Times of the county, as `datetime-local` writes them; they count where the time is chosen. */
  readonly from: string;
  readonly to: string;
  readonly where: "circle" | "drawn";
  readonly centre: { readonly lat: number; readonly lon: number } | null;
  readonly radius_m: number;
  readonly area: readonly Corner[];
}

const HOUR_MS = 3_600_000;
/** Who is on duty for longer is asked about the last day: a shift that nobody ended is no time to look at. */
const SHIFT_MOST_MS = 24 * HOUR_MS;
/** Before it was reported something had happened already. */
const BEFORE_SITUATION_MS = 15 * 60_000;

export function emptyForm(now_ms: number): Form {
  return {
    what: "track", unit: "", reason: "", when: "hour", from: localOf(now_ms - HOUR_MS), to: localOf(now_ms + 60_000),
    where: "circle", centre: null, radius_m: 500, area: [],
  };
}

type Shift = Pick<UnitRow, "shift_since_ms">;
type Began = Pick<SituationRow, "opened_ms" | "closed_ms">;

/** The times that can be chosen now: a shift only of a unit that is on duty, a situation's only where one is chosen. */
export function whensOf(what: What, unit: Shift | null, situation: Began | null): readonly When[] {
  const shift = what === "track" && unit?.shift_since_ms != null;
  return ["hour", ...(shift ? (["shift"] as const) : []), ...(situation === null ? [] : (["situation"] as const)), "picked"];
}

/** Up to now by the hub's clock, wherever no other end was chosen. */
export function spanOf(form: Form, now_ms: number, unit: Shift | null, situation: Began | null): { readonly from_ms: number; readonly to_ms: number } {
  const to_ms = Math.round(now_ms);
  switch (form.when) {
    case "picked":
      return { from_ms: instantOf(form.from), to_ms: instantOf(form.to) };
    case "shift":
      return { from_ms: Math.max(unit?.shift_since_ms ?? to_ms - HOUR_MS, to_ms - SHIFT_MOST_MS), to_ms };
    case "situation":
      return situation === null ? { from_ms: to_ms - HOUR_MS, to_ms } : { from_ms: situation.opened_ms - BEFORE_SITUATION_MS, to_ms: situation.closed_ms ?? to_ms };
    case "hour":
      return { from_ms: to_ms - HOUR_MS, to_ms };
  }
}

export type Lack = "reason" | "unit" | "place" | "corners" | "time";

/** What is still missing before it can be asked, or null. */
export function missing(form: Form): Lack | null {
  if (form.what === "track" && form.unit === "") return "unit";
  if (form.what === "present" && form.where === "circle" && form.centre === null) return "place";
  if (form.what === "present" && form.where === "drawn" && form.area.length < 3) return "corners";
  if (form.when === "picked" && !(instantOf(form.from) < instantOf(form.to))) return "time";
  return form.reason.trim() === "" ? "reason" : null;
}

export function bodyOf(form: Form, span: { readonly from_ms: number; readonly to_ms: number }, about: string): Record<string, unknown> {
  const stated = { reason: form.reason.trim(), case: about, ...span };
  if (form.what === "track") return { ...stated, unit: form.unit };
  if (form.where === "drawn") return { ...stated, area: form.area.slice(0, MOST_CORNERS) };
  return { ...stated, circle: { ...form.centre, radius_m: form.radius_m } };
}
