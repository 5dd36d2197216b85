/** What the desk hears: a ring while a call waits, an alarm once each time it is raised, SOS until somebody has it. */

import type { Sounds } from "../../media/sounds";
import type { AlarmRow, CallRow } from "../../wire";
import { waitingCalls } from "../picture";

/** One that is raised anew while it stands, being graver now, has another instant. */
const keyOf = (row: AlarmRow): string => `${row.id} ${row.raised_ms}`;

export class Sounder {
  private readonly sounds: Pick<Sounds, "play">;
  private known: ReadonlySet<string> | null = null;

  constructor(sounds: Pick<Sounds, "play">) {
    this.sounds = sounds;
  }

  /** Called each second and on every change; each sound keeps itself from being laid over itself. */
  hear(calls: ReadonlyMap<string, CallRow>, alarms: ReadonlyMap<string, AlarmRow>): void {
    if (waitingCalls(calls).length > 0) this.sounds.play("ring");
    const raised = [...alarms.values()].filter((row) => row.state === "raised");
    if (raised.some((row) => row.kind === "sos")) this.sounds.play("sos");
    const before = this.known;
    this.known = new Set(raised.map(keyOf));
    // What stood there when the page was opened is seen, not heard.
    if (before === null) return;
    const fresh = raised.filter((row) => row.kind !== "sos" && !before.has(keyOf(row)));
    const gravest = fresh.sort((a, b) => a.level - b.level)[0];
    if (gravest !== undefined) this.sounds.play(`alarm${gravest.level}`);
  }
}
