import { beforeEach, describe, expect, it, vi } from "vitest";
import { mayDecide } from "../../src/apps/approvals/deciders";
import { planCommands } from "../../src/apps/desk/commands_plans";
import type { Desk } from "../../src/apps/desk/context";
import { failureOf } from "../../src/apps/desk/failure";
import { afterSaving, keepNote, loadNote, MOST_NOTES, noteKey } from "../../src/apps/desk/note_drafts";
import { answerWords, notesOf, timeMarks, wordMark } from "../../src/apps/marks";
import { approvalsOf, waitingApprovals } from "../../src/apps/picture";
import type { Actor, Snapshot } from "../../src/sync/protocol";
import { Store } from "../../src/sync/store";
import type { ApprovalRow, MarkRow, UnitRow } from "../../src/wire";

const mark = (id: string, kind: string, at_ms: number, args: MarkRow["args"], of = "s1"): MarkRow => ({ id, kind, at_ms, args, situation: of, actor: "lina" });
const byId = <R extends { id: string }>(...rows: R[]): ReadonlyMap<string, R> => new Map(rows.map((row) => [row.id, row]));
const units = new Map([["u1", { name: "岳10" } as UnitRow]]);

describe("what an officer answers (R933)", () => {
  it("is the result and all that was written with it", () => {
    expect(answerWords("已处置", "另有一名小孩失踪")).toBe("已处置：另有一名小孩失踪");
    expect(answerWords("已处置", "")).toBe("已处置");
    expect(answerWords("", "")).toBe("");
  });

  it("stands on the time line with both, also in a mark of a release before", () => {
    const said = { order: "o1", unit: "u1", result: "已处置", text: "另有一名小孩失踪" };
    expect(wordMark(mark("9", "order_fed_back", 9, said), units)).toBe("反馈 岳10 已处置：另有一名小孩失踪");
    const before = { order: "o1", unit: "u1", text: "另有一名小孩失踪" };
    expect(wordMark(mark("9", "order_fed_back", 9, before), units)).toBe("反馈 岳10 另有一名小孩失踪");
  });
});

describe("what became of an alarm (R1084)", () => {
  const cleared = (args: MarkRow["args"]): string => wordMark(mark("9", "alarm_cleared", 9, { alarm: "a1", ...args }), units);

  it("says which, of whom, and why in words", () => {
    expect(cleared({ alarm_kind: "order_unsigned", subject: "o1", unit: "u1", why: "recalled" })).toBe("告警解除 指令超时未签收 岳10 指令已撤回");
    expect(cleared({ alarm_kind: "task_overdue", subject: "t1", why: "stood down" })).toBe("告警解除 任务超时 预案已终止");
    expect(cleared({ alarm_kind: "stood_still", subject: "u1", unit: "u1", why: "在吃饭" })).toBe("告警解除 久坐不动 岳10 在吃饭");
    expect(wordMark(mark("9", "alarm_taken", 9, { alarm: "a1", alarm_kind: "stood_still", subject: "u1", unit: "u1" }), units)).toBe("告警受理 久坐不动 岳10");
  });

  it("also in a mark of a release before", () => {
    expect(cleared({ alarm_kind: "order_unsigned", why: "signed" })).toBe("告警解除 指令超时未签收 已签收");
    expect(wordMark(mark("9", "alarm_escalated", 9, { alarm: "a1", subject: "u1" }), units)).toBe("告警上报");
  });
});

describe("notes and decisions (R934)", () => {
  const rows = byId(
    mark("7", "situation_noted", 70, { text: "二楼有人", decision: false }),
    mark("10", "situation_noted", 90, { text: "封路", decision: true }),
    mark("9", "situation_noted", 90, { text: "已通知医院", decision: false }),
    mark("8", "order_signed", 80, { unit: "u1" }),
    mark("11", "situation_noted", 95, { text: "别的警情", decision: false }, "s2"),
  );

  it("are listed newest first, those of this situation alone", () => {
    expect(notesOf(rows, "s1").map(({ args }) => args["text"])).toEqual(["封路", "已通知医院", "二楼有人"]);
  });

  it("can be told apart on the time line", () => {
    const marks = timeMarks(rows, "s1", units);
    expect(marks.map(({ label }) => label)).toEqual(["记录 二楼有人", "签收 岳10", "指挥决定 封路", "记录 已通知医院"]);
    expect(marks.filter(({ weighty }) => weighty).map(({ label }) => label)).toEqual(["指挥决定 封路"]);
  });
});

