import { describe, expect, it } from "vitest";
import { approvable, areaText, clockOf, hitsOf, hoursText, isDoubtful, listed, minuteOf, untilText, wrongBefore, wrongText } from "../../src/apps/vehicles/watch_words";
import type { CameraRow, HitRow, WatchRow } from "../../src/wire";

function watch(id: string, more: Partial<WatchRow> = {}): WatchRow {
  return {
    id, pattern: "湘F12345", reason: "被盗", level: 3, until_ms: 1, state: "active", requested_by: "d1", requested_ms: 0, approved_by: "l1", approved_ms: 0, ended_ms: null,
    hits: 0, rejected: 0, look_alike: false, office: "", area: null, hours: null, action: "alarm", batch: "", not_plates: [], wrong_share: null,
    wrong_in_a_row: 0, judged: 0, remembered: [], waiting: [], ...more,
  };
}

const rows = new Map(
  [
    watch("w1", { level: 4 }),
    watch("w2", { state: "requested", pattern: "皖A*", batch: "w2", requested_by: "d1" }),
    watch("w3", { state: "requested", pattern: "皖A1*", batch: "w2", requested_by: "d2", office: "交警大队" }),
    watch("w4", { state: "lifted" }),
    watch("w5", { level: 1, wrong_share: 0.67, rejected: 2, hits: 3 }),
  ].map((row) => [row.id, row]),
);
const ids = (show: Parameters<typeof listed>[1]["show"], words = "", batch = ""): string[] => [...listed(rows, { show, words, batch }).keys()];

describe("the list", () => {
  it("puts what waits first, then what is in force, the graver before the others", () => {
    expect(ids("all")).toEqual(["w2", "w3", "w5", "w1", "w4"]);
  });
  it("is filtered by state, words and file", () => {
    expect(ids("requested")).toEqual(["w2", "w3"]);
    expect(ids("doubtful")).toEqual(["w5"]);
    expect(ids("all", "皖a 交警")).toEqual(["w3"]);
    expect(ids("all", "", "w2")).toEqual(["w2", "w3"]);
  });
  it("lets nobody approve what is their own", () => {
    expect(approvable(rows.values(), "d1")).toEqual({ ids: ["w3"], own: 1 });
    expect(approvable(rows.values(), "l1")).toEqual({ ids: ["w2", "w3"], own: 0 });
  });
});

it("entries before for the same plate are found where some of their hits were none", () => {
  const again = watch("w9", { state: "requested" });
  const before = new Map([watch("w7", { rejected: 2, hits: 3, state: "lifted" }), watch("w8"), again, watch("w6", { pattern: "皖A*", rejected: 1 })].map((row) => [row.id, row]));
  expect(wrongBefore(before, again).map((row) => row.id)).toEqual(["w7"]);
});

describe("words", () => {
  it("say hours and areas", () => {
    expect(hoursText(watch("w", { hours: { from_min: 1320, to_min: 360 } }))).toBe("22:00–06:00");
    expect(hoursText(watch("w"))).toBe("全天");
    const cameras = new Map([["k1", { name: "路口" } as CameraRow]]);
    expect(areaText(watch("w", { area: { cameras: ["k1", "k9"] } }), cameras)).toBe("路口、k9");
    expect(areaText(watch("w", { area: { ring: [[1, 1], [2, 2], [3, 1]] } }), cameras)).toBe("绘定区域（3 个角点）");
    expect(areaText(watch("w"), cameras)).toBe("全部摄像机");
  });
  it("say how often an entry was wrong only once the hub says it", () => {
    expect(wrongText(watch("w"))).toBe("");
    expect(wrongText(watch("w", { wrong_share: 0.67, rejected: 2, judged: 3, hits: 9 }))).toBe("误报 67%（已判定 3 次中 2 次）");
    expect(wrongText(watch("w", { wrong_share: 0.3, rejected: 3, judged: 10, hits: 10, wrong_in_a_row: 3 }))).toBe("误报 30%（已判定 10 次中 3 次） · 连续 3 次误报");
    expect(isDoubtful(watch("w", { wrong_share: 0.3 }))).toBe(false);
    expect(isDoubtful(watch("w", { wrong_share: 0.3, wrong_in_a_row: 3 }))).toBe(true);
  });
  it("say that they have no end where that is the latest instant that there is", () => {
    const told = (at_ms: number): string => `@${at_ms}`;
    expect([1, 32_503_679_999_999, 32_503_680_000_000].map((at_ms) => untilText(at_ms, told))).toEqual(["@1", "@32503679999999", "长期"]);
  });
  it("go from clocks to minutes and back", () => {
    for (const minute of [0, 59, 60, 1439]) expect(minuteOf(clockOf(minute))).toBe(minute);
    expect(minuteOf("")).toBeNull();
  });
});

it("hits of an entry come newest first", () => {
  const hit = (id: string, of: string, seen_ms: number): [string, HitRow] => [id, { id, watch: of, seen_ms } as HitRow];
  expect(hitsOf(new Map([hit("h1", "w1", 1), hit("h2", "w2", 2), hit("h3", "w1", 3)]), "w1").map((each) => each.id)).toEqual(["h3", "h1"]);
});
