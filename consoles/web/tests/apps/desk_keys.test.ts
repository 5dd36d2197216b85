import { describe, expect, it } from "vitest";
import { DeskKeys, ENTER_AGAIN_MS, type KeyedDesk } from "../../src/apps/desk/keys";

function desk(): { keys: DeskKeys; did: string[]; press: (key: string, at_ms: number, repeat?: boolean) => boolean } {
  const did: string[] = [];
  const does = (what: string) => (): boolean => (did.push(what), true);
  const keyed: KeyedDesk = {
    ready: () => true, leave: does("leave"), toLine: does("line"), step: does("step"), answerFirst: does("answer"),
    offerUnit: (index) => (did.push(`unit ${index}`), true), takeFirst: does("take"), swapView: does("view"), sendLayout: does("wall"),
  }; // prettier-ignore
  const keys = new DeskKeys(keyed);
  return { keys, did, press: (key, at_ms, repeat = false) => keys.press({ key, repeat, timeStamp: at_ms, shiftKey: /^[A-Z]$/.test(key) }) };
}

describe("keys of the desk (R931)", () => {
  it("answer the first call, take the first alarm, offer units, and so on", () => {
    const { did, press } = desk();
    for (const key of ["Enter", "t", "1", "9", "v", "W", "/"]) expect(press(key, 1_000), key).toBe(true);
    expect(press("q", 1_000)).toBe(false);
    expect(did).toEqual(["answer", "take", "unit 0", "unit 8", "view", "wall", "line"]);
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
