import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describe as words } from "../../src/components/problems";
import { REFUSED, refusalWords } from "../../src/components/refusals";
import { Problem } from "../../src/sync/api";

/** All of the hub's sources are read; a busy machine may need a while for that. */
const READS_MS = 60_000;

/** What an error is raised with; a quotation mark that stands alone somewhere before it takes nothing from it. */
const RAISED = /Error\(\s*f?"((?:[^"\\]|\\.)*)"/g;

function quoted(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, said = ""]) => said.replace(/\{[^}]*\}/g, "1"));
}

/** Every sentence that the hub's sources refuse with, its placeholders filled in with something. */
function sentences(): string[] {
  const root = new URL("../../../../", import.meta.url);
  const files = ["command", "consoles/http", "consoles/parts", "consoles/watch_files", "edge", "streams"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true }).filter((name) => String(name).endsWith(".py")).map((name) => readFileSync(new URL(`${folder}/${String(name)}`, root), "utf8")),
  );
  return files.flatMap((text) => [...quoted(text, /f?"((?:[^"\\]|\\.)*)"/g), ...quoted(text, RAISED)]);
}

/** What the pages of vehicles ask goes through these. */
const VEHICLES = [
  ...["watchlist", "libraries", "hits", "hits_judged", "violations", "violation_register", "queries"].map((name) => `command/rules/${name}`),
  ...["watches", "watch_libraries", "sightings", "sighting_bodies", "queries", "violations", "reading_quality", "watching", "hit_reading"].map((name) => `consoles/http/${name}`),
  ...["child", "columns", "entries", "library", "sheet", "table"].map((name) => `consoles/watch_files/${name}`),
  "command/kernel/plate_pattern", "command/readings/inquiries", "command/readings/area", "command/readings/pattern",
];
/** Told to programs: no page of ours asks so. */
const TO_PROGRAMS = [/Idempotency-Key/, /bearer token/, /^before is the id of a query/, /^first_ms is milliseconds/];

function ofVehicles(): string[] {
  const root = new URL("../../../../", import.meta.url);
  const said = VEHICLES.flatMap((name) => quoted(readFileSync(new URL(`${name}.py`, root), "utf8"), RAISED));
  return said.filter((each) => each.includes(" ") && !TO_PROGRAMS.some((pattern) => pattern.test(each)));
}

describe("refusals (R715)", () => {
  it("are known by sentences that the hub still says", () => {
    const said = sentences();
    // States and roles are words of the wire, not the 1 that stands for them here.
    const loosened = REFUSED.map(([pattern]) => new RegExp(pattern.source.replace("ringing|answered|abandoned|ended", "\\w+")));
    expect(loosened.filter((pattern) => !said.some((each) => pattern.test(each)))).toEqual([]);
  }, READS_MS);

  it("say in the language of whoever looks what happened and what to do", () => {
    expect(refusalWords("unit yue54 is on order o17")).toBe("该单位正在执行另一条指令：先撤回那条，或派别的单位");
    expect(refusalWords("no alarms row with id 'a5'")).toBe("这条告警已解除，不必再做");
    expect(refusalWords("order o17 is recalled")).toBe("指令已是“已撤回”，不能再做这一步");
    expect(refusalWords("activate_plan needs one of the roles commander, duty_leader")).toBe("你的岗位不能做这件事，请找：指挥长、值班领导");
    expect(refusalWords("not a request: a name holds characters that cannot be seen or that turn how it is read - at `$.name`"))
      .toBe("名称里有看不见或改变文字方向的字符，请删去后重新输入");
    expect(refusalWords("not a request: a text has at most 4000 characters - at `$.text`")).toBe("文字太长：最多 4000 个字，请删短后再存");
    expect(words(new Problem(409, "conflict", "call c9 has not been answered"))).toBe("先接听这个来电，再做这一步");
  });

  it("are told to technicians in their language too (R756)", () => {
    expect(refusalWords("an address begins with one of rtsp, rtsps, file")).toBe("地址开头要是 rtsp://、onvif://、gb28181:// 等；只写 IP 当作 ONVIF");
    expect(refusalWords("edge agent gate is not connected to this hub: is its machine on?")).toBe("边缘节点 gate 不在线：查它的电源和到中心的线路");
    expect(refusalWords("李涛 moves this camera")).toBe("李涛 正在转动这台摄像机，等松手后再转");
    expect(refusalWords("camera c1 shows no picture: connection refused")).toBe("摄像机没有画面：摄像机拒绝连接");
    expect(refusalWords("camera c1 shows no picture: something new")).toBe("摄像机没有画面：something new");
  });

  it("are told on the pages of vehicles in their language, each of them (R808)", () => {
    const said = ofVehicles();
    expect(said.length).toBeGreaterThan(60);
    expect(said.filter((each) => refusalWords(each) === "")).toEqual([]);
    expect(refusalWords("no plate contains 'I' (GA 36)")).toBe("号牌里没有“I”这个字（GA 36），请核对");
    expect(refusalWords("5000 watches may be open, there is room for 7 more; lift some")).toBe("布控上限 5000 条，还可申请 7 条：请先撤控一些");
    expect(refusalWords("violation v3 is confirmed")).toBe("这条违法已是“已确认”，不能再做这一步");
    expect(refusalWords("the file is no table: a quotation mark in line 7 is not closed; close it")).toBe("第 7 行的引号没有配对，请改正");
  }, READS_MS);

  it("leave the hub's own words where there are no better ones", () => {
    expect(refusalWords("a session is opened by signing in")).toBe("");
    expect(words(new Problem(409, "conflict", "something new"))).toContain("something new");
  });
});
