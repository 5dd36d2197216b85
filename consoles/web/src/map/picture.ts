/** From rows to symbols: what the map shows of the tables, and how it looks. Pure but for the sprites. */

import { fromLonLat } from "ol/proj";
import { UNIT_COLOURS } from "../components/shapes";
import type { AlarmRow, CameraRow, OrderRow, Place, PositionRow, SituationRow, StationRow, UnitRow } from "../wire";
import { alarmSprite, cameraSprite, situationSprite, stationSprite, unitSprite } from "./sprites";
import type { Symbol, Way } from "./symbols_layer";

/** A unit whose last fix is older than this is drawn faded, with its age in the lists. */
export const POSITION_STALE_MS = 5 * 60_000;

/** Places that agree to so many digits of a degree (a metre) are one point. */
const POINT_DIGITS = 5;

export interface MapData {
  readonly units: ReadonlyMap<string, UnitRow>;
  readonly positions: ReadonlyMap<string, PositionRow>;
  readonly situations: ReadonlyMap<string, SituationRow>;
  readonly orders: ReadonlyMap<string, OrderRow>;
  readonly cameras: ReadonlyMap<string, CameraRow>;
  readonly stations: ReadonlyMap<string, StationRow>;
  readonly alarms: ReadonlyMap<string, AlarmRow>;
  /** Ids that are chosen or in use now. */
  readonly chosen: ReadonlySet<string>;
}

export const NO_DATA: MapData = {
  units: new Map(),
  positions: new Map(),
  situations: new Map(),
  orders: new Map(),
  cameras: new Map(),
  stations: new Map(),
  alarms: new Map(),
  chosen: new Set(),
};

/** Rows never change, they are replaced; so where one lies is reckoned once. */
const points = new WeakMap<object, readonly [number, number]>();

function at(row: { readonly lon: number; readonly lat: number }): readonly [number, number] {
  let point = points.get(row);
  if (point === undefined) {
    const [x = 0, y = 0] = fromLonLat([row.lon, row.lat]);
    points.set(row, (point = [x, y]));
  }
  return point;
}

export function symbolsOf(data: MapData): Symbol[] {
  const found: Symbol[] = [];
  const alarmed = new Map<string, AlarmRow>();
  for (const alarm of data.alarms.values()) if (alarm.state === "raised") alarmed.set(alarm.subject, alarm);
  const add = (symbol: Omit<Symbol, "chosen" | "badge" | "groups" | "labelZoom" | "stacked"> & Partial<Symbol>): void => {
    const alarm = alarmed.get(symbol.id);
    const badge = alarm === undefined ? null : (size_px: number) => alarmSprite(alarm.kind === "sos", size_px);
    alarmed.delete(symbol.id);
    found.push({ badge, groups: false, labelZoom: 0, stacked: 1, chosen: data.chosen.has(symbol.id), ...symbol });
  };
  for (const row of data.stations.values()) {
    add({ table: "stations", id: row.id, point: at(row), size: 16, label: row.name, labelZoom: 12.5, sprite: stationSprite });
  }
  for (const row of data.cameras.values()) {
    const used = data.chosen.has(row.id);
    add({ table: "cameras", id: row.id, point: at(row), size: 18, label: row.name, labelZoom: 14, groups: true, chosen: false,
      sprite: (size_px) => cameraSprite(row.state, used, size_px) });
  }
  for (const row of data.positions.values()) {
    const unit = data.units.get(row.id);
    if (unit === undefined) continue;
    const moving = unit.state === "moving" || unit.state === "ordered" || unit.state === "on_scene";
    add({ table: "units", id: row.id, point: at(row), size: moving ? 24 : 18, label: unit.name, labelZoom: moving ? 11 : 14.5,
      groups: !moving, sprite: (size_px) => unitSprite(unit.state, row.heading_deg, size_px) });
  }
  for (const { row, place, stacked } of placedSituations(data)) {
    add({ table: "situations", id: row.id, point: at(place), size: 30, label: short(row.title), labelZoom: row.level < 4 ? 11.5 : 14, stacked,
      sprite: (size_px) => situationSprite(row.level, size_px) });
  }
  for (const alarm of alarmed.values()) {
    if (alarm.lat === null || alarm.lon === null || data.situations.has(alarm.situation)) continue;
    add({ table: "alarms", id: alarm.id, point: at({ lat: alarm.lat, lon: alarm.lon }), size: 22, label: "", 
      sprite: (size_px) => alarmSprite(alarm.kind === "sos", size_px) });
  }
  return found;
}

interface Placed {
  readonly row: SituationRow;
  readonly place: Place;
  /** How many lie on one point, told of the one on top; those beneath say 1. */
  readonly stacked: number;
}

/** Open situations in the order in which they are drawn: graver ones over others, the chosen one over all. */
function placedSituations(data: MapData): Placed[] {
  const open: { row: SituationRow; place: Place }[] = [];
  for (const row of data.situations.values()) {
    if (row.state !== "closed" && row.merged_into === "" && row.place !== null) open.push({ row, place: row.place });
  }
  const weight = ({ row }: { row: SituationRow }): number => (data.chosen.has(row.id) ? 0 : row.level);
  open.sort((a, b) => weight(b) - weight(a) || a.row.changed_ms - b.row.changed_ms);
  const pointOf = ({ lat, lon }: Place): string => `${lat.toFixed(POINT_DIGITS)} ${lon.toFixed(POINT_DIGITS)}`;
  const counts = new Map<string, number>();
  for (const { place } of open) counts.set(pointOf(place), (counts.get(pointOf(place)) ?? 0) + 1);
  const top = new Map(open.map(({ row, place }) => [pointOf(place), row.id]));
  return open.map(({ row, place }) => ({ row, place, stacked: top.get(pointOf(place)) === row.id ? (counts.get(pointOf(place)) ?? 1) : 1 }));
}

/** Names on the map are short; the whole of one stands in the lists. */
function short(title: string): string {
  return title.length > 14 ? `${title.slice(0, 13)}…` : title;
}

/** The straight line of each unit that is on its way; there is no routing here, so no road is claimed. */
export function waysOf(data: MapData): Way[] {
  const found: Way[] = [];
  for (const order of data.orders.values()) {
    if (order.state !== "issued" && order.state !== "signed" && order.state !== "departed") continue;
    const unit = data.positions.get(order.unit);
    const place = data.situations.get(order.situation)?.place;
    if (unit === undefined || place == null) continue;
    const colour = UNIT_COLOURS[order.state === "departed" ? "moving" : "ordered"];
    found.push({ from: at(unit), to: at(place), colour });
  }
  return found;
}
