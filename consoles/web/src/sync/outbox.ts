/**
 * What a terminal wants to tell the hub, kept in IndexedDB until it is through: in order, under one key each, surviving a restart. A call for
 * help waits for nothing but the network: not for room, not for the database, not for what is being sent. What comes with a file goes
 * beside the rest: on a thin line a film takes minutes, or never comes through, and a signature is a matter of seconds.
 */

import { Problem, UnreachableError, type Answer } from "./api";
import { Lane, type Outcome } from "./lane";
import type { Request } from "../wire";
import type { Time } from "./time";

/** Of one person. A full outbox refuses the next entry aloud; nothing is dropped in silence. */
export const OUTBOX_ENTRIES = 200;
/** Of one person and kind (SOS): they have room of their own, and again is the same call, tried at once. */
export const URGENT_ENTRIES = 1;
const STORE = "entries";

export interface Entry {
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

type Stored = Entry & { readonly id: number };
export type Draft = Pick<Entry, "key" | "actor" | "request"> & Partial<Pick<Entry, "file" | "path" | "urgent">>;

export class OutboxFullError extends Error {}

/** The part of Api that the outbox needs. */
export interface Sender {
  request(request: Request, key: string): Promise<Answer>;
  upload(path: string, file: Blob, key: string): Promise<object>;
}

export interface OutboxOptions {
  readonly open: () => Promise<IDBDatabase>;
  readonly sender: Sender;
  readonly time: Time;
  /** Whose page this is; null once nobody is signed in. */
  readonly actor: () => string | null;
  /** Whether the session is still that person's. */
  readonly confirm: () => Promise<boolean>;
  /** Told before the entry goes from those that wait. */
  readonly onSent: (request: Request, answer: Answer) => void;
  readonly onChange: (entries: readonly Entry[]) => void;
}

/** Each world has its own: what waits in a rehearsal is never told to the live hub, nor the other way round. */
export async function openOutbox(factory: IDBFactory, space = "live"): Promise<IDBDatabase> {
  const opening = factory.open(space === "live" ? "triune-outbox" : `triune-outbox.${space}`, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  return settled(opening);
}

/** What is sent one after the other, beside the other ways. */
type Way = "urgent" | "ordinary" | "files";

export class Outbox {
  private readonly options: OutboxOptions;
  private database: IDBDatabase | null = null;
  private opening: Promise<void> | null = null;
  /** What is not in the database, or not yet, by its key. */
  private readonly loose = new Map<string, Entry>();
  private readonly unkept = new Set<string>();
  private latest: readonly Entry[] = [];
  private readonly lanes: Readonly<Record<Way, Lane>>;

  constructor(options: OutboxOptions) {
    this.options = options;
    const lane = (way: Way): Lane => new Lane(options.time, () => this.step(way));
    this.lanes = { urgent: lane("urgent"), ordinary: lane("ordinary"), files: lane("files") };
    this.kick();
  }

  /** False where something could not be kept on this machine: it is sent all the same, and lost if the page is closed before. */
  get keeping(): boolean {
    return this.loose.size === 0 || (this.database !== null && ![...this.unkept].some((key) => this.loose.has(key)));
  }

  async entries(): Promise<readonly Entry[]> {
    const stored = await this.stored();
    return [...stored.filter(({ key }) => !this.loose.has(key)), ...this.loose.values()];
  }

  /**
   * Keep an entry and try to send it. Resolves once it is safe on this machine, or cannot be; not when it is through.
   * @throws OutboxFullError
   */
  async add(draft: Draft): Promise<void> {
    const entry: Entry = { file: null, path: null, urgent: false, ...draft, made_ms: this.options.time.wall_ms(), tries: 0, refused: null };
    if (entry.urgent ? this.calledAlready(entry) : await this.isFull(entry.actor)) {
      if (!entry.urgent) throw new OutboxFullError(`outbox holds ${OUTBOX_ENTRIES} entries`);
      this.kick();
      return;
    }
    this.loose.set(entry.key, entry);
    this.tell([...this.latest, entry]);
    const keeping = this.keep(entry);
    this.kick();
    await keeping;
  }

  /** Take a refused entry away, once its person has seen why. */
  async dismiss(key: string): Promise<void> {
    await this.remove(key);
  }

  /** Try now: the network is back, or the page is seen again. */
  kick(): void {
    for (const key of [...this.unkept]) {
      const entry = this.loose.get(key);
      this.unkept.delete(key);
      if (entry !== undefined) void this.keep(entry);
    }
    if (this.database === null) void this.connect().catch(() => undefined); // whoever has something to keep learns of it
    for (const lane of Object.values(this.lanes)) lane.kick();
  }

  /** One of the same kind waits; one that was refused is called anew. */
  private calledAlready({ actor, request }: Entry): boolean {
    const same = this.latest.filter((each) => each.urgent && each.actor === actor && each.request.request === request.request);
    for (const { key, refused } of same) if (refused !== null) void this.remove(key);
    return same.filter(({ refused }) => refused === null).length >= URGENT_ENTRIES;
  }

  private async isFull(actor: string): Promise<boolean> {
    return (await this.entries()).filter((each) => each.actor === actor && !each.urgent).length >= OUTBOX_ENTRIES;
  }

  private async step(way: Way): Promise<Outcome> {
    const mine = (each: Entry): boolean => each.refused === null && each.actor === this.options.actor();
    let entry = way === "urgent" ? [...this.loose.values()].find((each) => each.urgent && mine(each)) : undefined;
    if (entry === undefined) {
      const waiting = (await this.entries()).filter(mine);
      const call = waiting.find((each) => each.urgent);
      entry = way === "urgent" ? call : call === undefined ? next(waiting, way) : undefined;
    }
    if (entry === undefined) return "idle";
    const outcome = await this.deliver(entry);
    if (way === "urgent" && outcome === "done") {
      this.lanes.ordinary.kick();
      this.lanes.files.kick();
    }
    return outcome;
  }

  private async deliver(entry: Entry): Promise<Outcome> {
    let answer: Answer;
    try {
      if (!(await this.options.confirm())) return "idle";
      answer = await this.send(entry);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof UnreachableError)) throw error;
      const final = error instanceof Problem && !error.passing && error.status !== 401;
      const refused = final ? { code: error.code, detail: error.detail } : null;
      await this.amend({ ...entry, tries: entry.tries + 1, refused });
      return final ? "done" : "waits";
    }
    this.options.onSent(entry.request, answer);
    await this.remove(entry.key);
    return "done";
  }

