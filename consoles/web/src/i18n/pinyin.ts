/**
 * First letters of Chinese names, so that "yl" finds 岳阳楼. Instead of a dictionary it asks the browser's pinyin collation
 * between which two border characters a character sorts; rare second readings are found by their common one.
 */

const BORDERS: readonly (readonly [string, string])[] = [
  ["阿", "a"], ["八", "b"], ["嚓", "c"], ["咑", "d"], ["妸", "e"], ["发", "f"], ["旮", "g"], ["铪", "h"],
  ["丌", "j"], ["咔", "k"], ["垃", "l"], ["嘸", "m"], ["拏", "n"], ["噢", "o"], ["妑", "p"], ["七", "q"],
  ["呥", "r"], ["仨", "s"], ["他", "t"], ["屲", "w"], ["夕", "x"], ["丫", "y"], ["帀", "z"],
];
const collator = new Intl.Collator("zh-CN-u-co-pinyin");
const known = new Map<string, string>();

function initial(character: string): string {
  if (!/\p{Script=Han}/u.test(character)) return /[\p{L}\p{N}]/u.test(character) ? character.toLowerCase() : "";
  let letter = "";
  for (const [border, name] of BORDERS) {
    if (collator.compare(border, character) > 0) break;
    letter = name;
  }
  return letter;
}

/** "荣家湾镇" → "rjwz"; letters and digits stay, the rest is dropped. */
export function initials(text: string): string {
  let letters = known.get(text);
  if (letters === undefined) {
    letters = Array.from(text, initial).join("");
    if (known.size > 5_000) known.clear();
    known.set(text, letters);
  }
  return letters;
}

/**
 * How well what was typed fits a name: 0 best, higher worse, null not at all. Counts the Chinese itself, pinyin initials and the
 * beginnings of English words.
 */
export function fit(typed: string, names: readonly string[]): number | null {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return 3;
  let best: number | null = null;
  for (const name of names) {
    const rank = fitOne(wanted, name.toLowerCase());
    if (rank !== null && (best === null || rank < best)) best = rank;
  }
  return best;
}

function fitOne(wanted: string, name: string): number | null {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  const letters = initials(name);
  if (letters.startsWith(wanted)) return 2;
  const words = name.split(/[\s·/-]+/);
  if (words.some((part) => part.startsWith(wanted))) return 2;
  if (words.length > 1 && words.map((part) => part.charAt(0)).join("").startsWith(wanted)) return 3;
  if (name.includes(wanted) || letters.includes(wanted)) return 4;
  return null;
}
