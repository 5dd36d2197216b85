/** Places and areas as people type them: latitude and longitude in degrees (WGS-84). Pure. */

/** A corner of an area as the hub has it: longitude, latitude. */
export type Corner = readonly [number, number];

/** Latitude and longitude in degrees as they were typed; null for what is none. */
export function placeOf(text: string): { readonly lat: number; readonly lon: number } | null {
  const [lat, lon, ...more] = text.split(/[\s,，]+/).filter((each) => each !== "").map(Number);
  const isPlace = more.length === 0 && lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return isPlace ? { lat, lon } : null;
}

/** A line for each corner, latitude first, as places are typed everywhere. */
export function cornersText(corners: readonly Corner[]): string {
  return corners.map(([lon, lat]) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
}

/** The corners that were typed, a line each; the number of the first line that is none. */
export function cornersOf(text: string): Corner[] | number {
  const found: Corner[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const place = placeOf(line);
    if (place === null) return at + 1;
    found.push([place.lon, place.lat]);
  }
  return found;
}
