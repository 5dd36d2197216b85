import { describe, expect, it } from "vitest";
import { eventOf, INJECTS, type InjectKind } from "../../src/apps/rehearsal/injects";
import { comingBefore, eventMarks, eventWords, namesOf, offset, readOffset, refusalOf, refusedWords, stepSpeed, taskBars, timeRange, type Names } from "../../src/apps/rehearsal/lines";
import { t } from "../../src/i18n/i18n";
import { whoWords } from "../../src/apps/who";
import { Latest, sceneAt, timeLineOf, type Scene } from "../../src/apps/rehearsal/past";
import type { RehearsalView, TaskLine } from "../../src/apps/rehearsal/wire";
import { filesOf } from "../../src/apps/rehearsal/past_files";
import type { EvidenceRow, HitRow } from "../../src/wire";

const MINUTE = 60_000;
const names: Names = {
  units: new Map([["yue43", { name: "岳43" }], ["yue45", { name: "岳45" }]]),
  cameras: new Map([["cam05", { name: "长湖段" }]]),
  tasks: new Map([["cordon", "设置警戒区"]]),
  phases: new Map([["recovery", "善后恢复"]]),
  said: new Map(),
};

function task(key: string, given: Partial<TaskLine>): TaskLine {
  const none = { opened_ms: null, due_ms: null, done_ms: null, earned: null, late_ms: 0, done_by: "", too_early_for: [] };
  return { key, phase: "", title: { zh: key, en: "" }, mark: "not_opened", ...none, ...given };
}

const view: RehearsalView = {
  run: {
    space: "rehearsal-1", plan: "p", plan_title: { zh: "", en: "" }, scenario: "s", title: { zh: "", en: "" }, state: "running", speed: 1, by: "",
    starts_ms: 0, ends_ms: 200 * MINUTE, now_ms: 10 * MINUTE, report: "",
  },
  past: [{ at_ms: MINUTE, kind: "answer", about: "call-1", text: "" }],
  next: [
    { at_ms: 11 * MINUTE, kind: "task_done", about: "cordon", text: "完毕" },
    { at_ms: 30 * MINUTE, kind: "camera_up", about: "cam05", text: "" },
  ],
  tasks: [],
  evaluation: { total: null, counted: 0, on_time: 0, late: 0, missed: 0, out_of_order: 0 },
  refused: [{ at_ms: MINUTE, kind: "answer", about: "call-1", code: "conflict", why: "answered already" }],
  told: [],
  told_total: 0,
}; // prettier-ignore

describe("times of a script", () => {
  it("are written and read as scripts have them", () => {
    expect(offset(2_647_900)).toBe("0:44:07");
    expect(offset(-5)).toBe("0:00:00");
    expect([readOffset("1:10:00"), readOffset("5:30"), readOffset(" 45 "), readOffset("0：10：00")]).toEqual([4_200, 330, 45, 600]);
    expect([readOffset(""), readOffset("1:75:00"), readOffset("-3"), readOffset("1:2:3:4")]).toEqual([null, null, null, null]);
  });

  it("step through the speeds and stay at their ends", () => {
    expect([stepSpeed(1, 1), stepSpeed(60, 1), stepSpeed("max", 1), stepSpeed("max", -1), stepSpeed(1, -1)]).toEqual([5, "max", "max", 60, 1]);
    expect([stepSpeed(10, 1), stepSpeed(10, -1)]).toEqual([20, 5]);
  });
});

