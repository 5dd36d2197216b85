import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("document", { documentElement: {} });
});
afterEach(() => vi.unstubAllGlobals());

it("makes what is shown anew when the language changes, and not before (R932)", async () => {
  const { setLanguage, word } = await import("../../src/i18n/i18n");
  const { Kept } = await import("../../src/apps/kept");
  const { Store } = await import("../../src/sync/store");
  const store = new Store((run) => run());
  let made = 0;
  const kept = new Kept(["marks"], () => ((made += 1), [word("fact", "situation_opened")]));
  setLanguage("zh");
  const first = kept.get(store);
  expect(kept.get(store)).toBe(first);
  setLanguage("en");
  expect(kept.get(store)).not.toEqual(first);
  expect(made).toBe(2);
  setLanguage("zh");
  expect(kept.get(store)).toEqual(first);
});
