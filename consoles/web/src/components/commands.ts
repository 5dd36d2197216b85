/**
 * The language of the command line: `D 岳01 岳02 · L2 · P 洪水`. Parts are divided by · or ; and each is a verb with words after it.
 * A verb is found by its letter, its Chinese name, its pinyin initials or its English name. Nothing here touches the page.
 */

import { fit } from "../i18n/pinyin";

export interface Choice {
  readonly id: string;
  /** What is shown, and put into the line when taken. */
  readonly label: string;
  /** Further names it is found by. */
  readonly names: readonly string[];
  /** Why it is offered, beside it. */
  readonly why?: string;
}

/** What Enter will do, or why it cannot. */
export type Outcome =
  | { readonly will: string; readonly run: () => Promise<unknown>; readonly consequence?: string }
  | { readonly wrong: string };

export interface Command {
  /** One or two capital letters. */
  readonly verb: string;
  readonly names: readonly [zh: string, en: string];
  /** What comes after the verb: nothing, free text to the end, one choice or several. */
  readonly takes: "nothing" | "text" | "one" | "several";
  choices?(): readonly Choice[];
  plan(words: readonly string[], chosen: readonly Choice[]): Outcome;
}

export interface Part {
  readonly command: Command | null;
  readonly words: readonly string[];
  readonly chosen: readonly Choice[];
  readonly outcome: Outcome;
}

export interface Offer {
  readonly label: string;
  readonly detail: string;
  /** The whole line once this offer is taken. */
  readonly line: string;
}

const MOST_OFFERS = 8;
/** A label of more words than these is found by each of them. */
const LABEL_WORDS = 4;

export interface Messages {
  readonly unknown: (typed: string) => string;
  readonly missing: (names: Command["names"]) => string;
}

/** Read a line as far as it goes. An empty line has no parts. */
export function parse(line: string, commands: readonly Command[], messages: Messages): readonly Part[] {
  return line
    .split(/[·;；]/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => parsePart(part, commands, messages));
}

function parsePart(text: string, commands: readonly Command[], messages: Messages): Part {
  const { command, rest } = findVerb(text, commands);
  if (command === null) return { command, words: [], chosen: [], outcome: { wrong: messages.unknown(text) } };
  const words = command.takes === "text" ? (rest === "" ? [] : [rest]) : rest.split(/\s+/).filter((word) => word !== "");
  const chosen: Choice[] = [];
  if (command.takes === "one" || command.takes === "several") {
    const choices = command.choices?.() ?? [];
    for (const word of command.takes === "one" ? (rest === "" ? [] : [rest]) : labelled(words, choices)) {
      const best = rank(word, choices)[0];
      if (best === undefined) return { command, words, chosen, outcome: { wrong: messages.unknown(word) } };
      if (!chosen.includes(best)) chosen.push(best);
    }
    if (chosen.length === 0) return { command, words, chosen, outcome: { wrong: messages.missing(command.names) } };
  }
  return { command, words, chosen, outcome: command.plan(words, chosen) };
}

/** `D 岳01`, `L2`, `派警 岳01`, `pj 岳01` and `dispatch 岳01` all begin with their verb. */
function findVerb(text: string, commands: readonly Command[]): { command: Command | null; rest: string } {
  const [first = "", ...others] = text.split(/\s+/);
  const rest = others.join(" ");
  for (const command of commands) if (first.toUpperCase() === command.verb) return { command, rest };
  for (const command of commands) {
    const tail = first.slice(command.verb.length);
    if (first.toUpperCase().startsWith(command.verb) && /^\d/.test(tail)) return { command, rest: `${tail} ${rest}`.trim() };
  }
  let best: Command | null = null;
  let least = 3; // only beginnings count as a verb; a match inside a name is an offer, not a decision
  for (const command of commands) {
    const found = fit(first, command.names);
    if (found !== null && found < least) [best, least] = [command, found];
  }
  return { command: best, rest };
}

/** Words with those put together that are a whole label: who types `107国道 南出口` means that one and not two others. */
function labelled(words: readonly string[], choices: readonly Choice[]): string[] {
  const labels = new Set(choices.map(({ label }) => label.toLowerCase()));
  const found: string[] = [];
  for (let at = 0; at < words.length; ) {
    const most = Math.min(LABEL_WORDS, words.length - at);
    const n = Array.from({ length: most }, (_, i) => most - i).find((size) => labels.has(words.slice(at, at + size).join(" ").toLowerCase())) ?? 1;
    found.push(words.slice(at, at + n).join(" "));
    at += n;
  }
  return found;
}

/** A label as one word, for verbs that take several. */
function token(choice: Choice): string {
  return choice.label.replace(/\s+/g, "_");
}

/** The choices that fit, best first; equally good ones stay in the order they were given (nearest unit first). */
export function rank(typed: string, choices: readonly Choice[]): Choice[] {
  const found: { choice: Choice; rank: number; at: number }[] = [];
  choices.forEach((choice, at) => {
    const best = fit(typed, [choice.label, token(choice), ...choice.names]);
    if (best !== null) found.push({ choice, rank: best, at });
  });
  return found.sort((a, b) => a.rank - b.rank || a.at - b.at).map(({ choice }) => choice);
}

/** What could come next in the line: verbs while one is typed, then their choices. */
export function offers(line: string, commands: readonly Command[], english: boolean): readonly Offer[] {
  const cut = Math.max(line.lastIndexOf("·"), line.lastIndexOf(";"), line.lastIndexOf("；")) + 1;
  const before = line.slice(0, cut);
  const typed = line.slice(cut).trimStart();
  const lead = before === "" ? "" : `${before} `;
  const { command, rest } = findVerb(typed, commands);
  if (command?.choices !== undefined && (/\s/.test(typed) || typed.length > command.verb.length && /\d/.test(rest.charAt(0)))) {
    const words = command.takes === "several" ? rest.split(/\s+/) : [rest];
    const last = /\s$/.test(line) && command.takes === "several" ? "" : (words.at(-1) ?? "");
    const kept = command.takes === "several" ? words.slice(0, last === "" ? words.length : -1).filter((w) => w !== "") : [];
    return rank(last, command.choices())
      .filter((choice) => !kept.includes(token(choice)))
      .slice(0, MOST_OFFERS)
      .map((choice) => ({
        label: choice.label,
        detail: choice.why ?? "",
        line: `${lead}${[command.verb, ...kept, command.takes === "several" ? token(choice) : choice.label].join(" ")} `,
      }));
  }
  return commands
    .map((each, at) => ({ each, at, rank: fit(typed, [each.verb, ...each.names]) }))
    .filter((found) => found.rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.at - b.at)
    .slice(0, MOST_OFFERS)
    .map(({ each }) => ({ label: each.names[english ? 1 : 0], detail: each.verb, line: `${lead}${each.verb} ` }));
}
