/** What a camera looks at, as a sector on the map. */

import Feature from "ol/Feature";
import { Polygon } from "ol/geom";
import { fromLonLat, getPointResolution } from "ol/proj";
import { Fill, Stroke, Style } from "ol/style";
import { ACCENT } from "../components/shapes";

export interface Sector {
  readonly lat: number;
  readonly lon: number;
  readonly bearing_deg: number;
  readonly field_deg: number;
}

/** How far a sector is drawn: to be seen on the map, not how far the camera sees. */
const SECTOR_M = 600;

export function sectorOf({ lat, lon, bearing_deg, field_deg }: Sector, scale: number): Feature {
  const [x = 0, y = 0] = fromLonLat([lon, lat]);
  const radius = SECTOR_M / getPointResolution("EPSG:3857", 1, [x, y]);
  const steps = Math.max(2, Math.ceil(field_deg / 6));
  const arc = Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((bearing_deg - field_deg / 2 + (field_deg * i) / steps) * Math.PI) / 180;
    return [x + radius * Math.sin(angle), y + radius * Math.cos(angle)];
  });
  const feature = new Feature(new Polygon([[[x, y], ...arc, [x, y]]]));
  const stroke = new Stroke({ color: ACCENT, width: 1.5 * scale });
  feature.set("look", new Style({ fill: new Fill({ color: "rgb(76 194 224 / 22%)" }), stroke }));
  return feature;
}
