/** Cars that passed a camera, as marks on the time line of its recording: looked up with a reason, since every look stands in the record. */

import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { Actor } from "../../sync/protocol";
import { listPassages } from "./camera_api";
import type { BarMark } from "./timebar_layout";

/** The hub tells who passed a place in a day at most, and no plate. */
const MOST_MS = 86_400_000;
/** Pages of the answer; of a busier time the marks begin later. */
const MOST_PAGES = 5;

const MAY = new Set<Actor["roles"][number]>(["camera_watch", "dispatcher", "commander", "duty_leader"]);

export function mayLookUpPlates(actor: Actor): boolean {
  return actor.roles.some((role) => MAY.has(role));
}

/** The part of a range that is looked up: up to now, and the day around an instant where it is longer. */
export function stretchOf([from_ms, to_ms]: readonly [number, number], at_ms: number, now_ms: number): readonly [number, number] {
  const end_ms = Math.min(to_ms, now_ms);
  if (end_ms - from_ms <= MOST_MS) return [from_ms, end_ms];
  const begin_ms = Math.min(Math.max(from_ms, at_ms - MOST_MS / 2), end_ms - MOST_MS);
  return [begin_ms, begin_ms + MOST_MS];
}

export class PlateLane {
  marks: readonly BarMark[] = [];
  /** The time that the marks are of: none outside of it means nothing. Null before the first look. */
  looked: readonly [number, number] | null = null;
  private readonly camera: string;

  constructor(camera: string) {
    this.camera = camera;
  }

  /** Raises what the hub answers; what was looked up before stands then. */
  async look(api: Api, [from_ms, to_ms]: readonly [number, number], reason: string, situation: string | null): Promise<void> {
    const marks: BarMark[] = [];
    let next: string | null = "";
    for (let page = 0; page < MOST_PAGES && next !== null; page += 1) {
      const found = await listPassages(api, this.camera, from_ms, to_ms, { reason, case: situation ?? "", cursor: next });
      // The newest first.
      for (const { first_ms, plate } of found.sightings) marks.push({ at_ms: first_ms, kind: "sighting", label: t("playback.sighting", { plate }) });
      next = found.next;
    }
    this.looked = [next === null ? from_ms : Math.max(from_ms, marks.at(-1)?.at_ms ?? from_ms), to_ms];
    this.marks = marks;
  }
}
