/** Stations, units and devices as lists: who is found by what, free ids, and how devices come in. Pure. */

import { t, word } from "../../i18n/i18n";
import type { DeviceRow, EnrolDevice, PositionRow, StationRow, UnitRow } from "../../wire";

export type Kind = "stations" | "units" | "devices";
export const KINDS: readonly Kind[] = ["stations", "units", "devices"];

export const SERVICES: readonly StationRow["service"][] = ["110", "119", "122", "120"];
export const UNIT_KINDS: readonly UnitRow["kind"][] = ["patrol_car", "foot_patrol", "traffic_police", "fire_engine", "ambulance"];
export type DeviceKind = EnrolDevice["kind"];
export const DEVICE_KINDS: readonly DeviceKind[] = ["jt808", "osmand", "owntracks", "mobile", "gb28181", "pbx"];

/** These show a token that somebody typed into them; the others come in by other means (a registration, a sign-in, a password). */
const BY_TOKEN = ["osmand", "owntracks", "pbx"] as const;
export type TokenKind = (typeof BY_TOKEN)[number];

export function needsToken(kind: string): kind is TokenKind {
  return BY_TOKEN.some((each) => each === kind);
}

/** These come for a token by themselves, unless it was taken back (SPEC R998). */
export function registersItself(kind: string): boolean {
  return kind === "jt808";
}

/** What an id may hold (the hub's `Id`), for the pattern of a field. */
export const ID_PATTERN = "[\\w.:@\\-〔〕]+";

/** An id that nothing has: the prefix and the number after the highest that stands behind it. */
export function freeId(prefix: string, taken: Iterable<string>): string {
  const numbers = [...taken].map((id) => new RegExp(`^${prefix}(\\d{1,9})$`).exec(id)?.[1]).map(Number).filter(Number.isFinite);
  return `${prefix}${Math.max(0, ...numbers) + 1}`;
}

/** Rows of which `text` has all that was typed, by name as people read them. */
export function rowsFound<R extends { readonly id: string }>(rows: ReadonlyMap<string, R>, words: string, text: (row: R) => string): Map<string, R> {
  const wanted = words.trim().toLowerCase().split(/\s+/);
  return new Map([...rows].filter(([id, row]) => wanted.every((each) => `${id} ${text(row)}`.toLowerCase().includes(each))));
}

/** When a device told last where it is; null where its unit was last told of by another, or never. */
export function heardAt(device: DeviceRow, positions: ReadonlyMap<string, PositionRow>): number | null {
  const position = positions.get(device.unit);
  return position?.device === device.id ? position.at_ms : null;
}

/** Officers as they were typed, apart by commas, ideographic or not, or lines. */
export function officersOf(text: string): string[] {
  return text.split(/[,，、\n]+/).map((each) => each.trim()).filter((each) => each !== "");
}

export function tokenText(kind: string, issued: boolean): string {
  if (issued) return t("units.token_has");
  return needsToken(kind) ? t("units.token_lacks") : word("token_by", kind);
}
