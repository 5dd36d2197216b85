/** Passages as the stream shows them: newest first, filtered, standing still while somebody looks at them. Pure. */

import type { CameraRow, FenceRow, HitRow, PassageRow } from "../../wire";

/** So long after it was heard of a passage stands on the map at its camera, one of a watched car longer. */
export const PIN_MS = 8_000;
export const HIT_PIN_MS = 60_000;
/** What is told of later than this is none of now: an edge agent was away. */
const FRESH_MS = 60_000;
/** Most that stand on the map at once, and at one camera. */
export const PINS = 24;
export const PINS_PER_CAMERA = 3;
/** Most lines of the stream. */
export const LINES = 80;

export interface Filter {
  /** Empty for all, `camera:ID`, or `fence:ID` for those within it. */
  readonly where: string;
  readonly what: "all" | "hits";
}

export const EVERYTHING: Filter = { where: "", what: "all" };

/** The same passage at every hub and in every table. */
export function keyOf(row: Pick<PassageRow, "camera" | "plate" | "first_ms">): string {
  return `${row.camera} ${row.plate} ${row.first_ms}`;
}

/** Hits by the passage that they are of; those that a person said were none are left out. */
export function hitsByPassage(hits: ReadonlyMap<string, HitRow>): ReadonlyMap<string, HitRow> {
  const found = new Map<string, HitRow>();
  for (const hit of hits.values()) {
    if (hit.rejected_why === "") found.set(keyOf({ camera: hit.camera, plate: hit.plate, first_ms: hit.seen_ms }), hit);
  }
  return found;
}

export function newestFirst(rows: ReadonlyMap<string, PassageRow>): PassageRow[] {
  return [...rows.values()].sort((a, b) => b.first_ms - a.first_ms || (keyOf(a) < keyOf(b) ? -1 : 1));
}

export function filtered(
  rows: readonly PassageRow[],
  filter: Filter,
  hits: ReadonlyMap<string, HitRow>,
  cameras: ReadonlyMap<string, CameraRow>,
  fences: ReadonlyMap<string, FenceRow>,
): PassageRow[] {
  const where = camerasOf(filter.where, cameras, fences);
  return rows.filter((row) => (where === null || where.has(row.camera)) && (filter.what === "all" || hits.has(keyOf(row))));
}

/** The cameras that a filter names; null for all. */
function camerasOf(where: string, cameras: ReadonlyMap<string, CameraRow>, fences: ReadonlyMap<string, FenceRow>): ReadonlySet<string> | null {
  if (where.startsWith("camera:")) return new Set([where.slice("camera:".length)]);
  if (!where.startsWith("fence:")) return null;
  const ring = fences.get(where.slice("fence:".length))?.ring ?? [];
  return new Set([...cameras.values()].filter((row) => inside(row, ring)).map((row) => row.id));
}

/** Whether a point lies in a ring of [lon, lat] (even-odd rule). */
export function inside(point: { readonly lat: number; readonly lon: number }, ring: readonly (readonly number[])[]): boolean {
  let odd = false;
  for (let i = 0; i < ring.length; i++) {
    const [lon = 0, lat = 0] = ring[i] ?? [];
    const [lonBefore = 0, latBefore = 0] = ring[(i + ring.length - 1) % ring.length] ?? [];
    if (lat > point.lat !== latBefore > point.lat && point.lon < ((lonBefore - lon) * (point.lat - lat)) / (latBefore - lat) + lon) odd = !odd;
  }
  return odd;
}

/** What stands on the map now, by camera, the newest first; `heard_ms` says when each was heard of, by its key. */
export function onMap(
  rows: readonly PassageRow[],
  hits: ReadonlyMap<string, HitRow>,
  heard_ms: ReadonlyMap<string, number>,
  now_ms: number,
): ReadonlyMap<string, readonly PassageRow[]> {
  const found = new Map<string, PassageRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (now_ms - row.last_ms > FRESH_MS || now_ms - (heard_ms.get(key) ?? row.last_ms) > (hits.has(key) ? HIT_PIN_MS : PIN_MS)) continue;
    const there = found.get(row.camera);
    if (there === undefined) {
      if (found.size < PINS) found.set(row.camera, [row]);
    } else if (there.length < PINS_PER_CAMERA) there.push(row);
  }
  return found;
}

/** A stream that stands still while it is held, and says how much came since. */
export class HeldStream {
  private held: readonly PassageRow[] | null = null;

  /** What was asked for is another: what is held is of no use any more. */
  release(): void {
    this.held = null;
  }

  show(newest: readonly PassageRow[], hold: boolean): { readonly lines: readonly PassageRow[]; readonly waiting: number } {
    const lines = newest.slice(0, LINES);
    if (!hold) {
      this.held = null;
      return { lines, waiting: 0 };
    }
    this.held ??= lines;
    const known = new Set(this.held.map(keyOf));
    return { lines: this.held, waiting: newest.filter((row) => !known.has(keyOf(row)) && row.first_ms >= (this.held?.[0]?.first_ms ?? 0)).length };
  }
}

/** When each passage was heard of; those that were there at the first look count from when they passed. */
export class Heard {
  private times: ReadonlyMap<string, number> | null = null;

  note(rows: ReadonlyMap<string, PassageRow>, now_ms: number): ReadonlyMap<string, number> {
    const before = this.times;
    const entries = [...rows.values()].map((row): [string, number] => [keyOf(row), before === null ? row.last_ms : (before.get(keyOf(row)) ?? now_ms)]);
    return (this.times = new Map(entries));
  }
}
