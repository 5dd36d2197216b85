/** What a key is meant for: what comes in while the hand moves has not been seen by whoever presses it. */

/** From seeing to pressing takes a hand so long, at least. */
export const HAND_MS = 500;

interface Placed {
  readonly id: string;
  readonly level?: number;
}

export class Meant<R extends Placed> {
  private since: ReadonlyMap<string, number> = new Map();

  /** These are on the screen, first ones first; `at_ms` on the clock of events. */
  shown(rows: readonly R[], at_ms: number): void {
    this.since = new Map(rows.map((row) => [placed(row), this.since.get(placed(row)) ?? at_ms]));
  }

  /** The first one of them that had stood there long enough when the key was pressed. */
  at(rows: readonly R[], pressed_ms: number): R | undefined {
    return rows.find((row) => this.stood(placed(row), pressed_ms));
  }

  /** Those of them that had stood there long enough, at the level they have now. */
  seen(ids: readonly string[], pressed_ms: number): readonly string[] {
    const stood = new Set([...this.since.keys()].filter((key) => this.stood(key, pressed_ms)).map((key) => key.slice(0, key.lastIndexOf(" "))));
    return ids.filter((id) => stood.has(id));
  }

  private stood(key: string, pressed_ms: number): boolean {
    return pressed_ms - (this.since.get(key) ?? Infinity) >= HAND_MS;
  }
}

/** One whose level changes moves, and is as new. */
function placed({ id, level = 0 }: Placed): string {
  return `${id} ${level}`;
}
