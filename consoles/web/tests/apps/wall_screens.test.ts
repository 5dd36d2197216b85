import { describe, expect, it } from "vitest";
import { screensOf, withSent } from "../../src/apps/wall/screens";

describe("the wall's cameras by its address (R416)", () => {
  it("stand in the column beside the map unless asked otherwise", () => {
    expect(screensOf("")).toEqual({ large: false, layout: 5, fixed: [], tour_s: null });
  });

  it("take the middle, the tiles, the cameras and the seconds that are named", () => {
    expect(screensOf("?view=video&layout=9&cameras=c1,,c2&tour=10")).toEqual({ large: true, layout: 9, fixed: ["c1", "c2"], tour_s: 10 });
  });

  it("take a layout with large tiles too (R793)", () => {
    expect([2, 8, 10, 13].map((n) => screensOf(`?view=video&layout=${n}`).layout)).toEqual([2, 8, 10, 13]);
  });

  it("fall back on what is usual for nonsense", () => {
    expect(screensOf("?view=video&layout=7&tour=soon")).toEqual({ large: true, layout: 6, fixed: [], tour_s: null });
    expect(screensOf("?tour=0").tour_s).toBe(3);
    expect(screensOf("?layout=1&cameras=a,b").fixed).toEqual(["a"]);
  });
});

describe("what desks sent (R480, R481)", () => {
  const asked = screensOf("?cameras=c1,c2");
  const sent = (tiles: 4 | null, ...cameras: string[]) => ({ id: "wall", tiles, cameras: cameras.map((camera) => ({ camera, by: "d1", at_ms: 1 })) });

  it("stands before what the address names, nothing twice", () => {
    expect(withSent(asked, sent(null, "c9", "c2"))).toEqual({ ...asked, fixed: ["c9", "c2", "c1"] });
    expect(withSent(asked, undefined)).toEqual(asked);
  });

  it("takes the middle of the wall with its layout", () => {
    expect(withSent(asked, sent(4, "c9"))).toEqual({ ...asked, large: true, layout: 4, fixed: ["c9", "c1", "c2"] });
  });
});
