/** A unit that was pressed on the map: how it is, and its way from there. */

import { html } from "lit";
import { icon } from "../../components/icons";
import "../../components/marks";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Pin } from "../../map/pins";
import type { Desk } from "./context";
import { mayLookUpPatrols } from "./past/wire";

const LOOK = "display:flex;align-items:center;gap:8px;padding:4px 8px;background:var(--raised);border:1px solid var(--accent);border-radius:4px;white-space:nowrap";

export const NO_PINS: readonly Pin[] = [];

export interface UnitPinActions {
  track(unit: string): void;
  close(): void;
}

/** Nothing where the unit is none, or where nobody knows where it is. */
export function unitPin({ store, actor, now_ms }: Desk, id: string, { track, close }: UnitPinActions): readonly Pin[] {
  const [unit, at] = [store.rows("units").get(id), store.rows("positions").get(id)];
  if (unit === undefined || at === undefined) return NO_PINS;
  const look = mayLookUpPatrols(actor) ? html`<button @click=${() => track(id)}>${icon("history")} ${t("past.track")}</button>` : "";
  const content = html`<span style=${LOOK}><b>${unit.name}</b><t-unit-state state=${unit.state} named></t-unit-state><span class="quiet">${format.duration(now_ms - at.at_ms)}</span>${look}
    <button class="bare" aria-label=${t("action.close")} title=${t("action.close")} @click=${close}>${icon("close")}</button></span>`;
  return [{ id, lat: at.lat, lon: at.lon, content }];
}
