/** Units by the names that people know: also those that are no more, which records go on naming. Pure. */

import { t } from "../i18n/i18n";
import type { RetiredRow, StationRow, UnitRow } from "../wire";

/** Looked up by its id. */
export interface UnitNames {
  get(id: string): { readonly name: string; readonly station: string } | undefined;
}

export function unitNames(units: ReadonlyMap<string, UnitRow>, retired: ReadonlyMap<string, RetiredRow>): UnitNames {
  return { get: (id) => units.get(id) ?? was(retired.get(`unit:${id}`)) };
}

/** What a station is called, or was. */
export function stationName(id: string, stations: ReadonlyMap<string, StationRow>, retired: ReadonlyMap<string, RetiredRow>): string {
  return stations.get(id)?.name ?? was(retired.get(`station:${id}`))?.name ?? "";
}

/** Units that are no more, by name, for whoever looks up where they were. */
export function retiredUnits(retired: ReadonlyMap<string, RetiredRow>): { readonly id: string; readonly name: string }[] {
  const rows = [...retired.values()].filter(({ kind }) => kind === "unit").sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }));
  return rows.map((row) => ({ id: row.was, name: t("retire.was", { name: row.name }) }));
}

function was(row: RetiredRow | undefined): { readonly name: string; readonly station: string } | undefined {
  return row === undefined ? undefined : { name: t("retire.was", { name: row.name }), station: row.station };
}
