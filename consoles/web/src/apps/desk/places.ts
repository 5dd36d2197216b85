/** Places by what people type: coordinates in any datum, or names of townships, stations and cameras. */

import { fit } from "../../i18n/pinyin";
import type { CameraRow, GivenPlace, StationRow } from "../../wire";

export interface NamedPlace {
  readonly name: string;
  readonly lat: number;
  readonly lon: number;
  readonly source: NonNullable<GivenPlace["source"]>;
}

const COORDINATES = /^\s*(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*$/;

/** Two numbers as latitude and longitude, in whichever order they make sense for China; null when it is not a place. */
export function parseCoordinates(text: string): { lat: number; lon: number } | null {
  const found = COORDINATES.exec(text);
  if (found === null) return null;
  const [a, b] = [Number(found[1]), Number(found[2])];
  const [lat, lon] = Math.abs(a) > 90 || (a > 73 && b < 54) ? [b, a] : [a, b];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

export function findPlaces(typed: string, places: readonly NamedPlace[], most = 6): NamedPlace[] {
  if (typed.trim() === "") return [];
  return places
    .map((place) => ({ place, rank: fit(typed, [place.name]) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .slice(0, most)
    .map(({ place }) => place);
}

interface Features {
  readonly features: readonly { readonly properties: { readonly zh?: string }; readonly geometry: { readonly type: string; readonly coordinates: unknown } }[];
}

/** The townships of the base map that are points; none when the base map is not there. */
export async function loadTownships(): Promise<NamedPlace[]> {
  const response = await fetch("/api/v1/county/townships.geojson", { credentials: "same-origin" }).catch(() => null);
  if (response === null || !response.ok) return [];
  const { features } = (await response.json()) as Features;
  return features.flatMap(({ properties, geometry }) => {
    if (geometry.type !== "Point" || properties.zh === undefined) return [];
    const [lon = 0, lat = 0] = geometry.coordinates as number[];
    return [{ name: properties.zh, lat, lon, source: "address" as const }];
  });
}

export function allPlaces(
  townships: readonly NamedPlace[],
  stations: ReadonlyMap<string, StationRow>,
  cameras: ReadonlyMap<string, CameraRow>,
): NamedPlace[] {
  const found: NamedPlace[] = [...townships];
  for (const { name, lat, lon } of stations.values()) found.push({ name, lat, lon, source: "address" });
  for (const { name, lat, lon } of cameras.values()) found.push({ name, lat, lon, source: "camera" });
  return found;
}
