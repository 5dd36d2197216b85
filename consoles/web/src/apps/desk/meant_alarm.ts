/** Which alarm a key is meant for: one that comes in while the hand moves has not been seen by whoever presses it. */

import type { AlarmRow } from "../../wire";

/** From seeing to pressing takes a hand so long, at least. */
export const HAND_MS = 500;

export class MeantAlarm {
  private since: ReadonlyMap<string, number> = new Map();

  /** Raised alarms are on the screen, first ones first; `at_ms` on the clock of events. */
  shown(raised: readonly AlarmRow[], at_ms: number): void {
    this.since = new Map(raised.map((row) => [placed(row), this.since.get(placed(row)) ?? at_ms]));
  }

  /** The first one of them that had stood there long enough when the key was pressed. */
  at(raised: readonly AlarmRow[], pressed_ms: number): AlarmRow | undefined {
    return raised.find((row) => pressed_ms - (this.since.get(placed(row)) ?? Infinity) >= HAND_MS);
  }
}

/** One whose level changes moves, and is as new. */
function placed(row: AlarmRow): string {
  return `${row.id} ${row.level}`;
}
