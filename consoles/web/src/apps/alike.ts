/** Which alarms stand as one card: orders of one situation that nobody signed are one thing to see to, however many units were sent. Pure. */

import type { AlarmRow } from "../wire";

/** So many alike and more are one card; fewer can be read one by one. */
export const ALIKE = 3;

/** What stands in one place of a list of alarms: one of them, or several alike, the longest standing first. */
export interface AlarmCard {
  readonly key: string;
  readonly rows: readonly [AlarmRow, ...AlarmRow[]];
}

/** Those alike have it in common; empty for one that always stands by itself. Another level or owner is another card: none is hidden behind a lesser one. */
function likeness({ kind, situation, level, state, taken_by }: AlarmRow): string {
  return kind === "order_unsigned" && situation !== "" ? `${kind} ${situation} ${level} ${state} ${taken_by}` : "";
}

export class AlikeAlarms {
  private single: ReadonlySet<string> = new Set();
  private joined: ReadonlySet<string> = new Set();

  /** The cards of alarms that are in order; each stands where its first alarm would. While held, what stands by itself goes on doing so, and what is one card stays one. */
  arrange(sorted: readonly AlarmRow[], held = false): readonly AlarmCard[] {
    const alike = new Map<string, AlarmRow[]>();
    for (const row of sorted) {
      const like = likeness(row);
      if (like !== "" && !(held && this.single.has(`${row.state} ${row.id}`))) alike.set(like, [...(alike.get(like) ?? []), row]);
    }
    const cards: AlarmCard[] = [];
    const joined = new Set<string>();
    for (const row of sorted) {
      const like = likeness(row);
      const [first, ...rest] = held && this.single.has(`${row.state} ${row.id}`) ? [] : (alike.get(like) ?? []);
      if (first === undefined || !(rest.length + 1 >= ALIKE || (held && this.joined.has(like)))) cards.push({ key: row.id, rows: [row] });
      else if (!joined.has(like)) {
        joined.add(like);
        cards.push({ key: like, rows: [first, ...rest] });
      }
    }
    this.joined = joined;
    // What comes or changes meanwhile may join: it stood nowhere when the hand came.
    if (!held) this.single = new Set(cards.flatMap(({ key, rows }) => (joined.has(key) ? [] : [`${rows[0].state} ${rows[0].id}`])));
    return cards;
  }
}

/** By how many alarms less a desk is flooded, since those alike are one card: they fold nothing else away. */
export function repeatsIn(cards: readonly AlarmCard[]): readonly AlarmRow[] {
  return cards.flatMap(({ rows }) => rows.slice(1));
}
