/** The live connection: subscribes, feeds the store, notices silence, and comes back by itself after the last sequence it has. */

import { backoffMs } from "./backoff";
import { PROTOCOL_VERSION } from "../gen/wire";
import type { FromHub, TableFilter } from "../wire";
import { parseMessage, ProtocolError, type Actor, type Refused, type Subscribe, type Subscription, type TableName } from "./protocol";
import { STALE_AFTER_MS, type ServerClock } from "./server_clock";
import type { Store } from "./store";
import type { Time } from "./time";

/** An open socket silent for this long is dead, whatever TCP believes. */
export const DEAD_AFTER_MS = 8_000;
const WATCH_EVERY_MS = 500;

/** What is needed of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
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
  readonly connect: () => Socket;
  readonly onState: (state: LiveState) => void;
}

const FIRST: LiveState = { phase: "connecting", actor: null, space: "live", release: "", fits: true, accepting: true, refusal: null, retry_ms: null };

export class Live {
  state: LiveState = FIRST;
  private readonly options: LiveOptions;
  private socket: Socket | null = null;
  private tables: Subscription = {};
  private awaiting = new Set<string>();
  private attempt = 0;
  private heard_ms = 0;
  /** Up to where every table is here; what a reconnect resumes after. */
  private complete_seq = 0;
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
    if (this.state.phase === "live" || this.state.phase === "stale") this.sendSubscription();
  }

  /** Try at once: the page is seen again, or the network is back. */
  wake(): void {
    const silent_ms = this.options.time.steady_ms() - this.heard_ms;
    if (this.socket !== null && silent_ms <= STALE_AFTER_MS) return;
    this.attempt = 0;
    this.leave();
    this.open();
  }

  private open(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    this.heard_ms = this.options.time.steady_ms();
    const socket = this.options.connect();
    this.socket = socket;
    this.set({ phase: this.options.clock.age_ms() === null ? "connecting" : "offline", retry_ms: null });
    socket.onopen = () => {
      if (socket === this.socket) this.sendSubscription();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.take(String(data));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
  }

  private sendSubscription(): void {
    // Resuming is only whole when every table has had its snapshot; a mix of old and new would leave holes.
    const after = this.awaiting.size === 0 && this.complete_seq > 0 ? this.complete_seq : null;
    this.answering = true;
    const message: Subscribe = { type: "subscribe", tables: this.tables, after };
    this.socket?.send(JSON.stringify(message));
  }

  private take(text: string): void {
    let message: FromHub | null;
    try {
      message = parseMessage(text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.leave();
      this.lost();
      return;
    }
    this.heard_ms = this.options.time.steady_ms();
    if (message !== null) this.apply(message);
  }

  private apply(message: FromHub): void {
    if (message.type === "refused") {
      this.set({ phase: "refused", refusal: message });
      return;
    }
    this.options.clock.observe(message.now_ms);
    switch (message.type) {
      case "welcome":
        this.attempt = 0;
        this.set({ phase: "live", actor: message.actor, space: message.space, release: message.release, fits: message.version === PROTOCOL_VERSION, refusal: null });
        break;
      case "snapshot":
        if (!(message.table in this.tables)) break;
        this.awaiting.delete(message.table);
        this.options.store.snapshot(message);
        this.heardUpTo(message.seq);
        break;
      case "delta":
        this.options.store.delta(message);
        this.heardUpTo(message.seq);
        break;
      case "beat":
        if (this.answering) this.complete_seq = this.options.store.seq;
        this.answering = false;
        this.options.clock.behind(message.behind_ms);
        this.set({ accepting: message.accepting });
        break;
    }
    if (this.state.phase === "stale") this.set({ phase: "live" });
  }

  /** While a subscription is being answered, table by table, nothing is whole before the beat that ends the answer. */
  private heardUpTo(seq: number): void {
    if (!this.answering) this.complete_seq = Math.max(this.complete_seq, seq);
  }

  private leave(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private lost(): void {
    this.socket = null;
    const delay_ms = backoffMs(this.attempt, this.options.time.random());
    this.attempt += 1;
    if (this.state.phase !== "refused") this.set({ phase: "offline", retry_ms: delay_ms });
    this.stopTimer = this.options.time.after(delay_ms, () => this.open());
  }

  private watch(): void {
    this.stopWatch = this.options.time.after(WATCH_EVERY_MS, () => {
      const silent_ms = this.options.time.steady_ms() - this.heard_ms;
      if (this.state.phase === "live" && this.options.clock.stale()) this.set({ phase: "stale" });
      if (this.socket !== null && silent_ms > DEAD_AFTER_MS) {
        this.leave();
        this.lost();
      }
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

function sameFilter(a: TableFilter | undefined, b: TableFilter | undefined): boolean {
  return a !== undefined && b !== undefined && (a.situation ?? null) === (b.situation ?? null);
}
