/** A page that stands on a live connection, as tests of the connection see it: its sockets, its time and what it mirrors. */

import { Hubs } from "../../src/sync/hubs";
import { Live, type LiveState, type Socket } from "../../src/sync/live";
import { ServerClock } from "../../src/sync/server_clock";
import { Store } from "../../src/sync/store";
import { FakeTime } from "../fake_time";

export class FakeSocket implements Socket {
  readonly sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(message: object | string): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
}

export const actor = { id: "a1", name: "张", roles: ["dispatcher"], unit: "" };
export let time: FakeTime;
export let store: Store;
export let clock: ServerClock;
export let live: Live;
export let hubs: Hubs;
export let sockets: FakeSocket[];
export let states: LiveState[];

/** A new page, with none of what the one before had: for `beforeEach`. */
export function openPage(): void {
  time = new FakeTime();
  store = new Store((run) => run());
  clock = new ServerClock(time);
  hubs = new Hubs("http://one");
  sockets = [];
  states = [];
  live = connection(clock, (state) => states.push(state));
}

/** Open a connection of the page that mirrors calls. */
export function connection(of: ServerClock, onState: (state: LiveState) => void): Live {
  const connect = (): Socket => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  const opened = new Live({ store, clock: of, time, hubs, actor: actor.id, connect, onState });
  opened.subscribe({ calls: {} });
  opened.start();
  return opened;
}

export function last(): FakeSocket {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("no socket");
  return socket;
}

export function welcome(seq = 5, rows: object = { c1: { id: "c1" } }): void {
  last().onopen?.();
  last().say({ type: "welcome", space: "live", hub: "h1", history: "r1", version: "1", release: "0.1.0", actor, now_ms: 1_000 + time.now_ms });
  last().say({ type: "snapshot", seq, now_ms: 1_000 + time.now_ms, table: "calls", rows });
  last().say({ type: "beat", seq, now_ms: 1_000 + time.now_ms, accepting: true, behind_ms: 0 });
}
