import { beforeEach, describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS } from "../../src/sync/backoff";
import { Hubs } from "../../src/sync/hubs";
import { DEAD_AFTER_MS, Live, SESSION_ENDED, UNSURE_AFTER_MS, type LiveState, type Socket } from "../../src/sync/live";
import { ServerClock, STALE_AFTER_MS } from "../../src/sync/server_clock";
import { Store } from "../../src/sync/store";
import { FakeTime } from "../fake_time";

class FakeSocket implements Socket {
  readonly sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(message: object | string): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
}

const actor = { id: "a1", name: "张", roles: ["dispatcher"], unit: "" };
let time: FakeTime;
let store: Store;
let clock: ServerClock;
let live: Live;
let hubs: Hubs;
let sockets: FakeSocket[];
let states: LiveState[];

function last(): FakeSocket {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("no socket");
  return socket;
}

function welcome(seq = 5, rows: object = { c1: { id: "c1" } }): void {
  last().onopen?.();
  last().say({ type: "welcome", space: "live", hub: "h1", history: "r1", version: "1", release: "0.1.0", actor, now_ms: 1_000 + time.now_ms });
  last().say({ type: "snapshot", seq, now_ms: 1_000 + time.now_ms, table: "calls", rows });
  last().say({ type: "beat", seq, now_ms: 1_000 + time.now_ms, accepting: true, behind_ms: 0 });
}

beforeEach(() => {
  time = new FakeTime();
  store = new Store((run) => run());
  clock = new ServerClock(time);
  hubs = new Hubs("http://one");
  sockets = [];
  states = [];
  const connect = (): Socket => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  live = new Live({ store, clock, time, hubs, actor: actor.id, connect, onState: (state) => states.push(state) });
  live.subscribe({ calls: {} });
  live.start();
});

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
    hubs = new Hubs("http://one");
    hubs.learn(["http://one"]);
    hubs.next();
    expect([hubs.current, hubs.base, hubs.count]).toEqual(["http://one", "", 1]);
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

