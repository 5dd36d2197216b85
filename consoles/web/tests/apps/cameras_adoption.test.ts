import { describe, expect, it } from "vitest";
import { enrolled } from "../../src/apps/cameras/adoption";
import { placeOf } from "../../src/map/typed";
import type { CameraRow } from "../../src/wire";

const camera = (id: string, name: string, state: CameraRow["state"]) => ({ id, name, state }) as CameraRow;

describe("a place that is typed (R757)", () => {
  it("is latitude and longitude, however they are parted", () => {
    expect(placeOf("29.144, 113.116")).toEqual({ lat: 29.144, lon: 113.116 });
    expect(placeOf(" 29.144，113.116 ")).toEqual({ lat: 29.144, lon: 113.116 });
    expect(placeOf("-1 -2")).toEqual({ lat: -1, lon: -2 });
  });

  it("is none where it cannot be one", () => {
    for (const text of ["", "29.144", "29.144,", "91, 0", "0, 181", "a, b", "1, 2, 3"]) expect(placeOf(text)).toBeNull();
  });
});

describe("enrolled cameras (R757)", () => {
  const cameras = [camera("c1", "建设路路口", "up"), camera("c2", "荣家河桥", "down"), camera("c3", "建设路北", "down")];

  it("are listed with those that are down first", () => {
    expect(enrolled(cameras, "").map(({ id }) => id)).toEqual(["c3", "c2", "c1"]);
  });

  it("are found by name, id and state", () => {
    expect(enrolled(cameras, "建设").map(({ id }) => id)).toEqual(["c3", "c1"]);
    expect(enrolled(cameras, "建设 在线").map(({ id }) => id)).toEqual(["c1"]);
    expect(enrolled(cameras, "C2").map(({ id }) => id)).toEqual(["c2"]);
    expect(enrolled(cameras, "nowhere")).toEqual([]);
  });
});
