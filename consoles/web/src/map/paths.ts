/** Lines and areas that stand on the map for a while: the way of a car, an area being drawn. */

import Feature from "ol/Feature";
import { LineString, Point, Polygon } from "ol/geom";
import { fromLonLat } from "ol/proj";
import { Circle, Fill, Stroke, Style } from "ol/style";
import { ACCENT } from "../components/shapes";

export interface MapPath {
  readonly points: readonly { readonly lat: number; readonly lon: number }[];
  /** A line, or an area closed and filled; of an area the corners are seen. */
  readonly closed: boolean;
  /** Nothing is known of the way itself. */
  readonly dashed: boolean;
  /** The way is a guess: drawn as dots. */
  readonly dotted?: boolean;
  /** The one that is meant now. */
  readonly strong: boolean;
}

/** The features of a path, styled; an area of less than three corners is a line. */
export function featuresOf(path: MapPath, scale: number): Feature[] {
  const points = path.points.map(({ lon, lat }) => fromLonLat([lon, lat]));
  const width = (path.strong ? 4 : path.dotted === true ? 3 : 2) * scale;
  const dash = path.dotted === true ? [0.1, 7 * scale] : path.dashed ? [6 * scale, 6 * scale] : [];
  const line = new Style({ stroke: new Stroke({ color: ACCENT, width, lineDash: dash }), fill: new Fill({ color: "rgb(76 194 224 / 12%)" }) });
  const under = new Style({ stroke: new Stroke({ color: "#0B0F14", width: width + 3 * scale, lineDash: path.dotted === true ? dash : [] }) });
  const shape = path.closed && points.length > 2 ? new Polygon([[...points, ...points.slice(0, 1)]]) : new LineString(points);
  const feature = new Feature(shape);
  feature.set("look", path.closed ? line : [under, line]);
  if (!path.closed) return [feature];
  const dot = new Style({ image: new Circle({ radius: 4 * scale, fill: new Fill({ color: ACCENT }), declutterMode: "none" }) });
  return [
    feature,
    ...points.map((point) => {
      const corner = new Feature(new Point(point));
      corner.set("look", dot);
      return corner;
    }),
  ];
}
