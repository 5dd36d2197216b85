/** What desks send to the wall: who may, who sent which camera, and the requests for it. */

import type { Answer, Api } from "../../sync/api";
import type { Actor } from "../../sync/protocol";
import type { ScreenRow } from "../../wire";
import { LAYOUTS, type Layout } from "./slots";

/** The id of the wall's row. */
export const WALL = "wall";

const MAY = new Set<Actor["roles"][number]>(["dispatcher", "commander", "duty_leader", "camera_watch", "director"]);

export function maySendToWall(actor: Actor): boolean {
  return actor.roles.some((role) => MAY.has(role));
}

/** Who sent each camera that stands there now, the largest first. */
export function sentBy(row: ScreenRow | undefined, who: (id: string) => string): ReadonlyMap<string, string> {
  return new Map(row?.cameras.map(({ camera, by }) => [camera, who(by)]));
}

/** Before what others sent, the first the largest; with a layout in place of all of it. */
export function sendToWall(api: Api, cameras: readonly string[], layout?: Layout): Promise<Answer> {
  const tiles = LAYOUTS.find((n) => n === layout) ?? null;
  return api.request({ request: "send_to_wall", cameras: [...cameras], tiles });
}

/** Without cameras: all that were sent. */
export function takeOffWall(api: Api, cameras: readonly string[]): Promise<Answer> {
  return api.request({ request: "take_off_wall", cameras: [...cameras] });
}
