/** Likely ways of a track on the map, and how far along one is. Pure. */

import { t } from "../../i18n/i18n";
import * as format from "../../i18n/format";
import type { Place } from "../../wire";
import type { Leg, Track } from "./search_wire";

/** The points of the likely way after a stop; null where none is told, or no car drove it. */
export function pointsOf(track: Track, stop: number): readonly Place[] | null {
  const leg = track.legs[stop];
  const way = track.ways[leg?.road?.way ?? -1];
  return way === undefined || way.length < 2 || leg?.suspect !== null ? null : way.map(([lat, lon]) => ({ lat, lon }));
}

/** The points that are gone along while the track is played; over a gap nobody can say where the car was when. */
export function playedOf(track: Track, stop: number): readonly Place[] | null {
  return track.legs[stop]?.gap === false ? pointsOf(track, stop) : null;
}

/** The place that is a share (0 to 1) of the way from its first point to its last. */
export function along(points: readonly Place[], share: number): Place {
  const spans = points.slice(1).map((point, at) => apart(points[at] ?? point, point));
  let left = Math.min(1, Math.max(0, share)) * spans.reduce((sum, span) => sum + span, 0);
  for (const [at, span] of spans.entries()) {
    const [from, to] = [points[at], points[at + 1]];
    if (from === undefined || to === undefined) break;
    if (left <= span && span > 0) return { lat: from.lat + (left / span) * (to.lat - from.lat), lon: from.lon + (left / span) * (to.lon - from.lon) };
    left -= span;
  }
  return points.at(-1) ?? { lat: 0, lon: 0 };
}

function apart(a: Place, b: Place): number {
  return Math.hypot(b.lat - a.lat, (b.lon - a.lon) * Math.cos((a.lat * Math.PI) / 180));
}

/** What lies between two passages, in words: the least way, and the likely one or why there is none. */
export function legWords(leg: Leg): readonly string[] {
  const span = format.duration(leg.ms);
  if (leg.distance_m === null) return [`${span}，${t("track.no_place")}`];
  if (leg.no_road === "same_place") return [`${span}，${t("track.same_place")}`];
  const speed = (kmh: number | null, key: "track.speed" | "track.road_speed"): string => (kmh === null || leg.gap ? "" : ` · ${t(key, { kmh: Math.round(kmh) })}`);
  const straight = t("track.leg", { span, distance: format.distance(leg.distance_m) }) + speed(leg.speed_kmh, "track.speed");
  if (leg.road !== null) {
    const likely = t(leg.suspect === null ? "track.road" : "track.by_road", { distance: format.distance(leg.road.distance_m), usual: format.duration(leg.road.usual_s * 1000) });
    return [straight, likely + speed(leg.road.speed_kmh, "track.road_speed")];
  }
  return leg.no_road === null || leg.no_road === "no_place" ? [straight] : [straight, t(`track.road_${leg.no_road}`)];
}
