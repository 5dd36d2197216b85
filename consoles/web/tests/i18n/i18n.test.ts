import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { age, dayAndTime, distance, duration, instant, moment, sureness } from "../../src/i18n/format";
import { say, t, word } from "../../src/i18n/i18n";
import { MESSAGES } from "../../src/i18n/messages";
import { fit, initials } from "../../src/i18n/pinyin";

describe("messages", () => {
  it("use the same placeholders in both languages and are never empty", () => {
    const names = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
    for (const [key, [zh, en]] of Object.entries(MESSAGES)) {
      expect(Math.min(zh.length, en.length), key).toBeGreaterThan(0);
      expect(names(zh), key).toEqual(names(en));
    }
  });

  it("are each said by some page: by their name, or by the beginning that a page puts a word of the wire behind", () => {
    const root = new URL("../../src/", import.meta.url);
    const pages = readdirSync(root, { recursive: true }).map(String).filter((name) => name.endsWith(".ts") && !name.startsWith("i18n/messages"));
    const source = pages.map((name) => readFileSync(new URL(name, root), "utf8")).join("");
    const named = new Set([...source.matchAll(/["`]([a-z]\w*(?:\.\w+)+)["`]/g)].map(([, key]) => key));
    const begun = [...source.matchAll(/`(\w+\.\w*)\$\{/g)].map(([, start]) => start);
    const groups = [...source.matchAll(/\bword\("(\w+)"/g)].map(([, group]) => `${group}.`);
    expect(Object.keys(MESSAGES).filter((key) => !named.has(key) && ![...begun, ...groups].some((start) => key.startsWith(String(start))))).toEqual([]);
  });

  it("fill in and fall back to the word of the wire", () => {
    expect(t("time.seconds", { s: 8 })).toBe("8 秒");
    expect(say("en", "time.minutes", { m: 2 })).toBe("2 min");
    expect(word("unit_state", "free")).toBe("空闲");
    expect(word("unit_state", "flying")).toBe("flying");
  });
});

describe("format", () => {
  it("says that nobody stated how sure a plate was read (R841)", () => {
    expect([sureness(0.974), sureness(0.001), sureness(0)]).toEqual(["97%", "0%", "未报"]);
  });

  it("counts as people do", () => {
    expect(duration(134_000)).toBe("2 分 14 秒");
    expect(duration(3_900_000)).toBe("1 小时 05 分");
    expect(duration(-5)).toBe("0 秒");
    expect(age(420)).toBe("0.4 秒");
    expect(age(Infinity)).toBe("时长不明");
    expect(distance(354)).toBe("350 米");
    expect(distance(2_440)).toBe("2.4 公里");
  });

  it("says the day of what was not today, and the year of what is not this year's (R710)", () => {
    const threeAtNight = Date.parse("2026-11-22T03:00:00+08:00");
    expect(moment(Date.parse("2026-11-22T00:05:09+08:00"), threeAtNight)).toBe("00:05");
    expect(moment(Date.parse("2026-11-21T22:10:00+08:00"), threeAtNight)).toBe("11/21 22:10");
    expect(moment(Date.parse("2027-01-21T20:45:00+08:00"), threeAtNight)).toBe("2027/01/21 20:45");
    expect(moment(Date.parse("2026-11-22T23:59:00+08:00"), threeAtNight)).toBe("23:59");
    expect(instant(Date.parse("2026-11-21T23:59:58+08:00"), threeAtNight)).toBe("11/21 23:59:58");
    expect(instant(threeAtNight - 1_000, threeAtNight)).toBe("02:59:59");
    expect(dayAndTime(threeAtNight)).toBe("11/22 03:00");
  });
});

describe("pinyin", () => {
  it("knows first letters of the county's places and the desk's words", () => {
    expect(initials("荣家湾镇")).toBe("rjwz");
    expect(initials("岳阳县")).toBe("yyx");
    expect(initials("洞庭湖大道")).toBe("dthdd");
    expect(initials("启动预案")).toBe("qdya");
    expect(initials("岳01")).toBe("y01");
    expect(initials("安鹅")).toBe("ae");
  });

  it("finds by Chinese, initials and English, best first", () => {
    const names = ["派警", "Dispatch unit"];
    expect(fit("派", names)).toBe(1);
    expect(fit("pj", names)).toBe(2);
    expect(fit("dis", names)).toBe(1);
    expect(fit("unit", names)).toBe(2);
    expect(fit("du", names)).toBe(3);
    expect(fit("zz", names)).toBeNull();
  });
});
