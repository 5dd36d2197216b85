/** What pages that are held in the hand share of sending: an outbox that is tried again when it may be worth it, under its person's own session alone. */

import type { Api } from "../../sync/api";
import { openOutbox, Outbox, type OutboxOptions } from "../../sync/outbox";
import type { Actor } from "../../sync/protocol";
import { browserTime } from "../../sync/time";

/** Tries again when the network is back, or the page is seen again. */
export function outboxOf(space: string, options: Omit<OutboxOptions, "open" | "time">): Outbox {
  const outbox = new Outbox({ open: () => openOutbox(indexedDB, space), time: browserTime, ...options });
  addEventListener("online", () => outbox.kick());
  document.addEventListener("visibilitychange", () => document.hidden || outbox.kick());
  return outbox;
}

/** Whether the session is still that of whoever the page is for: somebody else may have signed in on another page, or before this one was opened without a network. */
export class SamePerson {
  /** With which cookies the hub last said so. */
  private cookies: string | null = null;

  /** The hub has just said who is there. */
  told(): void {
    this.cookies = document.cookie;
  }

  async isThere(api: Pick<Api, "session">, actor: Actor): Promise<boolean> {
    const cookies = document.cookie;
    if (cookies === this.cookies) return true;
    if ((await api.session())?.id !== actor.id) return false;
    this.cookies = cookies;
    return true;
  }
}
