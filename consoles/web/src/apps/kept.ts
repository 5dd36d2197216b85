/** Keeps what was made from tables until one of them, or the language, changes: screens are drawn far more often than most rows change. */

import { language } from "../i18n/i18n";
import type { TableName } from "../sync/protocol";
import type { Store } from "../sync/store";

export class Kept<T> {
  private readonly tables: readonly TableName[];
  private readonly make: (store: Store) => T;
  private key: string | null = null;
  private value: T | null = null;

  constructor(tables: readonly TableName[], make: (store: Store) => T) {
    this.tables = tables;
    this.make = make;
  }

  /** The value for the tables as they are now; `about` is whatever else it depends on. */
  get(store: Store, about = ""): T {
    const key = `${this.tables.map((name) => store.revision(name)).join(" ")} ${language()} ${about}`;
    if (key !== this.key || this.value === null) {
      this.key = key;
      this.value = this.make(store);
    }
    return this.value;
  }
}
