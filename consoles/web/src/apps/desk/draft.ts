/** What is typed about a call, kept on this machine with every key until the call is ended. */

import { recorded } from "../../i18n/i18n";
import type { CallRow, GivenPlace, IncidentKind, Level, Service } from "../../wire";
import { spaceOfPage } from "../console";
import { parseCoordinates } from "./places";

/** An answer that was typed here and is not known to be on the record: `seen` is what stood there when that began. */
export interface Typed {
  readonly text: string;
  readonly seen: string;
}

export interface Draft {
  /** Only what was typed. For every other field counts what the record says, whoever wrote it. */
  readonly form: Readonly<Record<string, Typed>>;
  readonly datum: "wgs84" | "gcj02" | "bd09";
  /** Empty while the title follows from the form. */
  readonly title: string;
  readonly kind: IncidentKind;
  readonly level: Level;
}

/** The questions of each number, in the order in which they are asked, after `where`, which all of them ask. */
export const QUESTIONS: Readonly<Record<Service, readonly FormField[]>> = {
  "110": ["what", "who", "weapons", "injured"],
  "119": ["burning", "floors", "trapped", "dangerous_goods"],
  "122": ["vehicles", "plates", "injured", "lanes_blocked"],
  "120": ["patient", "who", "injured"],
};
export type FormField =
  | "what" | "who" | "weapons" | "injured" | "burning" | "floors" | "trapped" | "dangerous_goods" | "vehicles" | "plates" | "lanes_blocked" | "patient"; // prettier-ignore

const KINDS: Readonly<Record<Service, IncidentKind>> = { "110": "public_security", "119": "accident", "122": "accident", "120": "public_health" };
/** As many characters as the hub takes. */
const TITLE_CHARS = 100;
/** Typed to find a name, and none itself. */
const INITIALS = /^[a-z]+$/i;

/** What was typed on this machine; `key` of a `storage` event says that another page of it changed that. */
export function loadDraft(call: CallRow): Draft {
  const fresh: Draft = { form: {}, datum: "wgs84", title: "", kind: KINDS[call.dialled], level: 4 };
  const kept = localStorage.getItem(keyOf(call.id));
  if (kept === null) return fresh;
  try {
    const { form = {}, where = "", ...rest } = JSON.parse(kept) as Partial<Omit<Draft, "form">> & { form?: Record<string, Typed | string>; where?: string };
    // The release before kept the place beside the form, and of the form every field, whether typed or not.
    const answers = Object.entries({ ...(where === "" ? {} : { where }), ...form }).map(([name, answer]) => [name, typeof answer === "string" ? { text: answer, seen: "" } : answer] as const);
    return { ...fresh, ...rest, form: Object.fromEntries(answers.filter(([name, { text }]) => text !== said(call, name))) };
  } catch {
    return fresh; // written by another release or cut off: the call's own form is still there
  }
}

export function keepDraft(call: string, draft: Draft): void {
  localStorage.setItem(keyOf(call), JSON.stringify(draft));
}

export function keyOf(call: string): string {
  return prefix() + call;
}

/** Rehearsals number their calls like the real world. */
function prefix(): string {
  const space = spaceOfPage();
  return space === "live" ? "triune.draft." : `triune.draft@${space}.`;
}

/** Forget drafts of calls that are over. */
export function dropDrafts(calls: ReadonlyMap<string, CallRow>): void {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(prefix())) continue;
    const call = calls.get(key.slice(prefix().length));
    if (call === undefined || call.state === "ended") localStorage.removeItem(key);
  }
}

function said(call: CallRow, name: string): string {
  return call.form[name] ?? "";
}

/** What stands in a field: what was typed here, else what the record says by now. */
export function answerOf(call: CallRow, draft: Draft, name: string): string {
  return draft.form[name]?.text ?? said(call, name);
}

export function typed(call: CallRow, draft: Draft, name: string, text: string): Draft {
  return { ...draft, form: { ...draft.form, [name]: { text, seen: draft.form[name]?.seen ?? said(call, name) } } };
}

/** What the hub has to be told: the fields that were changed, and what stood in them before; null where there is nothing. */
export function unsaved(draft: Draft): { readonly form: Record<string, string>; readonly seen: Record<string, string> } | null {
  const changed = Object.entries(draft.form).filter(([, { text, seen }]) => text !== seen);
  if (changed.length === 0) return null;
  return {
    form: Object.fromEntries(changed.map(([name, { text }]) => [name, text])),
    seen: Object.fromEntries(changed.map(([name, { seen }]) => [name, seen])),
  };
}

/** The draft after the hub took `form`: who goes on typing goes on from there. */
export function taken(draft: Draft, form: Readonly<Record<string, string>>): Draft {
  const entries = Object.entries(draft.form).map(([name, answer]) => [name, { ...answer, seen: form[name] ?? answer.seen }] as const);
  return { ...draft, form: Object.fromEntries(entries) };
}

/** The draft without what is on the record; `whole` says that the row is as new as what the hub answered last. */
export function settled(call: CallRow, draft: Draft, whole: boolean): Draft {
  const entries = Object.entries(draft.form);
  const left = entries.filter(([name, { text, seen }]) => text !== said(call, name) && !(whole && text === seen));
  return left.length === entries.length ? draft : { ...draft, form: Object.fromEntries(left) };
}

/** Words for where it is that no point on the map stands for; empty where there are none, or where they are the place's. */
export function unplaced(call: CallRow, draft: Draft): string {
  const where = answerOf(call, draft, "where").trim();
  return where === call.place?.text ? "" : where;
}

/** The place of the call for a situation. Words that were not found come first: the point is still that of others, and says so. */
export function placeOf(call: CallRow, draft: Draft): GivenPlace | null {
  if (call.place === null) return null;
  const { lat, lon, text = "", source = "map", uncertainty_m = null } = call.place;
  const where = unplaced(call, draft);
  const named = where === "" ? text : recorded("form.words_at", { where, text: pointOf(call) });
  return { lat, lon, text: named, source, uncertainty_m, datum: "wgs84" };
}

/** The name of the point on the map, or where it is. */
export function pointOf({ place }: CallRow): string {
  return place === null ? "" : place.text || `${place.lat}, ${place.lon}`;
}

/** The place with the text that fits it: a point that is picked after words were typed is what these words mean. */
export function named(call: CallRow, draft: Draft, place: GivenPlace): GivenPlace {
  const where = unplaced(call, draft);
  return where === "" || parseCoordinates(where) !== null || INITIALS.test(where) ? place : { ...place, text: where };
}

/** The title a situation gets when nobody writes another: where and what. */
export function titleOf(call: CallRow, draft: Draft): string {
  if (draft.title !== "") return draft.title;
  const first = QUESTIONS[call.dialled].map((name) => answerOf(call, draft, name)).find((text) => text !== "") ?? "";
  const where = answerOf(call, draft, "where").trim() || (call.place?.text ?? "");
  // By characters as the hub counts them: half of one cannot be sent.
  return [...[where, first].filter((part) => part !== "").join(" ")].slice(0, TITLE_CHARS).join("");
}
