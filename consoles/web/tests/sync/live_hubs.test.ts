import { beforeEach, describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS } from "../../src/sync/backoff";
import { Hubs } from "../../src/sync/hubs";
import { UNSURE_AFTER_MS } from "../../src/sync/live";
import { hubs, last, live, openPage, time, welcome } from "./live_page";

beforeEach(openPage);

describe("several hubs", () => {
  beforeEach(() => hubs.learn(["http://two", "http://one", "http://three"]));

  it("goes on at the next one after a moment, and slows down only once all were tried", () => {
    welcome();
    const used: string[] = [];
    const waits: (number | null)[] = [];
    for (let i = 0; i < 6; i += 1) {
      last().onclose?.({ code: 1006 });
      used.push(hubs.current);
      waits.push(live.state.retry_ms);
      time.pass(BACKOFF_MOST_MS);
    }
    expect(used).toEqual(["http://two", "http://three", "http://one", "http://two", "http://three", "http://one"]);
    expect(waits).toEqual([250, 250, 250, 500, 500, 500]);
  });

  it("resumes at the other hub after what it has", () => {
    welcome(5);
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: 5, history: "r1" }]);
  });

  it("says up to where it has seen rows when it asks anew at the other hub, so that none goes back", () => {
    welcome(1_000, { c1: { id: "c1", state: "ended" } });
    last().onclose?.({ code: 1006 });
    live.subscribe({ calls: {}, marks: { situation: "s9" } }); // another situation is opened while between hubs
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {}, marks: { situation: "s9" } }, after: null, history: "r1", seen: 1_000 }]);
  });

  it("goes elsewhere when a hub cannot answer now, and stays where it is told no", () => {
    last().onopen?.();
    last().say({ type: "refused", status: 503, code: "unavailable", detail: "too far behind" });
    expect(hubs.current).toBe("http://two");
    expect(live.state.phase).toBe("offline");
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    last().say({ type: "refused", status: 403, code: "no_right", detail: "" });
    expect(hubs.current).toBe("http://two");
    expect(live.state.phase).toBe("refused");
  });

  it("leaves a hub that has lost its record, ever more slowly where all have", () => {
    const unsure = (): number => {
      const at = hubs.current;
      welcome();
      for (let beats = 0; ; beats += 1) {
        last().say({ type: "beat", seq: 5, now_ms: 1_000 + time.now_ms, accepting: false, behind_ms: 0 });
        if (hubs.current !== at) return beats * 1_000;
        time.pass(1_000);
      }
    };
    expect(unsure()).toBe(UNSURE_AFTER_MS + 1_000);
    expect(hubs.current).toBe("http://two");
  });

  it("stays with the only hub there is", () => {
    const alone = new Hubs("http://one");
    alone.learn(["http://one"]);
    alone.next();
    expect([alone.current, alone.base, alone.count]).toEqual(["http://one", "", 1]);
  });

  it("keeps using the hub in use when it learns of others, and a page asks its own origin without a name", () => {
    hubs.next();
    expect([hubs.current, hubs.base]).toEqual(["http://two", "http://two"]);
    hubs.learn(["http://three"]);
    expect([hubs.current, hubs.count]).toEqual(["http://two", 3]);
    hubs.next();
    expect([hubs.current, hubs.base]).toEqual(["http://one", ""]);
  });
});
