/** Commands about calls: answer, open a situation, join one, end. */

import { rank, type Choice, type Command } from "../../components/commands";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { abandonedCalls, openSituations, waitingCalls } from "../picture";
import { choice, does, namesOf, wrong, type DeskActions } from "./commands";
import { inFull, situationChoice } from "./commands_situations";
import type { Desk } from "./context";
import { needsReason, outcomesOf } from "./outcomes";
import { othersCalls } from "./whose_calls";

export function callCommands(desk: () => Desk, actions: Pick<DeskActions, "open">): Command[] {
  return [
    {
      verb: "A",
      names: namesOf("cmd.answer"),
      takes: "nothing",
      plan: () => {
        const first = waitingCalls(desk().store.rows("calls"))[0];
        if (first === undefined) return wrong("wrong.no_waiting");
        return does(t("will.answer", { caller: first.caller }), async () => {
          await desk().ask({ request: "answer_call", call: first.id });
          desk().choose("calls", first.id);
        });
      },
    },
    {
      verb: "HB",
      names: namesOf("cmd.call_back"),
      takes: "one",
      choices: () => callBacks(desk()),
      plan: (_words, [call]) =>
        call === undefined ? wrong("wrong.no_call") : does(t("will.do", { verb: t("cmd.call_back"), what: call.label }), async () => desk().choose("calls", call.id)),
    },
    {
      verb: "O",
      names: namesOf("cmd.open"),
      takes: "nothing",
      plan: () => {
        const { call } = desk();
        if (call === null) return wrong("wrong.no_call");
        return does(t("will.do", { verb: t("cmd.open"), what: call.caller || call.dialled }), () => actions.open(call.id));
      },
    },
    {
      verb: "J",
      names: namesOf("cmd.join"),
      takes: "one",
      choices: () => {
        const rows = desk().store.rows("situations");
        const likely = desk().candidates.flatMap(({ situation, score }) => {
          const row = rows.get(situation);
          return row === undefined ? [] : [situationChoice(row, desk(), t("call.score", { n: Math.round(score * 100) }))];
        });
        const known = new Set(likely.map(({ id }) => id));
        return [...likely, ...openSituations(rows).filter(({ id }) => !known.has(id)).map((row) => situationChoice(row, desk()))];
      },
      plan: (_words, [into]) => {
        const { call } = desk();
        if (call === null) return wrong("wrong.no_call");
        const row = desk().store.rows("situations").get(into?.id ?? "");
        if (into === undefined || row === undefined) return wrong("wrong.no_situation");
        return does(t("will.do", { verb: t("cmd.join"), what: inFull(row, desk()) }), async () => {
          await desk().ask({ request: "link_call", call: call.id, situation: into.id, why: into.why ?? "" });
          desk().choose("situations", into.id);
        });
      },
    },
    {
      verb: "E",
      names: namesOf("cmd.end"),
      takes: "text",
      choices: () => outcomes(desk()),
      plan: ([text = ""]) => {
        const { call } = desk();
        if (call === null) return wrong("wrong.no_call");
        const [said = "", ...rest] = text.split(/\s+/);
        const picked = said === "" ? undefined : rank(said, outcomes(desk()))[0];
        const outcome = outcomesOf(call).find((each) => each === picked?.id);
        if (outcome === undefined) return wrong("wrong.outcome");
        const why = rest.join(" ").trim();
        if (why === "" && needsReason(outcome)) return wrong("wrong.reason");
        return does(t("will.do", { verb: t("cmd.end"), what: word("call_outcome", outcome) }), () => desk().ask({ request: "end_call", call: call.id, outcome, why }));
      },
    },
  ];
}

/** Callers whom nobody answered, then those with others whose call is about nothing yet: whoever comes first may have to go on. */
function callBacks({ store, actor, who, now_ms }: Desk): readonly Choice[] {
  const calls = store.rows("calls");
  return [...abandonedCalls(calls), ...othersCalls(calls, actor.id)].map((row) => {
    const [at, whose] = [format.instant(row.arrived_ms, now_ms), row.answered_by === "" ? word("call_state", row.state) : t("desk.taken_by", { name: who(row.answered_by) })];
    return choice(row.id, row.caller || row.dialled, `${row.dialled} ${at} ${whose}`, [], at);
  });
}

function outcomes({ call }: Desk): readonly Choice[] {
  return call === null ? [] : outcomesOf(call).map((outcome) => choice(outcome, word("call_outcome", outcome), needsReason(outcome) ? t("call.end_why") : ""));
}
