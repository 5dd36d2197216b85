/** What a hit is on: an entry of the watch list, or a list (库) with the line in it. */

import type { HitRow, LibraryRow, WatchRow } from "../wire";

export interface Watched {
  /** The pattern as it stands there. */
  readonly pattern: string;
  readonly reason: string;
  readonly level: WatchRow["level"];
  readonly action: WatchRow["action"];
  readonly requested_by: string;
  readonly office: string;
}

interface Store {
  rows(table: "watches"): ReadonlyMap<string, WatchRow>;
  rows(table: "libraries"): ReadonlyMap<string, LibraryRow>;
}

/** Undefined once what it is on left the tables. */
export function watchedBy(store: Store, hit: HitRow): Watched | undefined {
  const watch = store.rows("watches").get(hit.watch);
  if (watch !== undefined) return watch;
  const library = store.rows("libraries").get(hit.watch);
  if (library === undefined) return undefined;
  const { name, reason, level, action, office } = library;
  const said = [name, reason, hit.note].filter((each) => each !== "").join(" · ");
  return { pattern: hit.line, reason: said, level, action, requested_by: library.file?.by ?? library.requested_by, office };
}
