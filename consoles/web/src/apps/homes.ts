/** Which console a person's roles open. */

import type { IconName } from "../components/icons";
import type { Actor } from "../sync/protocol";

export type Home = "wall" | "desk" | "leader" | "mobile" | "rehearsal" | "admin" | "cameras" | "vehicles";

export const HOME_ICONS: Readonly<Record<Home, IconName>> = {
  desk: "phone",
  wall: "monitor",
  leader: "evidence",
  mobile: "smartphone",
  rehearsal: "rehearsal",
  admin: "settings",
  cameras: "camera",
  vehicles: "car",
};

const HOMES: Readonly<Partial<Record<Actor["roles"][number], readonly Home[]>>> = {
  call_taker: ["desk"],
  dispatcher: ["desk", "wall", "vehicles"],
  commander: ["desk", "wall", "leader", "vehicles", "rehearsal"],
  duty_leader: ["desk", "wall", "leader", "vehicles"],
  camera_watch: ["desk", "vehicles"],
  officer: ["mobile"],
  director: ["rehearsal", "desk", "wall"],
  wall: ["wall"],
  administrator: ["admin", "cameras", "vehicles"],
};

/** Pages for one hand: the usual ones where the screen is a phone's, upright or on its side. */
const IN_HAND: ReadonlySet<Home> = new Set(["leader", "mobile"]);
const PHONE = "(max-width: 700px), (max-height: 500px)";

/** The consoles of a person, the usual one first; empty for who works on the command line only. */
export function homesOf(actor: Actor, phone = false): readonly Home[] {
  const homes = [...new Set(actor.roles.flatMap((role) => HOMES[role] ?? []))];
  return phone ? [...homes.filter((home) => IN_HAND.has(home)), ...homes.filter((home) => !IN_HAND.has(home))] : homes;
}

/** The page that is gone to without a question: the only one, or on a phone the one made for it; empty where the person chooses. */
export function homeAtOnce(actor: Actor, phone: boolean): Home | "" {
  const [first, ...others] = homesOf(actor, phone);
  return first !== undefined && (others.length === 0 || (phone && IN_HAND.has(first))) ? first : "";
}

export function isPhone(): boolean {
  return matchMedia(PHONE).matches;
}
