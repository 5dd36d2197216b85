/** Adopting a camera: what the hub finds, how far a trial comes, and the form that people fill in. No page element here. */

import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import type { Publishing } from "./publishing";

export interface Found {
  readonly kind: "onvif" | "gb28181";
  readonly address: string;
  readonly name: string;
  readonly told: string;
  /** Cameras enrolled at this address already. */
  readonly adopted: readonly string[];
}

export interface Step {
  readonly hop: string;
  readonly ok: boolean;
  /** For a technician. */
  readonly told: string;
}

export interface Profile {
  readonly token: string;
  readonly name: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

export interface Tried {
  readonly steps: readonly Step[];
  readonly device: { readonly manufacturer: string; readonly model: string; readonly firmware: string; readonly serial: string } | null;
  readonly profiles: readonly Profile[];
  readonly profile: string;
  readonly codec: string;
  readonly moves: boolean;
  /** JPEG in base64. */
  readonly picture: string | null;
}

export interface Form {
  /** The enrolled camera that is changed; empty for a new one. */
  readonly camera: string;
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly profile: string;
  readonly name: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly bearing_deg: number;
  readonly field_deg: number;
  readonly reads_plates: boolean;
}

export const EMPTY: Form = {
  camera: "", address: "", user: "", password: "", profile: "", name: "", lat: null, lon: null, bearing_deg: 0, field_deg: 60, reads_plates: false,
}; // prettier-ignore

/** The address of a camera that sends its pictures itself: the hub makes its key. */
export const PUBLISHES = "whip:";

/** A trial goes through five hops, each with its own patience; the hub ends it by itself. */
const TRY_MS = 60_000;
const FIND_MS = 30_000;

export function find(api: Api): Promise<{ readonly found: readonly Found[]; readonly problems: readonly string[] }> {
  return api.get("/api/v1/cameras/found", FIND_MS);
}

export function attempt(api: Api, form: Form): Promise<Tried> {
  return api.post<Tried>("/api/v1/cameras/try", addressOf(form), TRY_MS);
}

/** Enrol a new camera, or change where an enrolled one stands. Returns what a new one that publishes has to be told. */
export async function adopt(api: Api, form: Form): Promise<Publishing | null> {
  const { lat, lon } = form;
  if (lat === null || lon === null) throw new Error("the form is not complete");
  const place = { name: form.name.trim(), lat, lon, bearing_deg: form.bearing_deg, field_deg: form.field_deg, reads_plates: form.reads_plates };
  if (form.camera === "") return (await api.post<{ publishing: Publishing | null }>("/api/v1/cameras/adopt", { ...addressOf(form), ...place })).publishing;
  if (form.address.trim() !== "") await api.put(`/api/v1/cameras/${encodeURIComponent(form.camera)}/address`, addressOf(form));
  await api.request({ request: "enrol_camera", camera: form.camera, ...place });
  return null;
}

/** Those whose name or state has all that was typed; the ones that are down first. */
export function enrolled(cameras: readonly CameraRow[], words: string): readonly CameraRow[] {
  const wanted = words.trim().toLowerCase().split(/\s+/);
  return cameras
    .filter(({ id, name, state }) => wanted.every((each) => `${id} ${name} ${word("camera_state", state)}`.toLowerCase().includes(each)))
    .sort((a, b) => Number(a.state !== "down") - Number(b.state !== "down") || a.name.localeCompare(b.name, "zh-CN"));
}

function addressOf({ address, user, password, profile }: Form): object {
  return { address: address.trim(), user, password, profile };
}

export function formOf(camera: CameraRow): Form {
  const { id, name, lat, lon, bearing_deg, field_deg, reads_plates } = camera;
  return { ...EMPTY, camera: id, name, lat, lon, bearing_deg, field_deg, reads_plates };
}

/** What is still to be done before it can be saved, in the order of the page; empty when all is there. */
export function missing(form: Form): string[] {
  const found: string[] = [];
  if (form.camera === "" && form.address.trim() === "") found.push(t("adopt.missing_address"));
  if (form.name.trim() === "") found.push(t("adopt.missing_name"));
  if (form.lat === null || form.lon === null) found.push(t("adopt.missing_place"));
  if (!(form.field_deg > 0 && form.field_deg <= 360)) found.push(t("adopt.missing_field"));
  return found;
}

/** 0…360, whatever was typed or pointed at. */
export function turned(bearing_deg: number): number {
  const found = ((Math.round(bearing_deg) % 360) + 360) % 360;
  return Number.isFinite(found) ? found : 0;
}

export function bearingWords(bearing_deg: number): string {
  return word("bearing", String(Math.round(bearing_deg / 45) % 8));
}
