import { describe, expect, it } from "vitest";
import { camerasFor, judge, mostUseful } from "../../../src/components/video/usefulness";
import { bearing_deg, distance_m } from "../../../src/map/geography";
import type { CameraRow } from "../../../src/wire";

const PLACE = { lat: 29.14, lon: 113.12 };
/** Degrees of latitude that are so many metres. */
const north = (m: number): number => PLACE.lat + m / 111_195;

const camera = (id: string, north_m: number, bearing: number, more: Partial<CameraRow> = {}): CameraRow => ({
  id, name: id, lat: north(north_m), lon: PLACE.lon, bearing_deg: bearing, field_deg: 60, reads_plates: false, state: "up", since_ms: 0, reason: "", recording: {}, ...more,
});
const order = (...rows: CameraRow[]): string[] => mostUseful(new Map(rows.map((row) => [row.id, row])), PLACE, 16).map((each) => each.camera.id);

describe("usefulness of cameras (R405)", () => {
  it("measures a degree of latitude as 111 km", () => {
    expect(distance_m({ lat: 29, lon: 113 }, { lat: 30, lon: 113 })).toBeCloseTo(111_195, -1);
  });

  it("knows north from east", () => {
    expect(bearing_deg(PLACE, { lat: 30, lon: PLACE.lon })).toBeCloseTo(0);
    expect(bearing_deg(PLACE, { lat: PLACE.lat, lon: 114 })).toBeCloseTo(90, 0);
    expect(bearing_deg(PLACE, { lat: PLACE.lat, lon: 112 })).toBeCloseTo(270, 0);
  });

  it("takes the nearer of two that look there", () => {
    expect(order(camera("far", 900, 180), camera("near", 300, 180))).toEqual(["near", "far"]);
  });

  it("takes one that looks there before a nearer one with its back to it", () => {
    expect(order(camera("back", 300, 0), camera("looks", 500, 180))).toEqual(["looks", "back"]);
    // Three times as far is too far: better a near one that may be turned.
    expect(order(camera("back", 300, 0), camera("looks", 1_000, 180))).toEqual(["back", "looks"]);
  });

  it("counts the whole field of view as looking there, over north too", () => {
    expect(judge(camera("a", -400, 330), PLACE).aside_deg).toBeCloseTo(0);
    expect(judge(camera("b", -400, 315), PLACE).aside_deg).toBeCloseTo(15);
    expect(judge(camera("c", -400, 45), PLACE).aside_deg).toBeCloseTo(15);
    expect(judge(camera("d", -400, 180, { field_deg: 360 }), PLACE).aside_deg).toBe(0);
  });

  it("asks no direction of a camera at the place itself", () => {
    expect(order(camera("at", 20, 0), camera("looks", 50, 180))).toEqual(["at", "looks"]);
  });

  it("lets those that are down come last, whatever they would see, and unknown ones with those that work", () => {
    expect(order(camera("down", 100, 180, { state: "down" }), camera("up", 3_000, 0), camera("new", 200, 180, { state: "unknown" }))).toEqual(["new", "up", "down"]);
  });

  it("shows the first that work while there is no place", () => {
    const rows = [camera("a", 0, 0, { state: "down" }), camera("b", 0, 0), camera("c", 0, 0), camera("d", 0, 0)];
    expect(camerasFor(new Map(rows.map((row) => [row.id, row])), null, 2).map(({ id }) => id)).toEqual(["b", "c"]);
  });

  it("leaves out what is too far to show anything", () => {
    expect(order(camera("out", 9_000, 180))).toEqual([]);
  });

  it("gives the same order for equal ones, whatever order they come in", () => {
    expect(order(camera("b", 100, 180), camera("a", 100, 180))).toEqual(["a", "b"]);
  });
});
