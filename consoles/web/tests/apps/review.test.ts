import { beforeAll, describe, expect, test } from "vitest";
import { counts, expired, headline, hindrance, instant, lacking, nextOpen, queued, said, taken } from "../../src/apps/vehicles/review_words";
import type { CameraRow, RegionsRow, SectionRow, ViolationRow } from "../../src/wire";

const NOON_MS = Date.UTC(2026, 10, 22, 4); // 12:00 in the county
const HOUR_MS = 3_600_000;

function row(id: string, changes: Partial<ViolationRow> = {}): ViolationRow {
  return {
    id, plate: "湘F12345", state: "found", registered_by: "zhang", found_ms: NOON_MS - Number(id.slice(1)) * HOUR_MS, due_ms: NOON_MS, manifest: "", clip: "pending", clip_why: "", unseen: [],
    claimed_by: "", claimed_until_ms: null, corrected: "", corrected_by: "", reviewed_by: [], reviewed_ms: null, reason: null, text: "", overdue: false, case: "", sent_ms: null,
    finding: { kind: "interval_speed", plate: "湘F12345", colour: "blue", plate_kind: "ordinary", rule: "sec1", version: 1, passages: [], steps: [] }, ...changes,
  };
}

function rows(...all: ViolationRow[]): ReadonlyMap<string, ViolationRow> {
  return new Map(all.map((each) => [each.id, each]));
}

describe("the queue", () => {
  test("begins with the oldest, and what comes stands behind", () => {
    const order = queued([], rows(row("v1"), row("v3"), row("v2")));
    expect(order).toEqual(["v3", "v2", "v1"]);
    expect(queued(order, rows(row("v1"), row("v3"), row("v2"), row("v9")))).toEqual(["v3", "v2", "v1", "v9"]);
  });
  test("keeps what was decided in its place, and lets go of what left", () => {
    const decided = row("v2", { state: "rejected" });
    expect(queued(["v3", "v2", "v1"], rows(row("v3"), decided, row("v1")))).toEqual(["v3", "v2", "v1"]);
    expect(queued(["v3", "v2", "v1"], rows(row("v3"), row("v1")))).toEqual(["v3", "v1"]);
    expect(queued([], rows(decided))).toEqual([]);
  });
  test("goes on after the one decided, and round to the beginning", () => {
    const may = (id: string): boolean => id !== "v2";
    expect(nextOpen(["v1", "v2", "v3"], "v1", may)).toBe("v3");
    expect(nextOpen(["v1", "v2", "v3"], "v3", may)).toBe("v1");
    expect(nextOpen(["v1", "v2"], "v1", may)).toBe("");
  });
});

test("who registered the rule, confirmed it once or comes second does not decide", () => {
  const who = (id: string): string => id;
  expect(hindrance(row("v1"), "li", who, NOON_MS)).toBe("");
  expect(hindrance(row("v1"), "zhang", who, NOON_MS)).toContain("由别人审核");
  expect(hindrance(row("v1", { state: "confirmed_once", reviewed_by: ["li"] }), "li", who, NOON_MS)).toContain("第二人");
  const claimed = row("v1", { claimed_by: "wang", claimed_until_ms: NOON_MS + HOUR_MS });
  expect(hindrance(claimed, "li", who, NOON_MS)).toContain("wang 正在看");
  expect(hindrance(claimed, "wang", who, NOON_MS)).toBe("");
  expect(hindrance(claimed, "li", who, NOON_MS + 2 * HOUR_MS)).toBe("");
});

test("counts are of the county's day", () => {
  const told = counts(
    [
      row("v1"), row("v5"), row("v2", { state: "sent", reviewed_ms: NOON_MS - HOUR_MS, reviewed_by: ["li"] }),
      row("v3", { state: "rejected", reviewed_ms: NOON_MS - 11 * HOUR_MS, reviewed_by: ["wang"] }), row("v4", { state: "rejected", reviewed_ms: NOON_MS - 13 * HOUR_MS, reviewed_by: ["li"] }),
    ],
    "li", NOON_MS,
  );
  expect(told).toEqual({ left: 2, oldest_ms: NOON_MS - 5 * HOUR_MS, yes: 1, no: 1, mine: 1 });
});

test("a section in force whose certificate is no longer good is named", () => {
  const version = (until_ms: number | null, good_ms: number) => ({ version: 1, by: "z", at_ms: 0, from_ms: 0, until_ms, definition: { name: "滨江路", certificate_until_ms: good_ms } });
  const sections = [version(null, NOON_MS - 1), version(NOON_MS - 1, NOON_MS - 1), version(null, NOON_MS + 1)].map((each, at) => ({ id: `s${at}`, versions: [each] }) as unknown as SectionRow);
  expect(expired(sections, NOON_MS)).toEqual(["滨江路"]);
});

