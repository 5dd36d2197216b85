import { describe, expect, it } from "vitest";
import { bodyOf, emptyForm, missing, spanOf, whensOf, type Form } from "../../src/apps/desk/past/ask";
import { mayLookUpPatrols } from "../../src/apps/desk/past/wire";
import { PATROL_REFUSED } from "../../src/components/refusals_patrol";
import type { Actor } from "../../src/sync/protocol";

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;
const form: Form = { ...emptyForm(NOW), unit: "u1", reason: " 群众投诉 " };

describe("the time that is asked about (R874)", () => {
  it("is the last hour by the hub's clock, unless another is chosen", () => {
    expect(spanOf(form, NOW + 0.4, null, null)).toEqual({ from_ms: NOW - HOUR, to_ms: NOW });
  });

  it("is the shift since the unit came on duty, a day at most", () => {
    const shift = { ...form, when: "shift" as const };
    expect(spanOf(shift, NOW, { shift_since_ms: NOW - 3 * HOUR }, null).from_ms).toBe(NOW - 3 * HOUR);
    expect(spanOf(shift, NOW, { shift_since_ms: NOW - 300 * HOUR }, null).from_ms).toBe(NOW - 24 * HOUR);
  });

  it("is the situation's, from a little before it was opened until it was closed", () => {
    const about = { ...form, when: "situation" as const };
    expect(spanOf(about, NOW, null, { opened_ms: NOW - HOUR, closed_ms: null })).toEqual({ from_ms: NOW - HOUR - 900_000, to_ms: NOW });
    expect(spanOf(about, NOW, null, { opened_ms: NOW - HOUR, closed_ms: NOW - 60_000 }).to_ms).toBe(NOW - 60_000);
  });

  it("is chosen in county time, whatever the machine's zone is", () => {
    const picked = { ...form, when: "picked" as const, from: "2026-11-23T02:00", to: "2026-11-23T03:30" };
    expect(spanOf(picked, NOW, null, null)).toEqual({ from_ms: Date.UTC(2026, 10, 22, 18), to_ms: Date.UTC(2026, 10, 22, 19, 30) });
  });

  it("is offered as far as it is known", () => {
    expect(whensOf("track", { shift_since_ms: null }, null)).toEqual(["hour", "picked"]);
    expect(whensOf("track", { shift_since_ms: 1 }, { opened_ms: 1, closed_ms: null })).toEqual(["hour", "shift", "situation", "picked"]);
    expect(whensOf("present", { shift_since_ms: 1 }, null)).toEqual(["hour", "picked"]);
  });
});

describe("what is asked (R911)", () => {
  it("is not asked before it is whole, the reason last", () => {
    expect(missing(form)).toBeNull();
    expect(missing({ ...form, reason: "  " })).toBe("reason");
    expect(missing({ ...form, unit: "" })).toBe("unit");
    expect(missing({ ...form, when: "picked", from: "2026-11-23T02:00", to: "2026-11-23T02:00" })).toBe("time");
    const present = { ...form, what: "present" as const };
    expect(missing(present)).toBe("place");
    expect(missing({ ...present, where: "drawn", area: [[113, 29], [113.1, 29]] })).toBe("corners");
  });

  it("names a unit, a circle or an area", () => {
    const span = { from_ms: 1, to_ms: 2 };
    expect(bodyOf(form, span, "")).toEqual({ reason: "群众投诉", case: "", unit: "u1", ...span });
    const present = { ...form, what: "present" as const, centre: { lat: 29, lon: 113 } };
    expect(bodyOf(present, span, "s7")).toEqual({ reason: "群众投诉", case: "s7", circle: { lat: 29, lon: 113, radius_m: 500 }, ...span });
    const area = [[113, 29], [113.1, 29], [113.1, 29.1]] as const;
    expect(bodyOf({ ...present, where: "drawn", area }, span, "")).toMatchObject({ area });
  });

  it("is asked by those who send patrols and answer for them (R968)", () => {
    const may = (role: Actor["roles"][number]): boolean => mayLookUpPatrols({ roles: [role] } as unknown as Actor);
    expect((["dispatcher", "commander", "duty_leader"] as const).every(may)).toBe(true);
    expect((["call_taker", "officer", "camera_watch", "administrator", "director", "wall"] as const).some(may)).toBe(false);
  });

  it("is refused in words", () => {
    const hub = [
      "a station's desk looks up its own units", "more than 50000 fixes then; ask for less time", "more than 200000 fixes there and then; ask for less area or time",
      "more than 16 devices then; ask for one of them", "more stops, gaps and calls than one answer tells; ask for less time",
    ]; // prettier-ignore
    for (const sentence of hub) expect(PATROL_REFUSED.some(([pattern]) => pattern.test(sentence)), sentence).toBe(true);
  });
});
