/** Which language is shown, and how a message of the catalogue becomes text. */

import { MESSAGES, type Key } from "./messages";

export type Language = "zh" | "en";

type Names<S extends string> = S extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;
type Params<K extends Key> = Names<(typeof MESSAGES)[K][0]>;
type Args<K extends Key> = [Params<K>] extends [never] ? [] : [values: Record<Params<K>, string | number>];

const STORED = "triune.language";
const listeners = new Set<() => void>();
let current: Language = read();

function read(): Language {
  if (typeof localStorage === "undefined") return "zh";
  return new URLSearchParams(location.search).get("lang") === "en" || localStorage.getItem(STORED) === "en" ? "en" : "zh";
}

export function language(): Language {
  return current;
}

export function setLanguage(next: Language): void {
  current = next;
  localStorage.setItem(STORED, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  for (const listener of listeners) listener();
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The text of a message in the language shown. Its placeholders are checked by the compiler. */
export function t<K extends Key>(key: K, ...args: Args<K>): string {
  return say(current, key, args[0] ?? {});
}

/** The same in Chinese, whatever is shown: for words that a page puts on record or sends to people, whose papers and phones are Chinese. */
export function recorded<K extends Key>(key: K, ...args: Args<K>): string {
  return say("zh", key, args[0] ?? {});
}

export function say(chosen: Language, key: Key, values: Readonly<Record<string, string | number>>): string {
  const text: string = MESSAGES[key][chosen === "zh" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The message for a word of the wire (a state, kind, role …), or the word itself where this release does not know it. */
export function word(group: string, value: string): string {
  const key = `${group}.${value}`;
  return key in MESSAGES ? say(current, key as Key, {}) : value;
}
