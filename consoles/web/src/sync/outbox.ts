/** What a terminal wants to tell the hub, kept in IndexedDB until it is through: in order, under one key each, surviving a restart. */

import { backoffMs } from "./backoff";
import { Problem, UnreachableError } from "./api";
import type { Request } from "../wire";
import type { Time } from "./time";

/** A full outbox refuses the next entry aloud; nothing is dropped in silence. */
export const OUTBOX_ENTRIES = 200;
const STORE = "entries";

export interface Entry {
  readonly id: number;
  /** Idempotency key; every try uses the same one. */
  readonly key: string;
  /** Whose it is: what one person typed is never sent under another's name. */
  readonly actor: string;
  readonly request: Request;
  /** A file that belongs to the request: sent first, its answer is merged into the request. */
  readonly file: Blob | null;
  /** Where the file goes; null without one. */
  readonly path: string | null;
  /** Goes before everything else that waits (SOS). */
  readonly urgent: boolean;
  readonly made_ms: number;
  readonly tries: number;
  /** Why the hub refused it for good; null while it waits. */
  readonly refused: { readonly code: string; readonly detail: string } | null;
}

export type Draft = Pick<Entry, "key" | "actor" | "request"> & Partial<Pick<Entry, "file" | "path" | "urgent">>;

export class OutboxFullError extends Error {}

/** The part of Api that the outbox needs. */
export interface Sender {
  request(request: Request, key: string): Promise<unknown>;
  upload(path: string, file: Blob, key: string): Promise<object>;
}

export interface OutboxOptions {
  readonly database: IDBDatabase;
  readonly sender: Sender;
  readonly time: Time;
  readonly actor: () => string | null;
  readonly onChange: (entries: readonly Entry[]) => void;
}

export function openOutbox(factory: IDBFactory, name = "triune-outbox"): Promise<IDBDatabase> {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  return settled(opening);
}

export class Outbox {
  private readonly options: OutboxOptions;
  private draining = false;
  private again = false;
  private attempt = 0;
  private stopTimer: (() => void) | null = null;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  async entries(): Promise<readonly Entry[]> {
    return settled(this.store("readonly").getAll() as IDBRequest<Entry[]>);
  }

  /**
   * Keep an entry and try to send it. Resolves once it is safe on this machine, not when it is through.
   * @throws OutboxFullError
   */
  async add(draft: Draft): Promise<void> {
    const count = await settled(this.store("readonly").count());
    if (count >= OUTBOX_ENTRIES) throw new OutboxFullError(`outbox holds ${count} entries`);
    const made_ms = this.options.time.wall_ms();
    const entry = { file: null, path: null, urgent: false, ...draft, made_ms, tries: 0, refused: null };
    await settled(this.store("readwrite").add(entry));
    await this.changed();
    this.kick();
  }

  /** Take a refused entry away, once its person has seen why. */
  async dismiss(id: number): Promise<void> {
    await settled(this.store("readwrite").delete(id));
    await this.changed();
  }

  /** Try now: the network is back, or the page is seen again. */
  kick(): void {
    this.attempt = 0;
    this.stopTimer?.();
    this.stopTimer = null;
    this.again = true;
    if (!this.draining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.draining = true;
    try {
      while (this.again) {
        this.again = false;
        for (let entry = await this.next(); entry !== null; entry = await this.next()) {
          if (!(await this.deliver(entry))) {
            this.wait();
            break;
          }
          this.attempt = 0;
        }
      }
    } finally {
      this.draining = false;
    }
  }

  private async next(): Promise<Entry | null> {
    const actor = this.options.actor();
    const waiting = (await this.entries()).filter((entry) => entry.refused === null && entry.actor === actor);
    return waiting.find((entry) => entry.urgent) ?? waiting[0] ?? null;
  }

  /** True when the entry needs no further try. */
  private async deliver(entry: Entry): Promise<boolean> {
    try {
      await this.send(entry);
      await settled(this.store("readwrite").delete(entry.id));
      await this.changed();
      return true;
    } catch (error) {
      if (error instanceof Problem && !error.passing && error.status !== 401) {
        await this.put({ ...entry, tries: entry.tries + 1, refused: { code: error.code, detail: error.detail } });
        return true;
      }
      if (!(error instanceof Problem || error instanceof UnreachableError)) throw error;
      await this.put({ ...entry, tries: entry.tries + 1 });
      return false;
    }
  }

  private async send(entry: Entry): Promise<void> {
    let request = entry.request;
    if (entry.file !== null && entry.path !== null) {
      request = { ...request, ...(await this.options.sender.upload(entry.path, entry.file, `${entry.key}-file`)) } as Request;
    }
    await this.options.sender.request(request, entry.key);
  }

  private wait(): void {
    const delay_ms = backoffMs(this.attempt, this.options.time.random());
    this.attempt += 1;
    this.stopTimer = this.options.time.after(delay_ms, () => {
      this.again = true;
      if (!this.draining) void this.drain();
    });
  }

  private async put(entry: Entry): Promise<void> {
    await settled(this.store("readwrite").put(entry));
    await this.changed();
  }

  private async changed(): Promise<void> {
    this.options.onChange(await this.entries());
  }

  private store(mode: IDBTransactionMode): IDBObjectStore {
    return this.options.database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}
