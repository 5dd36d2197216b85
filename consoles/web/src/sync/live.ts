/** The live connection: subscribes, feeds the store, notices silence, and comes back by itself after the last sequence it has. */

import { backoffMs } from "./backoff";
import { PROTOCOL_VERSION } from "../gen/wire";
import type { Hubs } from "./hubs";
import type { FromHub, TableFilter } from "../wire";
import { parseMessage, ProtocolError, type Actor, type Refused, type Subscribe, type Subscription, type TableName } from "./protocol";
import { STALE_AFTER_MS, type ServerClock } from "./server_clock";
import type { Store } from "./store";
import type { Time } from "./time";

/** An open socket silent for this long is dead, whatever TCP believes. */
export const DEAD_AFTER_MS = 8_000;
/** A hub that cannot record for this long is left, where there is another. */
export const UNSURE_AFTER_MS = 5_000;
/** Close code of a session that ended: sign in again. */
export const SESSION_ENDED = 4401;
const WATCH_EVERY_MS = 500;

/** What is needed of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
}

export type Phase = "connecting" | "live" | "stale" | "offline" | "refused";

export interface LiveState {
  readonly phase: Phase;
  readonly actor: Actor | null;
  readonly space: string;
  /** The product's version at the hub; when it changes the page is out of date. */
  readonly release: string;
  /** False when the hub speaks another version of this protocol: the page has to be loaded anew. */
  readonly fits: boolean;
  /** False while the hub takes no requests (its disk fails, or it is shutting down). */
  readonly accepting: boolean;
  readonly refusal: Refused | null;
  /** When the next try is due, ms from then; null while connected. */
  readonly retry_ms: number | null;
}

export interface LiveOptions {
  readonly store: Store;
  readonly clock: ServerClock;
  readonly time: Time;
  readonly hubs: Hubs;
  /** Whose page this is: what is mirrored is what that person may see. */
  readonly actor: string;
  /** Open a socket to the hub that is current. */
  readonly connect: () => Socket;
  readonly onState: (state: LiveState) => void;
}

const FIRST: LiveState = { phase: "connecting", actor: null, space: "live", release: "", fits: true, accepting: true, refusal: null, retry_ms: null };

const SIGNED_OUT = { phase: "refused", refusal: { type: "refused", status: 401, code: "sign_in_required", detail: "" } } as const;

export class Live {
  state: LiveState = FIRST;
  private readonly options: LiveOptions;
  private socket: Socket | null = null;
  private tables: Subscription = {};
  private awaiting = new Set<string>();
  private attempt = 0;
  private opened = false;
  private heard = { steady_ms: 0, wall_ms: 0 };
  private unsure_since_ms: number | null = null;
  /** Up to where every table is here; what a reconnect resumes after. */
  private complete_seq = 0;
  /** Of the record that `complete_seq` counts; an answer that is cut off changes neither. */
  private history = "";
  /** Of the fact `complete_seq`, empty where no hub told it. */
  private complete_seal = "";
  /** The newest seal that came, and of which fact. */
  private seal = { seq: 0, text: "" };
  /** Of the hub that is connected. */
  private welcomed = "";
  private answering = false;
  private stopTimer: (() => void) | null = null;
  private stopWatch: (() => void) | null = null;

  constructor(options: LiveOptions) {
    this.options = options;
  }

  start(): void {
    this.open();
    this.watch();
  }

  stop(): void {
    this.stopTimer?.();
    this.stopWatch?.();
    this.leave();
  }

  /** Change what is mirrored. Tables with another filter, and new ones, start from a snapshot. */
  subscribe(tables: Subscription): void {
    const names = Object.keys(tables) as TableName[];
    const fresh = names.filter((name) => !sameFilter(this.tables[name], tables[name]));
    const gone = Object.keys(this.tables).filter((name) => !(name in tables));
    this.tables = tables;
    if (fresh.length === 0 && gone.length === 0) return;
    this.options.store.drop([...gone, ...fresh]);
    for (const name of gone) this.awaiting.delete(name);
    for (const name of fresh) this.awaiting.add(name);
    if (this.opened) this.sendSubscription(0);
  }

