import { describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS, backoffMs } from "../../src/sync/backoff";

describe("back-off", () => {
  it("doubles under a cap and spreads by chance, but never to nothing", () => {
    expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 1))).toEqual([250, 500, 1_000, 2_000]);
    expect(backoffMs(40, 1)).toBe(BACKOFF_MOST_MS);
    expect(backoffMs(3, 0.5)).toBe(1_000);
    expect(backoffMs(5, 0)).toBe(BACKOFF_FIRST_MS / 2);
  });
});
