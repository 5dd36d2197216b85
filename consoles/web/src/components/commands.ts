/**
 * The language of the command line: `D 岳01 岳02 · L2 · P 洪水`. Parts are divided by · or ; and each is a verb with words after it.
 * A verb is found by its letter, its Chinese name, its pinyin initials or its English name. Letters and digits may be full width. Nothing
 * here touches the page.
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
  /** What tells it from others of its name, shown where several of them are offered. */
  readonly apart?: string;
}

/** A choice as it is offered: no other one bears the same label. */
interface Named extends Choice {
  readonly bare: string;
}

/** What Enter will do, or why it cannot. */
export type Outcome =
  | { readonly will: string; readonly run: () => Promise<unknown>; readonly consequence?: string }
  | { readonly wrong: string };

export interface Command {
  /** One or two capital letters. */
  readonly verb: string;
  readonly names: readonly [zh: string, en: string];
  /** What comes after the verb: nothing, free text to the end, one choice, one and then free text, several, or several and then free text. */
  readonly takes: "nothing" | "text" | "one" | "one_and_text" | "several" | "several_and_text";
  choices?(): readonly Choice[];
  /** What to say of a word that is none of the choices. */
  unfit?(typed: string): string;
  plan(words: readonly string[], chosen: readonly Choice[]): Outcome;
}

export interface Part {
  /** As it stands in the line. */
  readonly text: string;
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
/** From a letter or digit to its form of full width in Unicode. */
const WIDER_BY = 0xfee0;
/** A label of more words than these is found by each of them. */
const LABEL_WORDS = 4;
/** `fit` of what a name, its initials or one of its words begin with. */
const BEGINNING = 2;

/** Thrown by a command that stopped on the way: these are not done, and why. */
export class StoppedError extends Error {
  readonly rest: readonly Choice[];

  constructor(rest: readonly Choice[], cause: unknown) {
    super("stopped on the way", { cause });
    this.rest = rest;
  }
}

export interface Messages {
  /** No verb. */
  readonly unknown: (typed: string) => string;
  /** None of a verb's choices. */
  readonly unfit: (typed: string) => string;
  /** One more choice, or the beginning of the text. */
  readonly doubtful: (typed: string) => string;
  readonly several: (typed: string, n: number) => string;
  readonly missing: (names: Command["names"]) => string;
}

/** Read a line as far as it goes. An empty line has no parts. */
export function parse(line: string, commands: readonly Command[], messages: Messages): readonly Part[] {
  return partsOf(halfWidth(line), commands)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => parsePart(part, commands, messages));
}

/** An input method writes them wide after one slip of the hand, and whoever types does not see it. */
function halfWidth(line: string): string {
  return line.replace(/[Ａ-Ｚａ-ｚ０-９]/gu, (wide) => String.fromCharCode(wide.charCodeAt(0) - WIDER_BY));
}

function partsOf(line: string, commands: readonly Command[]): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { index } of line.matchAll(/[·;；]/gu)) {
    if (line[index] === "·" && isWithin(line.slice(0, index), line.slice(index + 1), commands)) continue;
    parts.push(line.slice(from, index));
    from = index + 1;
  }
  return [...parts, line.slice(from)];
}

/** Whether the dot between these belongs to what is said, as in number plates (粤B·12345) and names of people: no command comes after it. */
function isWithin(before: string, after: string, commands: readonly Command[]): boolean {
  if (!/\S$/u.test(before) || !/^\S/u.test(after)) return false;
  return /\p{Script=Han}[A-Z]$/iu.test(before) || findVerb(after, commands).command === null;
}