  /** The page is about to be frozen: what is seen of it from now on is old until the hub is heard again. */
  freeze(): void {
    if (this.state.phase === "live") this.set({ phase: "stale" });
  }

  /** Try at once: the page is seen again, or the network is back. */
  wake(): void {
    if (this.state.phase === "live" && this.options.clock.stale()) this.set({ phase: "stale" });
    if (this.socket !== null && this.silent_ms() <= STALE_AFTER_MS && this.options.clock.late_ms() <= STALE_AFTER_MS) return;
    this.attempt = 0;
    this.leave();
    this.open();
  }

  private open(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    this.hear();
    this.options.clock.restart();
    const socket = this.options.connect();
    this.socket = socket;
    this.set({ phase: this.away(), retry_ms: null });
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.opened = true;
      this.sendSubscription(this.options.store.seq);
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.take(String(data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  private closed(code: number): void {
    if (code === SESSION_ENDED) this.set(SIGNED_OUT);
    this.lost();
  }

  /** `seen_seq`: up to where rows of any hub are here. A hub that was asked before over this connection has come as far. */
  private sendSubscription(seen_seq: number): void {
    // Resuming is only whole when every table has had its snapshot; a mix of old and new would leave holes.
    const after = this.awaiting.size === 0 && this.complete_seq > 0 ? this.complete_seq : null;
    this.answering = true;
    // A record that was set back gives the same numbers to other facts: the seal shows that.
    const history = after !== null && this.complete_seal !== "" ? `${this.history}.${this.complete_seal}` : this.history;
    const message: Subscribe = { type: "subscribe", tables: this.tables, after, history: history || null };
    // Only where it says more than `after`: a hub of an earlier release refuses what it does not know.
    if (seen_seq > (after ?? 0)) message.seen = seen_seq;
    this.socket?.send(JSON.stringify(message));
  }

  private take(text: string): void {
    let message: FromHub | null;
    try {
      message = parseMessage(text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.moveOn();
      return;
    }
    this.hear();
    if (message !== null) this.apply(message);
  }

  private apply(message: FromHub): void {
    if (message.type === "refused") {
      if (passing(message.status)) this.moveOn();
      else this.set({ phase: "refused", refusal: message });
      return;
    }
    if (message.type === "welcome" && message.actor.id !== this.options.actor) {
      // Somebody else signed in on another page of this browser: they would act here under the other's eyes and name.
      this.leave();
      this.set(SIGNED_OUT);
      return;
    }
    this.options.clock.observe(message.now_ms, this.whole(message));
    switch (message.type) {
      case "welcome":
        this.welcomed = message.history;
        this.set({ phase: this.away(), actor: message.actor, space: message.space, release: message.release, fits: message.version === PROTOCOL_VERSION, refusal: null });
        break;
      case "snapshot":
        if (!(message.table in this.tables)) break;
        this.awaiting.delete(message.table);
        this.options.store.snapshot(message);
        this.heardUpTo(message.seq, message.seal);
        break;
      case "delta":
        this.options.store.delta(message);
        this.heardUpTo(message.seq, message.seal);
        break;
      case "beat":
        if (this.answering) {
          this.wholeUpTo(this.options.store.seq);
          this.history = this.welcomed;
        }
        this.answering = false;
        this.options.clock.behind(message.behind_ms);
        this.heardOfRecord(message.accepting);
        break;
    }
    if (this.state.phase !== "refused" && !this.options.clock.stale() && !this.answering) this.set({ phase: "live" });
  }

  /**
   * Whether the picture is up to date with this message. Until the beat that ends the answer to a subscription it is as old as
   * it was; while the hub has lost its record it ages too, since others may have gone on.
   */
  private whole(message: FromHub): boolean {
    if (message.type !== "beat") return !this.answering && this.state.accepting;
    return message.accepting || this.options.clock.age_ms() === null;
  }

  /** What a connection is called that has not yet brought the picture up to date. */
  private away(): Phase {
    return this.options.clock.age_ms() === null ? "connecting" : "offline";
  }

  private hear(): void {
    this.heard = { steady_ms: this.options.time.steady_ms(), wall_ms: this.options.time.wall_ms() };
  }

  /** Since the last word. The steady clock of some browsers stands while the machine sleeps; the wall clock does not. */
  private silent_ms(): number {
    const { time } = this.options;
    return Math.max(time.steady_ms() - this.heard.steady_ms, time.wall_ms() - this.heard.wall_ms);
  }

  private heardOfRecord(accepting: boolean): void {
    const now_ms = this.options.time.steady_ms();
    this.set({ accepting });
    if (accepting) {
      this.attempt = 0;
      this.unsure_since_ms = null;
      return;
    }
    this.unsure_since_ms ??= now_ms;
    // Another hub may still reach the record. Where none does, this goes round ever more slowly.
    const wait_ms = UNSURE_AFTER_MS * 2 ** Math.min(Math.floor(this.attempt / this.options.hubs.count), 4);
    if (this.options.hubs.count > 1 && now_ms - this.unsure_since_ms > wait_ms) this.moveOn();
  }

  /**
   * While a subscription is being answered, table by table, nothing is whole before the beat that ends the answer. A hub of an
   * earlier release tells no seal, and one is silent about it where readings alone changed.
   */
  private heardUpTo(seq: number, seal: string | undefined): void {
    if (seal || seq !== this.seal.seq) this.seal = { seq, text: seal ?? "" };
    if (!this.answering && seq >= this.complete_seq) this.wholeUpTo(seq);
  }

  private wholeUpTo(seq: number): void {
    this.complete_seq = seq;
    this.complete_seal = this.seal.seq === seq ? this.seal.text : "";
  }

  private leave(): void {
    const socket = this.socket;
    this.socket = null;
    this.opened = false;
    socket?.close();
  }

  /** Leave this hub for the next one, after a pause. */
  private moveOn(): void {
    this.leave();
    this.lost();
  }

  private lost(): void {
    this.socket = null;
    this.opened = false;
    this.unsure_since_ms = null;
    // The pause grows once all hubs were tried: while one of them is well, its people are there within a moment.
    const delay_ms = backoffMs(Math.floor(this.attempt / this.options.hubs.count), this.options.time.random());
    this.attempt += 1;
    this.options.hubs.next();
    if (this.state.phase !== "refused") this.set({ phase: "offline", retry_ms: delay_ms });
    this.stopTimer = this.options.time.after(delay_ms, () => this.open());
  }

  private watch(): void {
    this.stopWatch = this.options.time.after(WATCH_EVERY_MS, () => {
      if (this.state.phase === "live" && this.options.clock.stale()) this.set({ phase: "stale" });
      // Words that come as late as that are of no use either; a new connection shows whether it was the way or the clock.
      if (this.socket !== null && (this.silent_ms() > DEAD_AFTER_MS || this.options.clock.late_ms() > DEAD_AFTER_MS)) this.moveOn();
      this.watch();
    });
  }

  private set(change: Partial<LiveState>): void {
    const next = { ...this.state, ...change };
    const keys = Object.keys(change) as (keyof LiveState)[];
    if (keys.every((key) => next[key] === this.state[key])) return;
    this.state = next;
    this.options.onState(next);
  }
}

/** The hub could not now; another, or the same later, may well. */
function passing(status: number): boolean {
  return status >= 500 || status === 429;
}

function sameFilter(a: TableFilter | undefined, b: TableFilter | undefined): boolean {
  return a !== undefined && b !== undefined && (a.situation ?? null) === (b.situation ?? null);
}
