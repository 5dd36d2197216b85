/** What all tabs of the vehicles page share: which there are and for whom, what is mirrored. */

import { property } from "lit/decorators.js";
import { View } from "../../components/view";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription, TableName } from "../../sync/protocol";
import type { Tables } from "../../wire";

export type Tab = "now" | "search" | "watches" | "review" | "quality";
type Role = Actor["roles"][number];

const WATCHING: readonly Role[] = ["camera_watch", "dispatcher", "commander", "duty_leader"];

/** Who sees which tab, in the order of the page. The hub decides what is answered; this hides what it would refuse. */
const TABS: readonly (readonly [Tab, readonly Role[]])[] = [
  ["now", [...WATCHING, "wall"]],
  ["search", [...WATCHING, "administrator"]],
  ["watches", [...WATCHING, "administrator"]],
  ["review", [...WATCHING, "administrator"]],
  ["quality", [...WATCHING, "administrator"]],
];

export function tabsOf(actor: Actor): readonly Tab[] {
  return TABS.filter(([, roles]) => roles.some((role) => actor.roles.includes(role))).map(([tab]) => tab);
}

const PLACES = { stations: {}, units: {}, retired: {}, positions: {}, fences: {}, cameras: {}, links: {} } as const satisfies Subscription;
const WATCHED = { ...PLACES, situations: {}, hits: {}, alarms: {}, screens: {} } as const satisfies Subscription;
const RULES = { sections: {}, restrictions: {}, regions: {} } as const satisfies Subscription;
const REVIEWED = { violations: {}, ...RULES } as const satisfies Subscription;
const DESK = { ...WATCHED, ...REVIEWED, watches: {}, libraries: {}, orders: {} } as const satisfies Subscription;

/** What this person's page mirrors: never a table that the hub would refuse; null for who has no business here. */
export function vehiclesTables(actor: Actor): Subscription | null {
  const has = (...roles: Role[]): boolean => roles.some((role) => actor.roles.includes(role));
  if (has("dispatcher", "commander", "duty_leader")) return DESK;
  if (has("camera_watch")) return { ...WATCHED, ...REVIEWED, watches: {}, libraries: {} };
  if (has("wall")) return { ...WATCHED, orders: {} };
  return has("administrator") ? { ...PLACES, ...RULES, watches: {}, libraries: {}, alarms: {} } : null;
}

/**
 * A tab of the page. It stays in the page once it was opened and keeps what was typed; while `active` is false it is
 * not seen, is not drawn anew and holds nothing open. Drawn anew whenever rows change and once a second.
 */
export abstract class VehiclesTab extends View {
  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) actor: Actor | null = null;
  @property({ type: Boolean }) active = false;
  /** What follows the tab's name in the address: `plate=湘F12345` of `#search/plate=湘F12345`. */
  @property() detail = "";
  /** The hub's time in whole seconds. */
  @property({ type: Number }) now_ms = 0;
  /** Who did something, by the name people know. */
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  /** Grows with each change of rows, which are read off the connection and are no property themselves. */
  @property({ type: Number }) revision = 0;

  protected override shouldUpdate(changed: Map<PropertyKey, unknown>): boolean {
    return this.active || changed.has("active");
  }

  protected rows<N extends TableName>(table: N): ReadonlyMap<string, Tables[N]> {
    return this.connection?.store.rows(table) ?? new Map<string, Tables[N]>();
  }

  protected has(...roles: Role[]): boolean {
    return roles.some((role) => this.actor?.roles.includes(role) ?? false);
  }
}
