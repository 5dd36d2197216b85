/** How the hub is, as `GET /api/v1/health` tells it (SPEC R995). What nobody can tell just now is null. */

export interface Disk {
  readonly what: string;
  readonly path: string;
  readonly free_bytes: number | null;
  readonly total_bytes: number | null;
}

export interface Link {
  readonly name: string;
  readonly state: "up" | "down" | null;
  readonly waiting: number | null;
}

export interface Health {
  readonly status: "ready" | "degraded" | "not_ready";
  /** What keeps the hub from recording, and what does not: `part: what is with it`. */
  readonly wrong: readonly string[];
  readonly degraded: readonly string[];
  readonly hub: string;
  readonly version: string;
  readonly started_at_ms: number;
  readonly now_ms: number;
  readonly journal: {
    readonly kind: "sqlite" | "postgresql" | "memory";
    readonly committed_seq: number;
    readonly facts_bytes: number | null;
    readonly snapshot_seq: number | null;
    readonly snapshot_at_ms: number | null;
    readonly signed_seq: number | null;
    readonly signed_at_ms: number | null;
    readonly anchored_seq: number | null;
    readonly anchor_waiting: number | null;
  };
  readonly readings: { readonly days: number | null; readonly bytes: number | null; readonly oldest_day: string | null; readonly keep_days: number };
  readonly backup: {
    /** Null where none are made. */
    readonly folder: string | null;
    readonly last_at_ms: number | null;
    readonly bytes: number | null;
    readonly seq: number | null;
    readonly every_ms: number | null;
    readonly trouble: string | null;
  };
  readonly disks: readonly Disk[];
  readonly links: readonly Link[];
  readonly consoles: number;
  readonly devices: number;
}
