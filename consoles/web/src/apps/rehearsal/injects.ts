/** What a director can inject: the fields of each kind of event, and the event that filled-in fields make. Pure. */

import type { Key } from "../../i18n/messages";
import type { Place } from "../../wire";

type Label = Exclude<Extract<Key, `inject.${string}`>, "inject.done">;

export interface Field {
  readonly name: string;
  readonly label: Label;
  readonly type: "text" | "choice" | "place";
  readonly optional?: boolean;
  /** Of `choice`: where its options come from. */
  readonly from?: Source;
}

export type Source = "roles" | "services" | "cameras" | "links" | "tasks" | "phases" | "units" | "steps" | "granted";
export type InjectKind = "inject" | "call" | "camera_down" | "camera_up" | "link_down" | "link_up" | "sighting" | "respond" | "task_done" | "decide" | "next_phase";

const choice = (name: string, label: Label, from: Source): Field => ({ name, label, type: "choice", from });
const text = (name: string, label: Label, optional = false): Field => ({ name, label, type: "text", optional });

/** In the order of the palette: what directors reach for most comes first. */
export const INJECTS: Readonly<Record<InjectKind, readonly Field[]>> = {
  inject: [choice("to", "inject.to", "roles"), text("text", "inject.text")],
  call: [
    choice("dialled", "inject.dialled", "services"),
    text("caller", "inject.caller"),
    text("text", "inject.says"),
    { name: "place", label: "inject.place", type: "place" },
  ],
  camera_down: [choice("camera", "inject.camera", "cameras"), text("reason", "inject.reason")],
  camera_up: [choice("camera", "inject.camera", "cameras")],
  link_down: [choice("link", "inject.link", "links"), text("reason", "inject.reason")],
  link_up: [choice("link", "inject.link", "links")],
  sighting: [choice("camera", "inject.camera", "cameras"), text("plate", "inject.plate")],
  respond: [choice("unit", "inject.unit", "units"), choice("step", "inject.step", "steps"), text("result", "inject.note", true)],
  task_done: [choice("task", "inject.task", "tasks"), text("note", "inject.note", true)],
  decide: [
    choice("task", "inject.task", "tasks"),
    choice("granted", "inject.granted", "granted"),
    text("by", "inject.by"),
    text("why", "inject.why", true),
  ],
  next_phase: [choice("phase", "inject.phase", "phases")],
};

export const STEPS = ["signed", "departed", "arrived", "fed_back"] as const;
const STEP_FIELD: Readonly<Record<string, string>> = { signed: "sign_s", departed: "depart_s", arrived: "arrive_s", fed_back: "feed_back_s" };

/**
 * The event as a script would have it, without its time. `call` is what a new call is named in it: letters, digits, hyphens.
 * Null while a field that must be filled in is empty.
 */
export function eventOf(kind: InjectKind, values: Readonly<Record<string, string>>, place: Place | null, call: string): object | null {
  const event: Record<string, unknown> = { kind };
  for (const field of INJECTS[kind]) {
    if (field.type === "place") {
      if (place === null) return null;
      event[field.name] = place;
      continue;
    }
    const value = (values[field.name] ?? "").trim();
    if (value === "" && field.optional !== true) return null;
    if (value !== "") event[field.name] = value;
  }
  if (kind === "call") event["call"] = call;
  if (kind === "decide") event["granted"] = event["granted"] === "yes";
  if (kind === "sighting") event["plate"] = String(event["plate"]).toUpperCase();
  if (kind === "respond") {
    const step = STEP_FIELD[String(event["step"])];
    delete event["step"];
    if (step !== undefined) event[step] = 0;
  }
  return event;
}