describe("events of a script", () => {
  it("are said with the names of units, cameras, tasks, phases and roles", () => {
    const line = (kind: string, about: string, text = ""): string => eventWords({ at_ms: 0, kind, about, text }, names);
    expect(line("order", "yue43 yue45", "双向封闭")).toBe("派警 岳43 岳45 双向封闭");
    expect(line("task_done", "cordon", "完毕")).toBe("任务完成 设置警戒区 完毕");
    expect(line("next_phase", "recovery")).toBe("进入阶段 善后恢复");
    expect(line("inject", "commander", "风向变了")).toBe("导调告知 指挥长 风向变了");
    expect(line("step", "yue43", "signed")).toBe("单位动作 岳43 签收");
  });

  it("leave out a key of the script where the text says enough, and keep it where nothing else would", () => {
    expect(eventWords({ at_ms: 0, kind: "open", about: "tanker", text: "油罐车侧翻" }, names)).toBe("立警 油罐车侧翻");
    expect(eventWords({ at_ms: 0, kind: "answer", about: "call-1", text: "" }, names)).toBe("接警 call-1");
  });

  it("are about calls and situations by what the script said of them (R1085)", () => {
    const past = [{ at_ms: 0, kind: "call", about: "call-1", text: "有辆罐车翻了" }, { at_ms: 1, kind: "open", about: "tanker", text: "油罐车侧翻" }];
    const next = [{ at_ms: 9, kind: "call", about: "call-2", text: "堵车" }];
    const said = namesOf({ tasks: [], past, next }, undefined, names.units, names.cameras);
    const line = (kind: string, about: string, text = ""): string => eventWords({ at_ms: 0, kind, about, text }, said);
    expect(line("activate", "tanker")).toBe("启动预案 油罐车侧翻");
    expect(line("answer", "call-1")).toBe("接警 有辆罐车翻了");
    expect(line("answer", "call-2")).toBe("接警 堵车");
    expect(line("end_call", "call-2", "同一事故")).toBe("通话结束 同一事故");
    expect(past.map((each) => eventWords(each, said))).toEqual(["来电 有辆罐车翻了", "立警 油罐车侧翻"]);
  });

  it("are filled on the time line once they came, and know when they were refused", () => {
    expect(eventMarks(view, names).map((mark) => mark.weighty)).toEqual([true, false, false]);
    expect(refusalOf(view.past[0]!, view.refused)?.why).toBe("answered already");
    expect(refusalOf(view.next[0]!, view.refused)).toBeNull();
    expect([comingBefore(view, 11 * MINUTE), comingBefore(view, 200 * MINUTE)]).toEqual([1, 2]);
  });

  it("say who acted: the script in a role or as a unit, the hub, a person", () => {
    const named = (id: string): string => (id === "diaodu" ? "李涛" : id);
    expect(whoWords("script:dispatcher", named, names.units)).toBe("脚本 派警员");
    expect(whoWords("script:yue43", named, names.units)).toBe("脚本 岳43");
    expect(whoWords("hub", named, names.units)).toBe("系统");
    expect(whoWords("diaodu", named, names.units)).toBe("李涛");
  });
});

describe("time line of a rehearsal", () => {
  it("has a bar for each task that was opened", () => {
    const bars = taskBars([task("later", {}), task("open", { opened_ms: 1, due_ms: 9 }), task("done", { opened_ms: 2, due_ms: 8, done_ms: 5 })]);
    expect(bars.map(({ id, start_ms, due_ms, done_ms }) => [id, start_ms, due_ms, done_ms])).toEqual([["open", 1, 9, null], ["done", 2, 8, 5]]);
  });

  it("shows what is near now, or all of it", () => {
    const [from, to] = timeRange(view, 100 * MINUTE, false);
    expect([from, to]).toEqual([88 * MINUTE, 124 * MINUTE]);
    const [first, last] = timeRange(view, 100 * MINUTE, true);
    expect(first).toBeLessThan(0);
    expect(last).toBeGreaterThan(200 * MINUTE);
  });
});

