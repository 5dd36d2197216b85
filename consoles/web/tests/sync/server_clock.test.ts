import { beforeEach, describe, expect, it } from "vitest";
import { ServerClock } from "../../src/sync/server_clock";
import { FakeTime } from "../fake_time";

let time: FakeTime;
let clock: ServerClock;

beforeEach(() => {
  time = new FakeTime();
  clock = new ServerClock(time);
});

describe("server clock", () => {
  it("trusts the fastest message of the window and ages late ones", () => {
    clock.observe(10_000);
    time.pass(1_000);
    clock.observe(10_600); // travelled 400 ms longer
    expect(clock.now_ms()).toBeCloseTo(11_000, -1);
    expect(clock.age_ms()).toBeCloseTo(400, -1);
    time.pass(100);
    expect(clock.age_ms()).toBeCloseTo(500, -1);
  });

  it("follows a hub whose clock was set", () => {
    clock.observe(10_000);
    time.pass(1_000);
    clock.observe(500_000);
    expect(clock.now_ms()).toBe(500_000);
    time.pass(1_000);
    clock.observe(3_000);
    expect(clock.age_ms(), "a word that came late does not turn the clock back").toBeGreaterThan(490_000);
    clock.restart();
    clock.observe(3_000);
    expect(clock.now_ms()).toBe(3_000);
  });

  it("calls no word late for a clock of this machine that is fast, however long the page stays open", () => {
    for (let minute = 0; minute < 2 * 24 * 60; minute += 1) {
      clock.observe(minute * 60_000 * (1 - 0.0001)); // 100 ppm: 17 s in two days
      expect(clock.late_ms()).toBe(0);
      time.pass(60_000);
    }
    expect(clock.age_ms()).toBe(60_000);
  });

  it("runs a rehearsal on for a moment only while nothing is heard of it", () => {
    const virtual = new ServerClock(time, true);
    virtual.observe(0);
    time.pass(1_000);
    virtual.observe(60_000);
    time.pass(60_000);
    expect(virtual.now_ms()).toBe(60_000 + 1_500 * 60);
  });

  it("follows a rehearsal at any speed, paused and jumping, and is not stale for that", () => {
    const virtual = new ServerClock(time, true);
    virtual.observe(0);
    const beat = (now_ms: number): void => {
      time.pass(1_000);
      virtual.observe(now_ms);
    };
    beat(60_000);
    time.pass(500);
    expect(virtual.now_ms()).toBe(90_000);
    expect(virtual.age_ms()).toBe(500);
    time.pass(500);
    virtual.observe(90_000); // paused half a second ago
    for (let i = 0; i < 40; i += 1) beat(90_000);
    expect(virtual.now_ms()).toBe(90_000);
    expect(virtual.stale()).toBe(false);
    beat(7_200_000); // the director jumped
    expect(virtual.now_ms()).toBe(7_200_000);
    time.pass(60_000);
    expect(virtual.now_ms()).toBe(7_200_000);
    expect(virtual.stale()).toBe(true);
  });

  it("adds what the hub holds back for a slow console", () => {
    clock.observe(10_000);
    clock.behind(4_000);
    expect(clock.age_ms()).toBe(4_000);
    expect(clock.stale()).toBe(true);
  });

  it("knows no age before the first word", () => {
    expect(clock.age_ms()).toBeNull();
    expect(clock.stale()).toBe(true);
  });
});
