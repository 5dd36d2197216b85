import { describe, expect, it } from "vitest";
import { askedFor, consequenceOf } from "../../src/apps/approvals/deciders";
import { Newcomers } from "../../src/apps/hand/hearing";
import { homeAtOnce, homesOf } from "../../src/apps/homes";
import { lateWords } from "../../src/apps/leader/open_tab";
import { answerUnderWay, decidedToday, isFinishing, lateOf, notesUnderWay, reportsDue, reportsLater, reportsMade, servedOf, underWay, unplanned } from "../../src/apps/leader/picture";
import type { Entry } from "../../src/sync/outbox";
import type { Actor } from "../../src/sync/protocol";
import type { ActivationRow, ApprovalRow, OrderRow, PlanTask, Request, SituationRow, TaskRow } from "../../src/wire";

const MINUTE = 60_000;
const byId = <R extends { id: string }>(...rows: R[]): ReadonlyMap<string, R> => new Map(rows.map((row) => [row.id, row]));
const approval = (id: string, fields: Partial<ApprovalRow>): ApprovalRow =>
  ({ id, item: id, subject: id, situation: "s1", requested_by: "diaodu", requested_ms: 0, due_ms: 0, state: "waiting", decided_by: "", decided_ms: null, ...fields }) as ApprovalRow;
const task = (id: string, fields: Partial<TaskRow>): TaskRow =>
  ({ id, activation: "p1", situation: "s1", phase: "first", key: id, title: id, title_en: "", state: "open", opened_ms: 0, due_ms: 0, done_ms: null, approval: "", ...fields }) as TaskRow;
const person = (...roles: Actor["roles"]): Actor => ({ id: "a", name: "a", roles, unit: "" });
const entry = (request: Request, refused: Entry["refused"] = null): Entry => ({
  key: "k", actor: "a", request, file: null, path: null, urgent: false, made_ms: 0, tries: 0, refused,
});
const decide = (id: string, granted: boolean): Request => ({ request: "decide_approval", approval: id, granted });

describe("the page for a leader's hand (R878)", () => {
  it("is the first on a phone and one among others elsewhere", () => {
    expect(homesOf(person("duty_leader"))).toEqual(["desk", "wall", "leader", "vehicles"]);
    expect(homesOf(person("commander"), true)[0]).toBe("leader");
    expect(homesOf(person("dispatcher", "duty_leader"), true)[0]).toBe("leader");
    expect(homesOf(person("dispatcher"), true)).toEqual(homesOf(person("dispatcher")));
  });

  it("is gone to without a question on a phone only", () => {
    expect(homeAtOnce(person("duty_leader"), true)).toBe("leader");
    expect(homeAtOnce(person("duty_leader"), false)).toBe("");
    expect(homeAtOnce(person("dispatcher"), true)).toBe("");
    expect(homeAtOnce(person("officer"), false)).toBe("mobile");
    expect(homeAtOnce(person("device"), true)).toBe("");
  });
});

describe("units of a situation (R883)", () => {
  it("are those on it, then those that fed back: none that was recalled or refused", () => {
    const orders = (["arrived", "recalled", "fed_back", "issued", "refused"] as const).map((state) => ({ id: state, state }) as OrderRow);
    const { active, done } = servedOf(orders);
    expect([active, done].map((each) => each.map(({ id }) => id))).toEqual([["arrived", "issued"], ["fed_back"]]);
  });
});

describe("what is late (R883)", () => {
  it("is counted for each situation, each kind for itself", () => {
    const order = (id: string, state: OrderRow["state"], sign_by_ms: number): OrderRow => ({ id, situation: "s1", state, sign_by_ms }) as OrderRow;
    const late = lateOf(
      byId(order("o1", "issued", 99), order("o2", "issued", 101), order("o3", "signed", 50)),
      byId(task("t1", { due_ms: 99 }), task("t2", { due_ms: 99, situation: "s2" }), task("t3", { due_ms: 99, state: "done" }), task("t4", { due_ms: 100 })),
      byId(approval("v1", { due_ms: 1 }), approval("v2", { due_ms: 1, state: "granted" }), approval("v3", { due_ms: 500 })),
      100,
    );
    expect([...late]).toEqual([["s1", { orders: 1, tasks: 1, approvals: 1 }], ["s2", { orders: 0, tasks: 1, approvals: 0 }]]);
    expect(lateWords({ orders: 2, tasks: 0, approvals: 1 })).toBe("2 个指令未按时签收、1 项审批超时");
  });
});

describe("decided today (R879)", () => {
  it("is of the county's day, newest first", () => {
    const midnight_ms = Date.UTC(2026, 2, 1, 16); // in China
    const rows = byId(
      approval("v1", { state: "granted", decided_ms: midnight_ms - 1 }),
      approval("v2", { state: "refused", decided_ms: midnight_ms }),
      approval("v3", { state: "granted", decided_ms: midnight_ms + 5 }),
      approval("v4", {}),
    );
    expect(decidedToday(rows, midnight_ms + MINUTE).map(({ id }) => id)).toEqual(["v3", "v2"]);
  });
});

