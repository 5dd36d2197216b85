import { describe, expect, it } from "vitest";
import { VIDEO } from "../../../src/i18n/messages/video";
import { emptySlots, gridOf, LAYOUTS, propose, put, putFirst, resize, setPinned, takeAway, type Slots } from "../../../src/components/video/slots";

const names = (slots: Slots | null): string => (slots ?? []).map((slot) => (slot === null ? "-" : slot.pinned ? slot.camera.toUpperCase() : slot.camera)).join("");

describe("tiles (R406)", () => {
  it("fills in order of usefulness", () => {
    expect(names(propose(emptySlots(4), ["a", "b", "c", "d", "e"], true))).toBe("abcd");
    expect(names(propose(emptySlots(4), ["a"], true))).toBe("a---");
  });

  it("never takes away what a person pinned", () => {
    const slots = put(propose(emptySlots(4), ["a", "b", "c", "d"], true), "x", 1);
    expect(names(slots)).toBe("aXcd");
    expect(names(propose(slots ?? [], ["e", "f", "g", "h"], true))).toBe("eXfg");
    expect(names(propose(slots ?? [], [], true))).toBe("-X--");
  });

  it("does not show a pinned camera a second time", () => {
    const slots = put(emptySlots(4), "b") ?? [];
    expect(names(propose(slots, ["a", "b", "c"], true))).toBe("Bac-");
  });

  it("does not move what stays while the place is the same", () => {
    const slots = propose(emptySlots(4), ["a", "b", "c", "d"], true);
    expect(names(propose(slots, ["d", "c", "e", "a"], false))).toBe("aecd");
    expect(names(propose(slots, ["d", "c", "e", "a"], true))).toBe("dcea");
  });

  it("puts a camera into an empty tile, else in place of the least useful that nobody pinned", () => {
    expect(names(put(propose(emptySlots(4), ["a", "b"], true), "x"))).toBe("abX-");
    expect(names(put(propose(emptySlots(4), ["a", "b", "c", "d"], true), "x"))).toBe("abcX");
  });

  it("says so where all are pinned, and does as told where the tile is named", () => {
    const full = ["a", "b", "c", "d"].reduce<Slots>((slots, camera) => put(slots, camera) ?? slots, emptySlots(4));
    expect(put(full, "x")).toBeNull();
    expect(names(put(full, "x", 2))).toBe("ABXD");
  });

  it("lets a camera that is shown already change places", () => {
    const slots = propose(emptySlots(4), ["a", "b", "c", "d"], true);
    expect(names(put(slots, "a", 3))).toBe("dbcA");
    expect(names(put(slots, "c"))).toBe("abCd");
  });

  it("keeps pinned ones when the screen has fewer tiles", () => {
    const slots = setPinned(setPinned(propose(emptySlots(6), ["a", "b", "c", "d", "e", "f"], true), 4, true), 5, true);
    expect(names(resize(slots, 4))).toBe("abEF");
    expect(names(resize(slots, 1))).toBe("E");
    expect(names(resize(slots, 9))).toBe("abcdEF---");
  });

  it("empties and unpins", () => {
    const slots = put(emptySlots(1), "a") ?? [];
    expect(names(setPinned(slots, 0, false))).toBe("a");
    expect(names(takeAway(slots, 0))).toBe("-");
  });

  it("puts first what is to be seen first, and lets the rest move up behind it", () => {
    const near = propose(emptySlots(4), ["a", "b", "c", "d"], true);
    const sent = putFirst(near, ["x", "b"]);
    expect(sent.map((slot) => slot?.camera)).toEqual(["x", "b", "a", "c"]);
    expect(sent.map((slot) => slot?.pinned)).toEqual([true, true, false, false]);
    expect(putFirst(sent, []).map((slot) => slot?.camera)).toEqual(["a", "c", undefined, undefined]);
    expect(putFirst(near, ["1", "2", "3", "4", "5"]).map((slot) => slot?.camera)).toEqual(["1", "2", "3", "4"]);
  });
});

describe("layouts (R793)", () => {
  it("are those that users of video systems know", () => {
    expect(LAYOUTS).toEqual([1, 2, 4, 6, 8, 9, 10, 13, 16]);
    const words = (n: number) => VIDEO["wrong.layout"][n]?.match(/\d+/g)?.map(Number);
    expect([words(0), words(1)]).toEqual([LAYOUTS, LAYOUTS]);
  });

  it.each([...LAYOUTS, 5 as const])("of %i take each cell of their grid once", (n) => {
    const { columns, rows, large, span } = gridOf(n);
    expect(large * span * span + (n - large)).toBe(columns * rows);
  });

  it("of 8 and 13 have one large picture, of 10 two", () => {
    expect([8, 10, 13].map((n) => gridOf(n as 8 | 10 | 13).large)).toEqual([1, 2, 1]);
  });
});
