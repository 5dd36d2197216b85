/** Which orders this terminal has had, so that a recall is told to whoever had the order: also after a reload, or a tunnel. */

import type { OrderRow } from "../../wire";
import { reached_ms } from "../picture";

const RUNNING: readonly OrderRow["state"][] = ["issued", "signed", "departed", "arrived"];

export class Recalls {
  private readonly stored: string;
  private readonly rung = new Set<string>();
  private had: ReadonlySet<string>;

  constructor(space: string) {
    this.stored = space === "live" ? "triune.had" : `triune.had.${space}`;
    this.had = new Set((localStorage.getItem(this.stored) ?? "").split(" ").filter((id) => id !== ""));
  }

  /** Take the orders of this unit as they are now, all of them; true when one was recalled since. */
  take(rows: ReadonlyMap<string, OrderRow>, unit: string): boolean {
    const mine = [...rows.values()].filter((row) => row.unit === unit);
    this.keep(mine.filter((row) => RUNNING.includes(row.state) || (row.state === "recalled" && this.had.has(row.id))).map((row) => row.id));
    const fresh = this.untold(rows).filter((row) => !this.rung.has(row.id));
    for (const { id } of fresh) this.rung.add(id);
    return fresh.length > 0;
  }

  /** Recalled, and nobody has said yet that they know; the newest first, which is to be seen without scrolling. */
  untold(rows: ReadonlyMap<string, OrderRow>): readonly OrderRow[] {
    const recalled = [...this.had].flatMap((id) => rows.get(id) ?? []).filter((row) => row.state === "recalled");
    return recalled.sort((a, b) => reached_ms(b) - reached_ms(a));
  }

  dismiss(id: string): void {
    this.keep([...this.had].filter((each) => each !== id));
  }

  private keep(ids: readonly string[]): void {
    const text = ids.join(" ");
    if (text !== [...this.had].join(" ")) localStorage.setItem(this.stored, text);
    this.had = new Set(ids);
  }
}
