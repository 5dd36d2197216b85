/** Who belongs into one view with a situation: those on their way there, else those who are nearest to it. */

import { distance_m } from "../../map/geography";
import type { PositionRow } from "../../wire";
import { isActiveOrder, ordersOf } from "../picture";
import type { Desk } from "./context";

/** Who is further away than this is not waited for in one view with the scene. */
const AROUND_M = 12_000;
export const NOBODY: readonly PositionRow[] = [];

/** Looked up once for each situation: the view must not follow every step of a unit. */
export class Around {
  private of = "";
  private found: readonly PositionRow[] = NOBODY;

  see(desk: Desk): readonly PositionRow[] {
    if (desk.situation?.id !== this.of) [this.of, this.found] = [desk.situation?.id ?? "", NOBODY];
    if (this.found.length === 0) this.found = comingTo(desk);
    return this.found;
  }
}

function comingTo({ situation, recommended, store }: Desk): readonly PositionRow[] {
  const place = situation?.place ?? null;
  if (situation === null || place === null) return NOBODY;
  const sent = ordersOf(store.rows("orders"), situation.id).filter(isActiveOrder);
  const units = sent.length > 0 ? sent.map((order) => order.unit) : recommended.slice(0, 3).map((each) => each.unit);
  return units.flatMap((unit) => store.rows("positions").get(unit) ?? []).filter((at) => distance_m(at, place) < AROUND_M);
}
