/** What of a track or of a question stands on the map. Pure but for the pins' markup. */

import { html } from "lit";
import * as format from "../../../i18n/format";
import { t } from "../../../i18n/i18n";
import type { MapPath } from "../../../map/paths";
import type { Pin } from "../../../map/pins";
import type { Place } from "../../../wire";
import type { Form } from "./ask";
import type { Mark, Moment } from "./playback";
import type { Fix, PatrolTrack } from "./wire";

/** More marks than these stand in the list alone: on the map they would lie on one another. */
const MOST_PINS = 40;
/** Marks so near to one another share a pin (some 50 m), which names so many of them. */
const NEAR_DEG = 0.0005;
const MOST_NAMED = 4;
const METRES_A_DEGREE = 111_195;

interface Point {
  readonly lat: number;
  readonly lon: number;
}

/** A line for each stretch between gaps: over a gap nobody knows the way, so none is drawn there. */
export function stretchesOf(track: PatrolTrack): readonly (readonly Fix[])[] {
  const ends = new Set(track.gaps.map(({ from_ms }) => from_ms));
  const found: Fix[][] = [[]];
  for (const fix of track.fixes) {
    found.at(-1)?.push(fix);
    if (ends.has(fix.at_ms)) found.push([]);
  }
  return found.filter((stretch) => stretch.length > 1);
}

export function pathsOf(form: Form, track: PatrolTrack | null): readonly MapPath[] {
  if (form.what === "track") return track === null ? [] : stretchesOf(track).map((points) => ({ points, closed: false, dashed: false, strong: false }));
  if (form.where !== "drawn" || form.area.length === 0) return [];
  return [{ points: form.area.map(([lon, lat]) => ({ lon, lat })), closed: true, dashed: false, strong: true }];
}

/** The circle that is asked about, as a place and how far around it. */
export function circleOf({ what, where, centre, radius_m }: Form): Place | null {
  return what === "present" && where === "circle" && centre !== null ? { ...centre, uncertainty_m: radius_m } : null;
}

/** All of a track in view: its first fix, and the corners of the box around it. */
export function viewOf({ fixes }: PatrolTrack): readonly Place[] {
  const [first] = fixes;
  if (first === undefined) return [];
  const [lats, lons] = [fixes.map(({ lat }) => lat), fixes.map(({ lon }) => lon)];
  const [south, north, west, east] = [least(lats), most(lats), least(lons), most(lons)];
  return [{ lat: first.lat, lon: first.lon }, { lat: south, lon: west }, { lat: north, lon: east }];
}

/** All of the circle in view. */
export function aroundOf({ lat, lon, uncertainty_m }: Place): readonly Place[] {
  const north = (uncertainty_m ?? 0) / METRES_A_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  return [{ lat, lon }, { lat: lat - north, lon: lon - east }, { lat: lat + north, lon: lon + east }];
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

const QUIET = "background:var(--panel);border:1px solid var(--line);color:var(--text-2);padding:0 5px;border-radius:4px;font-size:var(--t1);white-space:nowrap";
const LOUD = "background:var(--panel);border:1px solid var(--text);font-weight:650;padding:0 5px;border-radius:4px;font-size:var(--t1);white-space:nowrap";
const NOW = "background:var(--accent);color:var(--page);font-weight:650;padding:0 6px;border-radius:4px;font-size:var(--t1);white-space:nowrap;font-variant-numeric:tabular-nums";

/** A pin at each place with all that is marked there; the one that is meant now, and calls for help, stand out. */
export function markPins(marks: readonly Mark[], chosen: Mark | null): readonly Pin[] {
  const places: { readonly place: Point; readonly marks: Mark[] }[] = [];
  for (const mark of marks) {
    const { place } = mark;
    if (place === null) continue;
    const here = places.find((each) => Math.abs(each.place.lat - place.lat) < NEAR_DEG && Math.abs(each.place.lon - place.lon) < NEAR_DEG);
    if (here !== undefined) here.marks.push(mark);
    else places.push({ place, marks: [mark] });
  }
  const isLoud = (mark: Mark): boolean => mark === chosen || mark.kind === "call";
  return places
    .filter((each, at) => at < MOST_PINS || each.marks.some(isLoud))
    .map(({ place: { lat, lon }, marks: [first, ...more] }) => {
      const all = first === undefined ? more : [first, ...more];
      const named = all.slice(0, MOST_NAMED).map(({ kind, n }) => t(`past.pin_${kind}`, { n })).join(" · ");
      const content = html`<span style=${all.some(isLoud) ? LOUD : QUIET}>${named}${all.length > MOST_NAMED ? " …" : ""}</span>`;
      return { id: `${first?.kind ?? ""}${first?.n ?? ""}`, lat, lon, content };
    });
}

/** The unit where it was at the moment; nothing where nobody knows. */
export function nowPin(name: string, at_ms: number, { place, speed_kmh }: Moment): readonly Pin[] {
  if (place === null) return [];
  const speed = speed_kmh === null ? "" : ` · ${Math.round(speed_kmh)} km/h`;
  return [{ id: "~now", lat: place.lat, lon: place.lon, content: html`<span style=${NOW}>▼ ${name} ${format.clock(at_ms)}${speed}</span>` }];
}
