/** What the registers of rules compute: what is typed as what is asked for, and rows as a list. Pure. */

import type { Exemption, Hours, RegionsRow, Restriction, RestrictionRow, SectionRow, SpeedSection } from "../../wire";

export type Point = readonly [number, number];

const DAY_MS = 24 * 60 * 60 * 1000;
/** The county's clock, eight hours ahead of UTC. */
const BEIJING_MS = 8 * 60 * 60 * 1000;

/** Midnight in the county at which a day, `2026-11-22`, begins; NaN where it is no day. */
export function dayBegins(day: string): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) - BEIJING_MS : Number.NaN;
}

export function dayEnds(day: string): number {
  return dayBegins(day) + DAY_MS;
}

/** The day in the county of an instant; of one that ends a day the day that ends. */
export function dayOf(at_ms: number, ends = false): string {
  return new Date(at_ms + BEIJING_MS - (ends ? 1 : 0)).toISOString().slice(0, 10);
}

/** `0.1,0.2 0.3,0.4 …` as points; null where it is no polygon within the picture. */
export function ringOf(text: string): Point[] | null {
  const points = text.trim().split(/[\s;；]+/).map((pair) => pair.split(/[,，]/).map(Number));
  const fits = points.every((each) => each.length === 2 && each.every((value) => Number.isFinite(value) && value >= 0 && value <= 1));
  return fits && points.length >= 3 ? points.map(([x, y]) => [x ?? 0, y ?? 0] as const) : null;
}

export function ringText(ring: readonly Point[]): string {
  return ring.map(([x, y]) => `${+x.toFixed(3)},${+y.toFixed(3)}`).join(" ");
}

/** A line for each exempt plate, `plate reason day`; the number of the first line that is none of these where one is. */
export function exemptOf(text: string): Exemption[] | number {
  const found: Exemption[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const match = /^\s*(\S+)\s+(.+?)\s+(\d{4}-\d{2}-\d{2})\s*$/.exec(line);
    const until_ms = dayEnds(match?.[3] ?? "");
    if (match === null || Number.isNaN(until_ms)) return at + 1;
    found.push({ plate: match[1] ?? "", why: match[2] ?? "", until_ms });
  }
  return found;
}

export function exemptText(exempt: readonly Exemption[]): string {
  return exempt.map((one) => `${one.plate} ${one.why} ${dayOf(one.until_ms, true)}`).join("\n");
}

export function minuteOf(time: string): number {
  const [hours = "0", minutes = "0"] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
}

export function timeOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** The instant of a day and time in the county, `2026-11-22T07:30`; null where none is given. */
export function instantOf(local: string): number | null {
  const at_ms = Date.parse(`${local}Z`) - BEIJING_MS;
  return local === "" || Number.isNaN(at_ms) ? null : at_ms;
}

/** Metres between two places, [lon, lat], straight and near enough for a county. */
export function apart_m([lon, lat]: Point, [other_lon, other_lat]: Point): number {
  const east = (other_lon - lon) * Math.cos(((lat + other_lat) / 2) * (Math.PI / 180));
  return Math.hypot(east, other_lat - lat) * 111_195;
}

/** Whether a polygon has a point inside: a ray from it crosses its sides an odd number of times. */
export function contains(ring: readonly Point[], [x, y]: Point): boolean {
  let inside = false;
  for (const [at, [ax, ay]] of ring.entries()) {
    const [bx, by] = ring[(at + 1) % ring.length] ?? [0, 0];
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside;
}

export function sectionOf(form: FormData): SpeedSection {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const point = (end: "start" | "end"): SpeedSection["start"] => ({
    camera: text(`${end}_camera`), device: text(`${end}_device`), clock_error_ms: Number(text(`${end}_clock`)), frame_error_ms: Number(text(`${end}_frame`)),
  });
  return {
    name: text("name"), start: point("start"), end: point("end"), length_m: Number(text("length_m")), length_error_m: Number(text("length_error_m")), measured_by: text("measured_by"),
    measured_ms: dayBegins(text("measured")), limit_small_kmh: Number(text("small")), limit_large_kmh: Number(text("large")), certificate: text("certificate"),
    certificate_until_ms: dayEnds(text("certificate_until")),
  };
}

/** What is typed, and drawn and said beside the fields, as a restriction. */
export function restrictionOf(form: FormData, { ring, hours, exempt }: { readonly ring: readonly Point[]; readonly hours: readonly Hours[]; readonly exempt: Exemption[] }): Restriction {
  const digits = String(form.get("digits") ?? "").match(/\d/g) ?? [];
  const ticked = (name: string): string[] => form.getAll(name).map(String);
  return {
    name: String(form.get("name") ?? "").trim(), cameras: ticked("camera"), ring: ring.map(([lon, lat]) => [lon, lat]), hours: [...hours],
    colours: ticked("colour") as NonNullable<Restriction["colours"]>, kinds: ticked("kind") as NonNullable<Restriction["kinds"]>, last_digits: [...new Set(digits.map(Number))], exempt,
  };
}

export type RuleRow = SectionRow | RestrictionRow | RegionsRow;

export interface ListedRule {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly from_ms: number;
  readonly ended: boolean;
  readonly expired: boolean;
}

/** A register as a list: what holds first, by name. */
export function listedRules(rows: Iterable<RuleRow>, nameOf: (id: string) => string, now_ms: number): readonly ListedRule[] {
  const found: ListedRule[] = [];
  for (const { id, versions } of rows) {
    const [newest] = versions;
    if (newest === undefined) continue;
    const definition = "definition" in newest ? newest.definition : null;
    const expired = definition !== null && "certificate_until_ms" in definition && definition.certificate_until_ms <= now_ms;
    found.push({ id, name: definition?.name ?? nameOf(id), version: newest.version, from_ms: newest.from_ms, ended: newest.until_ms !== null, expired });
  }
  return found.sort((a, b) => Number(a.ended) - Number(b.ended) || a.name.localeCompare(b.name, "zh-CN"));
}
