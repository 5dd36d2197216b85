/** The base map: the county's boundary, townships and roads, from the hub itself. No tile service is asked. */

import type { FeatureLike } from "ol/Feature";
import type Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import VectorImageLayer from "ol/layer/VectorImage";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";
import type { StyleFunction } from "ol/style/Style";
import { language } from "../i18n/i18n";

export const FONT = '"Noto Sans SC Variable", "Noto Sans CJK SC", sans-serif';

export interface Base {
  readonly layers: VectorImageLayer[];
  readonly boundary: VectorSource;
  /** Resolves when all three are here; rejects with the first that failed. */
  readonly ready: Promise<void>;
  /** Write the names anew, in the language that is chosen now. */
  rename(): Promise<void>;
}

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });

export function makeBase(scale: number): Base {
  const boundary = new VectorSource();
  const townships = new VectorSource();
  const roads = new VectorSource();
  const layer = (source: VectorSource, style: StyleFunction): VectorImageLayer => new VectorImageLayer({ source, style, imageRatio: 1.4, declutter: true });
  const layers = [
    layer(boundary, boundaryStyle(scale)),
    layer(roads, roadStyle(scale)),
    layer(townships, townshipStyle(scale)),
  ];
  const rename = async (): Promise<void> => {
    // Canvas text does not wait for a web font: fetch the glyphs first, then draw the names.
    const names = [townships, roads].flatMap((source) => source.getFeatures().map(nameOf)).join("");
    await document.fonts.load(`13px ${FONT}`, names);
    for (const each of layers) each.changed();
  };
  const ready = Promise.all([load("boundary", boundary), load("townships", townships), load("roads", roads)]).then(rename);
  return { layers, boundary, ready, rename };
}

async function load(name: string, source: VectorSource): Promise<void> {
  const response = await fetch(`/api/v1/county/${name}.geojson`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  source.addFeatures(format.readFeatures(await response.json()) as Feature[]);
}

/** Names of the base map are bilingual: properties `zh` and `en`. */
export function nameOf(feature: FeatureLike): string {
  const name: unknown = feature.get(language());
  return typeof name === "string" ? name : "";
}

function boundaryStyle(scale: number): StyleFunction {
  const land = new Style({ fill: new Fill({ color: "#121A22" }), stroke: new Stroke({ color: "#3B4A5A", width: 1.5 * scale }) });
  return () => land;
}

function townshipStyle(scale: number): StyleFunction {
  const border = new Style({ stroke: new Stroke({ color: "#222D38", width: scale }) });
  return (feature, resolution) => {
    const point = feature.getGeometry()?.getType() === "Point";
    const text = new Text({
      text: nameOf(feature),
      font: `${13 * scale}px ${FONT}`,
      fill: new Fill({ color: "#8493A3" }),
      stroke: new Stroke({ color: "#0B0F14", width: 3 * scale }),
      offsetY: point ? -10 * scale : 0,
      overflow: true,
    });
    const far = resolution * scale > 400;
    if (!point) return far ? border : [border, new Style({ text })];
    const dot = new Style({ image: new Circle({ radius: 2 * scale, fill: new Fill({ color: "#55636F" }), declutterMode: "none" }) });
    return far ? dot : [dot, new Style({ text })];
  };
}

const ROADS: Readonly<Record<string, { readonly colour: string; readonly width: number; readonly from: number }>> = {
  expressway: { colour: "#4A5B6C", width: 3, from: Infinity },
  national: { colour: "#3D4C5B", width: 2.2, from: Infinity },
  county: { colour: "#2B3742", width: 1.4, from: 120 },
  street: { colour: "#2B3742", width: 1.2, from: 40 },
};
const OTHER_ROAD = { colour: "#2B3742", width: 1.4, from: 120 };

function roadStyle(scale: number): StyleFunction {
  const made = new Map<string, Style>();
  return (feature, resolution) => {
    const kind = String(feature.get("class"));
    const road = ROADS[kind] ?? OTHER_ROAD;
    const seen = resolution * scale;
    if (seen > road.from) return [];
    const near = seen < 20 ? 1.8 : 1;
    const key = `${kind}-${near}`;
    let style = made.get(key);
    if (style === undefined) made.set(key, (style = new Style({ stroke: new Stroke({ color: road.colour, width: road.width * scale * near }) })));
    const name = nameOf(feature);
    if (name === "" || seen > 60) return style;
    const text = new Text({
      text: name,
      font: `${11 * scale}px ${FONT}`,
      placement: "line",
      fill: new Fill({ color: "#7C8B9A" }),
      stroke: new Stroke({ color: "#0B0F14", width: 3 * scale }),
    });
    return [style, new Style({ text })];
  };
}
