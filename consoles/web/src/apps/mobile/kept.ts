/** The last orders and situations, kept on the terminal: it opens with them in a tunnel, and says how old they are. */

import type { Actor } from "../../sync/protocol";
import type { OrderRow, SituationRow, UnitRow } from "../../wire";

export interface Kept {
  readonly actor: Actor;
  readonly at_ms: number;
  readonly orders: readonly OrderRow[];
  readonly situations: readonly SituationRow[];
  readonly unit: UnitRow | null;
}

const STORED = "triune.mobile";
const MOST_ROWS = 50;

export function keep(kept: Kept): void {
  const { orders, situations } = kept;
  localStorage.setItem(STORED, JSON.stringify({ ...kept, orders: orders.slice(-MOST_ROWS), situations: situations.slice(-MOST_ROWS) }));
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

/** On signing out: the next person at this terminal sees nothing of the last one's. */
export function forget(): void {
  localStorage.removeItem(STORED);
}