  private async send(entry: Entry): Promise<Answer> {
    let request = entry.request;
    if (entry.file !== null && entry.path !== null) {
      request = { ...request, ...(await this.options.sender.upload(entry.path, entry.file, `${entry.key}-file`)) } as Request;
    }
    return this.options.sender.request(request, entry.key);
  }

  /** Put a loose entry into the database, as far as it is by then; where that fails it stays loose. */
  private async keep(entry: Entry): Promise<void> {
    try {
      await this.connect();
      await this.write((store) => store.add(entry));
      let kept = entry;
      for (let now = this.loose.get(entry.key); now !== kept; now = this.loose.get(entry.key)) {
        await this.rewrite(entry.key, now ?? null);
        if (now === undefined) return; // it was through meanwhile
        kept = now;
      }
      this.loose.delete(entry.key);
    } catch {
      this.unkept.add(entry.key);
    }
    await this.changed();
  }

  private async amend(entry: Entry): Promise<void> {
    if (this.loose.has(entry.key)) this.loose.set(entry.key, entry);
    else await this.rewrite(entry.key, entry);
    await this.changed();
  }

  private async remove(key: string): Promise<void> {
    this.loose.delete(key);
    await this.rewrite(key, null);
    await this.changed();
  }

  /** What is stored under a key becomes `entry`, or goes; nothing where another page saw it through. */
  private async rewrite(key: string, entry: Entry | null): Promise<void> {
    const id = (await this.stored()).find((each) => each.key === key)?.id;
    if (id !== undefined) await this.write((store) => (entry === null ? store.delete(id) : store.put({ ...entry, id })));
  }

  private async changed(): Promise<void> {
    this.tell(await this.entries());
  }

  private tell(entries: readonly Entry[]): void {
    this.latest = entries;
    this.options.onChange(entries);
  }

  /** A phone may take the database away at any time; with the next kick it is opened again. */
  private connect(): Promise<void> {
    if (this.database !== null) return Promise.resolve();
    this.opening ??= this.open().finally(() => (this.opening = null));
    return this.opening;
  }

  private async open(): Promise<void> {
    this.database = await this.options.open();
    this.database.onclose = () => (this.database = null);
    await this.changed();
    for (const lane of Object.values(this.lanes)) lane.kick();
  }

  private async stored(): Promise<readonly Stored[]> {
    if (this.database === null) return [];
    try {
      return await settled(this.transaction("readonly").objectStore(STORE).getAll() as IDBRequest<Stored[]>);
    } catch {
      return []; // gone for now: what is in it waits until it is opened again
    }
  }

  /** Resolves once it is on the disk. */
  private async write(change: (store: IDBObjectStore) => unknown): Promise<void> {
    const transaction = this.transaction("readwrite");
    change(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB failed"));
    });
  }

  private transaction(mode: IDBTransactionMode): IDBTransaction {
    if (this.database === null) throw new Error("IndexedDB is not open");
    try {
      return this.database.transaction(STORE, mode, { durability: "strict" });
    } catch (error) {
      this.database = null;
      throw error;
    }
  }
}

/** What is told is told in order. Of files the one that was tried least: none that is too large for the line keeps the others back. */
function next(waiting: readonly Entry[], way: "ordinary" | "files"): Entry | undefined {
  if (way === "ordinary") return waiting.find(({ file }) => file === null);
  return waiting.filter(({ file }) => file !== null).sort((a, b) => a.tries - b.tries)[0];
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}
