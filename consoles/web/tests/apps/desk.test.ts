import { describe, expect, it } from "vitest";
import { alarm, situation } from "../../src/apps/design/samples";
import { callCommands } from "../../src/apps/desk/commands_calls";
import type { Desk } from "../../src/apps/desk/context";
import { needsReason, outcomesOf } from "../../src/apps/desk/outcomes";
import { lookUpOf, platesIn, platesOf } from "../../src/apps/desk/plates";
import { findPlaces, parseCoordinates } from "../../src/apps/desk/places";
import { Sounder } from "../../src/apps/desk/sounder";
import { myCalls, newestOf, othersCalls, spokenOn } from "../../src/apps/desk/whose_calls";
import type { SoundName } from "../../src/media/sounds";
import type { AlarmRow, CallRow, HitRow } from "../../src/wire";

describe("places that are typed", () => {
  it("are coordinates in either order, or not at all", () => {
    expect(parseCoordinates("29.14,113.12")).toEqual({ lat: 29.14, lon: 113.12 });
    expect(parseCoordinates("113.12， 29.14")).toEqual({ lat: 29.14, lon: 113.12 });
    expect(parseCoordinates("75.9 39.5")).toEqual({ lat: 39.5, lon: 75.9 });
    expect(parseCoordinates("200 300")).toBeNull();
    expect(parseCoordinates("107国道 1482")).toBeNull();
  });

  it("are names, by Chinese and by initials", () => {
    const places = ["荣家湾镇", "筻口镇", "荣新路 农贸市场"].map((name) => ({ name, lat: 0, lon: 0, source: "address" as const }));
    expect(findPlaces("rjw", places).map(({ name }) => name)).toEqual(["荣家湾镇"]);
    expect(findPlaces("农贸", places).map(({ name }) => name)).toEqual(["荣新路 农贸市场"]);
    expect(findPlaces(" ", places)).toEqual([]);
  });
});

describe("the end of a call (R27, R712)", () => {
  const asked: unknown[] = [];
  const desk = (situation: string): Desk => {
    const made: Partial<Desk> = { call: { id: "c1", situation } as CallRow, ask: (request) => (asked.push(request), Promise.resolve({ seq: 1, subject: "c1" })) };
    return made as Desk;
  };
  const end = (situation: string, text: string) => callCommands(() => desk(situation), { open: () => Promise.resolve() }).find(({ verb }) => verb === "E")?.plan(text === "" ? [] : [text], []);

  it("is offered only as the hub will take it", () => {
    expect(outcomesOf({ situation: "" })).toEqual(["inquiry", "misdial", "hoax"]);
    expect(outcomesOf({ situation: "s1" })).toEqual(["situation", "duplicate"]);
    expect(outcomesOf({ situation: "" }).filter(needsReason)).toEqual(["misdial", "hoax"]);
  });

  it("takes the reason after the outcome on the command line, and asks for it where it is missing", async () => {
    expect(end("", "误拨")).toEqual({ wrong: "还缺原因" });
    expect(end("", "重复")).toHaveProperty("wrong");
    expect(end("", "")).toHaveProperty("wrong");
    const outcome = end("", "误拨 无声，回拨无人接");
    if (outcome === undefined || !("run" in outcome)) throw new Error("not offered");
    await outcome.run();
    expect(asked).toEqual([{ request: "end_call", call: "c1", outcome: "misdial", why: "无声，回拨无人接" }]);
    expect(end("s1", "重复报警")).toHaveProperty("will");
  });
});

