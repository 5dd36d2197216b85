import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { termsWords } from "../../src/apps/vehicles/query_words";
import { setLanguage } from "../../src/i18n/i18n";
import type { CameraRow } from "../../src/wire";

interface Example {
  readonly what: string;
  readonly terms: string;
  readonly zh: string;
  readonly en: string;
}

/** The hub's tests hold it to writing exactly these. */
const EXAMPLES = JSON.parse(readFileSync(new URL("../../../../tests/golden/query_terms.json", import.meta.url), "utf8")) as readonly Example[];
const cameras = new Map([["k1", { name: "红旗路口" } as CameraRow]]);

describe("terms of queries on record (SPEC R864)", () => {
  beforeAll(() => {
    // Where the choice of language is kept and said on a page.
    vi.stubGlobal("localStorage", { setItem: () => undefined });
    vi.stubGlobal("document", { documentElement: { lang: "" } });
  });
  afterAll(() => vi.unstubAllGlobals());

  it.each(EXAMPLES)("are told in both languages: $what $terms", ({ what, terms, zh, en }) => {
    const kept = terms.includes(" – ") ? `${terms} #0123456789abcdef` : terms;
    setLanguage("zh");
    expect(termsWords({ what, terms: kept }, cameras)).toBe(zh);
    setLanguage("en");
    expect(termsWords({ what, terms: kept }, cameras)).toBe(en);
  });

  it("stay as they are where this release does not know them, and where they were cut", () => {
    setLanguage("zh");
    expect(termsWords({ what: "person", terms: "张三; sex male; at_lea" }, cameras)).toBe("张三；sex male；at_lea");
  });
});
