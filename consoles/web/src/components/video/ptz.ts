/** Turning a camera: what keys and drags ask of it, renewed while they are held, and who else holds it. No page element here. */

import type { Time } from "../../sync/time";

/** Shares of the camera's greatest speed, -1…1: right, up and closer are positive. */
export interface Velocity {
  readonly pan: number;
  readonly tilt: number;
  readonly zoom: number;
}

export const STILL: Velocity = { pan: 0, tilt: 0, zoom: 0 };
/** The hub stops a move by itself that is not renewed within a second. */
export const RENEW_MS = 400;
const BY_KEY = 0.6;
const BY_KEY_SLOWLY = 0.2;
/** A drag shorter than this share of the tile is a hand that trembles. */
const DEAD = 0.04;

const KEYS: Readonly<Record<string, readonly [keyof Velocity, number]>> = {
  ArrowLeft: ["pan", -1],
  ArrowRight: ["pan", 1],
  ArrowUp: ["tilt", 1],
  ArrowDown: ["tilt", -1],
  "+": ["zoom", 1],
  "=": ["zoom", 1],
  "-": ["zoom", -1],
};

export function isMoveKey(key: string): boolean {
  return key in KEYS;
}

/** What the keys that are down ask together; opposite ones cancel out. With Shift slowly. */
export function fromKeys(held: Iterable<string>, slowly: boolean): Velocity {
  const found = { pan: 0, tilt: 0, zoom: 0 };
  for (const key of held) {
    const [axis, sign] = KEYS[key] ?? ["pan", 0];
    found[axis] = Math.sign(found[axis] + sign);
  }
  const speed = slowly ? BY_KEY_SLOWLY : BY_KEY;
  return { pan: found.pan * speed, tilt: found.tilt * speed, zoom: found.zoom * speed };
}

/** A drag over the tile, `dx` to the right and `dy` down in shares of its size: the farther, the faster. */
export function fromDrag(dx: number, dy: number): Velocity {
  const speed = (share: number): number => (Math.abs(share) < DEAD ? 0 : Math.max(-1, Math.min(1, share * 2.5)));
  // No -0: it is written as 0 and read as another number.
  return { pan: speed(dx), tilt: speed(-dy) || 0, zoom: 0 };
}

export interface Holder {
  readonly holder: string;
  readonly until_ms: number;
}

/** How a request to turn ended: done, somebody else holds the camera, or not and why. */
export type Turned = { readonly is: "done" } | ({ readonly is: "held" } & Holder) | { readonly is: "refused"; readonly detail: string };

export type PtzState = { readonly is: "free" } | { readonly is: "mine" } | Exclude<Turned, { is: "done" }>;

export type PtzOrder = Velocity | { readonly preset: number };

/** One order on its way at a time, the newest next: a slow link never queues up moves that go on after the hand let go. */
export class PtzDriver {
  private readonly send: (order: PtzOrder) => Promise<Turned>;
  private readonly time: Time;
  private readonly onState: (state: PtzState) => void;
  private wanted: Velocity = STILL;
  private next: PtzOrder | null = null;
  private busy = false;
  private stopTimer: (() => void) | null = null;

  constructor(send: (order: PtzOrder) => Promise<Turned>, time: Time, onState: (state: PtzState) => void) {
    this.send = send;
    this.time = time;
    this.onState = onState;
  }

  /** Move so from now on; `STILL` stops. Asking again for what it does already sends nothing. */
  move(wanted: Velocity): void {
    if (same(wanted, this.wanted)) return;
    this.wanted = wanted;
    this.order(wanted);
  }

  preset(n: number): void {
    this.wanted = STILL;
    this.order({ preset: n });
  }

  /** The hand has let go of it all, or the tile is gone. */
  stop(): void {
    this.move(STILL);
  }

  private order(order: PtzOrder): void {
    this.next = order;
    this.stopTimer?.();
    this.stopTimer = null;
    if (!this.busy) void this.run();
  }

  private async run(): Promise<void> {
    this.busy = true;
    try {
      while (this.next !== null) {
        const order = this.next;
        this.next = null;
        const turned = await this.send(order);
        this.onState(turned.is === "done" ? { is: "mine" } : turned);
        // Whoever is refused does not go on asking: the next press asks again.
        if (turned.is !== "done") [this.wanted, this.next] = [STILL, null];
      }
    } finally {
      this.busy = false;
    }
    if (!same(this.wanted, STILL)) this.stopTimer = this.time.after(RENEW_MS, () => this.order(this.wanted));
  }
}

function same(a: Velocity, b: Velocity): boolean {
  return a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom;
}
