import { describe, expect, it } from "vitest";
import type { Row } from "../../src/sync/protocol";
import { Store, TOMBSTONES } from "../../src/sync/store";

const now_ms = 0;
const atOnce = (run: () => void): void => run();

const row = (id: string, rest: object = {}): Row => ({ id, ...rest });

function loaded(): Store {
  const store = new Store(atOnce);
  store.snapshot({ type: "snapshot", seq: 10, now_ms, table: "calls", rows: { c1: row("c1", { state: "ringing" }) } });
  return store;
}

describe("store", () => {
  it("tells a table that is not loaded from an empty one", () => {
    const store = new Store(atOnce);
    expect(store.loaded("calls")).toBe(false);
    store.snapshot({ type: "snapshot", seq: 0, now_ms, table: "calls", rows: {} });
    expect(store.loaded("calls")).toBe(true);
    expect(store.rows("calls").size).toBe(0);
  });

  it("replaces a table by its snapshot, rows that are gone included", () => {
    const store = loaded();
    store.snapshot({ type: "snapshot", seq: 12, now_ms, table: "calls", rows: { c2: { id: "c2" } } });
    expect([...store.rows("calls").keys()]).toEqual(["c2"]);
    expect(store.seq).toBe(12);
  });

  it("holds rows in another map once a change is told, and only then", () => { // R1092
    const due: (() => void)[] = [];
    const store = new Store((run) => due.push(run));
    store.snapshot({ type: "snapshot", seq: 10, now_ms, table: "calls", rows: { c1: { id: "c1" } } });
    due.pop()?.();
    const drawn = store.rows("calls");
    expect(store.rows("calls")).toBe(drawn);
    store.delta({ type: "delta", seq: 11, now_ms, tables: { calls: { c2: { id: "c2" } } } });
    due.pop()?.();
    expect(store.rows("calls")).not.toBe(drawn);
    expect([...store.rows("calls").keys()]).toEqual(["c1", "c2"]);
  });

  it("adds, changes and removes rows by delta", () => {
    const store = loaded();
    store.delta({ type: "delta", seq: 11, now_ms, tables: { calls: { c1: row("c1", { state: "answered" }), c2: { id: "c2" } } } });
    expect(store.rows("calls").get("c1")).toEqual({ id: "c1", state: "answered" });
    store.delta({ type: "delta", seq: 12, now_ms, tables: { calls: { c1: null } } });
    expect([...store.rows("calls").keys()]).toEqual(["c2"]);
    expect(store.seq).toBe(12);
  });

  it("never takes a row back to an older state, nor brings a removed one back", () => {
    const store = loaded();
    store.delta({ type: "delta", seq: 15, now_ms, tables: { calls: { c1: row("c1", { state: "ended" }), c3: { id: "c3" } } } });
    store.delta({ type: "delta", seq: 14, now_ms, tables: { calls: { c1: row("c1", { state: "answered" }) } } });
    expect(store.rows("calls").get("c1")).toEqual({ id: "c1", state: "ended" });
    store.delta({ type: "delta", seq: 16, now_ms, tables: { calls: { c3: null } } });
    store.delta({ type: "delta", seq: 15, now_ms, tables: { calls: { c3: { id: "c3" } } } });
    expect(store.rows("calls").has("c3")).toBe(false);
    store.delta({ type: "delta", seq: 9, now_ms, tables: { calls: { c4: { id: "c4" } } } });
    expect(store.rows("calls").has("c4")).toBe(false);
    expect(store.seq).toBe(16);
  });

  it("takes a row again at the same sequence, since positions are readings and move without one", () => {
    const store = loaded();
    for (const lat of [29.1, 29.2]) store.delta({ type: "delta", seq: 10, now_ms, tables: { calls: { u1: row("u1", { lat }) } } });
    expect(store.rows("calls").get("u1")).toEqual({ id: "u1", lat: 29.2 });
  });

  it("keeps the later of two positions, since another hub may have heard less, and goes back where the whole record does", () => {
    const store = new Store(atOnce);
    const at = (at_ms: number): Record<string, Row> => ({ u1: row("u1", { at_ms }) });
    store.snapshot({ type: "snapshot", seq: 10, now_ms, table: "positions", rows: at(2_000) });
    store.delta({ type: "delta", seq: 10, now_ms, tables: { positions: at(1_000) } });
    expect(store.rows("positions").get("u1")?.at_ms).toBe(2_000);
    store.snapshot({ type: "snapshot", seq: 12, now_ms, table: "positions", rows: at(1_500) });
    expect(store.rows("positions").get("u1")?.at_ms).toBe(2_000);
    store.delta({ type: "delta", seq: 12, now_ms, tables: { positions: at(3_000) } });
    expect(store.rows("positions").get("u1")?.at_ms).toBe(3_000);
    store.snapshot({ type: "snapshot", seq: 4, now_ms, table: "positions", rows: at(1_000) });
    expect(store.rows("positions").get("u1")?.at_ms).toBe(1_000);
  });

  it("takes what comes after a record that was set back, whatever numbers its rows had before (R208)", () => {
    const store = loaded();
    store.delta({ type: "delta", seq: 100, now_ms, tables: { calls: { c1: row("c1", { state: "ended" }), c2: row("c2") } } });
    store.delta({ type: "delta", seq: 101, now_ms, tables: { calls: { c2: null } } });
    store.snapshot({ type: "snapshot", seq: 50, now_ms, table: "calls", rows: { c1: row("c1", { state: "ringing" }), c2: row("c2") } });
    store.delta({ type: "delta", seq: 51, now_ms, tables: { calls: { c1: row("c1", { state: "answered" }), c2: row("c2", { state: "ended" }) } } });
    expect([...store.rows("calls").values()]).toEqual([row("c1", { state: "answered" }), row("c2", { state: "ended" })]);
  });

  it("goes by numbers alone where rows are no readings, whatever instant they name", () => {
    const store = new Store(atOnce);
    store.snapshot({ type: "snapshot", seq: 10, now_ms, table: "marks", rows: { m1: row("m1", { at_ms: 2 }) } });
    store.delta({ type: "delta", seq: 11, now_ms, tables: { marks: { m1: row("m1", { at_ms: 1 }) } } });
    expect(store.rows("marks").get("m1")).toEqual(row("m1", { at_ms: 1 }));
  });

  it("counts the changes of each table, and only those", () => {
    const store = loaded();
    const before = store.revision("calls");
    store.delta({ type: "delta", seq: 9, now_ms, tables: { calls: { c1: null } } });
    expect(store.revision("calls")).toBe(before);
    store.delta({ type: "delta", seq: 11, now_ms, tables: { calls: { c1: null } } });
    expect(store.revision("calls")).toBe(before + 1);
    expect(store.revision("units")).toBe(0);
  });

  it("ignores deltas of a table whose snapshot has not come", () => {
    const store = loaded();
    store.delta({ type: "delta", seq: 11, now_ms, tables: { units: { u1: { id: "u1" } } } });
    expect(store.loaded("units")).toBe(false);
  });

  it("forgets the oldest removed rows past its limit and keeps the newest", () => {
    const store = loaded();
    for (let i = 0; i <= TOMBSTONES; i += 1) {
      store.delta({ type: "delta", seq: 20 + i, now_ms, tables: { calls: { [`x${i}`]: null } } });
    }
    const late = { [`x${TOMBSTONES}`]: { id: "late" }, x0: { id: "x0" } };
    store.delta({ type: "delta", seq: 19, now_ms, tables: { calls: late } });
    expect(store.rows("calls").has(`x${TOMBSTONES}`)).toBe(false);
    expect(store.rows("calls").has("x0")).toBe(true);
  });

  it("tells listeners once for all that changed before they are heard", () => {
    const waiting: (() => void)[] = [];
    const store = new Store((run) => waiting.push(run));
    const heard: string[][] = [];
    const stop = store.listen((changed) => heard.push([...changed].sort()));
    store.snapshot({ type: "snapshot", seq: 1, now_ms, table: "calls", rows: {} });
    store.snapshot({ type: "snapshot", seq: 1, now_ms, table: "units", rows: {} });
    store.delta({ type: "delta", seq: 2, now_ms, tables: { calls: { c1: { id: "c1" } } } });
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    expect(heard).toEqual([["calls", "units"]]);
    stop();
    store.drop(["calls"]);
    waiting[1]?.();
    expect(heard).toHaveLength(1);
    expect(store.loaded("calls")).toBe(false);
  });
});