describe("never old as fresh", () => {
  const beat = (rest: object = {}): void => last().say({ type: "beat", seq: 5, now_ms: 1_000 + time.now_ms, accepting: true, behind_ms: 0, ...rest });

  it.each([BACKOFF_FIRST_MS, 20_000])("is not live again before the answer to its subscription is whole, %i ms after", (away_ms) => {
    welcome();
    last().onclose?.({ code: 1006 });
    time.pass(away_ms);
    last().onopen?.();
    last().say({ type: "welcome", space: "live", hub: "h2", history: "r1", version: "1", release: "0.1.0", actor, now_ms: 1_000 + time.now_ms });
    expect(live.state.phase).toBe("offline");
    expect(clock.age_ms()).toBe(away_ms);
    last().say({ type: "delta", seq: 9, now_ms: 1_000 + time.now_ms, tables: { calls: {} } });
    expect(live.state.phase).toBe("offline");
    beat();
    expect(live.state.phase).toBe("live");
    expect(clock.age_ms()).toBe(0);
  });

  it("counts words that queued while the tab was frozen or the way was blocked as old", () => {
    welcome();
    const said = 1_000 + time.now_ms;
    time.now_ms += 7_500; // nothing ran meanwhile, and the socket holds what was said
    last().say({ type: "beat", seq: 5, now_ms: said + 1_000, accepting: true, behind_ms: 0 });
    expect(clock.age_ms()).toBeGreaterThan(6_000);
    time.pass(500);
    expect(live.state.phase).toBe("stale");
    beat();
    expect(live.state.phase).toBe("live");
  });

  it("leaves a connection whose words all come too late", () => {
    welcome();
    for (let i = 0; i < 3 && sockets.length === 1; i += 1) {
      time.pass(500);
      beat({ now_ms: 1_000 + time.now_ms - DEAD_AFTER_MS - 100 });
    }
    time.pass(1_000 + BACKOFF_FIRST_MS);
    expect(sockets).toHaveLength(2);
  });

  it("ages while the machine slept, though its steady clock stood", () => {
    welcome();
    time.asleep_ms += 3_600_000;
    expect(clock.age_ms()).toBe(3_600_000);
    live.wake();
    expect(live.state.phase).toBe("offline");
    expect(sockets).toHaveLength(2);
  });

  it("is hatched before it is frozen, and awake goes on where it is well", () => {
    welcome();
    live.freeze();
    expect(live.state.phase).toBe("stale");
    time.pass(500);
    beat();
    expect(live.state.phase).toBe("live");
    expect(sockets).toHaveLength(1);
  });

  it("ages while the hub has lost its record, though it speaks", () => {
    welcome();
    for (let second = 0; second < 5; second += 1) {
      time.pass(1_000);
      beat({ accepting: false });
      last().say({ type: "delta", seq: 5, now_ms: 1_000 + time.now_ms, tables: { calls: { c1: { id: "c1" } } } }); // readings need no record
    }
    expect(live.state).toMatchObject({ phase: "stale", accepting: false });
    expect(clock.age_ms()).toBe(5_000);
    beat();
    expect(live.state).toMatchObject({ phase: "live", accepting: true });
    expect(clock.age_ms()).toBe(0);
  });

  it("says at once that the session has ended", () => {
    welcome();
    last().onclose?.({ code: SESSION_ENDED });
    expect(states.filter((state) => state.phase === "refused" && state.refusal?.status === 401)).toHaveLength(1);
  });

  it("mirrors nothing to somebody else who signed in on another page meanwhile (R1128)", () => {
    welcome();
    last().onclose?.({ code: 1006 });
    time.pass(BACKOFF_FIRST_MS);
    last().onopen?.();
    last().say({ type: "welcome", space: "live", hub: "h1", history: "r1", version: "1", release: "0.1.0", actor: { ...actor, id: "a2" }, now_ms: 2_000 });
    expect(live.state).toMatchObject({ phase: "refused", actor: { id: "a1" }, refusal: { status: 401 } });
    expect(last().closed).toBe(true);
    last().say({ type: "delta", seq: 9, now_ms: 2_000, tables: { calls: { c1: { id: "c1" }, c2: { id: "c2" } } } });
    expect(store.rows("calls").size).toBe(1);
  });

  it("asks for more tables before the first answer is whole", () => {
    last().onopen?.();
    live.subscribe({ calls: {}, units: {} });
    expect(last().sent).toHaveLength(2);
  });

  it("is offline, and as old as what it opened with, until the hub has brought it up to date (R871)", () => {
    live.stop();
    const kept = new ServerClock(time);
    kept.recall(7_200_000);
    const seen: string[] = [];
    const connect = (): Socket => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    };
    live = new Live({ store, clock: kept, time, hubs, actor: actor.id, connect, onState: ({ phase }) => seen.push(phase) });
    live.subscribe({ calls: {} });
    live.start();
    for (let i = 0; i < 4; i += 1) time.pass(DEAD_AFTER_MS + BACKOFF_MOST_MS); // a tunnel: no socket ever opens
    expect(new Set(seen)).toEqual(new Set(["offline"]));
    expect(kept.age_ms()).toBe(7_200_000 + 4 * (DEAD_AFTER_MS + BACKOFF_MOST_MS));
    while (live.state.retry_ms !== null) time.pass(100);
    welcome();
    expect(live.state.phase).toBe("live");
    expect(kept.age_ms()).toBe(0);
  });

  it("knows that it is old where nobody knows how old", () => {
    clock.recall(Infinity);
    time.pass(1_000);
    expect(clock.age_ms()).toBe(Infinity);
    expect(clock.stale()).toBe(true);
    clock.observe(10_000);
    expect(clock.age_ms()).toBe(0);
  });

  it("says stale within its limit, whatever the timers did", () => {
    welcome();
    time.now_ms += STALE_AFTER_MS + 1;
    live.wake();
    expect(live.state.phase).toBe("offline");
  });
});
