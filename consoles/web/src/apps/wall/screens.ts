/** How the wall shows its cameras: as its address says (`/wall?view=video&layout=9&cameras=c1,c2&tour=10`) and desks want it. Pure. */

import { LAYOUTS, type Layout } from "../../components/video/slots";
import { LEAST_S, MOST_S } from "../../components/video/tour";
import type { ScreenRow } from "../../wire";

export interface WallScreens {
  /** The cameras stand in the middle and the map beside them. */
  readonly large: boolean;
  readonly layout: Layout;
  /** Always shown, in this order. */
  readonly fixed: readonly string[];
  /** Every working camera in turn for so long each; null for those near the situation in focus. */
  readonly tour_s: number | null;
}

/** One large over two by two fits the column beside the map; in the middle six do. */
const BESIDE: Layout = 5;
const MIDDLE: Layout = 6;

export function screensOf(search: string): WallScreens {
  const asked = new URLSearchParams(search);
  const large = asked.get("view") === "video";
  const layout = LAYOUTS.find((n) => String(n) === asked.get("layout")) ?? (large ? MIDDLE : BESIDE);
  const fixed = (asked.get("cameras") ?? "").split(",").filter((id) => id !== "").slice(0, layout);
  const seconds = Number(asked.get("tour") ?? NaN);
  return { large, layout, fixed, tour_s: Number.isFinite(seconds) ? Math.min(MOST_S, Math.max(LEAST_S, seconds)) : null };
}

/** What desks sent stands before what the address names; a layout that they sent takes the middle of the wall. */
export function withSent(asked: WallScreens, sent: ScreenRow | undefined): WallScreens {
  if (sent === undefined) return asked;
  const cameras = sent.cameras.map(({ camera }) => camera);
  const fixed = [...cameras, ...asked.fixed.filter((camera) => !cameras.includes(camera))];
  return { ...asked, large: asked.large || sent.tiles !== null, layout: sent.tiles ?? asked.layout, fixed };
}
