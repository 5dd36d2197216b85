/** What a device has recorded itself, on the time line (SPEC R469). */

import { describe, expect, it } from "vitest";
import { asSpans, DeviceLane, playableFrom } from "../../../src/components/video/device_lane";
import { Problem, type Api } from "../../../src/sync/api";

const HOUR = 3_600_000;

function api(answer: () => unknown): { api: Api; asked: string[] } {
  const asked: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    asked.push(path);
    return answer();
  };
  return { api: { get } as unknown as Api, asked };
}

const words = (error: unknown): string => (error as Error).message;

describe("a device's own recordings", () => {
  it("are asked for once for a range, up to now, and anew for another", async () => {
    const { api: hub, asked } = api(() => ({ offered: true, whole: true, spans: [{ from_ms: 10, to_ms: 20 }] }));
    const lane = new DeviceLane("c 1");
    expect(await lane.look(hub, [0, 2 * HOUR], HOUR, words)).toBe(true);
    expect(await lane.look(hub, [0, 2 * HOUR], HOUR + 1_000, words)).toBe(false);
    expect(await lane.look(hub, [HOUR, 3 * HOUR], 2 * HOUR, words)).toBe(true);
    expect(asked).toEqual([
      `/api/v1/cameras/c%201/device-recordings?from_ms=0&to_ms=${HOUR}`,
      `/api/v1/cameras/c%201/device-recordings?from_ms=${HOUR}&to_ms=${2 * HOUR}`,
    ]);
    expect(lane.spans).toEqual([{ from_ms: 10, to_ms: 20, locked: false }]);
  });

  it("are not asked for again where the device is not one that is asked", async () => {
    for (const answer of [
      () => ({ offered: false, whole: true, spans: [] }),
      () => {
        throw new Problem(404, "unknown_id", "");
      },
    ]) {
      const { api: hub, asked } = api(answer);
      const lane = new DeviceLane("c1");
      await lane.look(hub, [0, HOUR], HOUR, words);
      await lane.look(hub, [1, HOUR], HOUR, words);
      expect(lane.spans).toBeNull();
      expect(asked).toHaveLength(1);
    }
  });

  it("keep their lane where the device does not answer, and say why", async () => {
    const { api: hub } = api(() => {
      throw new Problem(503, "unavailable", "the device is offline");
    });
    const lane = new DeviceLane("c1");
    expect(await lane.look(hub, [0, HOUR], HOUR, words)).toBe(true);
    expect(lane.spans).toEqual([]);
    expect(lane.trouble).toContain("the device is offline");
  });

  it("of files that touch are one", () => {
    expect(asSpans([{ from_ms: 5_000, to_ms: 9_000 }, { from_ms: 0, to_ms: 5_000 }, { from_ms: 20_000, to_ms: 21_000 }])).toEqual([
      { from_ms: 0, to_ms: 9_000, locked: false },
      { from_ms: 20_000, to_ms: 21_000, locked: false },
    ]);
  });

  it("are begun where there is something to play: never at the very end", () => {
    const spans = asSpans([{ from_ms: 0, to_ms: 60_000 }, { from_ms: 100_000, to_ms: 104_000 }]);
    expect([5_000, 55_000, 70_000, 999_000].map((at_ms) => playableFrom(spans, at_ms))).toEqual([5_000, 50_000, 100_000, 100_000]);
    expect(playableFrom([], 7)).toBe(7);
  });
});
