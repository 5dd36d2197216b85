/** Units near a car that is looked for: who could stop it, how soon, and who is taken but would be sooner. Pure. */

import * as format from "../i18n/format";
import { t, word } from "../i18n/i18n";
import type { CameraRow, HitRow, Recommendation, SituationRow, UnitRow } from "../wire";

/** As many free units are named. */
const UNITS = 3;
/** Positions older than this say so, as in recommendations. */
const STALE_MS = 120_000;
/** As in `command/rules/advice.py`: police and traffic police alike. */
const CAN_STOP: ReadonlySet<string> = new Set(["patrol_car", "foot_patrol", "traffic_police"]);

export interface Near {
  readonly unit: string;
  readonly name: string;
  /** The digit by which it is sent; null for one that stands in no list of recommendations. */
  readonly digit: number | null;
  /** How soon it is there and how far it is; before that what is in the way. */
  readonly about: string;
}

interface Known {
  readonly units: ReadonlyMap<string, UnitRow>;
  readonly cameras: ReadonlyMap<string, CameraRow>;
  readonly situation: SituationRow | null;
  readonly recommended: readonly Recommendation[];
}

/** Who is soonest now where that is known of the place of the hit; else who was as the car passed. Taken ones come last. */
export function nearUnits(hit: HitRow, { units, cameras, situation, recommended }: Known): Near[] {
  const digits = new Map(recommended.slice(0, 9).map(({ unit }, index) => [unit, index + 1]));
  const near = (unit: string, about: string): Near => ({ unit, name: units.get(unit)?.name ?? unit, digit: digits.get(unit) ?? null, about });
  const now = isAt(situation, cameras.get(hit.camera)) ? recommended.filter(({ unit }) => CAN_STOP.has(units.get(unit)?.kind ?? "")) : [];
  const then = hit.units.filter(({ state = "free" }) => state === "free");
  const free = (now.length > 0 ? now : then).slice(0, UNITS).map((each) => near(each.unit, nearWords(each)));
  const named = new Set(free.map(({ unit }) => unit));
  const taken = hit.units.filter(({ unit, state = "free" }) => state !== "free" && !named.has(unit));
  return [...free, ...taken.map((each) => near(each.unit, nearWords({ ...each, state: units.get(each.unit)?.state ?? each.state ?? "free" })))];
}

/** 出警中 · 位置较旧 · 约 2 分 05 秒 · 1.2 公里 */
export function nearWords(each: { readonly arrival_s: number; readonly distance_m: number; readonly position_age_ms?: number; readonly state?: UnitRow["state"] }): string {
  const { state = "free", position_age_ms = 0 } = each;
  const said = [state === "free" ? "" : word("unit_state", state), position_age_ms > STALE_MS ? t("why.stale_position") : ""];
  return [...said.filter((words) => words !== ""), t("side.arrival", { span: format.duration(each.arrival_s * 1_000) }), format.distance(each.distance_m)].join(" · ");
}

/** A situation follows the car from camera to camera, unless somebody called for help elsewhere. */
function isAt(situation: SituationRow | null, camera: CameraRow | undefined): boolean {
  const place = situation?.place ?? null;
  return place !== null && camera !== undefined && place.lat === camera.lat && place.lon === camera.lon;
}
