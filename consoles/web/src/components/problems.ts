/** What went wrong, in the words of whoever is looking. */

import { language, t, word } from "../i18n/i18n";
import { Problem, UnreachableError } from "../sync/api";
import { refusalWords } from "./refusals";

/** One line for a failed request. Errors that are our own bugs are thrown on, to be seen in the console. */
export function describe(error: unknown): string {
  if (error instanceof UnreachableError) return t("problem.unreachable");
  if (!(error instanceof Problem)) throw error;
  const known = refusalWords(error.detail);
  if (known !== "") return known;
  const name = word("problem", error.code);
  // The hub's sentence is English and exact; the translated code alone may be too little to act on.
  return language() === "en" || name.startsWith("problem.") || error.detail !== "" ? `${name}（${error.detail || error.status}）` : name;
}