function parsePart(text: string, commands: readonly Command[], messages: Messages): Part {
  const { command, rest } = findVerb(text, commands);
  if (command === null) return { text, command, words: [], chosen: [], outcome: { wrong: messages.unknown(text) } };
  const typed = rest.split(/\s+/).filter((word) => word !== "");
  if (command.takes === "nothing" || command.takes === "text") {
    const words = command.takes === "text" && rest !== "" ? [rest] : typed;
    return { text, command, words, chosen: [], outcome: command.plan(words, []) };
  }
  const choices = distinct(command.choices?.() ?? []);
  const names = command.takes === "one" ? (rest === "" ? [] : [rest]) : labelled(typed, choices);
  const { picked, after, doubt } = divided(command.takes, names, choices);
  const words = after === null ? typed : [after].filter((text) => text !== "");
  const unfit = command.unfit?.bind(command) ?? messages.unfit;
  const chosen: Choice[] = [];
  for (const name of picked) {
    const found = name === doubt ? { wrong: messages.doubtful(name) } : find(name, choices, { ...messages, unfit });
    if ("wrong" in found) return { text, command, words, chosen, outcome: found };
    if (!chosen.includes(found)) chosen.push(found);
  }
  const outcome = chosen.length === 0 ? { wrong: messages.missing(command.names) } : command.plan(words, chosen);
  return { text, command, words, chosen, outcome };
}

interface Divided {
  readonly picked: readonly string[];
  /** The text after them, null where there is never any. */
  readonly after: string | null;
  /** The last of them, where it may as well be the first word of the text. */
  readonly doubt?: string;
}

/** The names of choices, and the text that begins with the first word that is none, or at a colon. */
function divided(takes: Command["takes"], names: readonly string[], choices: readonly Named[]): Divided {
  if (takes === "one_and_text") return { picked: names.slice(0, 1), after: names.slice(1).join(" ") };
  if (takes !== "several_and_text") return { picked: names, after: null };
  const picked: string[] = [];
  for (const [at, name] of names.entries()) {
    const [, word = name, said = null] = isWhole(name, choices) ? [] : (/^([^:：]*)[:：](.*)$/.exec(name) ?? []);
    const rest = [...(said === null ? [] : [said]), ...names.slice(at + 1)].join(" ").trim();
    if (word === "") return { picked, after: rest };
    const is = at === 0 ? "choice" : next(word, choices);
    if (is === "text") return { picked, after: names.slice(at).join(" ") };
    picked.push(word);
    if (is === "doubt") return { picked, after: "", doubt: word };
    if (said !== null) return { picked, after: rest };
  }
  return { picked, after: "" };
}

/** What a word after a choice is. Neither that one more is meant is guessed nor that none is: who is sent must not hang on how a word begins. */
function next(word: string, choices: readonly Named[]): "choice" | "doubt" | "text" {
  if (isWhole(word, choices)) return "choice";
  const [best] = rank(word, choices);
  if (best !== undefined) return /^[a-z][a-z0-9]+$/i.test(word) && (fitness(word, best) ?? Infinity) <= BEGINNING ? "choice" : "doubt";
  // Numbered like the others, and none of them: a choice that there is not.
  const lead = /^(.+?)\d+$/.exec(word)?.[1];
  return lead !== undefined && choices.some(({ bare }) => /^(.+?)\d+$/.exec(bare)?.[1] === lead) ? "choice" : "text";
}

function isWhole(word: string, choices: readonly Named[]): boolean {
  return choices.some((each) => [each.bare, each.label, token(each)].some((name) => name.toLowerCase() === word.toLowerCase()));
}

/** Which choice is meant. A name that several bear means none of them: what is done to one may not be undone. */
function find(typed: string, choices: readonly Named[], messages: Messages): Named | { readonly wrong: string } {
  const best = rank(typed, choices)[0];
  if (best === undefined) return { wrong: messages.unfit(typed) };
  const alike = choices.filter((each) => each.bare === best.bare && fitness(typed, each) === fitness(typed, best));
  return alike.length > 1 ? { wrong: messages.several(typed, alike.length) } : best;
}

/** Each with a label of its own: what tells it from its namesakes beside the name they share, and where that is one too, its id. */
export function distinct(choices: readonly Choice[]): Named[] {
  const named = choices.map((each) => ({ ...each, bare: each.label }));
  return spread(spread(named, ({ apart = "" }) => apart), ({ id }) => id);
}

