import { beforeEach, describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS } from "../../src/sync/backoff";
import { DEAD_AFTER_MS } from "../../src/sync/live";
import { actor, last, live, openPage, sockets, store, time, welcome } from "./live_page";

beforeEach(openPage);

describe("live connection", () => {
  it("subscribes from nothing, then is live", () => {
    welcome();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: null, history: null }]);
    expect(live.state.phase).toBe("live");
    expect(live.state.actor).toEqual(actor);
    expect(store.rows("calls").size).toBe(1);
  });

  it("comes back by itself and resumes after the last sequence it has", () => {
    welcome(5);
    last().say({ type: "delta", seq: 9, now_ms: 1_000, tables: { calls: { c2: { id: "c2" } } } });
    last().onclose?.({ code: 1006 });
    expect(live.state.phase).toBe("offline");
    expect(store.rows("calls").size).toBe(2);
    time.pass(BACKOFF_FIRST_MS);
    expect(sockets).toHaveLength(2);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: 9, history: "r1" }]);
  });

  it("does not resume while a table still waits for its snapshot", () => {
    last().onopen?.();
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: null, history: null }]);
  });

  it("does not count a beat as something it has", () => {
    welcome(5);
    last().say({ type: "beat", seq: 50, now_ms: 2_000, accepting: true, behind_ms: 0 });
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: 5, history: "r1" }]);
  });

  it("resumes from before an answer that was cut off, since other tables may not have come", () => {
    welcome(5);
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    last().say({ type: "snapshot", seq: 9, now_ms: 1_000, table: "calls", rows: {} });
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_MOST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: 5, history: "r1", seen: 9 }]);
  });

  it("says by its seal which fact it resumes after, and nothing of one that it was told none of (R208)", () => {
    const again = (): unknown => {
      last().onclose?.({ code: 1006 });
      time.pass(BACKOFF_MOST_MS);
      last().onopen?.();
      return last().sent.at(-1);
    };
    const beat = { type: "beat", seq: 50, now_ms: 1_000, accepting: true, behind_ms: 0 };
    welcome(5);
    last().say({ type: "delta", seq: 9, now_ms: 1_000, tables: { calls: {} }, seal: "aa" });
    last().say({ type: "delta", seq: 9, now_ms: 1_000, tables: { positions: {} }, seal: "" });
    expect(again(), "readings alone changed since").toMatchObject({ after: 9, history: "r1.aa" });
    last().say({ type: "snapshot", seq: 12, now_ms: 1_000, table: "calls", rows: {}, seal: "bb" });
    expect(again(), "the answer was cut off").toMatchObject({ after: 9, history: "r1.aa", seen: 12 });
    welcome(13);
    expect(again(), "a hub of an earlier release seals nothing").toMatchObject({ after: 13, history: "r1" });
    last().say({ type: "welcome", space: "live", hub: "h1", history: "r1", version: "1", release: "0.1.0", actor, now_ms: 1_000 });
    last().say({ type: "snapshot", seq: 7, now_ms: 1_000, table: "calls", rows: {}, seal: "cc" });
    last().say(beat);
    expect(again(), "the record was set back").toMatchObject({ after: 7, history: "r1.cc" });
  });

  it("resumes by the history of the rows it has, not by that of an answer that was cut off", () => {
    welcome(5);
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    last().say({ type: "welcome", space: "live", hub: "h2", history: "r2", version: "1", release: "0.1.0", actor, now_ms: 1_000 + time.now_ms });
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_MOST_MS);
    last().onopen?.();
    expect(last().sent).toEqual([{ type: "subscribe", tables: { calls: {} }, after: 5, history: "r1" }]);
  });

  it("waits longer after each failure, up to a limit, and starts short again once it was live", () => {
    for (let i = 0; i < 8; i += 1) {
      last().onclose?.({ code: 1006 });
      time.pass(BACKOFF_MOST_MS);
      expect(sockets).toHaveLength(i + 2);
    }
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_MOST_MS - 1);
    expect(sockets).toHaveLength(9);
    time.pass(1);
    expect(sockets).toHaveLength(10);
    welcome();
    last().onclose?.({ code: 1006 });
    expect(live.state.retry_ms).toBe(BACKOFF_FIRST_MS);
  });

  it("says stale after three silent seconds and live again with the next word", () => {
    welcome();
    time.pass(2_500);
    expect(live.state.phase).toBe("live");
    time.pass(1_500);
    expect(live.state.phase).toBe("stale");
    last().say({ type: "beat", seq: 5, now_ms: 1_000 + time.now_ms, accepting: true, behind_ms: 0 });
    expect(live.state.phase).toBe("live");
  });

  it("gives up a socket that is open and dead", () => {
    welcome();
    const dead = last();
    time.pass(DEAD_AFTER_MS + 1_000 + BACKOFF_FIRST_MS);
    expect(dead.closed).toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it("hears nothing more from a socket it has left", () => {
    welcome();
    const old = last();
    old.onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    old.say({ type: "delta", seq: 99, now_ms: 0, tables: { calls: { c1: null } } });
    old.onclose?.({ code: 1006 });
    expect(store.rows("calls").has("c1")).toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it("wakes at once when the page is seen again after silence, and leaves a lively socket alone", () => {
    welcome();
    live.wake();
    expect(sockets).toHaveLength(1);
    time.now_ms += 60_000; // a frozen tab: time went by and no timer ran
    live.wake();
    expect(sockets).toHaveLength(2);
  });

  it("takes snapshots for a changed filter and drops what it no longer mirrors", () => {
    welcome();
    live.subscribe({ calls: {}, marks: { situation: "s1" } });
    expect(last().sent.at(-1)).toEqual({ type: "subscribe", tables: { calls: {}, marks: { situation: "s1" } }, after: null, history: "r1" });
    last().say({ type: "snapshot", seq: 6, now_ms: 1_000, table: "marks", rows: { m1: { id: "m1" } } });
    live.subscribe({ calls: {}, marks: { situation: "s2" } });
    expect(store.loaded("marks")).toBe(false);
    last().say({ type: "snapshot", seq: 7, now_ms: 1_000, table: "marks", rows: { m2: { id: "m2" } } });
    const count = last().sent.length;
    live.subscribe({ calls: {}, marks: { situation: "s2" } });
    expect(last().sent).toHaveLength(count);
    live.subscribe({ calls: {} });
    expect(store.loaded("marks"), "mirrored no more").toBe(false);
    last().say({ type: "snapshot", seq: 8, now_ms: 1_000, table: "marks", rows: {} });
    expect(store.loaded("marks")).toBe(false);
  });

  it("drops a connection that talks nonsense, and passes over messages of a newer release", () => {
    welcome();
    last().say({ type: "weather", rain: true });
    expect(live.state.phase).toBe("live");
    last().say("{nonsense");
    expect(live.state.phase).toBe("offline");
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    last().say({ type: "delta", seq: "9", now_ms: 0, tables: {} });
    expect(live.state.phase).toBe("offline");
  });

  it("notices a hub that speaks another version", () => {
    last().say({ type: "welcome", space: "live", hub: "h1", history: "r1", version: "99", release: "9", actor, now_ms: 1_000 });
    expect(live.state.fits).toBe(false);
  });

  it("says why it was refused and that the hub takes no requests", () => {
    last().onopen?.();
    last().say({ type: "refused", status: 403, code: "no_right", detail: "not yours" });
    last().onclose?.({ code: 1006 });
    expect(live.state.phase).toBe("refused");
    expect(live.state.refusal?.code).toBe("no_right");
    time.pass(BACKOFF_FIRST_MS);
    welcome();
    last().say({ type: "beat", seq: 5, now_ms: 1_000, accepting: false, behind_ms: 0 });
    expect(live.state).toMatchObject({ phase: "live", accepting: false, refusal: null });
  });
});
