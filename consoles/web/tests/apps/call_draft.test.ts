import { beforeEach, describe, expect, it, vi } from "vitest";
import { answerOf, dropDrafts, keepDraft, keyOf, loadDraft, named, placeOf, settled, taken, titleOf, typed, unplaced, unsaved, type Draft } from "../../src/apps/desk/draft";
import type { CallRow, GivenPlace } from "../../src/wire";

const stored = new Map<string, string>();
const OLD_PLACE = { lat: 29.13, lon: 113.12, text: "荣家湾镇友谊路路边", source: "address", uncertainty_m: null } as const;

function call(form: Record<string, string> = {}, place: CallRow["place"] = OLD_PLACE): CallRow {
  return { id: "c1", dialled: "122", form, place } as CallRow;
}

function type(row: CallRow, answers: Record<string, string>, draft: Draft = loadDraft(row)): Draft {
  return Object.entries(answers).reduce((so_far, [name, text]) => typed(row, so_far, name, text), draft);
}

beforeEach(() => {
  stored.clear();
  vi.stubGlobal("location", { search: "" });
  // As in a browser its keys are those of the object, its methods are not.
  const methods = { setItem: (key: string, text: string) => stored.set(key, text), getItem: (key: string) => stored.get(key) ?? null, removeItem: (key: string) => stored.delete(key) };
  vi.stubGlobal("localStorage", new Proxy(methods, { ownKeys: () => [...stored.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }));
});

describe("words for where it is that were not found (R942)", () => {
  const address = "建设路12号3栋2单元501";

  it("are sent with the form, name the situation, and stand before the point that is another's", () => {
    const draft = type(call(), { where: address, vehicles: "两车相撞" });
    expect(unsaved(draft)?.form).toEqual({ where: address, vehicles: "两车相撞" });
    expect(unplaced(call(), draft)).toBe(address);
    expect(titleOf(call(), draft)).toBe(`${address} 两车相撞`);
    expect(placeOf(call(), draft)).toEqual({ lat: 29.13, lon: 113.12, text: `${address}（未定位，地图点在 荣家湾镇友谊路路边）`, source: "address", uncertainty_m: null, datum: "wgs84" });
    expect(placeOf(call({}, null), draft)).toBeNull();
  });

  it("are none where they are the place's name, or where there are none", () => {
    const draft = type(call(), { where: OLD_PLACE.text });
    expect(unplaced(call(), draft)).toBe("");
    expect(placeOf(call(), draft)?.text).toBe(OLD_PLACE.text);
    expect(titleOf(call({ vehicles: "追尾" }), loadDraft(call()))).toBe(`${OLD_PLACE.text} 追尾`);
  });

  it("name the point that is picked for them; what was typed to find a name does not", () => {
    const picked: GivenPlace = { lat: 29.2, lon: 113.2, text: "邮政局旁", datum: "wgs84" };
    const pickedFor = (where: string): string | undefined => named(call(), type(call(), { where }), picked).text;
    expect(pickedFor(address)).toBe(address);
    for (const other of ["", "rjw", "29.14,113.12", OLD_PLACE.text]) expect(pickedFor(other)).toBe("邮政局旁");
  });
});

describe("a title that follows from the form (R944)", () => {
  it("is cut between characters, never within one", () => {
    const title = titleOf(call({ where: "案".repeat(99) + "𠮷𠮷" }), loadDraft(call()));
    expect(title).toBe("案".repeat(99) + "𠮷");
    expect(encodeURIComponent(title)).toContain("%F0%A0%AE%B7"); // throws on half a character
  });
});

describe("a form that two people fill (R943)", () => {
  it("shows what the other wrote, and sends what was typed here and nothing else", () => {
    const draft = type(call(), { lanes_blocked: "一" });
    const row = call({ vehicles: "两车", injured: "1" });
    expect(answerOf(row, draft, "vehicles")).toBe("两车");
    expect(answerOf(row, draft, "lanes_blocked")).toBe("一");
    expect(unsaved(draft)).toEqual({ form: { lanes_blocked: "一" }, seen: { lanes_blocked: "" } });
    expect(unsaved(type(row, { injured: "2" }))).toEqual({ form: { injured: "2" }, seen: { injured: "1" } });
    expect(unsaved(type(row, { injured: "" }))).toEqual({ form: { injured: "" }, seen: { injured: "1" } });
    expect(unsaved(loadDraft(row))).toBeNull();
  });

  it("goes on from what was saved, also before the row says so", () => {
    const sent = taken(type(call(), { vehicles: "两车" }), { vehicles: "两车" });
    expect(unsaved(sent)).toBeNull();
    expect(answerOf(call(), settled(call(), sent, false), "vehicles")).toBe("两车");
    expect(unsaved(type(call(), { vehicles: "两车相撞" }, sent))).toEqual({ form: { vehicles: "两车相撞" }, seen: { vehicles: "两车" } });
  });

  it("leaves the field to the record once that has what was saved, or more", () => {
    const sent = taken(type(call(), { vehicles: "两车", injured: "3" }), { vehicles: "两车" });
    const joined = call({ vehicles: "三车；两车" });
    const left = settled(joined, sent, true);
    expect(answerOf(joined, left, "vehicles")).toBe("三车；两车");
    expect(answerOf(joined, left, "injured")).toBe("3");
    expect(settled(call(), left, true)).toBe(left);
    expect(settled(call({ injured: "3" }), left, false).form).toEqual({});
  });
});

describe("a draft that was kept on this machine", () => {
  it("is found again with what it was typed over", () => {
    const draft = type(call({ vehicles: "两车" }), { vehicles: "三车", where: "桥头" });
    keepDraft("c1", draft);
    expect(loadDraft(call({ vehicles: "四车" }))).toEqual(draft);
    expect(loadDraft({ ...call(), id: "c2" }).form).toEqual({});
  });

  it("is of its own world: a rehearsal has a call of the same number", () => {
    keepDraft("c1", type(call(), { vehicles: "三车" }));
    vi.stubGlobal("location", { search: "?space=rehearsal-1" });
    expect(loadDraft(call()).form).toEqual({});
    keepDraft("c1", type(call(), { vehicles: "演练" }));
    dropDrafts(new Map());
    vi.stubGlobal("location", { search: "" });
    expect(answerOf(call(), loadDraft(call()), "vehicles")).toBe("三车");
    expect([...stored.keys()]).toEqual(["triune.draft.c1"]);
  });

  it("stays until the call is ended: also that of a caller who is to be called back (R1068)", () => {
    keepDraft("c1", type(call(), { vehicles: "三车" }));
    dropDrafts(new Map([["c1", { ...call(), state: "abandoned" } as CallRow]]));
    expect(answerOf(call(), loadDraft(call()), "vehicles")).toBe("三车");
    dropDrafts(new Map([["c1", { ...call(), state: "ended" } as CallRow]]));
    expect([...stored.keys()]).toEqual([]);
  });

  it("is read as the release before kept it: the place beside the form, all fields, typed or not", () => {
    stored.set(keyOf("c1"), JSON.stringify({ form: { vehicles: "两车", injured: "2" }, where: "桥头", datum: "gcj02", title: "", kind: "accident", level: 3 }));
    const draft = loadDraft(call({ vehicles: "两车", injured: "1" }));
    expect(draft).toEqual({ form: { where: { text: "桥头", seen: "" }, injured: { text: "2", seen: "" } }, datum: "gcj02", title: "", kind: "accident", level: 3 });
    stored.set(keyOf("c1"), '{"form":');
    expect(loadDraft(call()).form).toEqual({});
  });
});
