/** A still of what a tile shows, as it is: nothing is drawn into it, so that it can be evidence. */

import { fullDate, clock } from "../../i18n/format";
import type { CameraRow } from "../../wire";
import { saveFile } from "../saving";
import type { Screening } from "./context";

const QUALITY = 0.92;

/** JPEG of the present frame at its own size; null while there is none. */
export async function still(video: HTMLVideoElement): Promise<Blob | null> {
  if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

/** Fix it as evidence of the situation, with place and time. Raises what the hub answers. */
export async function fix(screening: Screening, situation: string, camera: CameraRow, picture: Blob, taken_ms: number): Promise<void> {
  const { api } = screening;
  const kept = await api.upload<{ sha256: string; size: number; media_type: string }>("/api/v1/blobs", picture);
  await api.request({
    request: "fix_evidence",
    situation,
    sha256: kept.sha256,
    media_type: kept.media_type,
    size: kept.size,
    name: nameOf(camera, taken_ms),
    taken_ms: Math.round(taken_ms),
    place: { lat: camera.lat, lon: camera.lon, text: camera.name, source: "camera", datum: "wgs84" },
  });
}

export function save(camera: CameraRow, picture: Blob, taken_ms: number): void {
  saveFile(`${nameOf(camera, taken_ms).replace(/[:\s/\\]/g, "-")}.jpg`, picture);
}

function nameOf(camera: CameraRow, taken_ms: number): string {
  return `${camera.name} ${fullDate(taken_ms)} ${clock(taken_ms)}`.slice(0, 100);
}
