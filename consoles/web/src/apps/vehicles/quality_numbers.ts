/** Reading quality as the hub tells it, and what is drawn of it: hours beside what is usual at that hour. Pure. */

export interface Measure {
  readonly watched_ms: number;
  readonly passages: number;
  readonly confidence_sum: number;
  readonly found: number;
  readonly unread: number;
  readonly moving: number;
  readonly strangers: number;
}

export interface CameraQuality {
  readonly camera: string;
  readonly from_ms: number;
  readonly now: Measure;
  readonly usual: { readonly days: number; readonly passages_per_h: number; readonly moving_per_h: number; readonly unread_share: number | null; readonly confidence: number | null } | null;
  readonly judgement: { readonly percent: number | null; readonly why: "" | "fewer" | "unread" | "unsure" | null };
  /** Why none are read before it at present, for technicians; a hub of before says nothing. */
  readonly no_plates?: string;
}

export interface CameraHours {
  readonly camera: string;
  readonly hours: readonly { readonly start_ms: number; readonly measure: Measure }[];
  /** Whether there are example pictures of now and of usual days. */
  readonly now: boolean;
  readonly then: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** Too little to say a share of. */
const LEAST_FOUND = 20;

export function perHour(measure: Measure): number | null {
  return measure.watched_ms < HOUR_MS / 60 ? null : (measure.passages * HOUR_MS) / measure.watched_ms;
}

export function unreadShare(measure: Measure): number | null {
  return measure.found < LEAST_FOUND ? null : measure.unread / measure.found;
}

export function confidence(measure: Measure): number | null {
  return measure.passages === 0 ? null : measure.confidence_sum / measure.passages;
}

export function strangerShare(measure: Measure): number | null {
  return measure.passages === 0 ? null : measure.strangers / measure.passages;
}

export interface Bar {
  readonly start_ms: number;
  /** Null where the camera was not watched, or too little was found. */
  readonly value: number | null;
  /** The median of the same hour on the days before; null where nothing is known. */
  readonly usual: number | null;
  readonly night: boolean;
}

/** The last 24 hours, oldest first. */
export function lastDay(hours: CameraHours["hours"], of: (measure: Measure) => number | null, now_ms: number): Bar[] {
  const byHour = new Map(hours.map(({ start_ms, measure }) => [start_ms / HOUR_MS, measure]));
  const now = Math.floor(now_ms / HOUR_MS);
  return Array.from({ length: DAY_HOURS }, (_, i) => {
    const hour = now - DAY_HOURS + 1 + i;
    const before: number[] = [];
    for (let then = hour - DAY_HOURS; byHour.size > 0 && then > now - 15 * DAY_HOURS; then -= DAY_HOURS) {
      const measure = byHour.get(then);
      const value = measure === undefined || measure.watched_ms < HOUR_MS / 2 ? null : of(measure);
      if (value !== null) before.push(value);
    }
    const measure = byHour.get(hour);
    return { start_ms: hour * HOUR_MS, value: measure === undefined ? null : of(measure), usual: median(before), night: isNight(hour) };
  });
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? null) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** 19 to 6 o'clock in China: dark at some time of the year, which is all that the shading is to say. */
function isNight(hour: number): boolean {
  const local = (hour + 8) % DAY_HOURS;
  return local >= 19 || local < 6;
}
