/** What the county's map is drawn from, on desk and wall alike. */

import type { MapData } from "../map/picture";
import type { Store } from "../sync/store";

/** Tables that the map is drawn from. */
export const DRAWN = ["units", "positions", "situations", "orders", "cameras", "stations", "alarms"] as const;

export function mapDataOf(store: Store, chosen: Iterable<string>): MapData {
  return {
    units: store.rows("units"),
    positions: store.rows("positions"),
    situations: store.rows("situations"),
    orders: store.rows("orders"),
    cameras: store.rows("cameras"),
    stations: store.rows("stations"),
    alarms: store.rows("alarms"),
    chosen: new Set(chosen),
  };
}
