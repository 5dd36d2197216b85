import { describe, expect, it } from "vitest";
import { nearUnits, nearWords } from "../../src/components/near_units";
import type { CameraRow, HitRow, Recommendation, SituationRow, UnitRow } from "../../src/wire";

const units = new Map(
  [["u1", "patrol_car", "free"], ["u2", "traffic_police", "free"], ["u3", "fire_engine", "free"], ["u4", "patrol_car", "on_scene"]].map(
    ([id = "", kind, state]) => [id, { id, name: `单位${id}`, kind, state } as UnitRow],
  ),
);
const cameras = new Map([["c1", { id: "c1", lat: 29, lon: 113 } as CameraRow]]);
const at = (lat: number): SituationRow => ({ id: "s1", place: { lat, lon: 113 } }) as SituationRow;
const hit = {
  id: "h1", camera: "c1",
  units: [{ unit: "u1", distance_m: 2_000, arrival_s: 216 }, { unit: "u4", distance_m: 300, arrival_s: 32, state: "moving", position_age_ms: 180_000 }],
} as unknown as HitRow; // prettier-ignore
const recommended = ["u3", "u2", "u1"].map((unit, index) => ({ unit, distance_m: 1_000 + index * 1_000, arrival_s: 108 * (index + 1), position_age_ms: 0, fits: true, why: [] }) as Recommendation);

describe("units near a hit (R807)", () => {
  it("are those that are soonest now, by the digit of the list beside; no engine stops a car", () => {
    const near = nearUnits(hit, { units, cameras, situation: at(29), recommended });
    expect(near.map(({ name, digit }) => [name, digit])).toEqual([["单位u2", 2], ["单位u1", 3], ["单位u4", null]]);
    expect(near.map(({ about }) => about)).toEqual(["约 3 分 36 秒 · 2.0 公里", "约 5 分 24 秒 · 3.0 公里", "在现场 · 位置较旧 · 约 32 秒 · 300 米"]);
  });

  it("are those as the car passed where the situation is elsewhere, or nothing is recommended yet", () => {
    const elsewhere = nearUnits(hit, { units, cameras, situation: at(30), recommended });
    expect(elsewhere.map(({ unit, digit }) => [unit, digit])).toEqual([["u1", 3], ["u4", null]]);
    expect(nearUnits(hit, { units, cameras, situation: null, recommended: [] }).map(({ unit, digit }) => [unit, digit])).toEqual([["u1", null], ["u4", null]]);
    expect(nearUnits({ ...hit, units: [] }, { units, cameras, situation: null, recommended: [] })).toEqual([]);
  });

  it("say how soon they are there in seconds or minutes", () => {
    expect(nearWords({ arrival_s: 45, distance_m: 420 })).toBe("约 45 秒 · 420 米");
  });
});
