/** What the hub offers about one camera over HTTP: turning it, its recordings, locks and clips. */

import { Problem, type Api } from "../../sync/api";
import type { PtzOrder, Turned } from "./ptz";
import type { Listing } from "./recorded_times";

/** What an export answers; more of it stands in the sheet beside the clip. */
export interface Clip {
  readonly id: string;
  readonly sha256: string;
}

/** A clip as the list shows it. */
export interface ListedClip {
  readonly id: string;
  readonly camera: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly at_ms: number;
  readonly who: string;
  readonly why: string;
  readonly situation: string;
  readonly sha256: string;
  readonly size: number;
  readonly missing_ms: number;
}

export interface ClipPage {
  readonly clips: readonly ListedClip[];
  /** What to ask `after` for older ones. */
  readonly next?: string;
  /** Hubs that do not answer: their clips are not among these. */
  readonly away?: readonly string[];
}

const EXPORT_MS = 120_000;

function pathOf(camera: string): string {
  return `/api/v1/cameras/${encodeURIComponent(camera)}`;
}

/** Whether a camera may be turned, and who holds it until when. */
export interface PtzHold {
  readonly moves: boolean;
  /** The person's name. */
  readonly holder: string | null;
  readonly until_ms: number | null;
  readonly mine: boolean;
}

export interface Preset {
  readonly number: number;
  readonly name: string;
}

/** Turn a camera. Somebody else holding it is an answer; any other refusal is thrown. */
export async function turn(api: Api, camera: string, order: PtzOrder): Promise<Turned> {
  try {
    await api.post(`${pathOf(camera)}/ptz`, order);
    return { is: "done" };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 409) throw error;
    const { holder, until_ms } = error.more;
    if (typeof holder !== "string") throw error;
    return { is: "held", holder, until_ms: Number(until_ms ?? 0) };
  }
}

export function ptzOf(api: Api, camera: string): Promise<PtzHold> {
  return api.get<PtzHold>(`${pathOf(camera)}/ptz`);
}

export async function presetsOf(api: Api, camera: string): Promise<readonly Preset[]> {
  return (await api.get<{ readonly presets: readonly Preset[] }>(`${pathOf(camera)}/ptz/presets`)).presets;
}

export function listRecordings(api: Api, camera: string, from_ms: number, to_ms: number): Promise<Listing> {
  return api.get<Listing>(`${pathOf(camera)}/recordings?from_ms=${Math.floor(from_ms)}&to_ms=${Math.ceil(to_ms)}`);
}

/** Who passed a camera, newest first, a page at a time. */
export interface Passages {
  readonly sightings: readonly { readonly plate: string; readonly first_ms: number }[];
  readonly next: string | null;
}

const PASSAGES = 200;

/** Stands in the record with its reason before it is answered; `cursor` is the `next` of the page before, or empty. */
export function listPassages(api: Api, camera: string, from_ms: number, to_ms: number, asked: { reason: string; case: string; cursor: string }): Promise<Passages> {
  const body = { ...asked, cameras: [camera], from_ms: Math.floor(from_ms), to_ms: Math.ceil(to_ms), limit: PASSAGES };
  return api.post<Passages>(api.inSpace("/api/v1/sightings/search"), body);
}

export function initPath(camera: string, init: string): string {
  return `${pathOf(camera)}/recordings/init/${encodeURIComponent(init)}.mp4`;
}

export function segmentPath(camera: string, segment: number): string {
  return `${pathOf(camera)}/recordings/${segment}.m4s`;
}

export async function lock(api: Api, camera: string, from_ms: number, to_ms: number, why: string): Promise<void> {
  await api.post(`${pathOf(camera)}/locks`, { from_ms, to_ms, why });
}

/** One file with its hash; the hub reads all of it again, which takes its time. */
export function exportClip(api: Api, camera: string, from_ms: number, to_ms: number, why: string, situation: string | null): Promise<Clip> {
  return api.post<Clip>(`${pathOf(camera)}/clips`, { from_ms, to_ms, why, situation }, EXPORT_MS);
}

/** What was taken out, newest first; of all cameras that one may see where none is named. */
export function listClips(api: Api, camera: string, after: string = ""): Promise<ClipPage> {
  return api.get<ClipPage>(`/api/v1/clips?camera=${encodeURIComponent(camera)}&after=${encodeURIComponent(after)}`);
}

export function clipPath(id: string, kind: "mp4" | "json"): string {
  return `/api/v1/clips/${encodeURIComponent(id)}.${kind}`;
}

/** What a camera's device has recorded itself; not offered where the device cannot be asked. */
export interface DeviceListing {
  readonly offered: boolean;
  readonly spans: readonly { readonly from_ms: number; readonly to_ms: number }[];
  /** False where parts of the device's answer never came. */
  readonly whole: boolean;
}

/** The device may need a while to look through its disks, and is asked again for parts that were lost. */
const DEVICE_LIST_MS = 30_000;

/** A camera that is gone: nothing is offered. */
export async function listDeviceRecordings(api: Api, camera: string, from_ms: number, to_ms: number): Promise<DeviceListing> {
  try {
    return await api.get<DeviceListing>(`${pathOf(camera)}/device-recordings?from_ms=${Math.floor(from_ms)}&to_ms=${Math.ceil(to_ms)}`, DEVICE_LIST_MS);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { offered: false, spans: [], whole: true };
    throw error;
  }
}

export function devicePlaybackPath(camera: string, from_ms: number): string {
  return `${pathOf(camera)}/device-playback?from_ms=${Math.floor(from_ms)}`;
}

export interface Hop {
  readonly hop: string;
  readonly ok: boolean;
  /** For technicians, in both languages. */
  readonly told: string;
  readonly told_zh: string;
  readonly took_ms: number;
}

export interface Diagnosis {
  readonly hops: readonly Hop[];
  /** The hop where it ends; null where pictures come. */
  readonly failed: string | null;
}

/** Each hop has its own patience, and the camera may have to be waited for twice. */
const DIAGNOSE_MS = 60_000;

export function diagnose(api: Api, camera: string): Promise<Diagnosis> {
  return api.get<Diagnosis>(`${pathOf(camera)}/diagnosis`, DIAGNOSE_MS);
}
