import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ageOf, Keeper, KEEP_EVERY_MS, OFF_MOST_MS, recall, type Kept } from "../../src/apps/mobile/kept";
import { ServerClock } from "../../src/sync/server_clock";
import { Store } from "../../src/sync/store";
import { FakeTime } from "../fake_time";

const actor = { id: "o1", name: "李", roles: ["officer" as const], unit: "u1" };
const HOUR_MS = 3_600_000;
const NOW_MS = 1_700_000_000_000;
const kept = (at_ms: number, own_ms?: number): Kept => ({ actor, at_ms, orders: [], situations: [], unit: null, ...(own_ms === undefined ? {} : { own_ms }) });

let time: FakeTime;
let store: Store;
let clock: ServerClock;
let keeper: Keeper;
let stored: Map<string, string>;
let writes: number;

/** A delta comes, and it is kept. */
function come(seq: number, id: string): void {
  store.delta({ type: "delta", seq, now_ms: 0, tables: { orders: { [id]: { id } as never } } });
  clock.observe(5_000 + time.now_ms);
  keeper.keep(actor, { store, clock });
}

beforeEach(() => {
  time = new FakeTime();
  store = new Store((run) => run());
  clock = new ServerClock(time);
  keeper = new Keeper(time);
  stored = new Map();
  writes = 0;
  const setItem = (key: string, text: string): void => {
    writes += 1;
    stored.set(key, text);
  };
  vi.stubGlobal("localStorage", { setItem, getItem: (key: string) => stored.get(key) ?? null, removeItem: (key: string) => stored.delete(key) });
  store.snapshot({ type: "snapshot", seq: 1, now_ms: 0, table: "orders", rows: {} });
});
afterEach(() => vi.unstubAllGlobals());

describe("what a terminal keeps (R871)", () => {
  it("is of when the picture was last whole, by both clocks", () => {
    come(2, "r1");
    time.pass(400);
    come(3, "r2");
    expect(recall()).toMatchObject({ at_ms: 5_400, own_ms: NOW_MS + 400, orders: [{ id: "r1" }, { id: "r2" }] });
    time.pass(KEEP_EVERY_MS); // nothing was heard since: it is as old as it was
    keeper.keep(actor, { store, clock });
    expect(recall()?.own_ms).toBe(NOW_MS + 400);
  });

  it("is written when rows change, and every so often where none does", () => {
    come(2, "r1");
    for (let second = 0; second < KEEP_EVERY_MS / 1_000; second += 1) {
      time.pass(1_000);
      clock.observe(5_000 + time.now_ms);
      keeper.keep(actor, { store, clock });
    }
    expect(writes).toBe(2);
    expect(recall()?.own_ms).toBe(NOW_MS + KEEP_EVERY_MS);
  });

  it("is gone once somebody signed out, whatever is still drawn", () => {
    come(2, "r1");
    keeper.forget();
    come(3, "r2");
    expect(recall()).toBeNull();
  });
});

describe("how old what was kept is (R871)", () => {
  it("is told by the terminal's clock, and never as less than it may be", () => {
    expect(ageOf(kept(NOW_MS, NOW_MS), NOW_MS + 2 * HOUR_MS)).toBe(2 * HOUR_MS);
    expect(ageOf(kept(NOW_MS, NOW_MS + 60_000), NOW_MS + HOUR_MS), "its clock was ahead, and may have been set right since").toBe(HOUR_MS);
    expect(ageOf(kept(NOW_MS, NOW_MS - 60_000), NOW_MS + HOUR_MS), "its clock was behind, and may still be").toBe(HOUR_MS + 60_000);
  });

  it("is not known where that clock was wrong, was set back, or was not kept", () => {
    expect(ageOf(kept(NOW_MS, NOW_MS - OFF_MOST_MS - 1), NOW_MS)).toBe(Infinity);
    expect(ageOf(kept(NOW_MS, NOW_MS), NOW_MS - 1_000), "never negative").toBe(Infinity);
    expect(ageOf(kept(NOW_MS), NOW_MS + HOUR_MS), "kept by an earlier release").toBe(Infinity);
  });
});
