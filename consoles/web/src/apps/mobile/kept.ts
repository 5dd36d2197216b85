/** The last orders and situations, kept on the terminal: it opens with them in a tunnel, and says how old they are. */

import type { Connection } from "../../sync/connect";
import type { Actor, TableName } from "../../sync/protocol";
import type { Time } from "../../sync/time";
import type { OrderRow, SituationRow, UnitRow } from "../../wire";

export interface Kept {
  readonly actor: Actor;
  /** When all of this was so, by the hub's clock. */
  readonly at_ms: number;
  /** The same by the terminal's own; what an earlier release kept has none. */
  readonly own_ms?: number;
  readonly orders: readonly OrderRow[];
  readonly situations: readonly SituationRow[];
  readonly unit: UnitRow | null;
}

const STORED = "triune.mobile";
const MOST_ROWS = 50;
const TABLES = ["orders", "situations", "units"] as const satisfies readonly TableName[];
/** Where no row changed it is written this often that all is still so: a terminal is cut off without a word. */
export const KEEP_EVERY_MS = 10_000;
/** A terminal whose clock was further off when it kept its rows may be told any time now: how old they are is not known. */
export const OFF_MOST_MS = 10 * 60_000;

/** Keeps what a page shows while it is live: half an answer would be opened with as if it were all there is. */
export class Keeper {
  private readonly time: Time;
  private revisions = "";
  private own_ms = -Infinity;
  private over = false;

  constructor(time: Time) {
    this.time = time;
  }

  keep(actor: Actor, { store, clock }: Pick<Connection, "store" | "clock">): void {
    const age_ms = clock.age_ms();
    if (age_ms === null || this.over) return;
    const own_ms = this.time.wall_ms() - age_ms;
    const revisions = TABLES.map((name) => store.revision(name)).join();
    if (revisions === this.revisions && Math.abs(own_ms - this.own_ms) < KEEP_EVERY_MS) return;
    this.revisions = revisions;
    this.own_ms = own_ms;
    const [orders, situations] = [[...store.rows("orders").values()].slice(-MOST_ROWS), [...store.rows("situations").values()].slice(-MOST_ROWS)];
    const kept: Kept = { actor, at_ms: clock.now_ms() - age_ms, own_ms, orders, situations, unit: store.rows("units").get(actor.unit) ?? null };
    localStorage.setItem(STORED, JSON.stringify(kept));
  }

  /** On signing out: the next person at this terminal sees nothing of the last one's. */
  forget(): void {
    this.over = true;
    localStorage.removeItem(STORED);
  }
}

/**
 * How old it is when the terminal's clock says `own_ms`; infinite where nobody can know. That clock may have been wrong then, or be wrong now:
 * of the two ages that it and the hub's give the greater counts, so that nothing old is told as newer than it is.
 */
export function ageOf(kept: Kept, own_ms: number): number {
  const kept_ms = kept.own_ms ?? NaN;
  const age_ms = own_ms - Math.min(kept_ms, kept.at_ms);
  return age_ms >= 0 && Math.abs(kept_ms - kept.at_ms) <= OFF_MOST_MS ? age_ms : Infinity;
}

export function recall(): Kept | null {
  const text = localStorage.getItem(STORED);
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as Partial<Kept>;
    return kept.actor === undefined || kept.orders === undefined || kept.situations === undefined ? null : (kept as Kept);
  } catch {
    return null; // cut off while it was written
  }
}
