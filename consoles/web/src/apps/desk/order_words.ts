/** What a unit is told with its order: the words of the desk, and of what callers said that which it has to know before it is there. */

import { recorded } from "../../i18n/i18n";
import type { Store } from "../../sync/store";
import type { SituationRow } from "../../wire";
import { QUESTIONS, type FormField } from "./draft";

/** Names of people go to nobody's phone by themselves. */
const NOT_TOLD: readonly FormField[] = ["who"];
/** An answer is read on a phone on the way: cut after so many characters, where the whole stands on the desk's form. */
const ANSWER_CHARS = 60;
/** So many calls are told from, the newest. */
const CALLS = 3;

/** `words` empty is the usual order. What stands in the title or in the words is not told again. */
export function orderText(store: Pick<Store, "rows">, row: SituationRow, words: string): string {
  const text = words === "" ? recorded("default.dispatch") : words;
  const told = toldBy(store, row, `${row.title} ${text}`);
  return told.length === 0 ? text : recorded("order.with_told", { text: text.replace(/[。.]+$/, ""), told: told.join(recorded("list.comma")) });
}

function toldBy(store: Pick<Store, "rows">, row: SituationRow, known: string): string[] {
  const calls = row.calls.flatMap((id) => store.rows("calls").get(id) ?? []);
  const newest = calls.sort((a, b) => b.arrived_ms - a.arrived_ms).slice(0, CALLS).reverse();
  const answers = new Map<FormField, Set<string>>();
  for (const call of newest)
    for (const field of QUESTIONS[call.dialled].filter((each) => !NOT_TOLD.includes(each))) {
      const said = (call.form[field] ?? "").trim();
      if (said !== "" && !(isWords(said) && known.includes(said))) answers.set(field, (answers.get(field) ?? new Set()).add(cut(said)));
    }
  return [...answers].map(([field, said]) => `${recorded(`form.${field}`)} ${[...said].join(" / ")}`);
}

/** A mere number, or one character, in a title is that of something else as well. */
function isWords(said: string): boolean {
  return [...said].length > 1 && !/^[\d\s/]+$/.test(said);
}

function cut(said: string): string {
  const characters = [...said];
  return characters.length <= ANSWER_CHARS ? said : `${characters.slice(0, ANSWER_CHARS).join("")}…`;
}