describe("a decision names what follows (R879)", () => {
  const tasks = byId(task("t1", { title: "封闭道路" }));

  it("of a plan's task by its name", () => {
    const row = approval("v1", { item: "封闭高速", subject: "t1" });
    expect(consequenceOf(row, "grant", tasks)).toBe("任务「封闭道路」随即可以完成。决定记录在案，不能更改。");
    expect(consequenceOf(row, "refuse", tasks)).toContain("不能完成");
    expect(askedFor(row, tasks)).toBe("预案任务：封闭道路");
  });

  it("and of any other that it stands", () => {
    expect(consequenceOf(approval("v1", {}), "grant", tasks)).toBe("决定记录在案，不能更改。");
    expect(askedFor(approval("v1", { subject: "夜间搜索" }), tasks)).toBe("夜间搜索");
    expect(askedFor(approval("v1", {}), tasks)).toBe("");
  });
});

describe("what was asked for here and is not in the picture (R879)", () => {
  it("is what waits to be sent, and what the hub has taken up to a number that did not come yet", () => {
    const waiting = [entry(decide("v1", true)), entry(decide("v2", false), { code: "conflict", detail: "" })];
    const requests = underWay(waiting, [{ request: decide("v3", false), seq: 9 }, { request: decide("v4", true), seq: 8 }], 8);
    expect(["v1", "v2", "v3", "v4"].map((id) => answerUnderWay(requests, id))).toEqual(["grant", null, "refuse", null]);
  });

  it("tells tasks and notes apart", () => {
    const note = (situation: string, text: string): Request => ({ request: "note_situation", situation, text });
    const requests = underWay([entry({ request: "finish_task", task: "t1" }), entry(note("s1", "一")), entry(note("s2", "二")), entry(note("s1", "三"))], [], 0);
    expect([isFinishing(requests, "t1"), isFinishing(requests, "t2")]).toEqual([true, false]);
    expect(notesUnderWay(requests, "s1")).toEqual(["三", "一"]);
  });
});

describe("reports upward (R884)", () => {
  const planned = (id: string, within_min: number | null): PlanTask =>
    ({ id, title: { zh: id, en: id }, report: within_min === null ? null : { to: "city", within_min } }) as PlanTask;
  const phases = [
    { id: "first", title: { zh: "", en: "" }, tasks: [planned("close", null), planned("first-report", 60), planned("soon", 30)] },
    { id: "second", title: { zh: "", en: "" }, tasks: [planned("final-report", 240)] },
  ];
  const activation = (fields: Partial<ActivationRow>): ActivationRow =>
    ({ id: "p1", situation: "s1", state: "active", phase: "first", phase_started_ms: 0, definition: { phases }, ...fields }) as ActivationRow;

  it("are due by their own time or the task's, and run before their task is open; later phases have not begun", () => {
    const due = reportsDue(byId(activation({})), byId(task("first-report", { due_ms: 20 * MINUTE }), task("close", {})));
    expect(due.map(({ planned: { id }, task: row, due_ms }) => [id, row?.id ?? null, due_ms / MINUTE])).toEqual([["first-report", "first-report", 20], ["soon", null, 30]]);
  });

  it("of a phase before count from its start, and are gone where the plan was stood down or the report made", () => {
    const tasks = byId(
      task("close", { opened_ms: 5 * MINUTE, state: "done" }),
      task("first-report", { opened_ms: 9 * MINUTE, due_ms: 500 * MINUTE }),
      task("final-report", { phase: "second", state: "done", done_ms: 7, due_ms: 1 }),
      task("soon", { state: "dropped" }),
    );
    const rows = byId(activation({ phase: "second", phase_started_ms: 50 * MINUTE }));
    expect(reportsDue(rows, tasks).map(({ planned: { id }, due_ms }) => [id, due_ms / MINUTE])).toEqual([["first-report", 60]]);
    expect(reportsMade(rows, tasks).map(({ planned: { id } }) => id)).toEqual(["final-report"]);
    expect(reportsDue(byId(activation({ state: "stood_down" })), new Map())).toEqual([]);
  });

  it("of phases that have not begun are there, without a time that would run (R1115)", () => {
    const later = reportsLater(byId(activation({}), activation({ id: "p2", phase: "second" }), activation({ id: "p3", state: "stood_down" })));
    expect(later.map(({ key, phase, report }) => [key, phase.id, report.within_min])).toEqual([["p1 second final-report", "second", 240]]);
  });

  it("are said of nobody's plan where a grave situation has none that reports (R1115)", () => {
    const row = (id: string, level: SituationRow["level"], state: SituationRow["state"] = "received"): SituationRow =>
      ({ id, level, state, title: id, merged_into: "", changed_ms: 0, opened_ms: 0 }) as SituationRow;
    const rows = byId(row("s1", 2), row("s2", 3), row("s3", 4), row("s4", 1, "closed"), row("s5", 1));
    const silent = activation({ id: "p5", situation: "s5", definition: { phases: [{ id: "first", title: { zh: "", en: "" }, tasks: [planned("close", null)] }] } as unknown as ActivationRow["definition"] });
    expect(unplanned(rows, byId(activation({}), silent)).map(({ id }) => id)).toEqual(["s5", "s2"]);
  });
});

describe("what is new (R879)", () => {
  it("is heard, not what stood there first, and not what comes and goes", () => {
    const newcomers = new Newcomers();
    expect([["v1"], ["v1", "v2"], ["v2"], []].map((ids) => newcomers.take(ids))).toEqual([false, true, false, false]);
  });
});
