import { describe, expect, it } from "vitest";
import { pass, shownOf, span_ms, startTour, step, type Tour } from "../../../src/components/video/tour";
import { moveBy, transformOf, WHOLE, zoomAt, zoomByKey } from "../../../src/components/video/zoom";

const five = startTour([5, 10, 5, 5, 20].map((seconds, i) => ({ camera: "abcde".charAt(i), seconds })));
const shown = (tour: Tour, tiles: number): string => shownOf(tour, tiles).map(({ camera }) => camera).join("");

describe("tours (R407)", () => {
  it("shows each for its seconds", () => {
    expect(shown(pass(five, 4_999, 1), 1)).toBe("a");
    const second = pass(five, 5_000, 1);
    expect(shown(second, 1)).toBe("b");
    expect(shown(pass(second, 9_999, 1), 1)).toBe("b");
    expect(shown(pass(second, 10_000, 1), 1)).toBe("c");
  });

  it("shows as many as there are tiles, as long as the one that wants longest, and begins anew", () => {
    expect(span_ms(five, 2)).toBe(10_000);
    const next = pass(five, 10_000, 2);
    expect(shown(next, 2)).toBe("cd");
    expect(shown(pass(next, 5_000, 2), 2)).toBe("ea");
  });

  it("stands while it is paused, and goes by hand both ways", () => {
    const paused = { ...five, paused: true };
    expect(pass(paused, 1e6, 1)).toBe(paused);
    expect(shown(step(paused, 1, 1), 1)).toBe("b");
    expect(shown(step(paused, -1, 1), 1)).toBe("e");
  });

  it("skips nothing after a page slept", () => {
    expect(shown(pass(five, 3_600_000, 1), 1)).toBe("b");
  });

  it("does not turn what fits at once, nor nothing at all", () => {
    expect(pass(five, 1e6, 9)).toBe(five);
    expect(shownOf(startTour([]), 4)).toEqual([]);
    expect(step(startTour([]), 1, 4).at).toBe(0);
  });

  it("holds seconds within reason", () => {
    expect(startTour([{ camera: "a", seconds: 0 }, { camera: "b", seconds: 1e9 }]).stops.map(({ seconds }) => seconds)).toEqual([3, 600]);
  });
});

describe("digital zoom (R410)", () => {
  it("keeps the point under the pointer where it is", () => {
    const zoom = zoomAt(WHOLE, 0.25, 0.75, 2);
    expect(zoom).toEqual({ times: 2, x: -0.25, y: -0.75 });
    expect(transformOf(zoom)).toBe("translate(-25%, -75%) scale(2)");
  });

  it("is worked by keys too, arrows only while there is something beside the tile (R788)", () => {
    const keys = (...pressed: string[]) => pressed.reduce<typeof WHOLE | null>((zoom, key) => zoom && zoomByKey(zoom, key), WHOLE);
    expect(keys("+")).toEqual({ times: 1.25, x: -0.125, y: -0.125 });
    expect(keys("+", "-")).toEqual(WHOLE);
    expect(keys("+", "ArrowRight", "ArrowDown")).toEqual({ times: 1.25, x: -0.225, y: -0.225 });
    expect(keys("+", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp")).toEqual({ times: 1.25, x: 0, y: 0 });
    expect(keys("+", "+", "0")).toEqual(WHOLE);
    expect([keys("ArrowRight"), keys("0"), keys("z")]).toEqual([null, null, null]);
  });

  it("never shows an edge, is at most eight times, and comes back whole", () => {
    expect(moveBy(zoomAt(WHOLE, 0, 0, 2), 5, -5)).toEqual({ times: 2, x: 0, y: -1 });
    expect(zoomAt(WHOLE, 0.5, 0.5, 100).times).toBe(8);
    expect(transformOf(zoomAt(zoomAt(WHOLE, 0.9, 0.1, 4), 0.2, 0.3, 0.01))).toBe("none");
  });
});
