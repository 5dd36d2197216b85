/** What the tab of the watch list computes from rows: which entries are listed, and how hours and areas are said. Pure. */

import { t } from "../../i18n/i18n";
import type { CameraRow, HitRow, LineMark, WatchRow } from "../../wire";

export type Show = "all" | WatchRow["state"] | "doubtful";
export const SHOWS: readonly Show[] = ["all", "requested", "active", "doubtful", "lifted", "expired"];

/** From this share on an entry counts as one that is often wrong; the hub says a share only after enough hits. */
const OFTEN_WRONG = 0.5;
/** So many hits in a row that were none are doubtful too, however often the entry was right before. */
const WRONG_IN_A_ROW = 3;
const ORDER: Readonly<Record<WatchRow["state"], number>> = { requested: 0, active: 1, lifted: 2, expired: 3 };

export interface Listing {
  readonly show: Show;
  readonly words: string;
  /** Only entries of one file, by the first of them; empty for all. */
  readonly batch: string;
}

/** The latest instant that the hub takes: what has it has no end (SPEC R863). */
const LATEST_MS = 32_503_680_000_000;

/** Until when an entry or list holds, as told otherwise; one without an end says so. */
export function untilText(until_ms: number, told: (until_ms: number) => string): string {
  return until_ms >= LATEST_MS ? t("watches.no_end") : told(until_ms);
}

export function isDoubtful(entry: WatchRow | LineMark): boolean {
  return entry.wrong_in_a_row >= WRONG_IN_A_ROW || (entry.wrong_share ?? 0) >= OFTEN_WRONG;
}

/** The entries that are listed: those that wait first, then in force, graver ones before others. */
export function listed(rows: ReadonlyMap<string, WatchRow>, listing: Listing): ReadonlyMap<string, WatchRow> {
  const words = listing.words.trim().toLowerCase().split(/\s+/).filter((each) => each !== "");
  const found = [...rows.values()].filter((row) => shown(row, listing.show) && (listing.batch === "" || row.batch === listing.batch) && words.every((each) => textOf(row).includes(each)));
  found.sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.level - b.level || b.requested_ms - a.requested_ms);
  return new Map(found.map((row) => [row.id, row]));
}

function shown(row: WatchRow, show: Show): boolean {
  return show === "all" || (show === "doubtful" ? isDoubtful(row) && row.state === "active" : row.state === show);
}

function textOf(row: WatchRow): string {
  return `${row.pattern} ${row.reason} ${row.office} ${row.requested_by} ${row.id}`.toLowerCase();
}

/** Of the entries listed, those that wait and that this person may approve, and how many are their own. */
export function approvable(rows: Iterable<WatchRow>, person: string): { readonly ids: readonly string[]; readonly own: number } {
  const waiting = [...rows].filter((row) => row.state === "requested");
  const others = waiting.filter((row) => row.requested_by !== person);
  return { ids: others.map((row) => row.id), own: waiting.length - others.length };
}

export function hitsOf(hits: ReadonlyMap<string, HitRow>, watch: string): HitRow[] {
  return [...hits.values()].filter((hit) => hit.watch === watch).sort((a, b) => b.seen_ms - a.seen_ms);
}

/** 22:00–06:00 */
export function hoursText(row: Pick<WatchRow, "hours">): string {
  return row.hours === null || row.hours === undefined ? t("watches.always") : `${clockOf(row.hours.from_min)}–${clockOf(row.hours.to_min)}`;
}

export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** The minute of the day that `06:30` says; null for what says none. */
export function minuteOf(clock: string): number | null {
  const parts = /^(\d{1,2}):(\d{2})$/.exec(clock);
  return parts === null ? null : Number(parts[1]) * 60 + Number(parts[2]);
}

export function areaText(row: Pick<WatchRow, "area">, cameras: ReadonlyMap<string, CameraRow>): string {
  const { area } = row;
  if (area === null || area === undefined) return t("watches.everywhere");
  const names = (area.cameras ?? []).map((id) => cameras.get(id)?.name ?? id);
  const ring = area.ring ?? [];
  if (ring.length > 0) names.push(t("watches.ring", { n: ring.length }));
  return names.join(t("list.comma"));
}

/** Entries before this one for the same plate of whose hits some were none: whoever approves is to see them. */
export function wrongBefore(rows: ReadonlyMap<string, WatchRow>, row: WatchRow): WatchRow[] {
  return [...rows.values()].filter((each) => each.id !== row.id && each.pattern === row.pattern && each.rejected > 0);
}

/** Of how many judged hits so many were none, and how many in a row, in words; empty while there are too few to say. */
export function wrongText(entry: WatchRow | LineMark): string {
  const { wrong_share: share, wrong_in_a_row: row, rejected, judged } = entry;
  const said = share === null || share === undefined ? [] : [t("watches.wrong_judged", { share: Math.round(share * 100), rejected, judged })];
  if (row >= WRONG_IN_A_ROW) said.push(t("watches.wrong_row", { n: row }));
  return said.join(" · ");
}
