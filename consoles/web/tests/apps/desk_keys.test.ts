import { describe, expect, it } from "vitest";
import { DeskKeys, ENTER_AGAIN_MS, type KeyedDesk } from "../../src/apps/desk/keys";
import { HAND_MS, Meant } from "../../src/apps/desk/meant";
import { shownHit } from "../../src/apps/desk/shown_hit";
import type { AlarmRow, HitRow } from "../../src/wire";

function desk(): { keys: DeskKeys; did: string[]; press: (key: string, at_ms: number, repeat?: boolean) => boolean } {
  const did: string[] = [];
  const does = (what: string) => (): boolean => (did.push(what), true);
  const keyed: KeyedDesk = {
    ready: () => true, leave: does("leave"), toLine: does("line"), step: does("step"), answerFirst: does("answer"),
    offerUnit: (index) => (did.push(`unit ${index}`), true), takeFirst: does("take"), swapView: does("view"), sendLayout: does("wall"),
    past: () => false,
  }; // prettier-ignore
  const keys = new DeskKeys(keyed);
  return { keys, did, press: (key, at_ms, repeat = false) => keys.press({ key, repeat, timeStamp: at_ms, shiftKey: /^[A-Z]$/.test(key) }) };
}

describe("the alarm that a key is meant for (R978)", () => {
  const alarm = (id: string, level = 4, kind: AlarmRow["kind"] = "stood_still"): AlarmRow => ({ id, level, kind }) as AlarmRow;

  it("is the first that stood there before the hand began to move", () => {
    const meant = new Meant<AlarmRow>();
    meant.shown([alarm("a"), alarm("b")], 1_000);
    expect(meant.at([alarm("a"), alarm("b")], 1_000 + HAND_MS - 1)).toBeUndefined();
    expect(meant.at([alarm("a"), alarm("b")], 1_000 + HAND_MS)?.id).toBe("a");
    const sos = [alarm("sos", 1, "sos"), alarm("a"), alarm("b")];
    meant.shown(sos, 2_000);
    expect(meant.at(sos, 2_100)?.id, "a call for help that jumps in is not taken unseen").toBe("a");
    expect(meant.at(sos, 2_000 + HAND_MS)?.id).toBe("sos");
  });

  it("is the next one at once where that was there too, and none that moved up just then", () => {
    const meant = new Meant<AlarmRow>();
    meant.shown([alarm("a"), alarm("b"), alarm("c")], 1_000);
    meant.shown([alarm("b"), alarm("c")], 3_000);
    expect(meant.at([alarm("b"), alarm("c")], 3_010)?.id).toBe("b");
    meant.shown([alarm("c", 1), alarm("b")], 3_020);
    expect(meant.at([alarm("c", 1), alarm("b")], 3_100)?.id).toBe("b");
    meant.shown([alarm("b")], 3_200);
    meant.shown([alarm("c", 1), alarm("b")], 9_000);
    expect(meant.at([alarm("c", 1)], 9_100), "one that comes again is new").toBeUndefined();
  });
});

describe("the hit that stands beside its picture (R1074)", () => {
  const hit = (id: string, rejected_why = ""): HitRow => ({ id, rejected_why }) as HitRow;
  const ids = (hits: readonly HitRow[], held: string): unknown[] => {
    const { shown, newer } = shownHit(hits, held);
    return [shown?.id, newer];
  };

  it("is the newest that nobody rejected", () => {
    expect(ids([hit("h2"), hit("h1")], "")).toEqual(["h2", 0]);
    expect(ids([hit("h2", "misread"), hit("h1")], "")).toEqual(["h1", 0]);
    expect(ids([hit("h1", "misread")], "")).toEqual([undefined, 0]);
  });

  it("is the one of which reasons are asked, whatever comes in or becomes of it", () => {
    expect(ids([hit("h4"), hit("h3", "misread"), hit("h2"), hit("h1")], "h2")).toEqual(["h2", 1]);
    expect(ids([hit("h4"), hit("h3"), hit("h2", "misread")], "h2")).toEqual(["h2", 2]);
    expect(ids([hit("h4")], "h2"), "one that the tables forgot is gone").toEqual(["h4", 0]);
  });

  it("takes a press only once it stood there for as long as a hand needs", () => {
    const meant = new Meant<HitRow>();
    meant.shown([hit("h1")], 1_000);
    meant.shown([hit("h2")], 9_000);
    expect(meant.at([hit("h2")], 9_060), "pressed for the one before").toBeUndefined();
    expect(meant.at([hit("h2")], 9_000 + HAND_MS)?.id).toBe("h2");
  });
});

describe("keys of the desk (R931)", () => {
  it("answer the first call, take the first alarm, offer units, and so on", () => {
    const { did, press } = desk();
    for (const key of ["Enter", "t", "1", "9", "v", "W", "/"]) expect(press(key, 1_000), key).toBe(true);
    expect(press("q", 1_000)).toBe(false);
    expect(did).toEqual(["answer", "take", "unit 0", "unit 8", "view", "wall", "line"]);
  });

  it("do nothing more where something nearer took the key: Enter that picks a place answers no call", () => {
    const { keys, did } = desk();
    keys.onKey({ key: "Enter", defaultPrevented: true } as KeyboardEvent);
    expect(did).toEqual([]);
  });

  it("are those of an input method while it composes: Escape gives up what it offers, and nothing else (R1145)", () => {
    const { keys, did } = desk();
    for (const key of ["Escape", "Enter", "t", "1"]) keys.onKey({ key, isComposing: true } as KeyboardEvent);
    expect(did).toEqual([]);
  });

  it("do nothing more while one is held down", () => {
    const { did, press } = desk();
    for (const key of ["Enter", "t", "1", "v"]) expect(press(key, 1_000, true), key).toBe(false);
    expect(did).toEqual([]);
  });

  it("take an Enter right after a command or an answered call for a second press of that one", () => {
    const { keys, did, press } = desk();
    keys.entered(1_000);
    expect(press("Enter", 1_200)).toBe(false);
    expect(press("Enter", 1_000 + ENTER_AGAIN_MS)).toBe(true);
    expect(press("Enter", 1_000 + ENTER_AGAIN_MS + 80)).toBe(false);
    expect(press("t", 1_200)).toBe(true);
    expect(did).toEqual(["answer", "take"]);
    expect(press("Enter", 1_000 + 2 * ENTER_AGAIN_MS)).toBe(true);
  });
});
