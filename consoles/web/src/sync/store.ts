/** The mirror of the hub's tables: snapshots replace, deltas change rows, and no row ever goes back to an older state. */

import type { Tables } from "../wire";
import type { Delta, Row, Snapshot, TableName } from "./protocol";

/** Removed rows whose sequence is remembered per table, so that a late older row cannot bring one back. */
export const TOMBSTONES = 2_000;

type Listener = (changed: ReadonlySet<string>) => void;
type Later = (run: () => void) => void;

/** Tables of readings: their rows have an instant instead of a number, and another hub may have heard less of them. */
const READINGS: ReadonlySet<string> = new Set(["positions"]);

class Table {
  rows = new Map<string, Row>();
  private readonly seqs = new Map<string, number>();
  private readonly removed = new Map<string, number>();
  private floor = 0;
  private readonly readings: boolean;

  constructor(name: string) {
    this.readings = READINGS.has(name);
  }

  /** `past` where the hub's whole record ends before what was here: then even readings go back. */
  replace(seq: number, rows: Readonly<Record<string, Row>>, past: boolean): void {
    const before = this.rows;
    this.rows = new Map();
    this.seqs.clear();
    this.removed.clear();
    this.floor = seq;
    for (const [key, row] of Object.entries(rows)) this.rows.set(key, past ? row : this.newer(before.get(key), row));
  }

  /** Apply one row unless a newer one is here already. The same sequence may carry a row twice: the later word counts. */
  put(seq: number, key: string, row: Row | null): boolean {
    if (seq < (this.seqs.get(key) ?? this.removed.get(key) ?? this.floor)) return false;
    if (row === null) {
      this.seqs.delete(key);
      this.removed.delete(key);
      this.removed.set(key, seq);
      if (this.removed.size > TOMBSTONES) this.forgetOldest();
      return this.rows.delete(key);
    }
    this.removed.delete(key);
    this.seqs.set(key, seq);
    this.rows.set(key, this.newer(this.rows.get(key), row));
    return true;
  }

  /** Hold the same rows in another map. */
  renew(): void {
    this.rows = new Map(this.rows);
  }

  /** Of two readings the later; of other rows the one that came. */
  private newer(mine: Row | undefined, theirs: Row): Row {
    if (!this.readings || mine === undefined || !("at_ms" in mine && "at_ms" in theirs)) return theirs;
    return Number(mine.at_ms) > Number(theirs.at_ms) ? mine : theirs;
  }

  private forgetOldest(): void {
    for (const key of this.removed.keys()) {
      this.removed.delete(key);
      return;
    }
  }
}

const NO_ROWS: ReadonlyMap<string, Row> = new Map();

export class Store {
  private readonly tables = new Map<string, Table>();
  private readonly revisions = new Map<string, number>();
  private readonly listeners = new Set<Listener>();
  private readonly changed = new Set<string>();
  private readonly later: Later;
  private announced = false;
  private heard = 0;

  /** `later` decides when listeners hear: once per animation frame in pages, at once in tests. */
  constructor(later: Later) {
    this.later = later;
  }

  /** The highest sequence of what came; `Live` knows up to where it is whole. */
  get seq(): number {
    return this.heard;
  }

  /** Another map once listeners hear of a change: an element that is given rows is drawn anew for it. */
  rows<N extends TableName>(table: N): ReadonlyMap<string, Tables[N]> {
    // The hub and these pages are built from the same types; what a newer hub adds to a row is simply not read.
    return (this.tables.get(table)?.rows ?? NO_ROWS) as ReadonlyMap<string, Tables[N]>;
  }

  /** Changes whenever the table does: what is made from a table can be kept as long as this stays. */
  revision(table: TableName): number {
    return this.revisions.get(table) ?? 0;
  }

  /** False until the first snapshot: a screen then says "loading", not "none". */
  loaded(table: TableName): boolean {
    return this.tables.has(table);
  }

  snapshot(message: Snapshot): void {
    let table = this.tables.get(message.table);
    if (table === undefined) this.tables.set(message.table, (table = new Table(message.table)));
    table.replace(message.seq, message.rows, message.seq < this.heard);
    this.heard = message.seq;
    this.announce(message.table);
  }

  delta(message: Delta): void {
    for (const [name, rows] of Object.entries(message.tables)) {
      const table = this.tables.get(name);
      // Without its snapshot a table would look whole and be almost empty.
      if (table === undefined) continue;
      let changed = false;
      for (const [key, row] of Object.entries(rows)) changed = table.put(message.seq, key, row) || changed;
      if (changed) this.announce(name);
    }
    this.heard = Math.max(this.heard, message.seq);
  }

  /** Drop tables that are subscribed no more, or with another filter. */
  drop(names: Iterable<string>): void {
    for (const name of names) if (this.tables.delete(name)) this.announce(name);
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private announce(table: string): void {
    this.changed.add(table);
    this.revisions.set(table, (this.revisions.get(table) ?? 0) + 1);
    if (this.announced) return;
    this.announced = true;
    this.later(() => {
      this.announced = false;
      const changed = new Set(this.changed);
      this.changed.clear();
      for (const name of changed) this.tables.get(name)?.renew();
      for (const listener of this.listeners) listener(changed);
    });
  }
}

/** Screens are drawn anew at most this often, however fast rows come: 2,000 moving units must not starve the keyboard. */
const DRAW_EVERY_MS = 80;
const DRAW_HIDDEN_MS = 500;
let drawn_ms = 0;

/** On an animation frame while seen; by timer while hidden, where frames stop and the picture must not. */
export const perFrame: Later = (run) => {
  const wait_ms = Math.max(0, drawn_ms + DRAW_EVERY_MS - performance.now());
  const draw = (): void => {
    drawn_ms = performance.now();
    run();
  };
  if (document.hidden) setTimeout(draw, DRAW_HIDDEN_MS);
  else setTimeout(() => requestAnimationFrame(draw), wait_ms);
};
