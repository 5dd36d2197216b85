/** What is typed about a call, kept on this machine with every key until the call is ended. */

import type { CallRow, IncidentKind, Level, Service } from "../../wire";

export interface Draft {
  readonly form: Readonly<Record<string, string>>;
  readonly where: string;
  readonly datum: "wgs84" | "gcj02" | "bd09";
  /** Empty while the title follows from the form. */
  readonly title: string;
  readonly kind: IncidentKind;
  readonly level: Level;
}

/** The questions of each number, in the order in which they are asked. */
export const QUESTIONS: Readonly<Record<Service, readonly FormField[]>> = {
  "110": ["what", "who", "weapons", "injured"],
  "119": ["burning", "floors", "trapped", "dangerous_goods"],
  "122": ["vehicles", "plates", "injured", "lanes_blocked"],
  "120": ["patient", "who", "injured"],
};
export type FormField =
  | "what" | "who" | "weapons" | "injured" | "burning" | "floors" | "trapped" | "dangerous_goods" | "vehicles" | "plates" | "lanes_blocked" | "patient"; // prettier-ignore

const KINDS: Readonly<Record<Service, IncidentKind>> = { "110": "public_security", "119": "accident", "122": "accident", "120": "public_health" };
const PREFIX = "triune.draft.";

export function loadDraft(call: CallRow): Draft {
  const fresh: Draft = { form: call.form, where: "", datum: "wgs84", title: "", kind: KINDS[call.dialled], level: 4 };
  const kept = localStorage.getItem(PREFIX + call.id);
  if (kept === null) return fresh;
  try {
    return { ...fresh, ...(JSON.parse(kept) as Partial<Draft>) };
  } catch {
    return fresh; // written by another release or cut off: the call's own form is still there
  }
}

export function keepDraft(call: string, draft: Draft): void {
  localStorage.setItem(PREFIX + call, JSON.stringify(draft));
}

/** Forget drafts of calls that are over. */
export function dropDrafts(calls: ReadonlyMap<string, CallRow>): void {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    const call = calls.get(key.slice(PREFIX.length));
    if (call === undefined || call.state === "ended" || call.state === "abandoned") localStorage.removeItem(key);
  }
}

/** The title a situation gets when nobody writes another: where and what. */
export function titleOf(call: CallRow, draft: Draft): string {
  if (draft.title !== "") return draft.title;
  const first = QUESTIONS[call.dialled].map((name) => draft.form[name] ?? "").find((text) => text !== "") ?? "";
  return [call.place?.text ?? draft.where, first].filter((part) => part !== "").join(" ").slice(0, 100);
}
