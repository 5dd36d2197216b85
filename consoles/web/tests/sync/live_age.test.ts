import { beforeEach, describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS } from "../../src/sync/backoff";
import { DEAD_AFTER_MS, SESSION_ENDED } from "../../src/sync/live";
import { ServerClock, STALE_AFTER_MS } from "../../src/sync/server_clock";
import { actor, clock, connection, last, live, openPage, sockets, states, store, time, welcome } from "./live_page";

beforeEach(openPage);

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
    const again = connection(kept, ({ phase }) => seen.push(phase));
    for (let i = 0; i < 4; i += 1) time.pass(DEAD_AFTER_MS + BACKOFF_MOST_MS); // a tunnel: no socket ever opens
    expect(new Set(seen)).toEqual(new Set(["offline"]));
    expect(kept.age_ms()).toBe(7_200_000 + 4 * (DEAD_AFTER_MS + BACKOFF_MOST_MS));
    while (again.state.retry_ms !== null) time.pass(100);
    welcome();
    expect(again.state.phase).toBe("live");
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
