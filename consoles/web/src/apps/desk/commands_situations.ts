/** Commands about the chosen situation: send, recall, level, note, wall, merge, close. */

import type { Choice, Command, Outcome } from "../../components/commands";
import { NUMERALS } from "../../components/shapes";
import { distance, instant } from "../../i18n/format";
import { recorded, t, word } from "../../i18n/i18n";
import type { Level, SituationRow } from "../../wire";
import { isActiveOrder, openSituations, ordersOf } from "../picture";
import { choice, does, each, labels, namesOf, wrong } from "./commands";
import { whyWords, type Desk } from "./context";
import { orderText } from "./order_words";

const LEVELS: Readonly<Record<string, Level>> = { "1": 1, "2": 2, "3": 3, "4": 4, I: 1, II: 2, III: 3, IV: 4 };

/** Free units, the recommended ones first and in their order. */
export function unitChoices(desk: Desk): Choice[] {
  const units = desk.store.rows("units");
  const best = desk.recommended.flatMap((each) => {
    const unit = units.get(each.unit);
    return unit === undefined ? [] : [choice(unit.id, unit.name, `${distance(each.distance_m)} ${whyWords(each.why)}`, unit.officers)];
  });
  const known = new Set(best.map(({ id }) => id));
  const rest = [...units.values()].filter((unit) => unit.state !== "off" && !known.has(unit.id));
  return [...best, ...rest.map((unit) => choice(unit.id, unit.name, word("unit_state", unit.state), unit.officers))];
}

/** What to say of a word that is no unit to be sent. */
export function noUnit(desk: Desk, typed: string): string {
  return isUnit(desk, typed) ? t("wrong.unit_off", { typed }) : t("wrong.unit", { typed });
}

function isUnit({ store }: Desk, typed: string): boolean {
  return [...store.rows("units").values()].some(({ name }) => name === typed);
}

/** Open situations to choose from; those of one title are told apart by when they were opened. */
export function situationChoice(row: SituationRow, desk: Pick<Desk, "now_ms">, why = row.place?.text ?? ""): Choice {
  return choice(row.id, row.title, why, [], instant(row.opened_ms, desk.now_ms));
}

/** A situation that cannot be taken for another: with its place, when it was opened, and its case. */
export function inFull(row: SituationRow, { now_ms }: Pick<Desk, "now_ms">): string {
  const about = [row.place?.text ?? "", t("situation.opened_at", { at: instant(row.opened_ms, now_ms) }), row.case === "" ? "" : t("situation.case", { id: row.case })];
  return t("situation.in_full", { title: row.title, about: about.filter((each) => each !== "").join(t("list.comma")) });
}

export function situationCommands(desk: () => Desk): Command[] {
  const about = (plan: (row: SituationRow) => Outcome): Outcome => {
    const { situation } = desk();
    return situation === null ? wrong("wrong.no_situation") : plan(situation);
  };
  return [
    {
      verb: "D",
      names: namesOf("cmd.dispatch"),
      takes: "several_and_text",
      choices: () => unitChoices(desk()),
      unfit: (typed) => noUnit(desk(), typed),
      plan: ([words = ""], chosen) =>
        about((row) => {
          const text = orderText(desk().store, row, words);
          const will = t("will.dispatch", { units: labels(chosen), title: row.title, text });
          const order = (unit: string) => desk().ask({ request: "issue_order", situation: row.id, unit, text });
          return does(words === "" ? t("will.words", { what: will }) : will, () => each(chosen, order));
        }),
    },
    {
      verb: "R",
      names: namesOf("cmd.recall"),
      takes: "several_and_text",
      unfit: (typed) => (desk().situation === null ? t("wrong.no_situation") : isUnit(desk(), typed) ? t("wrong.unit_order", { typed }) : t("wrong.unit", { typed })),
      choices: () => {
        const { situation, store } = desk();
        const orders = ordersOf(store.rows("orders"), situation?.id ?? "").filter(isActiveOrder);
        return orders.map((order) => choice(order.id, store.rows("units").get(order.unit)?.name ?? order.unit, word("order_state", order.state)));
      },
      plan: ([words = ""], chosen) => {
        const why = words === "" ? recorded("default.recall_why") : words;
        const will = t("will.recall", { unit: labels(chosen), why });
        const recall = (order: string) => desk().ask({ request: "recall_order", order, why });
        return does(words === "" ? t("will.words", { what: will }) : will, () => each(chosen, recall));
      },
    },
    {
      verb: "L",
      names: namesOf("cmd.level"),
      takes: "text",
      plan: ([text = ""]) =>
        about((row) => {
          const [typed = "", ...why] = text.split(/\s+/);
          const level = LEVELS[typed.toUpperCase()];
          if (level === undefined) return wrong("wrong.level");
          const reason = why.join(" ") || recorded("default.level_why");
          return does(t("will.level", { title: row.title, level: NUMERALS[level] }), () =>
            desk().ask({ request: "set_level", situation: row.id, level, why: reason }),
          );
        }),
    },
    {
      verb: "N",
      names: namesOf("cmd.note"),
      takes: "text",
      plan: ([text]) =>
        about((row) =>
          text === undefined
            ? wrong("wrong.text")
            : does(t("will.note", { title: row.title, text }), () => desk().ask({ request: "note_situation", situation: row.id, text })),
        ),
    },
    {
      verb: "X",
      names: namesOf("cmd.decide"),
      takes: "text",
      plan: ([text]) =>
        about((row) =>
          text === undefined
            ? wrong("wrong.text")
            : does(t("will.decide", { title: row.title, text }), () =>
                desk().ask({ request: "note_situation", situation: row.id, text, decision: true }),
              ),
        ),
    },
    {
      verb: "W",
      names: namesOf("cmd.wall"),
      takes: "nothing",
      plan: () => about((row) => does(t("will.do", { verb: t("cmd.wall"), what: row.title }), () => desk().ask({ request: "pin_focus", situation: row.id }))),
    },
    { verb: "U", names: namesOf("cmd.unwall"), takes: "nothing", plan: () => does(t("cmd.unwall"), () => desk().ask({ request: "pin_focus" })) },
    {
      verb: "Z",
      names: namesOf("cmd.merge"),
      takes: "one",
      choices: () => {
        const { store, situation } = desk();
        const others = openSituations(store.rows("situations")).filter(({ id }) => id !== situation?.id);
        return others.map((row) => situationChoice(row, desk()));
      },
      plan: (_words, [into]) =>
        about((row) => {
          const other = desk().store.rows("situations").get(into?.id ?? "");
          if (into === undefined || other === undefined) return wrong("wrong.no_situation");
          const merge = async (): Promise<void> => {
            await desk().ask({ request: "merge_situation", situation: row.id, into: into.id, why: recorded("default.level_why") });
            desk().choose("situations", into.id);
          };
          return does(t("will.merge", { title: inFull(row, desk()), into: inFull(other, desk()) }), merge, t("will.merge_consequence"));
        }),
    },
    {
      verb: "F",
      names: namesOf("cmd.close"),
      takes: "text",
      plan: ([why = ""]) =>
        about((row) =>
          does(t("will.close", { title: inFull(row, desk()) }), () => desk().ask({ request: "close_situation", situation: row.id, why }), t("will.close_consequence")),
        ),
    },
  ];
}
