/** Which console a person's roles open. */

import type { IconName } from "../components/icons";
import type { Actor } from "../sync/protocol";

export type Home = "wall" | "desk" | "mobile" | "rehearsal" | "admin" | "cameras" | "vehicles";

export const HOME_ICONS: Readonly<Record<Home, IconName>> = {
  desk: "phone",
  wall: "monitor",
  mobile: "smartphone",
  rehearsal: "rehearsal",
  admin: "settings",
  cameras: "camera",
  vehicles: "car",
};

const HOMES: Readonly<Partial<Record<Actor["roles"][number], readonly Home[]>>> = {
  call_taker: ["desk"],
  dispatcher: ["desk", "wall", "vehicles"],
  commander: ["desk", "wall", "vehicles", "rehearsal"],
  duty_leader: ["desk", "wall", "vehicles"],
  camera_watch: ["desk", "vehicles"],
  officer: ["mobile"],
  director: ["rehearsal", "desk", "wall"],
  wall: ["wall"],
  administrator: ["admin", "cameras", "vehicles"],
};

/** The consoles of a person, the usual one first; empty for who works on the command line only. */
export function homesOf(actor: Actor): readonly Home[] {
  return [...new Set(actor.roles.flatMap((role) => HOMES[role] ?? []))];
}
