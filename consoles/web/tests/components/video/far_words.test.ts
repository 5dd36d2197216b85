import { describe, expect, it } from "vitest";
import { farWords } from "../../../src/components/video/far_words";
import { judge } from "../../../src/components/video/usefulness";
import type { CameraRow } from "../../../src/wire";

const PLACE = { lat: 29.14, lon: 113.12 };
/** Stands so many metres east of the place, and looks so. */
const east = (m: number, bearing_deg: number) =>
  judge({ lat: PLACE.lat, lon: PLACE.lon + m / (111_195 * Math.cos((PLACE.lat * Math.PI) / 180)), bearing_deg, field_deg: 60 } as CameraRow, PLACE);

describe("why a camera stands where it stands (R794)", () => {
  it("is rank, distance and side where there is little room", () => {
    expect(farWords(east(240, 270), 3).short).toBe("3 · 240 米 东");
    expect(farWords(east(-1_500, 90), 12).short).toBe("12 · 1.5 公里 西");
  });

  it("says whether it looks there where there is more", () => {
    expect(farWords(east(240, 270), 3).plain).toBe("3 · 240 米 · 朝向现场");
    expect(farWords(east(240, 180), 3).plain).toBe("3 · 240 米 · 偏开 60°");
  });

  it("is said whole to whoever points at it or listens", () => {
    expect(farWords(east(240, 180), 3).whole).toBe("就近第 3：在现场东 240 米，偏开 60°");
  });
});