describe("whose calls are whose", () => {
  const call = (id: string, answered_by: string, answered_ms: number, more: Partial<CallRow> = {}): CallRow =>
    ({ id, state: "answered", answered_by, answered_ms, arrived_ms: 0, hung_up_ms: null, situation: "", caller: id, dialled: "110", ...more }) as CallRow;
  const rows = (...given: CallRow[]): ReadonlyMap<string, CallRow> => new Map(given.map((row) => [row.id, row]));
  const all = rows(call("old", "me", 1), call("gone", "me", 9, { hung_up_ms: 10 }), call("talks", "her", 5), call("left", "him", 3, { hung_up_ms: 4 }),
    call("known", "her", 6, { situation: "s1" }), call("over", "her", 7, { state: "ended" }), call("late", "her", 8)); // prettier-ignore

  it("lets those of others be seen as long as they are about nothing, first those whose caller is gone (R1069)", () => {
    expect(othersCalls(all, "me").map(({ id }) => id)).toEqual(["left", "late", "talks"]);
  });

  it("comes back to a call on which somebody still speaks, and to no other (R1071)", () => {
    const mine = myCalls(all, "me");
    expect(mine.map(({ id }) => id)).toEqual(["old", "gone"]);
    expect([newestOf(mine)?.id, spokenOn(mine)?.id, spokenOn([])]).toEqual(["gone", "old", null]);
  });

  it("finds whom to call back on the command line (R1068)", async () => {
    const calls = rows(call("13900000001", "", 0, { state: "abandoned" }), call("13900000002", "her", 5, { hung_up_ms: 6 }), call("13900000003", "me", 5));
    const chosen: string[] = [];
    const made: Partial<Desk> = {
      store: { rows: () => calls } as unknown as Desk["store"], actor: { id: "me" } as Desk["actor"], now_ms: 9, who: (id) => id, choose: (_table, id) => chosen.push(id),
    }; // prettier-ignore
    const back = callCommands(() => made as Desk, { open: () => Promise.resolve() }).find(({ verb }) => verb === "HB");
    const choices = back?.choices?.() ?? [];
    expect(choices.map(({ label }) => label)).toEqual(["13900000001", "13900000002"]);
    const outcome = back?.plan([], choices.slice(0, 1));
    if (outcome === undefined || !("run" in outcome)) throw new Error("not offered");
    await outcome.run();
    expect(chosen).toEqual(["13900000001"]);
  });
});

describe("plates of a situation (R711)", () => {
  it("are found in what callers said, however they are written", () => {
    expect(platesIn(["白色湘f·12345追尾 鄂AD12345，没看清湘F1", "粤Z12港"])).toEqual(["湘F12345", "鄂AD12345"]);
    expect(platesIn(["粤Z1234港", "湘F12345", "湘F12345"])).toEqual(["粤Z1234港", "湘F12345"]);
    expect(platesIn(["湘Ｆ１２３４６"]), "R1143").toEqual(["湘F12346"]);
  });

  it("come with those that cameras read first, and lead to the search with the situation as reason", () => {
    const row = { ...situation("s1", 3, "两车刮擦 & 逃逸", "received", 9), hits: ["h1"], calls: ["c1"] };
    const hits = new Map([["h1", { plate: "湘F9K237" } as HitRow]]);
    const calls = new Map([["c1", { form: { plates: "湘F12345" } as Record<string, string> } as CallRow]]);
    expect(platesOf(row, hits, calls)).toEqual(["湘F9K237", "湘F12345"]);
    expect(lookUpOf("湘F9K237", row)).toMatch(/^\/vehicles#search\//);
  });
});

describe("sounds of the desk", () => {
  const alarms = (...rows: AlarmRow[]): ReadonlyMap<string, AlarmRow> => new Map(rows.map((row) => [row.id, row]));
  const none: ReadonlyMap<string, CallRow> = new Map();

  it("rings while a call waits, sounds an alarm once, and SOS until it is taken", () => {
    const played: SoundName[] = [];
    const sounder = new Sounder({ play: (name) => played.push(name) });
    sounder.hear(none, alarms(alarm("old", "left_area", 3, "raised", 9)));
    expect(played).toEqual([]);
    const fresh = alarms(alarm("old", "left_area", 3, "raised", 9), alarm("a", "plate_hit", 2, "raised", 1), alarm("b", "camera_down", 4, "raised", 1));
    sounder.hear(none, fresh);
    sounder.hear(none, fresh);
    expect(played).toEqual(["alarm2"]);
    const sos = alarms(alarm("s", "sos", 1, "raised", 1));
    sounder.hear(none, sos);
    sounder.hear(none, sos);
    expect(played.slice(1)).toEqual(["sos", "sos"]);
    sounder.hear(new Map([["c", { state: "ringing" } as CallRow]]), alarms(alarm("s", "sos", 1, "taken", 1)));
    expect(played.slice(3)).toEqual(["ring"]);
  });

  it("sounds an alarm again that was raised anew, also where nobody had taken it", () => {
    const played: SoundName[] = [];
    const sounder = new Sounder({ play: (name) => played.push(name) });
    sounder.hear(none, alarms());
    sounder.hear(none, alarms(alarm("a", "plate_hit", 4, "raised", 30)));
    sounder.hear(none, alarms(alarm("a", "plate_hit", 1, "raised", 1)));
    sounder.hear(none, alarms(alarm("a", "plate_hit", 1, "raised", 1)));
    expect(played).toEqual(["alarm4", "alarm1"]);
  });
});
