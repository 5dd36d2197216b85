/** One page's connection to the hub, put together for a browser: store, clock, live socket and requests. */

import { Api } from "./api";
import { Hubs } from "./hubs";
import { Live, type LiveState, type Socket } from "./live";
import { People } from "./people";
import type { Subscription } from "./protocol";
import { ServerClock } from "./server_clock";
import { perFrame, Store } from "./store";
import { browserTime } from "./time";

export interface Connection {
  readonly store: Store;
  readonly clock: ServerClock;
  readonly live: Live;
  readonly api: Api;
  readonly people: People;
  readonly space: string;
}

/** Leave for the login page, to come back here afterwards. */
export function toLogin(): void {
  const here = location.pathname + location.search + location.hash;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
}

/** Random version 4 UUID; unlike crypto.randomUUID it also works on a plain-HTTP closed network. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function browserApi(onSignedOut: () => void = toLogin, space = "live", base: () => string = () => ""): Api {
  return new Api({ fetch: fetch.bind(globalThis), cookies: () => document.cookie, uuid, onSignedOut, space, base });
}

/**
 * `actor` is the id of whose page it is. `onSignedOut` decides what a page does without a session: most go to the login page, a terminal keeps what was typed. `shown_age_ms` is how old
 * what the page shows already is, where it shows anything.
 */
export function connect(
  tables: Subscription,
  onState: (state: LiveState) => void,
  space: string,
  onSignedOut: () => void,
  onNames: () => void,
  shown_age_ms: number | null,
  actor: string,
): Connection {
  const hubs = new Hubs(location.origin);
  const api = browserApi(onSignedOut, space, () => hubs.base);
  const store = new Store(perFrame);
  const clock = new ServerClock(browserTime, space !== "live");
  if (shown_age_ms !== null) clock.recall(shown_age_ms);
  let failures = 0;
  let learned = false;
  const live = new Live({
    store,
    clock,
    time: browserTime,
    hubs,
    actor,
    // "http" becomes "ws", "https" becomes "wss".
    connect: () => new WebSocket(`${hubs.current.replace("http", "ws")}/api/v1/live?space=${encodeURIComponent(space)}`) as unknown as Socket,
    onState: (state) => {
      showAge(state);
      if (state.phase === "live") failures = 0;
      if (state.phase === "live" && !learned) void learnHubs(api, hubs);
      learned = state.phase === "live" || (learned && state.phase === "stale");
      if (state.phase === "refused" && state.refusal?.status === 401) onSignedOut();
      // A handshake refused for want of a session looks like any lost socket; asking over HTTP tells them apart.
      if (state.phase === "offline" && state.retry_ms !== null && (failures += 1) % 3 === 2) void checkSession(api, onSignedOut);
      onState(state);
    },
  });
  live.subscribe(tables);
  const wake = (): void => {
    if (!document.hidden) live.wake();
  };
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  addEventListener("pageshow", wake);
  // A tab that was frozen in the background wakes hatched: its last picture may be seen before anything else runs.
  document.addEventListener("freeze", () => live.freeze());
  document.addEventListener("resume", () => live.wake());
  addEventListener("offline", () => live.wake());
  live.start();
  const people = new People({ ask: () => api.get<Record<string, string>>("/api/v1/people"), time: browserTime, onChange: onNames });
  people.askWhenAllowed();
  return { store, clock, live, api, people, space };
}

/** Hatch the whole page unless what it shows is so now. Before the first picture there is nothing to hatch; trying to connect again clears nothing. */
function showAge(state: LiveState): void {
  const root = document.documentElement;
  if (state.phase !== "connecting") root.dataset["picture"] = state.phase === "live" && state.accepting ? "live" : "old";
}

async function learnHubs(api: Api, hubs: Hubs): Promise<void> {
  try {
    hubs.learn((await api.get<{ readonly hubs: readonly string[] }>("/api/v1/hubs")).hubs);
  } catch {
    // Those known already stay; asked again with the next connection.
  }
}

async function checkSession(api: Api, onSignedOut: () => void): Promise<void> {
  try {
    if ((await api.session()) === null) onSignedOut();
  } catch {
    // Not reachable at all: the live connection goes on trying.
  }
}
