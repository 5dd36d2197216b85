/** Which plate hit the wall shows large, and whether it is of the situation beside it. Pure. */

import { t } from "../../i18n/i18n";
import type { AlarmRow, HitRow, SituationRow } from "../../wire";

/** The newest of the situation in focus; without one the newest, of any other, that nobody has taken yet. */
export function hitShown(hits: ReadonlyMap<string, HitRow>, alarms: ReadonlyMap<string, AlarmRow>, situations: ReadonlyMap<string, SituationRow>, focus: string): HitRow | null {
  const raised = new Set([...alarms.values()].flatMap((alarm) => (alarm.kind === "plate_hit" && alarm.state === "raised" ? [alarm.subject] : [])));
  const found = [...hits.values()].filter((hit) => hit.rejected_why === "").sort((a, b) => b.seen_ms - a.seen_ms);
  return found.find((hit) => focus !== "" && situationOf(hit, situations) === focus) ?? found.find((hit) => raised.has(hit.plate)) ?? null;
}

/** Whose it is where another situation stands beside it; empty where it is that one's. */
export function ofAnother(hit: HitRow, situations: ReadonlyMap<string, SituationRow>, focus: string): string {
  const of = situationOf(hit, situations);
  if (focus === "" || of === focus) return "";
  const title = situations.get(of)?.title;
  return title === undefined ? t("wall.hit_other") : t("wall.hit_of", { title });
}

/** The situation that goes on with it, where the hit's own was merged. */
function situationOf(hit: HitRow, situations: ReadonlyMap<string, SituationRow>): string {
  let id = hit.situation;
  for (let row = situations.get(id); row !== undefined && row.merged_into !== ""; row = situations.get(id)) id = row.merged_into;
  return id;
}
