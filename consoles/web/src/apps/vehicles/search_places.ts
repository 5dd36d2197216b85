/** What of a query and its answer stands on the map. Pure but for the pins' markup. */

import { html } from "lit";
import { t } from "../../i18n/i18n";
import type { MapPath } from "../../map/paths";
import type { Pin } from "../../map/pins";
import type { CameraRow, Place, Sighting } from "../../wire";
import type { Form } from "./search_ask";
import type { Answer } from "./search_found";
import { along, playedOf, pointsOf } from "./search_ways";

type Cameras = ReadonlyMap<string, CameraRow>;
/** Numbers of passages at one camera that its pin names. */
const MOST_NUMBERS = 4;

/**
 * The area drawn, and the legs of a track: the likely way by road dotted, else a straight line dashed, since between
 * cameras nothing is known; the one after the stop shown is strong.
 */
export function pathsOf(form: Form, answer: Answer | null, stop: number, cameras: Cameras): readonly MapPath[] {
  const paths: MapPath[] = [];
  if (form.where === "drawn" && form.area.length > 0) {
    paths.push({ points: form.area.map(([lon, lat]) => ({ lon, lat })), closed: true, dashed: false, strong: true });
  }
  if (answer?.is !== "track") return paths;
  const { stops } = answer.track;
  for (const [at, before] of stops.entries()) {
    const [from, to] = [cameras.get(before.camera), cameras.get(stops[at + 1]?.camera ?? "")];
    const way = pointsOf(answer.track, at);
    if (way !== null) paths.push({ points: way, closed: false, dashed: true, dotted: true, strong: at === stop });
    else if (from !== undefined && to !== undefined && from.id !== to.id) paths.push({ points: [from, to], closed: false, dashed: true, strong: at === stop });
  }
  return paths;
}

/**
 * A pin at each camera of a track with the numbers of the passages there; the one shown stands out. While it is played
 * another moves on the likely way, `share` of it from the stop shown to the next, and says that it is a guess.
 */
export function pinsOf(answer: Answer | null, stop: number, cameras: Cameras, share = 0): readonly Pin[] {
  if (answer?.is !== "track") return [];
  const numbers = new Map<string, number[]>();
  for (const [at, { camera }] of answer.track.stops.entries()) numbers.set(camera, [...(numbers.get(camera) ?? []), at]);
  const way = share > 0 ? playedOf(answer.track, stop) : null;
  const moving = way === null ? [] : [{ id: "~likely", ...along(way, share), content: html`<span style="background:var(--panel);border:2px dotted var(--accent);padding:0 6px;border-radius:4px;font-size:var(--t1);white-space:nowrap">${t("track.likely")}</span>` }];
  const stops = [...numbers].flatMap(([id, at]) => {
    const camera = cameras.get(id);
    if (camera === undefined) return [];
    const here = at.includes(stop);
    const named = at.length > MOST_NUMBERS ? `${at.slice(0, MOST_NUMBERS).map((each) => each + 1).join(" ")} …` : at.map((each) => each + 1).join(" ");
    const look = here ? "background:var(--accent);color:var(--page);font-weight:650" : "background:var(--panel);border:1px solid var(--accent)";
    const text = here ? `▶ ${stop + 1} · ${camera.name}` : named;
    return [{ id, lat: camera.lat, lon: camera.lon, content: html`<span style="${look};padding:0 6px;border-radius:4px;font-size:var(--t1);white-space:nowrap">${text}</span>` }];
  });
  return [...stops, ...moving];
}

/** What should be in view: where the chosen passage was, or all places of a track. */
export function placesOf(answer: Answer | null, chosen: Sighting | null, cameras: Cameras): readonly Place[] {
  const ids = answer?.is === "track" ? new Set(answer.track.stops.map(({ camera }) => camera)) : new Set([chosen?.camera ?? ""]);
  return [...ids].flatMap((id) => {
    const camera = cameras.get(id);
    return camera === undefined ? [] : [{ lat: camera.lat, lon: camera.lon }];
  });
}
