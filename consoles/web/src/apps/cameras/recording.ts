/** What is recorded of cameras and for how long: the policy as a form has it, and what the disk makes of it. Pure, but for asking the hub. */

import type { Api } from "../../sync/api";
import type { CameraRow, Hours, RecordingPolicy } from "../../wire";
import type { Disk } from "./disks";

/** The hub that is asked asks the others. */
export const OTHERS_MS = 20_000;

export interface CameraRoom {
  readonly camera: string;
  readonly bytes: number;
  readonly oldest_ms: number | null;
  readonly bytes_per_day: number;
}

/** How full recordings are, bytes; `reason` is what is wrong with that. */
interface Room {
  readonly bytes: number;
  readonly locked_bytes: number;
  readonly capacity_bytes: number;
  readonly reason: string;
  readonly cameras: readonly CameraRoom[];
}

/** Of one hub. What comes takes room at the one that records. */
export interface HubRoom extends Room {
  readonly hub: string;
  readonly records: boolean;
  /** Each by itself; none of a hub of before. */
  readonly disks: readonly Disk[];
}

/** Of all hubs together and each by itself; `away` are those that do not answer. */
export interface Rooms extends Room {
  readonly hubs: readonly HubRoom[];
  readonly away: readonly string[];
}

export type Policy = Required<RecordingPolicy>;

export const MODES = ["off", "continuous", "scheduled", "event"] as const;
const STANDARD: Policy = { mode: "off", schedule: [], keep_days: 30, quota_mib: 0, pre_s: 10, post_s: 30 };
export const NIGHT: Hours = { days: [1, 2, 3, 4, 5, 6, 7], from_min: 18 * 60, to_min: 6 * 60 };
const MIB = 1024 * 1024;
const GB_MIB = 1e9 / MIB;

export function policyOf(camera: CameraRow): Policy {
  return { ...STANDARD, ...camera.recording };
}

export function roomsOf(api: Api): Promise<Rooms> {
  return api.get<Rooms>("/api/v1/recordings/room", OTHERS_MS);
}

/** Of all of them, or where one is refused, of none. */
export async function setPolicy(api: Api, cameras: Iterable<string>, policy: Policy): Promise<void> {
  await api.request({ request: "set_recordings", cameras: [...cameras], policy });
}

export function gigabytes(quota_mib: number): number {
  return Math.round((quota_mib / GB_MIB) * 10) / 10;
}

export function mebibytes(gigabytes: number): number {
  return Math.max(0, Math.round(gigabytes * GB_MIB));
}

/** 18:00 of a minute of the day. */
export function timeOf(minute: number): string {
  return `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

export function minuteOf(time: string): number {
  const [hours = "0", minutes = "0"] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/** What comes in a day, of all cameras. */
export function rateOf(rooms: Rooms): number {
  return rooms.cameras.reduce((sum, camera) => sum + camera.bytes_per_day, 0);
}

/** For how many days the ring of the hub that records has room at the present rate; null while nothing comes. */
export function daysKept(rooms: Rooms): number | null {
  const rate = rateOf(rooms);
  const recording = rooms.hubs.find(({ records }) => records);
  return rate === 0 ? null : (recording ?? rooms).capacity_bytes / rate;
}

/** After how many days a camera's recordings go: by its own days, its quota, or the ring, whichever is first. */
export function daysOf(policy: Policy, room: CameraRoom | undefined, rooms: Rooms): number {
  const by_quota = policy.quota_mib > 0 && room !== undefined && room.bytes_per_day > 0 ? (policy.quota_mib * MIB) / room.bytes_per_day : Infinity;
  return Math.min(policy.keep_days, by_quota, daysKept(rooms) ?? Infinity);
}

export function isWhole(policy: Policy): boolean {
  return policy.mode !== "scheduled" || (policy.schedule.length > 0 && policy.schedule.every(({ days }) => days.length > 0));
}
