/** From what stands in the form to what the hub is asked. Pure. */

import type { FenceRow } from "../../wire";

export type What = "search" | "track" | "companions" | "first_time" | "frequent" | "clones";
export const WHATS: readonly What[] = ["search", "track", "companions", "first_time", "frequent", "clones"];

export type Corner = readonly [lon: number, lat: number];

/** The words of the form; times are those of the county, as `datetime-local` writes them. */
export interface Form {
  readonly what: What;
  readonly reason: string;
  readonly case: string;
  readonly plate: string;
  readonly from: string;
  readonly to: string;
  /** The time is the last so many hours, whenever it is asked; 0 where somebody chose it. */
  readonly last_h: number;
  readonly where: string;
  readonly cameras: readonly string[];
  readonly area: readonly Corner[];
  readonly colour: string;
  readonly kind: string;
  readonly direction: string;
  readonly heading: string;
  readonly at_least: number;
  readonly within_s: number;
  readonly days: number;
  readonly visits: number;
  readonly when: string;
}

const ZONE_MS = 8 * 3_600_000;
const HOUR_MS = 3_600_000;
/** A corner more than the hub takes is not drawn. */
export const MOST_CORNERS = 100;
/** So far to either side of a point of the compass. */
const HALF_SECTOR_DEG = 45;

export function emptyForm(now_ms: number): Form {
  return {
    what: "search", reason: "", case: "", plate: "", ...lastTime(24, now_ms), where: "", cameras: [], area: [],
    colour: "", kind: "", direction: "", heading: "", at_least: 3, within_s: 60, days: 30, visits: 10, when: "all",
  };
}

/** So many hours up to the end of the minute that runs now. */
export function lastTime(last_h: number, now_ms: number): Pick<Form, "from" | "to" | "last_h"> {
  const end_ms = now_ms + 60_000;
  return { from: localOf(end_ms - last_h * HOUR_MS), to: localOf(end_ms), last_h };
}

/** What is still missing before it can be asked: a place that is said to be chosen and is not would mean everywhere. */
export function missing(form: Form): "corners" | "cameras" | null {
  if (form.where === "drawn" && form.area.length < 3) return "corners";
  return form.where === "cameras" && form.cameras.length === 0 ? "cameras" : null;
}

/** County time for a `datetime-local` field, whatever the machine's zone is. */
export function localOf(at_ms: number): string {
  return new Date(at_ms + ZONE_MS).toISOString().slice(0, 16);
}

export function instantOf(local: string): number {
  return Date.parse(`${local}Z`) - ZONE_MS;
}

/** Whether this kind of query is about one plate. */
export function needsPlate(what: What): boolean {
  return what === "track" || what === "companions";
}

/** The body of the query. Where a fence is chosen its ring is the area; an area that is not closed yet is none. */
export function bodyOf(form: Form, fences: ReadonlyMap<string, FenceRow>): Record<string, unknown> {
  const body: Record<string, unknown> = { reason: form.reason.trim(), case: form.case.trim(), from_ms: instantOf(form.from), to_ms: instantOf(form.to) };
  const ring = form.where === "drawn" ? form.area : (fences.get(form.where.replace(/^fence:/, ""))?.ring ?? []);
  if (ring.length >= 3) body["area"] = ring.slice(0, MOST_CORNERS);
  if (form.where === "cameras" && form.cameras.length > 0) body["cameras"] = form.cameras;
  if (form.what === "search" || needsPlate(form.what)) body["plate"] = form.plate.trim() === "" ? "*" : form.plate.trim();
  if (form.what === "search") {
    for (const name of ["colour", "kind", "direction"] as const) if (form[name] !== "") body[name] = form[name];
    if (form.heading !== "") body["headings"] = [(Number(form.heading) - HALF_SECTOR_DEG + 360) % 360, (Number(form.heading) + HALF_SECTOR_DEG) % 360];
  }
  if (form.what === "companions") Object.assign(body, { at_least: form.at_least, within_s: form.within_s });
  if (form.what === "first_time") body["days"] = form.days;
  if (form.what === "frequent") Object.assign(body, { at_least: form.visits, when: form.when });
  return body;
}

/** What an address asks for: plate, reason and case of `#search/plate=湘F12345&reason=…`; empty what it does not name. */
export function asked(detail: string): Pick<Form, "plate" | "reason" | "case"> {
  const told = new URLSearchParams(detail);
  return { plate: told.get("plate") ?? "", reason: told.get("reason") ?? "", case: told.get("case") ?? "" };
}

/** The detail of an address that `asked` reads; encoded, so that no word of a reason is taken for a part of the address. */
export function addressOf(asks: Pick<Form, "plate" | "reason" | "case">): string {
  return encodeURIComponent(new URLSearchParams(asks).toString());
}
