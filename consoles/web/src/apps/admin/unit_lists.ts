/** The lists of stations, units and devices: which columns each has, and which rows fit what was typed. No page element here. */

import { html, type TemplateResult } from "lit";
import type { Column } from "../../components/table";
import { duration } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { POSITION_STALE_MS } from "../../map/picture";
import type { Store } from "../../sync/store";
import type { DeviceRow, DeviceTokens, StationRow, UnitRow } from "../../wire";
import { heardAt, rowsFound, tokenText, type Kind } from "./unit_words";

export interface Listed {
  readonly columns: readonly Column<never>[];
  readonly rows: ReadonlyMap<string, unknown>;
  /** How many there are in all. */
  readonly all: number;
}

type Tokens = DeviceTokens["devices"] | null;

export function listOf(kind: Kind, store: Store, words: string, now_ms: number, tokens: Tokens): Listed {
  const all = store.rows(kind).size;
  switch (kind) {
    case "stations": {
      const columns = stationColumns(store);
      return { columns, rows: rowsFound(store.rows("stations"), words, (row) => said(columns, row)), all };
    }
    case "units": {
      const columns = unitColumns(store, now_ms);
      return { columns, rows: rowsFound(store.rows("units"), words, (row) => `${said(columns, row)} ${row.officers.join(" ")}`), all };
    }
    case "devices": {
      const columns = deviceColumns(store, now_ms, tokens);
      return { columns, rows: rowsFound(store.rows("devices"), words, (row) => said(columns, row)), all };
    }
  }
}

/** All that a row's columns say in words. */
function said<R>(columns: readonly Column<R>[], row: R): string {
  return columns.map((column) => column.sort?.(row) ?? "").filter((each) => typeof each === "string").join(" ");
}

function text<R>(id: string, title: string, of: (row: R) => string): Column<R> {
  return { id, title, cell: of, sort: of };
}

function number<R>(id: string, title: string, of: (row: R) => number): Column<R> {
  return { id, title, number: true, cell: (row) => String(of(row)), sort: of };
}

function stationColumns(store: Store): Column<StationRow>[] {
  const units = new Map<string, number>();
  for (const { station } of store.rows("units").values()) units.set(station, (units.get(station) ?? 0) + 1);
  return [
    text("name", t("column.name"), ({ name }) => name),
    text("service", t("units.service"), ({ service }) => word("service", service)),
    text("leader", t("units.leader"), ({ leader }) => leader),
    text("phone", t("units.leader_phone"), ({ leader_phone }) => leader_phone),
    number("units", t("units.units"), ({ id }) => units.get(id) ?? 0),
  ];
}

function unitColumns(store: Store, now_ms: number): Column<UnitRow>[] {
  const positions = store.rows("positions");
  return [
    text("name", t("column.name"), ({ name }) => name),
    text("kind", t("column.kind"), ({ kind }) => word("unit_kind", kind)),
    text("station", t("column.station"), ({ station }) => store.rows("stations").get(station)?.name ?? station),
    text("state", t("column.state"), ({ state }) => word("unit_state", state)),
    text("devices", t("units.devices"), ({ devices }) => devices.join(" ")),
    fix(({ id }) => positions.get(id)?.at_ms ?? null, now_ms),
  ];
}

function deviceColumns(store: Store, now_ms: number, tokens: Tokens): Column<DeviceRow>[] {
  const positions = store.rows("positions");
  return [
    text("name", t("units.id"), ({ id }) => id),
    text("kind", t("column.kind"), ({ kind }) => word("device_kind", kind)),
    text("unit", t("column.unit"), ({ unit }) => store.rows("units").get(unit)?.name ?? unit),
    text("token", t("units.token"), ({ id, kind }) => (tokens === null ? "" : tokenText(kind, tokens[id]?.issued === true))),
    fix((row) => heardAt(row, positions), now_ms),
  ];
}

/** How old the last fix is; hatched once it is too old for dispatching by it. */
function fix<R>(at: (row: R) => number | null, now_ms: number): Column<R> {
  const cell = (row: R): TemplateResult | string => {
    const at_ms = at(row);
    if (at_ms === null) return "—";
    const age_ms = Math.max(0, now_ms - at_ms);
    return age_ms > POSITION_STALE_MS ? html`<span class="stale">${duration(age_ms)}</span>` : duration(age_ms);
  };
  return { id: "fix", title: t("column.fix"), number: true, cell, sort: (row) => -(at(row) ?? 0) };
}
