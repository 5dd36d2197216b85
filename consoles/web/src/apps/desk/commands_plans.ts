/** Commands about plans, tasks and approvals. */

import type { Choice, Command } from "../../components/commands";
import { duration, instant } from "../../i18n/format";
import { language, t } from "../../i18n/i18n";
import type { Bilingual, PlanRow, SituationRow } from "../../wire";
import { mayDecide } from "../approvals/deciders";
import { taskTitle } from "../marks";
import { waitingApprovals } from "../picture";
import { choice, does, each, labels, namesOf, wrong } from "./commands";
import type { Desk } from "./context";

export function inLanguage(text: Bilingual): string {
  return language() === "zh" ? text.zh : text.en;
}

/** A plan is for a situation of its kinds and grave enough; place is left to the hub and the commander. */
export function applies(plan: PlanRow, situation: SituationRow): boolean {
  const { kinds, lowest_level } = plan.definition.applies;
  return kinds.includes(situation.kind) && situation.level <= lowest_level;
}

export function planCommands(desk: () => Desk): Command[] {
  return [
    {
      verb: "P",
      names: namesOf("cmd.plan"),
      takes: "one",
      choices: () => planChoices(desk()),
      plan: (_words, [plan]) => {
        const { situation } = desk();
        if (situation === null || plan === undefined) return wrong("wrong.no_situation");
        return does(t("will.plan", { title: situation.title, plan: plan.label }), () =>
          desk().ask({ request: "activate_plan", plan: plan.id, situation: situation.id }),
        );
      },
    },
    {
      verb: "H",
      names: namesOf("cmd.phase"),
      takes: "nothing",
      plan: () => {
        const activation = desk().situation?.activation ?? "";
        if (activation === "") return wrong("wrong.no_situation");
        const title = desk().situation?.title ?? "";
        return does(t("will.do", { verb: t("cmd.phase"), what: title }), () => desk().ask({ request: "next_phase", activation }));
      },
    },
    {
      verb: "K",
      names: namesOf("cmd.task"),
      takes: "several",
      choices: () => taskChoices(desk()),
      plan: (_words, chosen) =>
        does(t("will.do", { verb: t("cmd.task"), what: labels(chosen) }), () => each(chosen, (task) => desk().ask({ request: "finish_task", task }))),
    },
    {
      verb: "SD",
      names: namesOf("cmd.stand_down"),
      takes: "text",
      plan: ([why]) => {
        const activation = desk().situation?.activation ?? "";
        if (activation === "") return wrong("wrong.no_situation");
        if (why === undefined) return wrong("wrong.reason");
        const run = () => desk().ask({ request: "stand_down_plan", activation, why });
        return does(t("will.stand_down", { plan: desk().store.rows("activations").get(activation)?.plan ?? "" }), run, t("will.stand_down_consequence"));
      },
    },
    {
      verb: "ASK",
      names: namesOf("cmd.ask"),
      takes: "text",
      plan: ([item]) => {
        const { situation } = desk();
        if (item === undefined) return wrong("wrong.text");
        return does(t("will.do", { verb: t("cmd.ask"), what: item }), () =>
          desk().ask({ request: "request_approval", item: item.slice(0, 100), subject: situation?.title ?? item, due_minutes: 30, situation: situation?.id ?? null }),
        );
      },
    },
    decision(desk, "Y", true),
    decision(desk, "NO", false),
  ];
}

function decision(desk: () => Desk, verb: string, granted: boolean): Command {
  const key = granted ? "cmd.grant" : "cmd.refuse";
  return {
    verb,
    names: namesOf(key),
    takes: "several",
    choices: () =>
      waitingApprovals(desk().store.rows("approvals"))
        .filter((row) => mayDecide(desk().actor, row))
        .map((row) => choice(row.id, row.item, row.subject, [], `${row.subject} ${instant(row.requested_ms, desk().now_ms)}`)),
    plan: (_words, chosen) =>
      does(t("will.do", { verb: t(key), what: labels(chosen) }), () =>
        each(chosen, (approval) => desk().ask({ request: "decide_approval", approval, granted })),
      ),
  };
}

function planChoices(desk: Desk): Choice[] {
  const plans = [...desk.store.rows("plans").values()];
  const { situation } = desk;
  const fits = (row: PlanRow): boolean => situation !== null && applies(row, situation);
  return plans
    .sort((a, b) => Number(fits(b)) - Number(fits(a)))
    .map(({ id, definition }) => choice(id, inLanguage(definition.title), definition.version, [definition.title.zh, definition.title.en, id], definition.version));
}

function taskChoices(desk: Desk): Choice[] {
  const tasks = [...desk.store.rows("tasks").values()].filter((row) => row.state === "open");
  const mine = (situation: string): number => Number(situation !== desk.situation?.id);
  return tasks
    .sort((a, b) => mine(a.situation) - mine(b.situation) || a.due_ms - b.due_ms)
    .map((row) => {
      const left_ms = row.due_ms - desk.now_ms;
      const why = left_ms < 0 ? t("time.late", { span: duration(-left_ms) }) : t("time.left", { span: duration(left_ms) });
      const of = desk.store.rows("situations").get(row.situation)?.title ?? "";
      return choice(row.id, taskTitle(row), why, [row.title, row.title_en], `${of} ${instant(row.opened_ms, desk.now_ms)}`);
    });
}
