/** The shape of each unit state and level, once, for SVG in lists and for sprites on the map: colour is never the only sign. */

import type { Level, UnitState } from "../wire";

export const UNIT_COLOURS: Readonly<Record<UnitState, string>> = {
  free: "#2BA784",
  ordered: "#7FB7E6",
  moving: "#B79CED",
  on_scene: "#E7A6C8",
  off: "#6F7D8D",
};

export const LEVEL_COLOURS: Readonly<Record<Level, string>> = { 1: "#E5484D", 2: "#F2811D", 3: "#F5C518", 4: "#4A8FE7" };
export const NUMERALS: Readonly<Record<Level, string>> = { 1: "I", 2: "II", 3: "III", 4: "IV" };
export const ACCENT = "#4CC2E0";
export const PAGE = "#0B0F14";
export const TEXT = "#E6ECF3";
export const TEXT_2 = "#A9B5C3";
export const QUIET = "#6F7D8D";
export const LINE = "#26313D";

export interface Shape {
  /** SVG path in a box of 24 by 24, its middle at 12, 12. */
  readonly path: string;
  readonly filled: boolean;
  /** Turned to the heading of what it shows. */
  readonly turns: boolean;
}

const CIRCLE = "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16Z";

export const UNIT_SHAPES: Readonly<Record<UnitState, Shape>> = {
  free: { path: CIRCLE, filled: true, turns: false },
  ordered: { path: "M12 5a7 7 0 1 0 0 14a7 7 0 1 0 0-14Z", filled: false, turns: false },
  moving: { path: "M12 2L19.5 20.5L12 16.5L4.5 20.5Z", filled: true, turns: true },
  on_scene: { path: "M5 5H19V19H5Z", filled: true, turns: false },
  off: { path: "M12 6a6 6 0 1 0 0 12a6 6 0 1 0 0-12Z", filled: false, turns: false },
};

/** Line widths in that box: a ring is bold, an outline thin and dashed. */
export function strokeOf(state: UnitState): { readonly width: number; readonly dash: readonly number[] } {
  if (state === "ordered") return { width: 4.5, dash: [] };
  if (state === "off") return { width: 1.8, dash: [3, 2.5] };
  return { width: 0, dash: [] };
}
