import { describe, expect, it } from "vitest";
import { StableOrder } from "../../src/components/stable_order";
import { lanes, marksNear, pickRange, ticks, tickWords } from "../../src/components/timeline_layout";

describe("stable order", () => {
  it("holds rows where they are while somebody points at them, and sorts again after", () => {
    const order = new StableOrder();
    expect(order.arrange(["a", "b", "c"], false)).toEqual(["a", "b", "c"]);
    expect(order.arrange(["new", "c", "a"], true)).toEqual(["a", "c", "new"]);
    expect(order.arrange(["new", "c", "a"], false)).toEqual(["new", "c", "a"]);
  });
});

const bar = (id: string, start_ms: number, due_ms: number, done_ms: number | null = null) => ({ id, label: id, start_ms, due_ms, done_ms });

describe("time line", () => {
  it("shows everything that has been and is due, never less than ten minutes", () => {
    const [from, to] = pickRange([{ id: "m", at_ms: 1_000_000, label: "", weighty: true }], [bar("b", 1_100_000, 9_000_000)], 2_000_000);
    expect(from).toBeLessThan(1_000_000);
    expect(to).toBeGreaterThan(9_000_000);
    const [start, end] = pickRange([], [], 5_000_000);
    expect(end - start).toBeGreaterThanOrEqual(600_000);
  });

  it("puts ticks on round times", () => {
    expect(ticks(50_000, 250_000, 5)).toEqual([60_000, 120_000, 180_000, 240_000]);
    expect(ticks(0, 86_400_000, 4).length).toBeLessThanOrEqual(5);
  });

  it("says the day at each tick of what is longer than one (R1114)", () => {
    const at_ms = Date.parse("2026-11-22T08:00:00+08:00");
    expect([300_000, 3_600_000, 86_399_999, 86_400_000].map((span_ms) => tickWords(at_ms, span_ms))).toEqual(["08:00:00", "08:00", "08:00", "11/22 08:00"]);
  });

  it("names the marks under the pointer, of many the newest (R934)", () => {
    const marks = Array.from({ length: 40 }, (_, n) => ({ id: String(n), at_ms: n * 1_000, label: `m${n}`, weighty: false }));
    expect(marksNear(marks, 5_200, 1_500).map(({ id }) => id)).toEqual(["4", "5", "6"]);
    expect(marksNear(marks, 5_200, 100)).toEqual([]);
    expect(marksNear(marks, 20_000, 20_000).map(({ id }) => id)).toEqual(marks.slice(-12).map(({ id }) => id));
  });

  it("lays overlapping bars under each other, late ones first", () => {
    const placed = lanes([bar("a", 0, 1_900), bar("late", 100, 200), bar("after", 2_000, 3_000)], 1_000, 0);
    expect(placed.map(({ bar: { id }, lane }) => [id, lane])).toEqual([
      ["late", 0],
      ["a", 1],
      ["after", 0],
    ]);
  });
});