describe("a note that is being typed (R935)", () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text) });
    return () => vi.unstubAllGlobals();
  });

  it("belongs to one situation, one person and one world", () => {
    keepNote(noteKey("live", "lina", "s1"), "二楼");
    expect(loadNote(noteKey("live", "lina", "s1"))).toBe("二楼");
    for (const other of [noteKey("live", "lina", "s2"), noteKey("live", "litao", "s1"), noteKey("r1", "lina", "s1")]) expect(loadNote(other)).toBe("");
  });

  it("is forgotten when it is empty, and the oldest where there are too many", () => {
    for (let n = 0; n <= MOST_NOTES; n += 1) keepNote(String(n), "x");
    expect([loadNote("0"), loadNote("1")]).toEqual(["", "x"]);
    keepNote("1", "");
    expect(loadNote("1")).toBe("");
    kept.set("triune.notes", '[["1","');
    expect(loadNote("1")).toBe("");
  });

  it("keeps what was typed on while the first sentence was being saved", () => {
    expect(afterSaving("二楼有人", "二楼有人")).toBe("");
    expect(afterSaving("二楼有人 三楼也有", "二楼有人")).toBe("三楼也有");
    expect(afterSaving("三楼也有", "二楼有人")).toBe("三楼也有");
  });

  it("says which situation a failure is about once another one is shown", () => {
    const [first, second] = [{ id: "s1", title: "北门溺水" }, { id: "s2", title: "南门打架" }];
    expect(failureOf(first, first, "没有送达")).toBe("没有送达");
    expect(failureOf(first, second, "没有送达")).toBe("北门溺水：没有送达");
    expect(failureOf(first, null, "没有送达")).toBe("北门溺水：没有送达");
  });
});

describe("approvals (R936, R938)", () => {
  const approval = (id: string, state: ApprovalRow["state"], due_ms: number, decided_ms: number | null = null, situation = "s1"): ApprovalRow => ({
    id, state, due_ms, decided_ms, situation, item: id, subject: id, requested_by: "zhihui", requested_ms: 0, warn_ms: 0, warned: false, overdue: false, decided_by: "", why: "",
  });
  const rows = byId(approval("granted", "granted", 1, 50), approval("late", "waiting", 90), approval("refused", "refused", 1, 60), approval("soon", "waiting", 20), approval("elsewhere", "waiting", 5, null, ""));

  it("that wait come first, soonest due first, also those of no situation", () => {
    expect(waitingApprovals(rows).map(({ id }) => id)).toEqual(["elsewhere", "soon", "late"]);
    expect(approvalsOf(rows, "s1").map(({ id }) => id)).toEqual(["soon", "late", "refused", "granted"]);
  });

  it("are decided by a duty leader or commander who did not ask", () => {
    const actor = (id: string, ...roles: Actor["roles"][number][]): Actor => ({ id, roles }) as unknown as Actor;
    const row = approval("a", "waiting", 1);
    expect(mayDecide(actor("lingdao", "duty_leader"), row)).toBe(true);
    expect(mayDecide(actor("zhihui", "commander"), row)).toBe(false);
    expect(mayDecide(actor("diaodu", "dispatcher", "call_taker"), row)).toBe(false);
  });

  it("are offered by the command line to the same people in the same order", () => {
    const store = new Store((run) => run());
    store.snapshot({ type: "snapshot", table: "approvals", seq: 1, rows: Object.fromEntries(rows) } as unknown as Snapshot);
    const offered = (id: string, role: Actor["roles"][number]): string[] => {
      const desk = { store, now_ms: 0, actor: { id, roles: [role] } } as unknown as Desk;
      return planCommands(() => desk).flatMap(({ verb, choices }) => (verb === "Y" ? (choices?.() ?? []) : [])).map((each) => each.id);
    };
    expect(offered("lingdao", "duty_leader")).toEqual(["elsewhere", "soon", "late"]);
    expect(offered("zhihui", "commander")).toEqual([]);
    expect(offered("diaodu", "dispatcher")).toEqual([]);
  });
});
