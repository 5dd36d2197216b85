/** Fences as people read them: how large, whose, and whether one was drawn anew. Pure. */

import type { Corner } from "../../map/typed";
import type { UnitRow } from "../../wire";

const M_PER_DEGREE = 111_195;

/** The area of a ring, on a plane that fits where it is: for telling a street from a township, not for land registers. */
export function area_km2(ring: readonly Corner[]): number {
  const lat = ring.reduce((sum, corner) => sum + corner[1], 0) / Math.max(1, ring.length);
  const across = Math.cos((lat * Math.PI) / 180);
  let twice = 0;
  for (const [at, [lon, lat_]] of ring.entries()) {
    const [nextLon, nextLat] = ring[(at + 1) % ring.length] ?? [lon, lat_];
    twice += lon * nextLat - nextLon * lat_;
  }
  return (Math.abs(twice) / 2) * across * (M_PER_DEGREE / 1_000) ** 2;
}

/** Square kilometres, to two figures or more. */
export function areaText(ring: readonly Corner[]): string {
  const km2 = area_km2(ring);
  return km2.toFixed(km2 >= 10 ? 0 : km2 >= 1 ? 1 : 2);
}

/** The names of the units whose area a fence is. */
export function usersOf(fence: string, units: ReadonlyMap<string, UnitRow>): string[] {
  if (fence === "") return [];
  return [...units.values()].filter(({ area }) => area === fence).map(({ name }) => name).sort((a, b) => a.localeCompare(b, "zh-CN", { numeric: true }));
}

export function sameRing(one: readonly Corner[], other: readonly Corner[]): boolean {
  return one.length === other.length && one.every(([lon, lat], at) => lon === other[at]?.[0] && lat === other[at]?.[1]);
}
