import { describe, expect, it } from "vitest";
import { ownTasks } from "../../src/apps/desk/own_tasks";
import { answersCalls, deskTables } from "../../src/apps/desk/tables";
import type { Actor } from "../../src/sync/protocol";
import type { TaskRow } from "../../src/wire";

const person = (...roles: Actor["roles"]): Actor => ({ id: "xu", name: "许宁", roles, unit: "" });

describe("the camera watch's desk (R1089)", () => {
  it("mirrors whatever an alarm may be about, and no calls", () => {
    expect(Object.keys(deskTables(person("camera_watch")) ?? {})).toEqual(expect.arrayContaining(["alarms", "units", "cameras", "orders", "tasks", "approvals"]));
    expect([person("camera_watch"), person("camera_watch", "call_taker"), person("officer")].map(answersCalls)).toEqual([false, true, false]);
  });

  it("lists the open tasks for its role, what is late first", () => {
    const task = (id: string, due_ms: number, more: Partial<TaskRow> = {}): [string, TaskRow] => [id, { id, due_ms, state: "open", role: "camera_watch", ...more } as TaskRow];
    const rows = new Map([task("later", 90), task("late", 10), task("done", 1, { state: "done" }), task("others", 1, { role: "dispatcher" }), task("b", 20), task("a", 20)]);
    expect(ownTasks(rows, person("camera_watch")).map(({ id }) => id)).toEqual(["late", "a", "b", "later"]);
    expect(ownTasks(rows, person("wall"))).toEqual([]);
  });
});