describe("where nothing waits to be reviewed", () => {
  const none = { left: 0, oldest_ms: null, yes: 0, no: 0, mine: 0 };
  const nothing = { sections: [], restrictions: [], regions: [] };
  const camera = (id: string, changes: Partial<CameraRow> = {}) => [id, { id, name: `路口 ${id}`, state: "up", reads_plates: true, ...changes } as CameraRow] as const;
  const ofCamera = (id: string, until_ms: number | null = null) => ({ id, versions: [{ version: 1, by: "z", at_ms: 0, from_ms: 0, until_ms, regions: [], exempt: [] }] }) as RegionsRow;
  test("it says that there are no rules, and who registers some", () => {
    expect(lacking(nothing, new Map(), none, false, NOON_MS)).toMatchObject({ good: false, text: expect.stringContaining("请指挥长或管理员") });
    expect(lacking({ ...nothing, regions: [ofCamera("k1", 5)] }, new Map(), none, true, NOON_MS)).toMatchObject({ good: false, text: expect.stringContaining("点右上") });
  });
  test("it names cameras of rules that are down or read no plates", () => {
    const rules = { ...nothing, regions: ["k1", "k2", "k3"].map((id) => ofCamera(id)) };
    const cameras = new Map([camera("k1"), camera("k2", { state: "down" }), camera("k3", { reads_plates: false })]);
    expect(lacking(rules, cameras, none, false, NOON_MS)).toMatchObject({ good: false, text: expect.stringMatching(/3 条依据.*2 台.*路口 k2、路口 k3/) });
    expect(lacking(rules, new Map([camera("k1")]), none, false, NOON_MS)).toMatchObject({ good: true, text: expect.stringContaining("今天还没有查到") });
  });
  test("it says so where all of today's are reviewed", () => {
    expect(lacking(nothing, new Map(), { ...none, yes: 2, no: 1 }, false, NOON_MS)).toMatchObject({ good: true, text: "都审完了：今日确认 2，驳回 1" });
  });
});

test("a speed stands beside limit, tolerance and by how much it is over", () => {
  const finding = { ...row("v1").finding, speed_kmh: 88.2, limit_kmh: 60, steps: [{ step: "limit", args: { tolerance_percent: 10, over_percent: 47 } }] };
  expect(headline(finding)).toEqual({ speed: "88.2 km/h", limit: "限速 60 · 容差 10% · 至少超 47%" });
  expect(headline({ ...finding, steps: [] })?.limit).toBe("限速 60 km/h");
  expect(headline(row("v1").finding)).toBeNull();
});

describe("the calculation", () => {
  beforeAll(() => expect(instant(NOON_MS + 5)).toBe("12:00:00.005"));
  test("is said with its numbers", () => {
    expect(said({ step: "speed", args: { shortest_m: 1980, longest_ms: 80_780, speed_kmh: 88.2 } })).toBe("1980 米 ÷ 80.780 秒 × 3.6 = 88.2 km/h（舍去尾数）");
    expect(said({ step: "went", args: { direction: "towards", allowed: "away" } })).toBe("行驶方向：驶来；此处只许：驶离");
    expect(said({ step: "newer", args: {} })).toBe("newer");
  });
  // R820
  test("says the last digit, or that there is none", () => {
    const of = (last_digit: string) => said({ step: "vehicle_concerned", args: { colour: "blue", kind: "ordinary", last_digit } });
    expect(of("4")).toBe("蓝牌，普通，尾号（最后一位数字）4：在限制之列");
    for (const none of ["", "None"]) expect(of(none)).toBe("蓝牌，普通，号牌无数字，无尾号：在限制之列");
  });
});

// R824
test("by what device and clock a passage was dated is said for every kind, and what is not known", () => {
  const passage = { camera: "k1", first_ms: 1, last_ms: 2, reads: 6, confidence: 0.97, source: "edge" } as const;
  expect(taken(passage, {})).toEqual(["边缘节点读取", "设备编号未登记", "时刻误差未测", "读 6 次"]);
  expect(taken(passage, { agent: "north", number: "GD-1", clock_error_ms: 100, frame_error_ms: 40 })).toEqual(["边缘节点读取 north", "设备 GD-1", "时刻误差 ±140 毫秒", "读 6 次"]);
  expect(taken({ ...passage, source: "camera", device: "GD-2", clock_error_ms: 90 }, null)).toEqual(["本平台读取", "设备 GD-2", "时刻误差 ±90 毫秒", "读 6 次"]);
});
