import { describe, expect, it } from "vitest";
import { Looking, LOOK_EVERY_MS, OLD_AFTER_MS } from "../../src/sync/looking";
import { FakeTime } from "../fake_time";

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A part of a page whose hub answers only when it is told to. */
function part() {
  const time = new FakeTime();
  const open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const all = { asked: 0, drawn: 0, may: true, pace_ms: LOOK_EVERY_MS };
  const looking = new Looking({
    time,
    ask: () => {
      all.asked += 1;
      return new Promise((resolve, reject) => open.push({ resolve, reject }));
    },
    may: () => all.may,
    pace_ms: () => all.pace_ms,
    onChange: () => (all.drawn += 1),
  });
  looking.start();
  const answer = async (error: Error | null = null): Promise<void> => {
    const one = open.shift();
    if (error === null) one?.resolve();
    else one?.reject(error);
    await settled();
  };
  return { time, looking, all, answer };
}

describe("what no rows come for", () => {
  it("is looked at again ten seconds after it was answered, and never twice at a time (R885)", async () => {
    const { time, all, answer } = part();
    time.pass(500);
    expect(all.asked).toBe(1);
    time.pass(10 * LOOK_EVERY_MS);
    expect(all.asked).toBe(1);
    await answer();
    time.pass(LOOK_EVERY_MS - 500);
    expect(all.asked).toBe(1);
    time.pass(500);
    expect(all.asked).toBe(2);
  });

  it("is looked at as often as its pace says at that moment", async () => {
    const { time, all, answer } = part();
    time.pass(500);
    await answer();
    all.pace_ms = 1_500;
    time.pass(1_500);
    expect(all.asked).toBe(2);
  });

  it("is asked for nothing while it may not, and at once when it may again (R887)", async () => {
    const { time, all, answer } = part();
    time.pass(500);
    await answer();
    all.may = false;
    time.pass(10 * LOOK_EVERY_MS);
    expect(all.asked).toBe(1);
    all.may = true;
    time.pass(500);
    expect(all.asked).toBe(2);
  });

  it("is asked for once more where somebody asks during a look", async () => {
    const { looking, all, answer } = part();
    const over = [looking.now(), looking.now(), looking.now()];
    expect(all.asked).toBe(1);
    await answer();
    expect(all.asked).toBe(2);
    await answer();
    await Promise.all(over);
    expect(all.asked).toBe(2);
  });

  it("is as old as the question of the last whole answer, asleep too (R886)", async () => {
    const { time, looking, answer } = part();
    expect(looking.age_ms()).toBeNull();
    void looking.now();
    time.pass(400);
    await answer();
    expect(looking.age_ms()).toBe(400);
    time.asleep_ms = 7_000;
    expect(looking.age_ms()).toBe(7_400);
  });

  it("is old after a minute, and draws itself anew then (R886)", async () => {
    const { time, looking, all, answer } = part();
    void looking.now();
    await answer();
    all.may = false;
    time.pass(OLD_AFTER_MS);
    expect([looking.old(), all.drawn]).toEqual([false, 0]);
    time.pass(500);
    expect([looking.old(), all.drawn]).toEqual([true, 1]);
    all.may = true;
    time.pass(500);
    await answer();
    expect([looking.old(), all.drawn]).toEqual([false, 2]);
  });

  it("is old once a look fails, with the age of what it has, and not when one succeeds (R886)", async () => {
    const { time, looking, all, answer } = part();
    void looking.now();
    await answer();
    time.pass(LOOK_EVERY_MS);
    await answer(new Error("no hub"));
    expect([looking.old(), looking.age_ms(), all.drawn]).toEqual([true, LOOK_EVERY_MS, 1]);
    time.pass(LOOK_EVERY_MS);
    await answer();
    expect([looking.old(), looking.age_ms(), all.drawn]).toEqual([false, 0, 2]);
  });

  it("is asked for nothing any more once it is gone", () => {
    const { time, looking, all } = part();
    looking.stop();
    time.pass(10 * LOOK_EVERY_MS);
    expect(all.asked).toBe(0);
  });
});
