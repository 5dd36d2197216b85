/** Keeps what was made from tables until one of them changes: screens are drawn far more often than most rows change. */

import type { TableName } from "../sync/protocol";
import type { Store } from "../sync/store";

export class Kept<T> {
  private readonly tables: readonly TableName[];
  private readonly make: () => T;
  private key: string | null = null;
  private value: T | null = null;

  constructor(tables: readonly TableName[], make: () => T) {
    this.tables = tables;
    this.make = make;
  }

  /** The value for the tables as they are now; `about` is whatever else it depends on. */
  get(store: Store, about = ""): T {
    const key = `${this.tables.map((name) => store.revision(name)).join(" ")} ${about}`;
    if (key !== this.key || this.value === null) {
      this.key = key;
      this.value = this.make();
    }
    return this.value;
  }
}
