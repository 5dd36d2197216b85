/** What the screens need from the page around them. */

import type { Api } from "../../sync/api";
import type { AlarmRow, HitRow, SituationRow } from "../../wire";

export interface Screening {
  readonly api: Api;
  readonly now_ms: number;
  /** What is being worked on; snapshots become its evidence. */
  readonly situation: SituationRow | null;
  readonly alarms: ReadonlyMap<string, AlarmRow>;
  readonly hits: ReadonlyMap<string, HitRow>;
  /** Whether who sits here may put pictures on the wall. */
  readonly mayWall: boolean;
  /** Whether who sits here may look up who passed a camera. */
  readonly mayLookUp: boolean;
  who(id: string): string;
}

/** What a drag carries: a camera's id, from the map, a list or another tile, of this window or another. */
export const CAMERA_TYPE = "text/x-triune-camera";
