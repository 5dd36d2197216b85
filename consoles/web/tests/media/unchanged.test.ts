import { describe, expect, it } from "vitest";
import { compared, type Sampled } from "../../src/media/unchanged";

const street = (): Uint32Array => Uint32Array.from({ length: 2_304 }, (_, i) => 0xff000000 + i);

describe("pictures in which nothing changes (R791)", () => {
  it("counts from when a pixel last changed, however often the same comes", () => {
    let known: Sampled | null = null;
    for (const now_ms of [1_000, 1_500, 2_000, 900_000]) known = compared(known, street(), now_ms);
    expect(known?.changed_ms).toBe(1_000);
  });

  it("counts anew once one pixel of all is another by the least there is", () => {
    const before = compared(null, street(), 1_000);
    for (const at of [0, 2_303]) {
      const pixels = street();
      pixels[at] = (pixels[at] ?? 0) ^ 1;
      const after = compared(before, pixels, 9_000);
      expect(after.changed_ms).toBe(9_000);
      expect(compared(after, pixels, 9_500).changed_ms).toBe(9_000);
      expect(compared(after, street(), 9_500).changed_ms, "back to what was is a change too").toBe(9_500);
    }
  });
});
