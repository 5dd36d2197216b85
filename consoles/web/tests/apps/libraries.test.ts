import { describe, expect, it } from "vitest";
import { agentWords } from "../../src/apps/vehicles/library_entry";
import { listed } from "../../src/apps/vehicles/watch_libraries";
import { alarmDetail } from "../../src/components/alarm_words";
import { refusalWords } from "../../src/components/refusals";
import { watchedBy } from "../../src/components/watched";
import { count } from "../../src/i18n/format";
import type { HitRow, LibraryRow, WatchRow } from "../../src/wire";

const FILE = { content: { sha256: "a".repeat(64), entries: 3, patterns: 0, size: 30 }, by: "d1", at_ms: 0, added: 3, removed: 0, gone: [], approved_by: "l1", approved_ms: 1 };

function library(id: string, more: Partial<LibraryRow> = {}): LibraryRow {
  return {
    id, name: `库${id}`, office: "省厅", reason: "盗抢", level: 2, action: "intercept", until_ms: 1, state: "active", requested_by: "d0", requested_ms: 0,
    file: FILE, waiting: null, ended_ms: null, hits: 0, rejected: 0, wrong_share: null, marks: [], look_alike: false, area: null, hours: null, waiting_terms: null, first_approved_ms: null, ...more,
  };
}

describe("lists", () => {
  it("stand with what waits for approval first and what is over last", () => {
    const rows = new Map([library("b1"), library("b2", { state: "lifted" }), library("b3", { waiting: FILE }), library("b4", { level: 1 })].map((row) => [row.id, row]));
    expect([...listed(rows).keys()]).toEqual(["b3", "b4", "b1", "b2"]);
  });

  it("say of each agent whether it has the file in force, is away, or too old for lists", () => {
    const agent = { id: "gate", up: true, version: 1, libraries: { b1: "a".repeat(64) } };
    expect(agentWords(agent, library("b1"))).toEqual(["前端 gate：已装入", true]);
    expect(agentWords({ ...agent, libraries: { b1: "b".repeat(64) } }, library("b1"))).toEqual(["前端 gate：尚未装入", false]);
    expect(agentWords({ ...agent, libraries: null }, library("b1"))[0]).toContain("版本过旧");
    expect(agentWords({ ...agent, up: false }, library("b1"))[0]).toContain("离线");
    expect(agentWords({ ...agent, libraries: {}, lists: [] }, library("b1"))).toEqual(["前端 gate：范围内无其摄像机，不下发", true]);
    expect(agentWords({ ...agent, libraries: {}, lists: ["b1"] }, library("b1"))).toEqual(["前端 gate：尚未装入", false]);
    expect(agentWords({ ...agent, up: false, version: 0, libraries: null }, library("b1"))[0]).toContain("离线");
  });

  it("are what a hit is on, with the line and its remark, as entries are", () => {
    const libraries = new Map([["b1", library("b1")]]);
    const store = { rows: (table: string) => (table === "watches" ? new Map<string, WatchRow>() : libraries) } as Parameters<typeof watchedBy>[0];
    const hit = { watch: "b1", line: "湘F1*", note: "白色" } as HitRow;
    expect(watchedBy(store, hit)).toEqual({ pattern: "湘F1*", reason: "库b1 · 盗抢 · 白色", level: 2, action: "intercept", requested_by: "d1", office: "省厅" });
    expect(watchedBy(store, { ...hit, watch: "b9" })).toBeUndefined();
  });

  it("are named where an entry of theirs keeps being wrong, and refusals are told in Chinese", () => {
    expect(alarmDetail({ kind: "watch_doubtful", detail: "3 diaodu 盗抢机动车库" })).toBe("盗抢机动车库 · 连续 3 次误报，申请人 diaodu");
    expect(alarmDetail({ kind: "watch_doubtful", detail: "4/7 diaodu" })).toBe("已判定 7 次中误报 4 次（57%），申请人 diaodu");
    expect(alarmDetail({ kind: "watch_doubtful", detail: "3,4/7 diaodu" })).toBe("连续 3 次误报、已判定 7 次中误报 4 次（57%），申请人 diaodu");
    expect(refusalWords("all lists together have at most 1000000 entries, there is room for 7")).toBe("全部名单库合计上限 1000000，还可容纳 7");
    expect(refusalWords("no such terms of list 盗抢机动车库 wait for approval")).toContain("已变");
    expect(refusalWords("list 盗抢机动车库 is lifted")).toContain("已撤控");
    expect(count(1234567)).toBe("1\u202f234\u202f567");
  });
});
