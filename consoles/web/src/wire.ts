/** The generated types of the wire, and short names for the unions inside them. */

import type { AlarmRow, OpenSituation, OrderRow, SituationRow, UnitRow } from "./gen/wire";

export type * from "./gen/wire";

export type Level = SituationRow["level"];
export type Service = SituationRow["service"];
export type IncidentKind = OpenSituation["kind"];
export type UnitState = UnitRow["state"];
export type OrderState = OrderRow["state"];
export type AlarmKind = AlarmRow["kind"];
