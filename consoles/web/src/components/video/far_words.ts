/** Why a camera stands where it stands among those near a place: its rank, how far, on which side, whether it looks there. Pure. */

import { distance } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Useful } from "./usefulness";

export interface FarWords {
  /** For a tile with room: rank, distance, and whether it looks there. */
  readonly plain: string;
  /** For a small one: rank, distance and side. */
  readonly short: string;
  /** All of it, for whoever points at it or listens. */
  readonly whole: string;
}

/** `rank` counts from 1. */
export function farWords({ distance_m, side_deg, aside_deg }: Useful, rank: number): FarWords {
  const far = distance(distance_m);
  const side = word("bearing", String(Math.round(side_deg / 45) % 8));
  const looks = aside_deg < 1 ? t("tile.looks") : t("tile.looks_aside", { deg: Math.round(aside_deg) });
  return { plain: t("tile.far", { rank, far, looks }), short: t("tile.far_short", { rank, far, side }), whole: t("tile.far_whole", { rank, side, far, looks }) };
}
