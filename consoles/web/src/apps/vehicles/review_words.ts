/** What the tab of review computes from rows: the order of the queue, what is left, and how a step is said. Pure. */

import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, Finding, JudgedPassage, RegionsRow, RestrictionRow, SectionRow, Step, ViolationRow } from "../../wire";

export type Reason = NonNullable<ViolationRow["reason"]>;
/** In the order of their numbers on the keyboard, from 1. */
export const REASONS: readonly Reason[] = ["misread", "exempt", "emergency_vehicle", "calibration_doubt", "bad_picture", "other"];

/** Of a passage, as the manifest tells it; what is not known is left out there. */
export interface DeviceNote {
  readonly number?: string;
  readonly agent?: string | null;
  readonly clock_error_ms?: number;
  readonly frame_error_ms?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** The county's clock, eight hours ahead of UTC, without summer time. */
const BEIJING_MS = 8 * 60 * 60 * 1000;

export function isOpen(row: ViolationRow): boolean {
  return row.state === "found" || row.state === "confirmed_once";
}

/**
 * The queue with what came since put behind it. What is in it keeps its place while it is shown, decided or not, so that
 * nothing moves under the pointer; of new ones the oldest comes first.
 */
export function queued(order: readonly string[], rows: ReadonlyMap<string, ViolationRow>): readonly string[] {
  const kept = order.filter((id) => rows.has(id));
  const known = new Set(kept);
  const came = [...rows.values()].filter((row) => isOpen(row) && !known.has(row.id)).sort((a, b) => a.found_ms - b.found_ms || a.id.localeCompare(b.id));
  return came.length === 0 && kept.length === order.length ? order : [...kept, ...came.map((row) => row.id)];
}

/** Why this person may not decide it now; empty where they may. */
export function hindrance(row: ViolationRow, person: string, who: (id: string) => string, now_ms: number): string {
  if (row.registered_by === person) return t("review.own_rule");
  if (row.reviewed_by.includes(person)) return t("review.second");
  const until_ms = row.claimed_until_ms ?? 0;
  if (row.claimed_by !== "" && row.claimed_by !== person && until_ms > now_ms) return t("review.by_other", { who: who(row.claimed_by), time: format.clock(until_ms) });
  return "";
}

/** The next one that this person may decide, after `from` and then from the beginning; empty where there is none. */
export function nextOpen(order: readonly string[], from: string, may: (id: string) => boolean): string {
  const at = order.indexOf(from);
  const round = [...order.slice(at + 1), ...order.slice(0, at + 1)];
  return round.find((id) => id !== from && may(id)) ?? "";
}

export interface Counts {
  readonly left: number;
  readonly oldest_ms: number | null;
  readonly yes: number;
  readonly no: number;
  readonly mine: number;
}

/** What is left, since when the oldest waits, and what was decided since midnight in the county. */
export function counts(rows: Iterable<ViolationRow>, person: string, now_ms: number): Counts {
  const midnight_ms = Math.floor((now_ms + BEIJING_MS) / DAY_MS) * DAY_MS - BEIJING_MS;
  const told = { left: 0, oldest_ms: null as number | null, yes: 0, no: 0, mine: 0 };
  for (const row of rows) {
    if (isOpen(row)) {
      told.left += 1;
      told.oldest_ms = Math.min(told.oldest_ms ?? row.found_ms, row.found_ms);
    } else if ((row.reviewed_ms ?? 0) >= midnight_ms) {
      told[row.state === "rejected" ? "no" : "yes"] += 1;
      if (row.reviewed_by.includes(person)) told.mine += 1;
    }
  }
  return told;
}

/** A speed in large, and what it is held against: the limit, by how much that may be passed, by how much it was. */
export function headline({ speed_kmh, limit_kmh, steps }: Finding): { readonly speed: string; readonly limit: string } | null {
  if (speed_kmh == null) return null;
  const args = steps.find(({ step }) => step === "limit")?.args ?? {};
  const [tolerance, over] = [args["tolerance_percent"], args["over_percent"]];
  const limit = tolerance === undefined ? t("review.limit", { limit_kmh: limit_kmh ?? 0 }) : t("review.limits", { limit_kmh: limit_kmh ?? 0, tolerance_percent: Number(tolerance), over_percent: Number(over) });
  return { speed: `${speed_kmh} km/h`, limit };
}

export interface Rules {
  readonly sections: readonly SectionRow[];
  readonly restrictions: readonly RestrictionRow[];
  readonly regions: readonly RegionsRow[];
}

/** Why nothing waits to be reviewed, and what to do about it; good where somebody has done it all. */
export function lacking(rules: Rules, cameras: ReadonlyMap<string, CameraRow>, told: Counts, registers: boolean, now_ms: number): { readonly good: boolean; readonly text: string } {
  if (told.yes + told.no > 0) return { good: true, text: t("review.all_done", { yes: told.yes, no: told.no }) };
  const holds = (version: { from_ms: number; until_ms: number | null } | undefined): boolean => version !== undefined && version.from_ms <= now_ms && (version.until_ms === null || now_ms < version.until_ms);
  const inForce = [...rules.sections, ...rules.restrictions, ...rules.regions].filter((row) => row.versions.some(holds)).length;
  if (inForce === 0) return { good: false, text: t(registers ? "review.no_rules_yours" : "review.no_rules") };
  const away = [...concerned(rules, cameras)].map((id) => cameras.get(id)).filter((camera) => camera !== undefined && (camera.state === "down" || !camera.reads_plates)) as CameraRow[];
  if (away.length > 0) return { good: false, text: t("review.cameras_away", { rules: inForce, n: away.length, names: away.slice(0, 3).map((camera) => camera.name).join("、") }) };
  return { good: true, text: t("review.nothing_found", { rules: inForce }) };
}

/** The cameras that the newest versions name; who stands in an area is not looked up. */
function concerned({ sections, restrictions, regions }: Rules, cameras: ReadonlyMap<string, CameraRow>): ReadonlySet<string> {
  const named = [
    ...sections.flatMap(({ versions: [one] }) => (one?.until_ms === null ? [one.definition.start.camera, one.definition.end.camera] : [])),
    ...restrictions.flatMap(({ versions: [one] }) => (one?.until_ms === null ? (one.definition.cameras ?? []) : [])),
    ...regions.flatMap(({ id, versions: [one] }) => (one?.until_ms === null ? [id] : [])),
  ];
  return new Set(named.filter((id) => cameras.has(id)));
}

/** Sections in force that find nothing any more, since their certificate is no longer good. */
export function expired(sections: Iterable<SectionRow>, now_ms: number): readonly string[] {
  const names: string[] = [];
  for (const { versions } of sections) {
    const now = versions.find((version) => version.from_ms <= now_ms && (version.until_ms === null || now_ms < version.until_ms));
    if (now !== undefined && now.definition.certificate_until_ms <= now_ms) names.push(now.definition.name);
  }
  return names;
}

/** A step of the calculation in words. */
export function said({ step, args }: Step): string {
  const text = (name: string): string => String(args[name] ?? "");
  const at = (name: string): string => instant(Number(args[name]));
  const seconds = (name: string): string => (Number(args[name]) / 1000).toFixed(3);
  switch (step) {
    case "length":
      return t("review_step.length", { length_m: text("length_m"), by: text("by"), error_m: text("error_m"), shortest_m: text("shortest_m") });
    case "time":
      return t("review_step.time", { from: at("from_ms"), to: at("to_ms"), error_ms: text("error_ms"), longest_s: seconds("longest_ms") });
    case "speed":
      return t("review_step.speed", { shortest_m: text("shortest_m"), longest_s: seconds("longest_ms"), speed_kmh: text("speed_kmh") });
    case "limit":
      return t("review_step.limit", { size: word("vehicle_size", text("size")), limit_kmh: text("limit_kmh"), tolerance_percent: text("tolerance_percent"), over_percent: text("over_percent") });
    case "calibration":
      return t("review_step.calibration", { certificate: text("certificate"), until: format.dateWithYear(Number(args["until_ms"])) });
    case "seen_in_area":
      return t("review_step.seen_in_area", { at: at("at_ms"), area: text("area") });
    case "vehicle_concerned":
      return t("review_step.vehicle_concerned", { colour: word("plate_colour", text("colour")), kind: word("plate_kind", text("kind")), last_digit: lastDigit(text("last_digit")) });
    case "not_exempt":
      return Number(args["exempt"]) === 0 ? t("review_step.none_exempt") : t("review_step.not_exempt", { exempt: text("exempt") });
    case "in_region":
      return t("review_step.in_region", { region: text("region"), lane: text("lane"), reads: text("reads") });
    case "went":
      return t("review_step.went", { direction: word("direction", text("direction")), allowed: word("direction", text("allowed")) });
    default:
      return step;
  }
}

/** Of a plate without a digit none is told, or "None" by earlier releases. */
function lastDigit(digit: string): string {
  return /^\d$/.test(digit) ? t("review.last_digit", { digit }) : t("review.no_digit");
}

/** By what a passage was read and dated, as far as anybody registered or measured it; each that is not known says so. */
export function taken(passage: JudgedPassage, note: DeviceNote | null): readonly string[] {
  const number = note?.number ?? passage.device ?? "";
  const error_ms = note === null ? (passage.clock_error_ms ?? null) : note.clock_error_ms == null ? null : note.clock_error_ms + (note.frame_error_ms ?? 0);
  const agent = note?.agent ?? "";
  return [
    word("passage_source", passage.source) + (agent === "" ? "" : ` ${agent}`),
    number === "" ? t("review.no_device") : t("review.device", { device: number }),
    error_ms === null ? t("review.time_unmeasured") : t("review.time_within", { error_ms }),
    t("review.reads", { n: passage.reads }),
  ];
}

/** An instant to the millisecond, by the county's clock. */
export function instant(at_ms: number): string {
  return new Date(at_ms + BEIJING_MS).toISOString().slice(11, 23);
}