describe("injects", () => {
  it("are events without a time, whole or not at all", () => {
    expect(eventOf("inject", { to: "commander", text: " 风向变了 " }, null, "x")).toEqual({ kind: "inject", to: "commander", text: "风向变了" });
    expect(eventOf("inject", { to: "commander", text: "  " }, null, "x")).toBeNull();
    expect(eventOf("task_done", { task: "cordon", note: "" }, null, "x")).toEqual({ kind: "task_done", task: "cordon" });
  });

  it("name a call, place it, and need its place", () => {
    const filled = { dialled: "122", caller: "000", text: "撞车" };
    const place = { lat: 29.1, lon: 113.2, text: "筻口" };
    expect(eventOf("call", filled, place, "director-1")).toEqual({ kind: "call", call: "director-1", ...filled, place });
    expect(eventOf("call", filled, null, "director-1")).toBeNull();
  });

  it("make a decision a yes or no, a plate upper case, and a step one that is taken now", () => {
    expect(eventOf("decide", { task: "cordon", granted: "no", by: "彭" }, null, "x")).toMatchObject({ granted: false });
    expect(eventOf("sighting", { camera: "cam05", plate: "湘f9k237" }, null, "x")).toMatchObject({ plate: "湘F9K237" });
    expect(eventOf("respond", { unit: "yue43", step: "arrived" }, null, "x")).toEqual({ kind: "respond", unit: "yue43", arrive_s: 0 });
  });

  it("are all possible: every kind makes an event when its fields are filled in", () => {
    for (const kind of Object.keys(INJECTS) as InjectKind[]) {
      const filled = Object.fromEntries(INJECTS[kind].map((field) => [field.name, "signed"]));
      expect(eventOf(kind, filled, { lat: 29, lon: 113 }, "x"), kind).toMatchObject({ kind });
    }
  });
});

describe("fetching while somebody drags", () => {
  it("asks for one at a time and then only for the last wish", async () => {
    const asked: number[] = [];
    const taken: number[] = [];
    const answer: (() => void)[] = [];
    const latest = new Latest<number, number>(
      (wish) => {
        asked.push(wish);
        return new Promise((resolve) => answer.push(() => resolve(wish * 10)));
      },
      (result) => taken.push(result),
      () => undefined,
    );
    const done = latest.want(1);
    void latest.want(2);
    void latest.want(3);
    expect(asked).toEqual([1]);
    answer[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(asked).toEqual([1, 3]);
    answer[1]?.();
    await done;
    expect(taken).toEqual([10, 30]);
    expect(latest.busy).toBe(false);
  });

  it("tells what failed and goes on with the next wish", async () => {
    const failed: unknown[] = [];
    const latest = new Latest<number, number>(
      (wish) => (wish === 1 ? Promise.reject(new Error("no")) : Promise.resolve(wish)),
      () => undefined,
      (error) => failed.push(error),
    );
    await latest.want(1);
    await latest.want(2);
    expect(failed).toHaveLength(1);
  });
});

describe("files of a situation of the past (R119)", () => {
  it("are asked for by the row that names them, newest first, and none where nothing was kept", () => {
    const scene: Scene = {
      situation: "s1", at_ms: 9, seq: 9,
      tables: {
        hits: { h1: { id: "h1", plate: "湘F12345", picture: "aa", seen_ms: 5 } as HitRow, h2: { id: "h2", plate: "湘F1", picture: "", seen_ms: 6 } as HitRow },
        evidence: { e1: { id: "e1", name: "现场.pdf", sha256: "bb", media_type: "application/pdf", taken_ms: 7 } as EvidenceRow },
      },
    }; // prettier-ignore
    expect(filesOf(scene).map(({ path, picture }) => [path, picture])).toEqual([["/api/v1/blobs/bb?row=e1", false], ["/api/v1/blobs/aa?row=h1", true]]);
    expect(filesOf({ ...scene, tables: {} })).toEqual([]);
  });
});

describe("a look into a long record", () => {
  it("is waited for as long as a fold of years takes (R1111)", async () => {
    const asked: [string, number][] = [];
    const get = <T>(path: string, timeout_ms = 10_000): Promise<T> => Promise.resolve(asked.push([path, timeout_ms]) as T);
    await timeLineOf({ get }, "s1");
    await sceneAt({ get }, "s1", 5.4);
    expect(asked).toEqual([["/api/v1/situations/s1/timeline", 300_000], ["/api/v1/situations/s1/replay?at_ms=5", 300_000]]);
  });
});

describe("what the record refused of a script", () => {
  it("is told in words, not in the hub's own sentence (R1113)", () => {
    const refusal = { at_ms: 0, kind: "order", about: "u1", code: "conflict" };
    expect(refusedWords({ ...refusal, why: "unit u1 is on order o7" })).toBe(t("refusal.unit_busy"));
    expect(refusedWords({ ...refusal, why: "nobody has words for this" })).toBe(`${t("problem.conflict")} nobody has words for this`);
  });
});
