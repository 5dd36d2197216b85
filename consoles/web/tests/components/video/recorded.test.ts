import { describe, expect, it } from "vitest";
import { codecOf } from "../../../src/components/video/codec";
import { gapAt, joined, lastRecorded, nearestRecorded, segmentAt, withoutDoubles, type Gap, type Span } from "../../../src/components/video/recorded_times";

const span = (from_ms: number, to_ms: number, locked = false): Span => ({ from_ms, to_ms, locked });
const box = (kind: string, ...inside: number[]): number[] => {
  const size = inside.length + 8;
  return [0, 0, size >> 8, size & 255, ...[...kind].map((c) => c.charCodeAt(0)), ...inside];
};

describe("what is recorded (R411)", () => {
  const spans = [span(5_000, 8_000), span(1_000, 3_000), span(8_200, 9_000, true)];

  it("knows the gap that holds an instant, and each gap once however many pages named it", () => {
    const gap = (from_ms: number, to_ms: number): Gap => ({ from_ms, to_ms, reason: "camera_down" });
    const gaps = [gap(3_000, 5_000), gap(9_000, 10_000)];
    expect(gapAt(gaps, 2_999)).toBeNull();
    expect(gapAt(gaps, 3_000)).toEqual(gaps[0]);
    expect(gapAt(gaps, 5_000)).toBeNull();
    expect(withoutDoubles([...gaps, gap(4_000, 5_000), gap(9_000, 10_000)])).toEqual(gaps);
  });

  it("goes on after a gap where the next begins", () => {
    const segments = [{ id: 2, from_ms: 5_000, to_ms: 8_000, init: "i" }, { id: 1, from_ms: 1_000, to_ms: 3_000, init: "i" }];
    expect(segmentAt(segments, 2_999)?.id).toBe(1);
    expect(segmentAt(segments, 3_000)?.id).toBe(2);
    expect(segmentAt(segments, 8_000)).toBeNull();
  });

  it("seeks to what is recorded, later before earlier", () => {
    expect(nearestRecorded(spans, 2_000)).toBe(2_000);
    expect(nearestRecorded(spans, 4_000)).toBe(5_000);
    expect(nearestRecorded(spans, 20_000)).toBe(9_000);
    expect(nearestRecorded([], 1)).toBeNull();
  });

  it("joins what touches and keeps locked apart", () => {
    expect(joined([span(3_000, 4_000), span(0, 3_100), span(4_100, 5_000, true)])).toEqual([span(0, 4_000), span(4_100, 5_000, true)]);
  });
});

describe("codec of a recording (R411)", () => {
  it("reads H.264's profile and level", () => {
    const init = new Uint8Array(box("stsd", ...box("avc1", 0, 0, ...box("avcC", 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 0x64, 1, 0, 0))));
    expect(codecOf(init)).toBe("avc1.64001F");
  });

  it("reads H.265's profile, reversed flags, tier, level and constraints", () => {
    const config = [1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc];
    expect(codecOf(new Uint8Array(box("hvc1", ...box("hvcC", ...config))))).toBe("hvc1.1.6.L93.B0");
  });

  it("knows nothing of other things", () => {
    expect(codecOf(new Uint8Array([1, 2, 3]))).toBeNull();
    expect(codecOf(new Uint8Array(box("avcC")))).toBeNull();
  });
});

describe("what was recorded last (R757)", () => {
  const span = (from_ms: number, to_ms: number): Span => ({ from_ms, to_ms, locked: false });

  it("begins a little before its end, and not before its beginning", () => {
    expect(lastRecorded([span(0, 60_000), span(100_000, 300_000), span(900_000, 990_000)], 500_000)).toBe(290_000);
    expect(lastRecorded([span(100_000, 104_000)], 500_000)).toBe(100_000);
  });

  it("is nothing where nothing was before", () => {
    expect(lastRecorded([], 500_000)).toBeNull();
    expect(lastRecorded([span(400_000, 600_000)], 500_000)).toBeNull();
  });
});
