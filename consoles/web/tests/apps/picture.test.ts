import { describe, expect, it } from "vitest";
import { alarm, situation } from "../../src/apps/design/samples";
import { abandonedCalls, alarmRate, alarmsInOrder, lastHappenings, numbersOf, openSituations, subjectOf, waitingCalls, type Subjects } from "../../src/apps/picture";
import type { CallRow, OrderRow, UnitRow } from "../../src/wire";

const byId = <R extends { id: string }>(...rows: R[]): ReadonlyMap<string, R> => new Map(rows.map((row) => [row.id, row]));
const call = (id: string, state: CallRow["state"], arrived_ms: number): CallRow => ({
  id, state, arrived_ms, dialled: "110", caller: "1", subscriber: "", address: "", place: null, answered_ms: null, answered_by: "", hung_up_ms: null, ended_ms: null,
  form: {}, situation: "", linked_why: "", outcome: null, outcome_why: "",
});
const order = (id: string, issued_ms: number, signed_ms: number | null): OrderRow => ({
  id, situation: "s", unit: id, text: "", state: "issued", issued_ms, issued_by: "", sign_by_ms: 0, task: "", overdue: false, signed_ms, departed_ms: null,
  arrived_ms: null, fed_back_ms: null, ended_ms: null, result: "", feedback: "", why: "",
});

describe("picture", () => {
  it("lets the longest waiting call come first", () => {
    const calls = byId(call("b", "ringing", 20), call("a", "ringing", 10), call("c", "answered", 1));
    expect(waitingCalls(calls).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("keeps callers whom nobody answered until somebody ended that or knows what it is about, newest first, counts and tells them (R1068, R1070)", () => {
    const given = byId(call("a", "abandoned", 10), call("b", "abandoned", 20), call("c", "ringing", 30), { ...call("d", "abandoned", 40), situation: "s" }, call("e", "ended", 50));
    expect(abandonedCalls(given).map(({ id }) => id)).toEqual(["b", "a"]);
    expect(numbersOf(given, byId(), byId(), byId(), 60)).toMatchObject({ waiting: 1, abandoned: 2 });
    const none = { units: byId(), cameras: byId(), orders: byId(), tasks: byId(), approvals: byId() } as Subjects;
    const told = lastHappenings(byId({ ...call("a", "abandoned", 10), caller: "13900000001", ended_ms: 15 }), byId(), byId(), byId(), none, (id) => id, 9);
    expect(told.map(({ at_ms, kind, text }) => [at_ms, kind, text])).toEqual([[15, "call_abandoned", "110 13900000001"], [10, "call_arrived", "110 13900000001"]]);
  });

  it("shows open situations only", () => {
    const rows = byId(situation("a", 4, "", "received", 1), situation("b", 2, "", "closed", 1), { ...situation("c", 1, "", "received", 1), merged_into: "a" });
    expect(openSituations(rows).map(({ id }) => id)).toEqual(["a"]);
  });

  it("puts SOS before every other alarm and shelved ones last", () => {
    const rows = byId(alarm("shelved", "sos", 1, "shelved", 9), alarm("low", "camera_down", 4, "raised", 9), alarm("high", "plate_hit", 1, "raised", 9),
      alarm("sos", "sos", 3, "raised", 1), alarm("taken", "sos", 1, "taken", 9));
    expect(alarmsInOrder(rows).map(({ id }) => id)).toEqual(["sos", "high", "low", "taken", "shelved"]);
  });

  it("counts repeats in the rate of alarms", () => {
    const now_ms = alarm("x", "sos", 1, "raised", 0).raised_ms;
    const rows = byId(alarm("a", "left_area", 4, "raised", 30, { count: 4 }), alarm("b", "left_area", 4, "raised", 601));
    expect(alarmRate(rows, now_ms)).toBe(4);
  });

  it("names the plate of an entry that keeps being wrong, also where an alarm of before names nothing else", () => {
    const none = { units: byId(), cameras: byId(), orders: byId(), tasks: byId(), approvals: byId() } as Subjects;
    const subject = (of: string): string => subjectOf(alarm("a", "watch_doubtful", 4, "raised", 1, { subject: of }), none);
    expect(["w12/京A8345*", "b3/京A12345", "京A8345*"].map(subject)).toEqual(["京A8345*", "京A12345", "京A8345*"]);
  });

  it("counts the day from midnight in China", () => {
    const now_ms = Date.UTC(2026, 10, 20, 17, 0); // 01:00 on the 21st there
    const minutes = (n: number): number => now_ms - n * 60_000;
    const orders = byId(order("today", minutes(30), minutes(29)), order("yesterday", minutes(90), minutes(10)), order("unsigned", minutes(5), null));
    const unit = { state: "free" } as UnitRow;
    const numbers = numbersOf(byId(call("a", "ringing", minutes(1))), byId(), new Map([["u", unit], ["v", { ...unit, state: "off" }]]), orders, now_ms);
    expect(numbers).toMatchObject({ waiting: 1, longestWait_ms: 60_000, free: 1, onDuty: 1, signed_ms: 60_000 });
  });
});
