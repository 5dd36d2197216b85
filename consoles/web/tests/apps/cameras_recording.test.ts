import { describe, expect, it } from "vitest";
import { daysKept, daysOf, gigabytes, isWhole, mebibytes, minuteOf, NIGHT, timeOf, type Policy, type Rooms } from "../../src/apps/cameras/recording";

const POLICY: Policy = { mode: "continuous", schedule: [], keep_days: 30, quota_mib: 0, pre_s: 10, post_s: 30 };
const room = (camera: string, bytes_per_day: number) => ({ camera, bytes: 0, oldest_ms: null, bytes_per_day });
const rooms = (...rates: number[]): Rooms => {
  const own = { bytes: 5e11, locked_bytes: 0, capacity_bytes: 1e12, reason: "", cameras: rates.map((rate, i) => room(`c${i}`, rate)) };
  return { ...own, hubs: [{ ...own, hub: "", records: true, disks: [] }], away: [] };
};

describe("how long recordings are kept", () => {
  it("is the room there is at the rate of all cameras", () => {
    expect(daysKept(rooms(20e9, 30e9))).toBe(20);
    expect(daysKept(rooms(0, 0))).toBeNull();
  });

  it("is that of the hub that records, whatever room others have", () => {
    const all = rooms(20e9, 30e9);
    const [own] = all.hubs;
    if (own === undefined) throw new Error("a hub");
    const other = { ...own, hub: "https://hub-2", records: false, capacity_bytes: 9e12, cameras: [] };
    expect(daysKept({ ...all, capacity_bytes: 1e13, hubs: [other, own] })).toBe(20);
  });

  it("ends with whatever comes first: days, quota or the ring", () => {
    const all = rooms(20e9, 30e9);
    expect(daysOf(POLICY, all.cameras[0], all)).toBe(20);
    expect(daysOf({ ...POLICY, keep_days: 7 }, all.cameras[0], all)).toBe(7);
    expect(daysOf({ ...POLICY, quota_mib: mebibytes(40) }, all.cameras[0], all)).toBeCloseTo(2, 2);
    expect(daysOf({ ...POLICY, quota_mib: 1 }, undefined, rooms(0))).toBe(30);
  });

  it("speaks of quotas in GB as disks are sold", () => {
    expect(gigabytes(mebibytes(50))).toBe(50);
    expect(gigabytes(0)).toBe(0);
    expect(mebibytes(-3)).toBe(0);
  });
});

describe("a schedule", () => {
  it("is whole with a time and its days", () => {
    expect(isWhole(POLICY)).toBe(true);
    expect(isWhole({ ...POLICY, mode: "scheduled" })).toBe(false);
    expect(isWhole({ ...POLICY, mode: "scheduled", schedule: [NIGHT] })).toBe(true);
    expect(isWhole({ ...POLICY, mode: "scheduled", schedule: [{ ...NIGHT, days: [] }] })).toBe(false);
  });

  it("says minutes of the day as a clock does", () => {
    expect(timeOf(NIGHT.from_min)).toBe("18:00");
    expect(minuteOf("06:05")).toBe(365);
    expect(timeOf(24 * 60)).toBe("00:00");
  });
});
