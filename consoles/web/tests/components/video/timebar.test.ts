import { describe, expect, it } from "vitest";
import { bundled, keyStep_ms, rangeAround } from "../../../src/components/video/timebar_layout";

const HOUR = 3_600_000;

describe("time line of a recording (R411)", () => {
  it("puts the instant in the middle, and shows little of the future", () => {
    expect(rangeAround(10 * HOUR, HOUR, null, 20 * HOUR)).toEqual([9.5 * HOUR, 10.5 * HOUR]);
    expect(rangeAround(10 * HOUR, HOUR, null, 10 * HOUR)).toEqual([9.1 * HOUR, 10.1 * HOUR]);
  });

  it("stands still while the play head goes, and moves before it leaves", () => {
    const range = rangeAround(10 * HOUR, HOUR, null, 20 * HOUR);
    expect(rangeAround(10.3 * HOUR, HOUR, range, 20 * HOUR)).toEqual(range);
    expect(rangeAround(10.45 * HOUR, HOUR, range, 20 * HOUR)).toEqual([9.95 * HOUR, 10.95 * HOUR]);
    expect(rangeAround(10 * HOUR, 6 * HOUR, range, 20 * HOUR)).toEqual([7 * HOUR, 13 * HOUR]);
  });

  it("bundles marks that would lie on one another", () => {
    const marks = [30, 10, 11, 12].map((at_ms) => ({ at_ms, kind: "hit" as const, label: "" }));
    expect(bundled(marks, 5).map((each) => each.length)).toEqual([3, 1]);
  });

  it("steps by keys", () => {
    expect([keyStep_ms("ArrowLeft", false, HOUR), keyStep_ms("ArrowRight", true, HOUR), keyStep_ms("PageUp", false, HOUR), keyStep_ms("x", false, HOUR)]).toEqual([-5_000, 60_000, -HOUR / 4, null]);
  });
});
