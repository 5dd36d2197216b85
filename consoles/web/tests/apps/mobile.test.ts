import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aboutRequest } from "../../src/apps/mobile/about";
import { KEPT_FIXES, PositionReporter, thinned, type Fix } from "../../src/apps/mobile/position";
import { Recalls } from "../../src/apps/mobile/recalls";
import { anewOf, currentOrder, eighth, progressOf } from "../../src/apps/mobile/steps";
import { reached_ms } from "../../src/apps/picture";
import type { Entry } from "../../src/sync/outbox";
import type { OrderRow, Request } from "../../src/wire";

const order = (id: string, state: OrderRow["state"], issued_ms: number): OrderRow => ({
  id, situation: "s", unit: "u", text: "", state, issued_ms, issued_by: "", sign_by_ms: 0, task: "", overdue: false, signed_ms: null, departed_ms: null,
  arrived_ms: null, fed_back_ms: null, ended_ms: null, result: "", feedback: "", why: "",
});
const entry = (request: Request, refused: Entry["refused"] = null): Entry => ({
  key: "k", actor: "a", request, file: null, path: null, urgent: false, made_ms: 0, tries: 0, refused,
});
const byId = (...rows: OrderRow[]): ReadonlyMap<string, OrderRow> => new Map(rows.map((row) => [row.id, row]));

describe("progress of an order", () => {
  it("offers the four steps in turn", () => {
    const states = ["issued", "signed", "departed", "arrived", "fed_back", "recalled"] as const;
    expect(states.map((state) => progressOf(order("o", state, 0), []).next)).toEqual(["signed", "departed", "arrived", "fed_back", null, null]);
  });

  it("counts steps that wait to be sent, and says so", () => {
    const waiting = [entry({ request: "step_order", order: "o", step: "signed" }), entry({ request: "step_order", order: "o", step: "departed" })];
    expect(progressOf(order("o", "issued", 0), waiting)).toEqual({ state: "departed", next: "arrived", unsent: true });
    expect(progressOf(order("o", "arrived", 0), waiting)).toEqual({ state: "arrived", next: "fed_back", unsent: false });
    expect(progressOf(order("other", "issued", 0), waiting).state).toBe("issued");
  });

  it("does not count what the hub has refused", () => {
    const refused = entry({ request: "step_order", order: "o", step: "signed" }, { code: "conflict", detail: "" });
    expect(progressOf(order("o", "issued", 0), [refused])).toEqual({ state: "issued", next: "signed", unsent: false });
  });

  it("shows what is not signed before what is under way, and nothing of other units", () => {
    const rows = byId(order("old", "departed", 1), order("new", "issued", 2), { ...order("theirs", "issued", 0), unit: "x" });
    expect(currentOrder(rows, "u", [])?.id).toBe("new");
    expect(currentOrder(rows, "u", [entry({ request: "refuse_order", order: "new", why: "x" })])?.id).toBe("old");
    expect(currentOrder(byId(order("done", "fed_back", 1)), "u", [])).toBeNull();
  });
});

describe("two orders of one situation (R1080)", () => {
  const old = { ...order("old", "recalled", 1_000), signed_ms: 2_000, ended_ms: 9_000 };
  const anew = order("new", "issued", 10_000);

  it("are known as one over and one running, whichever comes from where", () => {
    expect(anewOf(old, byId(old, anew), [])?.id).toBe("new");
    expect(anewOf(old, byId(old), [])).toBeNull();
    expect(anewOf(old, byId(old, { ...anew, state: "fed_back" }), [])).toBeNull();
    expect(anewOf(old, byId(old, { ...anew, situation: "other" }, { ...anew, id: "theirs", unit: "x" }), [])).toBeNull();
    expect(anewOf(old, byId(old, anew), [entry({ request: "refuse_order", order: "new", why: "x" })])).toBeNull();
  });

  it("are told apart by when each was given, and its steps by their keys", () => {
    const about = (request: Request): string => aboutRequest(request, byId(old, anew), () => "公田镇起火", 20_000);
    expect(about({ request: "step_order", order: "old", step: "signed" })).toBe("签收：公田镇起火（08:00:01 下达）");
    expect(about({ request: "step_order", order: "old", step: "departed" })).toBe("出警：公田镇起火（08:00:01 下达）");
    expect(about({ request: "feed_back", order: "new", result: "x", text: "" })).toBe("反馈：公田镇起火（08:00:10 下达）");
    expect(about({ request: "refuse_order", order: "gone", why: "x" })).toBe("无法出警");
    expect(about({ request: "end_shift", unit: "u" })).toBe("离岗");
  });

  it("stand in the list with when each came to its state", () => {
    expect([old, anew, { ...old, state: "signed" as const, ended_ms: null }].map(reached_ms)).toEqual([9_000, 10_000, 2_000]);
  });
});

describe("position", () => {
  it("names the eighth of the compass", () => {
    const here = { lat: 29, lon: 113 };
    expect([{ lat: 30, lon: 113 }, { lat: 29, lon: 114 }, { lat: 28, lon: 113 }, { lat: 29, lon: 112 }].map((there) => eighth(here, there))).toEqual([0, 2, 4, 6]);
  });

  it("thins what it keeps evenly and never loses the newest", () => {
    const fixes = Array.from({ length: KEPT_FIXES + 1 }, (_, i) => ({ at_ms: i }) as Fix);
    const kept = thinned(fixes);
    expect(kept.length).toBe(KEPT_FIXES / 2 + 1);
    expect(kept.at(-1)?.at_ms).toBe(KEPT_FIXES);
  });

  it("says that it is off until somebody is on duty", () => {
    const reporter = new PositionReporter({ post: () => Promise.reject(new Error("must not be asked")) }, () => undefined);
    reporter.set(false);
    expect(reporter.state).toBe("off");
  });
});

describe("recalls (R958)", () => {
  const stored = new Map<string, string>();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("localStorage", { setItem: (key: string, text: string) => stored.set(key, text), getItem: (key: string) => stored.get(key) ?? null });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("are told once aloud, and shown until they are known, also where the order was recalled while the page was shut", () => {
    expect(new Recalls("live").take(byId(order("o1", "arrived", 1), order("o2", "issued", 2)), "u")).toBe(false);
    const now = byId(order("o1", "recalled", 1), order("o2", "fed_back", 2));
    const later = new Recalls("live");
    expect(later.take(now, "u")).toBe(true);
    expect(later.take(now, "u")).toBe(false);
    expect(later.untold(now).map(({ id }) => id)).toEqual(["o1"]);
    expect(new Recalls("live").untold(now)).toHaveLength(1);
    expect(new Recalls("r1").untold(now)).toHaveLength(0);
    later.dismiss("o1");
    expect(new Recalls("live").take(now, "u")).toBe(false);
    expect(later.untold(now)).toHaveLength(0);
  });

  it("are of orders that this unit had here", () => {
    const recalls = new Recalls("live");
    const theirs = { ...order("o2", "issued", 1), unit: "x" };
    expect(recalls.take(byId(order("o1", "recalled", 1), theirs), "u")).toBe(false);
    expect(recalls.take(byId({ ...theirs, state: "recalled" }), "u")).toBe(false);
  });
});
