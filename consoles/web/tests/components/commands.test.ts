import { describe, expect, it } from "vitest";
import { offers, parse, withOnly, type Choice, type Command } from "../../src/components/commands";

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
const messages = { unknown: (typed: string) => `? ${typed}`, unfit: (typed: string) => `? ${typed}`, doubtful: (typed: string) => `?: ${typed}`, several: (typed: string, n: number) => `${n} ${typed}`, missing: ([zh]: readonly [string, string]) => `… ${zh}` };

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

  it("takes letters and digits of full width for what they are (R1143)", () => {
    expect(outcomes("Ｄ　岳０１　岳０２；Ｌ２")).toEqual(["u1+u2", "II"]);
    expect(offers("Ｄ　０１", commands, false).map(({ line }) => line)).toEqual(["D 岳01 "]);
  });

  it("is divided by a dot only where another command comes after it: plates and names of people have one (R1144)", () => {
    const noting: Command[] = [...commands, { verb: "N", names: ["记录", "Note"], takes: "text", plan: ([text = ""]) => will(text) }];
    const read = (line: string): string[] => parse(line, noting, messages).map(({ outcome }) => ("will" in outcome ? outcome.will : outcome.wrong));
    expect(read("N 嫌疑车粤B·7Q150 向南")).toEqual(["嫌疑车粤B·7Q150 向南"]);
    expect(read("N 嫌疑车粤b·L2345 向南")).toEqual(["嫌疑车粤b·L2345 向南"]);
    expect(read("N 报警人迪丽热巴·迪力木拉提·L2")).toEqual(["报警人迪丽热巴·迪力木拉提", "II"]);
    expect(read("L2·D 岳01· P 洪水 ·jj")).toEqual(["II", "u1", "p1", "answer"]);
    expect(read("D 岳01·岳02")).toEqual(["? 岳01·岳02"]);
    expect(offers("N 粤B·7Q·D 01", noting, false).map(({ line }) => line)).toEqual(["N 粤B·7Q· D 岳01 "]);
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

describe("choices of one name (R929)", () => {
  const fire = (id: string, at: string): Choice => ({ id, label: "商铺起火(二楼)", names: [], why: "友谊路", apart: at });
  const merge = (...choices: Choice[]): Command => ({ verb: "Z", names: ["并案", "Merge"], takes: "one", choices: () => choices, plan: (_w, [into]) => will(into?.id ?? "") });
  const said = (line: string, command: Command) => parse(line, [command], messages)[0]?.outcome;

  it("are told apart, so that the one that is picked is the one that is meant", () => {
    const z = merge(fire("s2", "03:15:02"), fire("s1", "03:12:45"), { id: "s3", label: "落水", names: [] });
    const offered = offers("Z ", [z], false);
    expect(offered.map(({ label }) => label)).toEqual(["商铺起火(二楼) 03:15:02", "商铺起火(二楼) 03:12:45", "落水"]);
    expect(offered.map(({ line }) => said(line, z))).toMatchObject([{ will: "s2" }, { will: "s1" }, { will: "s3" }]);
    expect(said("Z 03:12", z)).toMatchObject({ will: "s1" });
  });

  it("bear their id where nothing else tells them apart, and only their name where nobody shares it", () => {
    const z = merge(fire("s2", "03:15:02"), fire("s1", "03:15:02"));
    expect(offers("Z ", [z], false).map(({ line }) => said(line, z))).toMatchObject([{ will: "s2" }, { will: "s1" }]);
    expect(offers("Z ", [merge(fire("s1", "03:15:02"))], false)[0]?.label).toBe("商铺起火(二楼)");
  });

  it("are none of them chosen by what fits them all alike", () => {
    const z = merge(fire("s2", "03:15:02"), fire("s1", "03:12:45"), { id: "s3", label: "落水", names: [] });
    for (const typed of ["商铺起火(二楼)", "商铺", "spqh"]) expect(said(`Z ${typed}`, z), typed).toEqual({ wrong: `2 ${typed}` });
    expect(said("Z 落水", z)).toMatchObject({ will: "s3" });
    const same: Choice[] = [{ id: "u1", label: "巡 一", names: ["甲"] }, { id: "u2", label: "巡 一", names: ["乙"] }];
    const d: Command = { verb: "D", names: ["派警", "Dispatch"], takes: "several", choices: () => same, plan: (_w, chosen) => will(chosen.map(({ id }) => id).join("+")) };
    expect(said("D 巡 一", d)).toEqual({ wrong: "2 巡 一" });
    expect(said("D 乙", d), "what only one of them is called by").toMatchObject({ will: "u2" });
  });

  it("do not divide the line by what stands in them", () => {
    const z = merge({ id: "s1", label: "起火；有人被困 · 二楼", names: [] }, { id: "s2", label: "起火", names: [] });
    expect(offers("Z ", [z], false).map(({ line }) => parse(line, [z], messages).map(({ outcome }) => outcome))).toMatchObject([[{ will: "s1" }], [{ will: "s2" }]]);
  });
});

describe("one choice with words after it (R928)", () => {
  const alarms: Choice[] = [
    { id: "a1", label: "107国道 南出口 设备离线", names: ["设备离线"] },
    { id: "a2", label: "岳01 张三 久坐不动", names: ["久坐不动"] },
  ];
  const shelve: Command = { verb: "S", names: ["搁置告警", "Shelve"], takes: "one_and_text", choices: () => alarms, plan: ([text = ""], [alarm]) => (text === "" ? { wrong: "why?" } : will(`${alarm?.id ?? ""}: ${text}`)) };
  const said = (line: string) => parse(line, [shelve], messages)[0]?.outcome;

  it("names the one first, by a word or by its whole label", () => {
    expect(said("S 久坐 15 已报修")).toMatchObject({ will: "a2: 15 已报修" });
    expect(said("S 107国道 南出口 设备离线 15 已报修")).toMatchObject({ will: "a1: 15 已报修" });
    expect(said("S 岳01_张三_久坐不动 已报修，明天来人")).toMatchObject({ will: "a2: 已报修，明天来人" });
    expect(said("S 久坐")).toEqual({ wrong: "why?" });
    expect(said("S")).toEqual({ wrong: "… 搁置告警" });
    expect(said("S 已报修")).toEqual({ wrong: "? 已报修" });
  });

  it("offers what can be named, and nothing for the words", () => {
    expect(offers("S ", [shelve], false).map(({ line }) => line)).toEqual(["S 107国道_南出口_设备离线 ", "S 岳01_张三_久坐不动 "]);
    expect(offers("S 久坐", [shelve], false).map(({ line }) => line)).toEqual(["S 岳01_张三_久坐不动 "]);
    expect(offers("S 久坐 107", [shelve], false)).toEqual([]);
  });
});

describe("several choices with words after them (R1075)", () => {
  const near: Choice[] = [...units, { id: "x1", label: "消防一中队", names: ["张三"] }, { id: "x2", label: "107国道 南出口", names: [] }];
  const send: Command = {
    verb: "D", names: ["派警", "Dispatch"], takes: "several_and_text", choices: () => near,
    plan: ([text = "-"], chosen) => will(`${chosen.map(({ id }) => id).join("+")}: ${text}`),
  }; // prettier-ignore
  const said = (line: string) => {
    const outcome = parse(line, [send], messages)[0]?.outcome;
    return outcome === undefined ? undefined : "will" in outcome ? outcome.will : outcome.wrong;
  };

  it("end with the last unit, and the words go along as they are", () => {
    expect(said("D 岳02 三层民房着火有人被困，携带云梯")).toBe("u2: 三层民房着火有人被困，携带云梯");
    expect(said("D 岳02 岳01 携带云梯 2 具 配合 岳01")).toBe("u2+u1: 携带云梯 2 具 配合 岳01");
    expect(said("D 岳02 注意：煤气 12:30 前到")).toBe("u2: 注意：煤气 12:30 前到");
    expect(said("D 107国道 南出口 岳01 封路")).toBe("x2+u1: 封路");
    expect(said("D 岳02 ")).toBe("u2: -");
    expect(said("D")).toBe("… 派警");
  });

  it("begin at a colon whatever they begin with", () => {
    for (const line of ["D 岳02：岳01 在前方接应", "D 岳02 ：岳01 在前方接应", "D 岳02: 岳01 在前方接应"]) expect(said(line), line).toBe("u2: 岳01 在前方接应");
    expect(said("D ：速去")).toBe("… 派警");
  });

  it("are not told from units by how they begin: who is sent is not guessed", () => {
    expect(said("D 01 y02")).toBe("u1+u2: -");
    for (const [line, word] of [["D 岳02 3 人被困", ""], ["D 岳02 2 人被困", "2"], ["D 岳02 消防 已到", "消防"], ["D 岳02 张三 带队", "张三"], ["D 岳02 01", "01"]] as const)
      expect(said(line), line).toBe(word === "" ? "u2: 3 人被困" : `?: ${word}`);
    expect(said("D 岳02：2 人被困")).toBe("u2: 2 人被困");
  });

  it("are none where a unit is named that there is not", () => {
    expect(said("D 岳47 三层民房着火")).toBe("? 岳47");
    expect(said("D 岳02 岳47 三层民房着火")).toBe("? 岳47");
    expect(said("D 三层民房着火")).toBe("? 三层民房着火");
    expect(parse("D 岳47 速去", [{ ...send, unfit: (typed) => `no unit ${typed}` }], messages)[0]?.outcome).toEqual({ wrong: "no unit 岳47" });
  });

  it("are said, not chosen, and stay with those that are not done", () => {
    expect(offers("D 岳02 携带云梯 岳", [send], false)).toEqual([]);
    expect(offers("D 岳02 岳", [send], false).map(({ line }) => line)).toEqual(["D 岳02 岳01 "]);
    const [part] = parse("D 岳02 岳01 携带云梯", [send], messages);
    if (part === undefined) throw new Error("not read");
    const left = withOnly(part, part.chosen.slice(1));
    expect(left).toBe("D 岳01 ：携带云梯");
    expect(said(left)).toBe("u1: 携带云梯");
  });
});

it("writes a part with only those left that are not done (R930)", () => {
  const [part] = parse("D 岳02 岳01", commands, messages);
  if (part === undefined) throw new Error("not read");
  expect(withOnly(part, part.chosen.slice(1))).toBe("D 岳01 ");
});
