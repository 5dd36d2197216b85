/** How far an order is, counting what the terminal has not got through yet, and what comes next. Pure. */

import type { OrderRow, OrderState } from "../../wire";
import type { Entry } from "../../sync/outbox";

export type Step = "signed" | "departed" | "arrived" | "fed_back";

const NEXT: Readonly<Partial<Record<OrderState, Step>>> = { issued: "signed", signed: "departed", departed: "arrived", arrived: "fed_back" };
const ORDER: readonly OrderState[] = ["issued", "signed", "departed", "arrived", "fed_back"];

export interface Progress {
  /** The state as its officer sees it: the hub's, or further where steps wait to be sent. */
  readonly state: OrderState;
  readonly next: Step | null;
  /** True while the hub does not know of that state. */
  readonly unsent: boolean;
}

export function progressOf(order: OrderRow, waiting: readonly Entry[]): Progress {
  let at = ORDER.indexOf(order.state);
  const known = at;
  for (const { request, refused } of waiting) {
    if (refused !== null) continue;
    if (request.request === "step_order" && request.order === order.id) at = Math.max(at, ORDER.indexOf(request.step));
    if (request.request === "feed_back" && request.order === order.id) at = ORDER.length - 1;
    if (request.request === "refuse_order" && request.order === order.id) return { state: "refused", next: null, unsent: true };
  }
  const state = at < 0 ? order.state : (ORDER[at] ?? order.state);
  return { state, next: NEXT[state] ?? null, unsent: at > known };
}

/** The order to show large: one not signed before one under way, older before newer; null when all is done. */
export function currentOrder(orders: ReadonlyMap<string, OrderRow>, unit: string, waiting: readonly Entry[]): OrderRow | null {
  const open = [...orders.values()].filter((row) => row.unit === unit && progressOf(row, waiting).next !== null);
  const rank = (row: OrderRow): number => (progressOf(row, waiting).state === "issued" ? 0 : 1);
  return open.sort((a, b) => rank(a) - rank(b) || a.issued_ms - b.issued_ms)[0] ?? null;
}

/** The order that runs now for the same situation and unit as one that is over; null where none does. */
export function anewOf(over: OrderRow, orders: ReadonlyMap<string, OrderRow>, waiting: readonly Entry[]): OrderRow | null {
  const same = [...orders.values()].filter((row) => row.id !== over.id && row.situation === over.situation && row.unit === over.unit);
  return same.find((row) => progressOf(row, waiting).next !== null) ?? null;
}

/** Which eighth of the compass lies from here to there: 0 north, 2 east. */
export function eighth(from: { lat: number; lon: number }, to: { lat: number; lon: number }): 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 {
  const dx = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  const degrees = (Math.atan2(dx, to.lat - from.lat) * 180) / Math.PI;
  return (Math.round((degrees + 360) / 45) % 8) as 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
}
