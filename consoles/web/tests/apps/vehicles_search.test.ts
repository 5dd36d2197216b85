import { describe, expect, it } from "vitest";
import { hashOf, whereIs } from "../../src/apps/tabs";
import { addressOf, asked, bodyOf, emptyForm, instantOf, lastTime, localOf, missing, type Form } from "../../src/apps/vehicles/search_ask";
import { advanced, BEGINNING, pressed, SPEEDS, wait_ms } from "../../src/apps/vehicles/search_playback";
import { pathsOf, pinsOf } from "../../src/apps/vehicles/search_places";
import { along, legWords } from "../../src/apps/vehicles/search_ways";
import { judgement, small } from "../../src/apps/vehicles/search_results";
import type { Companion, Leg } from "../../src/apps/vehicles/search_wire";
import type { CameraRow, FenceRow, Sighting } from "../../src/wire";

const NOW = Date.UTC(2026, 10, 22, 10, 30, 15);
const FENCES = new Map([["f1", { id: "f1", name: "城区", ring: [[113, 29], [113.1, 29], [113.1, 29.1]] } as unknown as FenceRow]]);

function form(changed: Partial<Form>): Form {
  return { ...emptyForm(NOW), reason: " 办案 ", ...changed };
}

describe("what is asked", () => {
  it("speaks county time whatever the machine's zone is", () => {
    expect(localOf(NOW)).toBe("2026-11-22T18:30");
    expect(instantOf("2026-11-22T18:30")).toBe(Date.UTC(2026, 10, 22, 10, 30));
    expect(instantOf(localOf(NOW))).toBe(NOW - 15_000);
  });

  it("is about the last day, which is a day and not a minute more, and holds what passes now", () => {
    const { from, to, last_h } = lastTime(24, NOW);
    expect([instantOf(to) - instantOf(from), last_h]).toEqual([86_400_000, 24]);
    expect(instantOf(to)).toBeGreaterThan(NOW);
  });

  it("holds only what this kind of query takes", () => {
    const all = form({ plate: " 湘f1 ", colour: "blue", kind: "police", direction: "away", heading: "0", case: " A1 " });
    expect(bodyOf(all, FENCES)).toMatchObject({ reason: "办案", case: "A1", plate: "湘f1", colour: "blue", kind: "police", direction: "away", headings: [315, 45] });
    expect(Object.keys(bodyOf({ ...all, what: "track" }, FENCES)).sort()).toEqual(["case", "from_ms", "plate", "reason", "to_ms"]);
    expect(bodyOf({ ...all, what: "companions" }, FENCES)).toMatchObject({ at_least: 3, within_s: 60 });
    expect(bodyOf({ ...all, what: "first_time" }, FENCES)).not.toHaveProperty("plate");
    expect(bodyOf({ ...all, what: "frequent", visits: 7, when: "night" }, FENCES)).toMatchObject({ at_least: 7, when: "night" });
  });

  it("names the place that was chosen and no other", () => {
    const area = [[1, 2], [3, 4], [5, 6]] as const;
    expect(bodyOf(form({ where: "drawn", area, cameras: ["k1"] }), FENCES)).toMatchObject({ area });
    expect(bodyOf(form({ where: "fence:f1", area }), FENCES)["area"]).toEqual(FENCES.get("f1")?.ring);
    expect(bodyOf(form({ where: "cameras", area, cameras: ["k1"] }), FENCES)).toMatchObject({ cameras: ["k1"] });
    for (const name of ["area", "cameras"]) expect(bodyOf(form({ area, cameras: ["k1"] }), FENCES)).not.toHaveProperty(name);
  });

  it("is not asked of everywhere where a place was meant", () => {
    expect(missing(form({ where: "drawn", area: [[1, 2], [3, 4]] }))).toBe("corners");
    expect(missing(form({ where: "cameras" }))).toBe("cameras");
    expect(missing(form({}))).toBeNull();
  });

  it("takes the plate that an address names, with its reason and case (R711)", () => {
    expect(asked("plate=湘F12345")).toEqual({ plate: "湘F12345", reason: "", case: "" });
    expect(asked("")).toEqual({ plate: "", reason: "", case: "" });
    const asks = { plate: "湘F12345", reason: "追尾逃逸 50% & 两车/三人", case: "s17" };
    expect(asked(whereIs(hashOf("search", addressOf(asks)), ["now", "search"]).detail)).toEqual(asks);
  });
});

const LEG: Leg = { ms: 600_000, distance_m: 9_000, speed_kmh: 54, gap: false, road: null, no_road: "no_net", suspect: null };

