import { describe, expect, it } from "vitest";
import { offers, parse, type Choice, type Command } from "../../src/components/commands";

const units: Choice[] = [
  { id: "u2", label: "岳02", names: ["Yue 02"], why: "1.2 公里" },
  { id: "u1", label: "岳01", names: ["Yue 01"], why: "3 公里" },
];
const will = (text: string) => ({ will: text, run: () => Promise.resolve() });
const commands: Command[] = [
  { verb: "D", names: ["派警", "Dispatch"], takes: "several", choices: () => units, plan: (_words, chosen) => will(chosen.map((c) => c.id).join("+")) },
  { verb: "L", names: ["定级", "Level"], takes: "text", plan: ([level]) => (level === "2" ? will("II") : { wrong: "level?" }) },
  { verb: "P", names: ["启动预案", "Plan"], takes: "one", choices: () => [{ id: "p1", label: "洪水 预案", names: ["Flood"] }], plan: (_w, [plan]) => will(plan?.id ?? "") },
  { verb: "A", names: ["接警", "Answer"], takes: "nothing", plan: () => will("answer") },
];
const messages = { unknown: (typed: string) => `? ${typed}`, missing: ([zh]: readonly [string, string]) => `… ${zh}` };

function outcomes(line: string): string[] {
  return parse(line, commands, messages).map(({ outcome }) => ("will" in outcome ? outcome.will : outcome.wrong));
}

describe("command line", () => {
  it("reads several parts with several units", () => {
    expect(outcomes("D 岳01 岳02 · L2 · P 洪水")).toEqual(["u1+u2", "II", "p1"]);
    expect(outcomes("")).toEqual([]);
  });

  it("finds verbs and choices in Chinese, by initials and in English", () => {
    for (const line of ["派警 岳01", "pj y01", "dis 01", "d 岳01"]) expect(outcomes(line), line).toEqual(["u1"]);
    expect(outcomes("jj")).toEqual(["answer"]);
    expect(outcomes("P hs")).toEqual(["p1"]);
    expect(outcomes("P 洪水 预案")).toEqual(["p1"]);
  });

  it("says what it does not know or lacks", () => {
    expect(outcomes("xyz")).toEqual(["? xyz"]);
    expect(outcomes("D 岳99")).toEqual(["? 岳99"]);
    expect(outcomes("D")).toEqual(["… 派警"]);
    expect(outcomes("L7")).toEqual(["level?"]);
  });

  it("writes names with spaces as one word where several are taken", () => {
    const task: Choice = { id: "t1", label: "Close the road", names: [] };
    const done: Command = { verb: "K", names: ["任务完成", "Task done"], takes: "several", choices: () => [task], plan: (_w, [c]) => will(c?.id ?? "") };
    const [offer] = offers("K cl", [done], true);
    expect(offer?.line).toBe("K Close_the_road ");
    expect(parse(offer?.line ?? "", [done], messages)[0]?.outcome).toMatchObject({ will: "t1" });
    expect(offers("K Close_the_road ", [done], true)).toEqual([]);
  });

  it("takes a whole label that is typed with its spaces for that one, and not for others that hold its words", () => {
    const roads: Choice[] = ["107国道 北入口", "京港澳高速 北入口", "107国道 南出口", "京港澳高速 南出口"].map((label) => ({ id: label, label, names: [] }));
    const show: Command = { verb: "SP", names: ["视频", "Video"], takes: "several", choices: () => roads, plan: (_w, chosen) => will(chosen.map((c) => c.id).join("+")) };
    const shown = (line: string): unknown => parse(line, [show], messages)[0]?.outcome;
    expect(shown("SP 京港澳高速 南出口")).toMatchObject({ will: "京港澳高速 南出口" });
    expect(shown("SP 107国道 南出口 京港澳高速 北入口")).toMatchObject({ will: "107国道 南出口+京港澳高速 北入口" });
    expect(shown("SP 南出口 107国道_北入口")).toMatchObject({ will: "107国道 南出口+107国道 北入口" });
  });

  it("names a unit once however often it is typed", () => {
    expect(outcomes("D 岳01 岳01")).toEqual(["u1"]);
  });

  it("offers verbs, then choices in the order given, without those taken", () => {
    expect(offers("", commands, false).map(({ label }) => label)).toEqual(["派警", "定级", "启动预案", "接警"]);
    expect(offers("pl", commands, true).map(({ label }) => label)).toEqual(["Plan"]);
    expect(offers("D ", commands, false)).toEqual([
      { label: "岳02", detail: "1.2 公里", line: "D 岳02 " },
      { label: "岳01", detail: "3 公里", line: "D 岳01 " },
    ]);
    expect(offers("D 岳02 ", commands, false).map(({ line }) => line)).toEqual(["D 岳02 岳01 "]);
    expect(offers("L2 · D 01", commands, false).map(({ line }) => line)).toEqual(["L2 · D 岳01 "]);
  });
});
