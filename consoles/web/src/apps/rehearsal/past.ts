/** Screens of the past: what a situation and the units were at a moment, fetched one at a time. */

import type { MapData } from "../../map/picture";
import type { Api } from "../../sync/api";
import type { CameraRow, Level, MarkRow, Place, StationRow, TableName, Tables } from "../../wire";

/** As `plans/past.py` has it: the rows of one situation, all units and their positions, at `at_ms`. */
export interface Scene {
  readonly situation: string;
  readonly at_ms: number;
  readonly seq: number;
  readonly tables: { readonly [N in TableName]?: Readonly<Record<string, Tables[N]>> };
}

export interface PastLine {
  readonly situation: string;
  readonly opened_ms: number;
  readonly facts: readonly MarkRow[];
  /** There are more facts than the hub lists. */
  readonly more: boolean;
}

/** A situation of a day, whether the tables still hold it or not. */
export interface PastSituation {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly opened_ms: number;
  readonly ended_ms: number | null;
  readonly merged_into: string;
}

export interface PastSituations {
  readonly situations: readonly PastSituation[];
  readonly more: boolean;
}

const DAY_MS = 86_400_000;

/** Where those opened on a day (2026-11-21, in the county's time) are asked for. */
export function pathOfDay(day: string): string {
  const from_ms = Date.parse(`${day}T00:00:00+08:00`);
  return `/api/v1/situations?from_ms=${from_ms}&to_ms=${from_ms + DAY_MS}`;
}

/** A first look at an old situation folds the record up to it: minutes, where that is years long. Those that follow take a moment. */
export const REPLAY_TIMEOUT_MS = 300_000;

export function timeLineOf(api: Pick<Api, "get">, situation: string): Promise<PastLine> {
  return api.get<PastLine>(`/api/v1/situations/${encodeURIComponent(situation)}/timeline`, REPLAY_TIMEOUT_MS);
}

export function sceneAt(api: Pick<Api, "get">, situation: string, at_ms: number): Promise<Scene> {
  return api.get<Scene>(`/api/v1/situations/${encodeURIComponent(situation)}/replay?at_ms=${Math.round(at_ms)}`, REPLAY_TIMEOUT_MS);
}

export function rowsOf<N extends TableName>(scene: Scene, table: N): ReadonlyMap<string, Tables[N]> {
  return new Map(Object.entries(scene.tables[table] ?? {}) as [string, Tables[N]][]);
}

/** A scene on the map; cameras and stations stand where they stand now. */
export function sceneOnMap(scene: Scene, cameras: ReadonlyMap<string, CameraRow>, stations: ReadonlyMap<string, StationRow>): MapData {
  return {
    units: rowsOf(scene, "units"),
    positions: rowsOf(scene, "positions"),
    situations: rowsOf(scene, "situations"),
    orders: rowsOf(scene, "orders"),
    alarms: rowsOf(scene, "alarms"),
    cameras,
    stations,
    chosen: new Set([scene.situation]),
  };
}

/** About five kilometres. */
const AROUND_DEG = 0.045;

/** So much round the scene that those who come to it are seen coming. */
export function surroundings(place: Place | null): readonly { readonly lat: number; readonly lon: number }[] {
  if (place === null) return [];
  const { lat, lon } = place;
  return [
    { lat: lat - AROUND_DEG, lon: lon - AROUND_DEG },
    { lat: lat + AROUND_DEG, lon: lon + AROUND_DEG },
  ];
}

/** Fetches for somebody who drags: one at a time, and of all wishes meanwhile only the last. */
export class Latest<W, R> {
  private wanted: W | null = null;
  private fetching = false;
  private readonly fetch: (wish: W) => Promise<R>;
  private readonly take: (result: R, wish: W) => void;
  private readonly fail: (error: unknown) => void;

  constructor(fetch: (wish: W) => Promise<R>, take: (result: R, wish: W) => void, fail: (error: unknown) => void) {
    this.fetch = fetch;
    this.take = take;
    this.fail = fail;
  }

  get busy(): boolean {
    return this.fetching;
  }

  /** Resolves when nothing is wanted any more; never rejects, since `fail` is told. */
  async want(wish: W): Promise<void> {
    this.wanted = wish;
    if (this.fetching) return;
    this.fetching = true;
    while (this.wanted !== null) {
      const next: W = this.wanted;
      this.wanted = null;
      try {
        const result = await this.fetch(next);
        this.take(result, next);
      } catch (error) {
        this.fail(error);
      }
    }
    this.fetching = false;
  }

  /** Forget what is wanted; what is under way still comes. */
  drop(): void {
    this.wanted = null;
  }
}
