/** Notes that are being typed, kept on this machine with every key: each belongs to one situation and one person. */

const KEY = "triune.notes";
/** So many are kept; one more and the one that was typed in longest ago goes. */
export const MOST_NOTES = 50;

type Kept = readonly (readonly [about: string, text: string])[];

/** Whose note about what. Two people use one machine in turn, and rehearsals number their situations like the real world. */
export function noteKey(space: string, actor: string, situation: string): string {
  return JSON.stringify([space, actor, situation]);
}

export function loadNote(about: string): string {
  return read().find(([key]) => key === about)?.[1] ?? "";
}

export function keepNote(about: string, text: string): void {
  const others = read().filter(([key]) => key !== about);
  const kept: Kept = text === "" ? others : [...others, [about, text]];
  localStorage.setItem(KEY, JSON.stringify(kept.slice(-MOST_NOTES)));
}

/** What is left of a field after a part of it was saved: what was typed on meanwhile, or in its place. */
export function afterSaving(typed: string, saved: string): string {
  return typed.startsWith(saved) ? typed.slice(saved.length).trimStart() : typed;
}

function read(): Kept {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Kept;
  } catch {
    return []; // cut off: what is in the field is still there
  }
}
