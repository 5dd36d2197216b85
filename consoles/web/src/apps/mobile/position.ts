/** The terminal's own position: watched while on duty, sent in batches, kept while there is no network, always visible. */

import { Problem, UnreachableError, type Api } from "../../sync/api";

export interface Fix {
  readonly at_ms: number;
  readonly lat: number;
  readonly lon: number;
  readonly accuracy_m: number;
  readonly speed_kmh: number | null;
  readonly heading_deg: number | null;
}

export type PositionState = "off" | "searching" | "reporting" | "denied" | "unavailable";

/** Fixes kept while offline; past it every second one goes, so the whole way stays, coarser. */
export const KEPT_FIXES = 600;
const SEND_EVERY_MS = 5_000;
const QUIET_MS = 20_000;

export class PositionReporter {
  state: PositionState = "off";
  last: Fix | null = null;
  private kept: Fix[] = [];
  private watch: number | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private sending = false;
  private readonly api: Pick<Api, "post">;
  private readonly onChange: () => void;

  constructor(api: Pick<Api, "post">, onChange: () => void) {
    this.api = api;
    this.onChange = onChange;
  }

  get waiting(): number {
    return this.kept.length;
  }

  /** On duty: watch and send. Off duty: stop, and say so. */
  set(onDuty: boolean): void {
    if (onDuty === (this.watch !== null)) return;
    if (!onDuty) {
      this.stop();
      return;
    }
    this.state = "searching";
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.take(position),
      (error) => this.fail(error),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 },
    );
    this.timer = setInterval(() => void this.send(), SEND_EVERY_MS);
  }

  private stop(): void {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    if (this.timer !== null) clearInterval(this.timer);
    this.watch = null;
    this.timer = null;
    this.state = "off";
    this.kept = [];
  }

  private take({ coords, timestamp }: GeolocationPosition): void {
    const first = this.last === null;
    this.state = "reporting";
    this.last = {
      at_ms: Math.round(timestamp),
      lat: coords.latitude,
      lon: coords.longitude,
      accuracy_m: Math.round(Math.min(coords.accuracy, 100_000)),
      speed_kmh: coords.speed === null || Number.isNaN(coords.speed) ? null : Math.round(coords.speed * 3.6 * 10) / 10,
      heading_deg: coords.heading === null || Number.isNaN(coords.heading) ? null : Math.round(coords.heading),
    };
    this.kept.push(this.last);
    if (this.kept.length > KEPT_FIXES) this.kept = thinned(this.kept);
    this.onChange();
    if (first) void this.send();
  }

  private fail(error: GeolocationPositionError): void {
    this.state = error.code === error.PERMISSION_DENIED ? "denied" : "unavailable";
    this.onChange();
  }

  /** A phone that lies still may tell nothing new; the hub must hear that it is there all the same. */
  private askAgain(): void {
    if (this.last === null || Date.now() - this.last.at_ms < QUIET_MS) return;
    const options = { enableHighAccuracy: true, maximumAge: 0, timeout: QUIET_MS };
    navigator.geolocation.getCurrentPosition((position) => this.take(position), (error) => this.fail(error), options);
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    if (this.kept.length === 0) this.askAgain();
    const fixes = this.kept.slice();
    if (fixes.length === 0) return;
    this.sending = true;
    try {
      await this.api.post("/api/v1/positions", { fixes });
      this.kept = this.kept.filter((fix) => !fixes.includes(fix));
    } catch (error) {
      if (error instanceof Problem && !error.passing && error.status !== 401) this.kept = this.kept.filter((fix) => !fixes.includes(fix));
      else if (!(error instanceof Problem || error instanceof UnreachableError)) throw error;
    } finally {
      this.sending = false;
      this.onChange();
    }
  }
}

/** Every second fix, the newest always. */
export function thinned(fixes: readonly Fix[]): Fix[] {
  return fixes.filter((_, index) => (fixes.length - 1 - index) % 2 === 0);
}
