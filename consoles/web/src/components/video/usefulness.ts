/** Which cameras show a place best: near it, looking at it, and working. Pure. */

import { bearing_deg, distance_m } from "../../map/geography";
import type { CameraRow } from "../../wire";

interface Point {
  readonly lat: number;
  readonly lon: number;
}

export interface Useful {
  readonly camera: CameraRow;
  readonly distance_m: number;
  /** On which side of the place it stands, degrees from north. */
  readonly side_deg: number;
  /** How far the place lies outside of what the camera looks at, degrees; 0 where it looks there. */
  readonly aside_deg: number;
}

/** Farther away than this a street camera shows nothing of the place. */
const WITHIN_M = 8_000;
/** This near, a camera stands at the place itself, whichever way it looks. */
const AT_THE_PLACE_M = 30;
/** A camera with its back to the place counts as this many times as far away. */
const BACK_TURNED = 3;

export function judge(camera: CameraRow, place: Point): Useful {
  const far_m = distance_m(camera, place);
  const side_deg = bearing_deg(place, camera);
  if (far_m <= AT_THE_PLACE_M) return { camera, distance_m: far_m, side_deg, aside_deg: 0 };
  const off_deg = Math.abs(((bearing_deg(camera, place) - camera.bearing_deg + 540) % 360) - 180);
  return { camera, distance_m: far_m, side_deg, aside_deg: Math.max(0, off_deg - camera.field_deg / 2) };
}

/** Cameras for a place, the most useful first. One that is down comes after all that work, with its reason to be read. */
export function mostUseful(cameras: ReadonlyMap<string, CameraRow>, place: Point, most: number): Useful[] {
  return [...cameras.values()]
    .map((camera) => judge(camera, place))
    .filter((each) => each.distance_m < WITHIN_M)
    .sort((a, b) => byState(a) - byState(b) || counted_m(a) - counted_m(b) || (a.camera.id < b.camera.id ? -1 : 1))
    .slice(0, most);
}

/** The cameras for a place, most useful first; while there is no place, the first that work. */
export function camerasFor(cameras: ReadonlyMap<string, CameraRow>, place: Point | null, most: number): CameraRow[] {
  if (place !== null) return mostUseful(cameras, place, most).map(({ camera }) => camera);
  return [...cameras.values()].filter(({ state }) => state === "up").slice(0, most);
}

/** Distance, longer the more the camera looks past the place. */
function counted_m(each: Useful): number {
  return each.distance_m * (1 + ((BACK_TURNED - 1) * each.aside_deg) / 180);
}

/** A camera that has not said yet whether it works may well do so; one that is down shows nothing. */
function byState({ camera }: Useful): number {
  return camera.state === "down" ? 1 : 0;
}