function spread(choices: readonly Named[], apart: (choice: Named) => string): Named[] {
  const count = new Map<string, number>();
  for (const { label } of choices) count.set(label, (count.get(label) ?? 0) + 1);
  return choices.map((each) => ((count.get(each.label) ?? 0) > 1 ? { ...each, label: `${each.label} ${apart(each)}`.trim() } : each));
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
function labelled(words: readonly string[], choices: readonly Named[]): string[] {
  const labels = new Set(choices.flatMap(({ label, bare }) => [label.toLowerCase(), bare.toLowerCase()]));
  const found: string[] = [];
  for (let at = 0; at < words.length; ) {
    const most = Math.min(LABEL_WORDS, words.length - at);
    const n = Array.from({ length: most }, (_, i) => most - i).find((size) => labels.has(words.slice(at, at + size).join(" ").toLowerCase())) ?? 1;
    found.push(words.slice(at, at + n).join(" "));
    at += n;
  }
  return found;
}

/** A label as one word, for verbs that take more than it. */
function token(choice: Choice): string {
  return undivided(choice.label).replace(/\s+/g, "_");
}

/** What would divide the line is left out of a label that is put into it. */
function undivided(label: string): string {
  return label.replace(/[·;；]/g, "_");
}

/** A part of the line with only these left of what was chosen, and with what is said to them. */
export function withOnly({ command, words }: Part, rest: readonly Choice[]): string {
  const said = command?.takes === "several_and_text" && words.length > 0 ? `：${words.join(" ")}` : "";
  return `${[command?.verb ?? "", ...rest.map(token)].join(" ")} ${said}`;
}

function fitness(typed: string, choice: Choice): number | null {
  return fit(typed, [choice.label, undivided(choice.label), token(choice), ...choice.names]);
}

/** The choices that fit, best first; equally good ones stay in the order they were given (nearest unit first). */
export function rank<C extends Choice>(typed: string, choices: readonly C[]): C[] {
  const found: { choice: C; rank: number; at: number }[] = [];
  choices.forEach((choice, at) => {
    const best = fitness(typed, choice);
    if (best !== null) found.push({ choice, rank: best, at });
  });
  return found.sort((a, b) => a.rank - b.rank || a.at - b.at).map(({ choice }) => choice);
}

/** What could come next in the line: verbs while one is typed, then their choices. */
export function offers(entered: string, commands: readonly Command[], english: boolean): readonly Offer[] {
  const line = halfWidth(entered);
  const part = partsOf(line, commands).at(-1) ?? "";
  const before = line.slice(0, line.length - part.length);
  const typed = part.trimStart();
  const lead = before === "" ? "" : `${before} `;
  const { command, rest } = findVerb(typed, commands);
  if (command?.choices !== undefined && (/\s/.test(typed) || typed.length > command.verb.length && /\d/.test(rest.charAt(0)))) {
    const several = command.takes === "several" || command.takes === "several_and_text";
    const worded = several || command.takes === "one_and_text";
    const words = several ? rest.split(/\s+/) : [rest];
    const last = /\s$/.test(line) && several ? "" : (words.at(-1) ?? "");
    const kept = several ? words.slice(0, last === "" ? words.length : -1).filter((w) => w !== "") : [];
    const choices = distinct(command.choices());
    // What comes after the one, or after several, is said, not chosen.
    if (command.takes === "one_and_text" && /\s/.test(rest)) return [];
    if (command.takes === "several_and_text" && divided(command.takes, labelled(kept, choices), choices).after !== "") return [];
    return rank(last, choices)
      .filter((choice) => !kept.includes(token(choice)))
      .slice(0, MOST_OFFERS)
      .map((choice) => ({
        label: choice.label,
        detail: choice.why ?? "",
        line: `${lead}${[command.verb, ...kept, worded ? token(choice) : undivided(choice.label)].join(" ")} `,
      }));
  }
  return commands
    .map((each, at) => ({ each, at, rank: fit(typed, [each.verb, ...each.names]) }))
    .filter((found) => found.rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.at - b.at)
    .slice(0, MOST_OFFERS)
    .map(({ each }) => ({ label: each.names[english ? 1 : 0], detail: each.verb, line: `${lead}${each.verb} ` }));
}