describe("a track played back", () => {
  it("goes by key, and never past its ends", () => {
    const at = (n: number) => ({ ...BEGINNING, at: n });
    expect(pressed(at(0), "ArrowLeft", 3)?.at).toBe(0);
    expect(pressed(at(1), "ArrowRight", 3)?.at).toBe(2);
    expect(pressed(at(2), "ArrowRight", 3)?.at).toBe(2);
    expect(pressed(at(2), "Home", 3)?.at).toBe(0);
    expect(pressed(at(0), "End", 3)?.at).toBe(2);
    expect(pressed(at(0), "x", 3)).toBeNull();
    expect(pressed({ ...at(1), playing: true }, "ArrowRight", 3)?.playing).toBe(false);
  });

  it("plays to its end and then from its beginning", () => {
    let state = pressed(BEGINNING, " ", 3) ?? BEGINNING;
    expect(state.playing).toBe(true);
    state = advanced(advanced(state, 3), 3);
    expect([state.at, state.playing]).toEqual([2, false]);
    expect(pressed(state, " ", 3)).toMatchObject({ at: 0, playing: true });
    expect(pressed(BEGINNING, " ", 1)?.playing).toBe(false);
  });

  it("changes pace within bounds and waits accordingly", () => {
    expect(pressed(BEGINNING, "+", 3)?.speed).toBe(SPEEDS[2]);
    expect(pressed({ ...BEGINNING, speed: SPEEDS[2] }, "+", 3)?.speed).toBe(SPEEDS[2]);
    expect(pressed({ ...BEGINNING, speed: SPEEDS[0] }, "-", 3)?.speed).toBe(SPEEDS[0]);
    expect(wait_ms(LEG, 300)).toBe(2_000);
    expect(wait_ms({ ...LEG, ms: 1e9 }, 300)).toBe(4_000);
    expect(wait_ms({ ...LEG, ms: 10 }, 300)).toBe(500);
  });

  it("is joined on the map by dashed lines, but for cameras that are gone", () => {
    const cameras = new Map(["a", "b"].map((id, n) => [id, { id, name: id, lat: 29 + n, lon: 113 } as unknown as CameraRow]));
    const stops = ["a", "b", "gone", "b", "b", "a"].map((camera, n) => ({ camera, first_ms: n }) as unknown as Sighting);
    const answer = { is: "track", track: { stops, legs: [], ways: [], earlier: false, query: "q1", left: 1 } } as const;
    const paths = pathsOf(form({}), answer, 4, cameras);
    expect(paths.map(({ points, dashed, strong }) => [points[0]?.lat, points[1]?.lat, dashed, strong])).toEqual([[29, 30, true, false], [30, 29, true, true]]);
    expect(pinsOf(answer, 4, cameras).map(({ id }) => id)).toEqual(["a", "b"]);
  });
});

describe("the likely way", () => {
  const cameras = new Map(["a", "b"].map((id, n) => [id, { id, name: id, lat: 29 + n, lon: 113 } as unknown as CameraRow]));
  const stops = ["a", "b", "a"].map((camera, n) => ({ camera, first_ms: n }) as unknown as Sighting);
  const road: Leg = { ...LEG, road: { way: 0, distance_m: 12_000, usual_s: 720, speed_kmh: 72 }, no_road: null };
  const answer = { is: "track", track: { stops, legs: [road, { ...LEG, no_road: "off_road" }], ways: [[[29, 113], [29, 114], [30, 113]]], earlier: false, query: "q1", left: 1 } } as const;

  it("is drawn unlike a straight line, and only where it is known", () => {
    const paths = pathsOf(form({}), answer, 0, cameras);
    expect(paths.map(({ points, dotted }) => [points.length, dotted ?? false])).toEqual([[3, true], [2, false]]);
    const suspect = { ...answer, track: { ...answer.track, legs: [{ ...road, suspect: "roads" }, road] } } as const;
    expect(pathsOf(form({}), suspect, 0, cameras).map(({ dotted }) => dotted ?? false)).toEqual([false, true]);
  });

  it("is gone along while the track is played, and only there", () => {
    const places = [{ lat: 29, lon: 113 }, { lat: 29, lon: 114 }, { lat: 29, lon: 116 }];
    expect([-1, 0, 0.5, 1, 2].map((share) => along(places, share).lon)).toEqual([113, 113, 114.5, 116, 116]);
    const pin = (stop: number, share: number) => pinsOf(answer, stop, cameras, share).find(({ id }) => id === "~likely");
    expect(pin(0, 0.5)).toMatchObject({ lat: expect.any(Number) });
    expect([pin(0, 0), pin(1, 0.5)]).toEqual([undefined, undefined]);
    const gap = { ...answer, track: { ...answer.track, legs: [{ ...road, gap: true }] } } as const;
    expect(pinsOf(gap, 0, cameras, 0.5).map(({ id }) => id)).not.toContain("~likely");
  });

  it("is told with what it would take, or why there is none", () => {
    expect(legWords(road)).toEqual(["10 分，直线 9.0 公里 · 至少 54 km/h", "推测路径 12 公里，常速约 12 分 · 平均 72 km/h"]);
    expect(legWords({ ...LEG, no_road: "off_road" })[1]).toContain("没有道路");
    expect(legWords({ ...road, gap: true }).join()).not.toContain("km/h");
    expect(legWords({ ...road, suspect: "roads" })[1]).toBe("路网上 12 公里，常速约 12 分 · 平均 72 km/h");
    expect(legWords({ ...LEG, distance_m: 0, no_road: "same_place" })).toHaveLength(1);
  });
});

describe("companions", () => {
  it("are judged by how many there would be by chance", () => {
    const words = [1e-9, 0.01, 3].map((by_chance) => judgement({ by_chance } as unknown as Companion));
    expect(new Set(words).size).toBe(3);
    expect([12.4, 2.51, 0.02, 1e-9].map(small)).toEqual(["12", "2.5", "0.02", "< 0.001"]);
  });
});
