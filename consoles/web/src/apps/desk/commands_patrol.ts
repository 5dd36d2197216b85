/** Commands about alarms, SOS, messages, the watch list and sightings. */

import type { Choice, Command } from "../../components/commands";
import { recorded, t, word } from "../../i18n/i18n";
import type { AlarmRow } from "../../wire";
import { alarmsInOrder, subjectOf } from "../picture";
import { choice, does, each, labels, namesOf, wrong, type DeskActions } from "./commands";
import { noUnit, unitChoices } from "./commands_situations";
import type { Desk } from "./context";
import { platesOf } from "./plates";

const SHELVE_MINUTES = 15;
const WATCH_DAYS = 7;

function alarmChoices(desk: Desk, states: readonly AlarmRow["state"][], fits: (row: AlarmRow) => boolean = () => true): Choice[] {
  const { store } = desk;
  const subjects = {
    units: store.rows("units"),
    cameras: store.rows("cameras"),
    orders: store.rows("orders"),
    tasks: store.rows("tasks"),
    approvals: store.rows("approvals"),
  };
  return alarmsInOrder(store.rows("alarms"))
    .filter((row) => states.includes(row.state) && fits(row))
    .map((row) => choice(row.id, `${subjectOf(row, subjects)} ${word("alarm", row.kind)}`, "", [word("alarm", row.kind)]));
}

/** "15 已报修" and "已报修" alike: minutes first, if any, then why. */
function shelving(text: string): { minutes: number; why: string } {
  const found = /^(\d{1,4})\s+(.*)$/.exec(text);
  return found === null ? { minutes: SHELVE_MINUTES, why: text } : { minutes: Number(found[1]), why: found[2] ?? "" };
}

export function patrolCommands(desk: () => Desk, actions: Pick<DeskActions, "query">): Command[] {
  return [
    {
      verb: "T",
      names: namesOf("cmd.take"),
      takes: "several",
      choices: () => alarmChoices(desk(), ["raised", "shelved"]),
      plan: (_words, chosen) =>
        does(t("will.do", { verb: t("cmd.take"), what: labels(chosen) }), () =>
          each(chosen, (alarm) => desk().ask({ request: "take_alarm", alarm })),
        ),
    },
    {
      verb: "S",
      names: namesOf("cmd.shelve"),
      takes: "one_and_text",
      // A call for help is not put aside (R60).
      choices: () => alarmChoices(desk(), ["raised", "taken"], ({ kind }) => kind !== "sos"),
      plan: ([text = ""], [alarm]) => {
        const { minutes, why } = shelving(text);
        if (alarm === undefined || why === "") return wrong("wrong.reason");
        return does(t("will.shelve", { alarm: alarm.label, n: minutes, why }), () =>
          desk().ask({ request: "shelve_alarm", alarm: alarm.id, minutes, why }),
        );
      },
    },
    {
      verb: "C",
      names: namesOf("cmd.clear"),
      takes: "several",
      choices: () => alarmChoices(desk(), ["taken", "raised", "shelved"]),
      plan: (_words, chosen) =>
        does(t("will.do", { verb: t("cmd.clear"), what: labels(chosen) }), () =>
          each(chosen, (alarm) => desk().ask({ request: "clear_alarm", alarm, why: recorded("cmd.clear") })),
        ),
    },
    {
      verb: "SAFE",
      names: namesOf("cmd.safe"),
      takes: "one",
      choices: () => [...desk().store.rows("sos").values()].map((row) => choice(row.id, desk().store.rows("units").get(row.unit)?.name ?? row.unit)),
      plan: (_words, [sos]) =>
        sos === undefined
          ? wrong("wrong.text")
          : does(t("will.do", { verb: t("cmd.safe"), what: sos.label }), () => desk().ask({ request: "clear_sos", sos: sos.id, why: recorded("cmd.safe") })),
    },
    {
      verb: "M",
      names: namesOf("cmd.message"),
      takes: "several_and_text",
      choices: () => unitChoices(desk()),
      unfit: (typed) => noUnit(desk(), typed),
      plan: ([text], chosen) => {
        if (text === undefined) return wrong("wrong.text");
        const units = chosen.map(({ id }) => id);
        const what = `${labels(chosen)}：${text}`;
        return does(t("will.do", { verb: t("cmd.message"), what }), () => desk().ask({ request: "send_message", units, text, situation: desk().situation?.id ?? null }));
      },
    },
    {
      verb: "V",
      names: namesOf("cmd.watch"),
      takes: "text",
      plan: ([text = ""]) => {
        const [pattern = "", ...why] = text.split(/\s+/);
        if (pattern === "") return wrong("wrong.text");
        if (why.length === 0) return wrong("wrong.reason");
        const until_ms = Math.round(desk().now_ms) + WATCH_DAYS * 86_400_000;
        return does(t("will.do", { verb: t("cmd.watch"), what: pattern }), () =>
          desk().ask({ request: "request_watch", pattern: pattern.toUpperCase(), reason: why.join(" "), level: 3, until_ms }),
        );
      },
    },
    watchCommand(desk, "VY", "cmd.approve_watch", "requested", (watch) => ({ request: "approve_watch", watch })),
    watchCommand(desk, "VX", "cmd.lift", "active", (watch) => ({ request: "lift_watch", watch, why: recorded("cmd.lift") })),
    {
      verb: "Q",
      names: namesOf("cmd.query"),
      takes: "text",
      choices: () => platesToLookUp(desk()).map((plate) => choice(plate, plate)),
      plan: ([text = ""]) => {
        const [plate = "", ...words] = text.split(/\s+/);
        if (plate === "") return wrong("wrong.text");
        const why = words.join(" ").trim() || (desk().situation?.title ?? "");
        if (why === "") return wrong("wrong.reason");
        return does(t("will.query", { plate, why }), () => actions.query(plate.toUpperCase(), why));
      },
    },
  ];
}

function platesToLookUp({ situation, store }: Desk): readonly string[] {
  return situation === null ? [] : platesOf(situation, store.rows("hits"), store.rows("calls"));
}

function watchCommand(
  desk: () => Desk,
  verb: string,
  key: "cmd.approve_watch" | "cmd.lift",
  state: "requested" | "active",
  request: (watch: string) => Parameters<Desk["ask"]>[0],
): Command {
  return {
    verb,
    names: namesOf(key),
    takes: "one",
    choices: () =>
      [...desk().store.rows("watches").values()].filter((row) => row.state === state).map((row) => choice(row.id, row.pattern, row.reason, [], row.reason)),
    plan: (_words, [watch]) =>
      watch === undefined ? wrong("wrong.text") : does(t("will.do", { verb: t(key), what: watch.label }), () => desk().ask(request(watch.id))),
  };
}
