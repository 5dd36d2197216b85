/** Cars that passed, on the time line of a recording (SPEC R787). */

import { describe, expect, it } from "vitest";
import { PlateLane, stretchOf } from "../../../src/components/video/plate_lane";
import { Problem, type Api } from "../../../src/sync/api";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Page {
  readonly sightings: readonly { readonly plate: string; readonly first_ms: number }[];
  readonly next: string | null;
}

function hub(pages: (cursor: string) => Page): { api: Api; asked: Record<string, unknown>[] } {
  const asked: Record<string, unknown>[] = [];
  const post = async (_path: string, body: { cursor: string }): Promise<Page> => {
    asked.push({ ...body });
    return pages(body.cursor);
  };
  return { api: { post, inSpace: (path: string) => path } as unknown as Api, asked };
}

describe("cars that passed (R787)", () => {
  it("are asked for by camera, time and reason, all pages of them", async () => {
    const { api, asked } = hub((cursor) =>
      cursor === "" ? { sightings: [{ plate: "湘F12345", first_ms: 900 }], next: "more" } : { sightings: [{ plate: "湘FD12345", first_ms: 300 }], next: null },
    );
    const lane = new PlateLane("c 1");
    await lane.look(api, [100.5, 1_000], "找肇事车", "s4");
    expect(asked.map(({ cursor, ...rest }) => [cursor, rest])).toEqual(
      ["", "more"].map((cursor) => [cursor, { reason: "找肇事车", case: "s4", cameras: ["c 1"], from_ms: 100, to_ms: 1_000, limit: 200 }]),
    );
    expect(lane.marks.map(({ at_ms, kind, label }) => [at_ms, kind, label])).toEqual([
      [900, "sighting", "过车 湘F12345"],
      [300, "sighting", "过车 湘FD12345"],
    ]);
    expect(lane.looked).toEqual([100.5, 1_000]);
  });

  it("of a busy time are the newest, and it is said from when on", async () => {
    let at_ms = 1_000;
    const { api, asked } = hub(() => ({ sightings: [{ plate: "湘F12345", first_ms: (at_ms -= 10) }], next: "more" }));
    const lane = new PlateLane("c1");
    await lane.look(api, [0, 1_000], "找车", null);
    expect(asked).toHaveLength(5);
    expect(lane.looked).toEqual([950, 1_000]);
  });

  it("stay where the next look is refused", async () => {
    const lane = new PlateLane("c1");
    await lane.look(hub(() => ({ sightings: [{ plate: "湘F12345", first_ms: 5 }], next: null })).api, [0, 10], "找车", null);
    const refusing = hub(() => {
      throw new Problem(429, "too_many", "");
    });
    await expect(lane.look(refusing.api, [0, 20], "找车", null)).rejects.toThrow(Problem);
    expect(lane.marks).toHaveLength(1);
    expect(lane.looked).toEqual([0, 10]);
  });

  it("are looked up for what is seen of the time line, up to now and a day at most", () => {
    expect(stretchOf([0, HOUR], HOUR / 2, 10 * DAY)).toEqual([0, HOUR]);
    expect(stretchOf([0, HOUR], HOUR / 2, HOUR / 4)).toEqual([0, HOUR / 4]);
    expect(stretchOf([0, 7 * DAY], 3 * DAY, 10 * DAY)).toEqual([2.5 * DAY, 3.5 * DAY]);
    expect(stretchOf([0, 7 * DAY], 0, 10 * DAY)).toEqual([0, DAY]);
    expect(stretchOf([0, 7 * DAY], 6 * DAY, 6 * DAY)).toEqual([5 * DAY, 6 * DAY]);
  });
});
