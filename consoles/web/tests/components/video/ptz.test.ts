import { describe, expect, it } from "vitest";
import { fromDrag, fromKeys, PtzDriver, RENEW_MS, STILL, type PtzOrder, type PtzState, type Turned } from "../../../src/components/video/ptz";
import { FakeTime } from "../../fake_time";

const RIGHT = { pan: 0.6, tilt: 0, zoom: 0 };

/** A hub that answers when it is told to. */
class Hub {
  readonly time = new FakeTime();
  readonly orders: PtzOrder[] = [];
  readonly states: PtzState[] = [];
  private answers: ((turned: Turned) => void)[] = [];
  readonly driver = new PtzDriver((order) => this.take(order), this.time, (state) => this.states.push(state));

  private take(order: PtzOrder): Promise<Turned> {
    this.orders.push(order);
    return new Promise((resolve) => this.answers.push(resolve));
  }

  async answer(turned: Turned = { is: "done" }): Promise<void> {
    this.answers.shift()?.(turned);
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  }
}

describe("what keys and drags ask (R409)", () => {
  it("adds keys up, and opposite ones cancel out", () => {
    expect(fromKeys(["ArrowRight", "ArrowUp"], false)).toEqual({ pan: 0.6, tilt: 0.6, zoom: 0 });
    expect(fromKeys(["ArrowRight", "ArrowLeft", "+"], true)).toEqual({ pan: 0, tilt: 0, zoom: 0.2 });
  });

  it("turns towards where the hand drags, faster the farther, up for up", () => {
    expect(fromDrag(0.2, 0)).toEqual({ pan: 0.5, tilt: 0, zoom: 0 });
    expect(fromDrag(0, -0.9)).toEqual({ pan: 0, tilt: 1, zoom: 0 });
    expect(fromDrag(0.01, 0.01)).toEqual(STILL);
  });
});

describe("turning (R409)", () => {
  it("sends again before the hub would stop it, until the hand lets go", async () => {
    const hub = new Hub();
    hub.driver.move(RIGHT);
    await hub.answer();
    hub.time.pass(RENEW_MS);
    expect(hub.orders).toEqual([RIGHT, RIGHT]);
    await hub.answer();
    hub.driver.stop();
    await hub.answer();
    hub.time.pass(10_000);
    expect(hub.orders).toEqual([RIGHT, RIGHT, STILL]);
    expect(hub.states.at(-1)).toEqual({ is: "mine" });
  });

  it("keeps one order on its way and sends only the newest after it", async () => {
    const hub = new Hub();
    hub.driver.move(RIGHT);
    hub.driver.move({ ...RIGHT, pan: 0.7 });
    hub.driver.move({ ...RIGHT, pan: 0.8 });
    hub.driver.stop();
    expect(hub.orders).toEqual([RIGHT]);
    await hub.answer();
    expect(hub.orders).toEqual([RIGHT, STILL]);
    await hub.answer();
    hub.time.pass(10_000);
    expect(hub.orders).toHaveLength(2);
  });

  it("says who holds the camera and does not go on asking", async () => {
    const hub = new Hub();
    hub.driver.move(RIGHT);
    await hub.answer({ is: "held", holder: "u7", until_ms: 9 });
    expect(hub.states).toEqual([{ is: "held", holder: "u7", until_ms: 9 }]);
    hub.time.pass(10_000);
    expect(hub.orders).toHaveLength(1);
    hub.driver.move(RIGHT);
    expect(hub.orders).toHaveLength(2);
  });

  it("goes to a preset once", async () => {
    const hub = new Hub();
    hub.driver.preset(3);
    await hub.answer();
    hub.time.pass(10_000);
    expect(hub.orders).toEqual([{ preset: 3 }]);
  });
});
