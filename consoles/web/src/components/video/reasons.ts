/** Why a camera is down, for who looks at it: what it means in their language. What the hub says is exact, and for technicians. Pure. */

import { t } from "../../i18n/i18n";
import type { Key } from "../../i18n/messages";

/** The first that fits decides. */
const MEANINGS = [
  [/the disk of recordings does not answer/, "reason.disk_hangs"],
  [/the folder of recordings cannot be used/, "reason.disk_folder"],
  [/the disk is full, and what is left/, "reason.disk_full"],
  [/^locked recordings take/, "reason.disk_locked"],
  [/^recordings cannot be written/, "reason.disk_writes"],
  [/edge agent .* too old/i, "reason.agent_old"],
  [/edge agent .* (is away|not connected|does not come|just gone|was cut)|connection of edge agent/i, "reason.agent_away"],
  [/the link of edge agent|its link stalls/i, "reason.agent_link"],
  [/\b401\b|unauthori[sz]ed|user and password|credentials|sign.?in/i, "reason.credentials"],
  [/\b403\b|forbidden/i, "reason.forbidden"],
  [/refused/i, "reason.refused"],
  [/unreachable|not reachable|no route|cannot be (reached|connected)|name or service|host not found/i, "reason.unreachable"],
  [/\b404\b|no such (stream|file)|not found/i, "reason.no_stream"],
  [/INVITE|firewall|NAT\b/i, "reason.media_way"],
  [/not registered|offline|keepalive/i, "reason.unregistered"],
  [/no packets|no picture|timed? ?out|took longer|does not answer|within \d+ s/i, "reason.silent"],
  [/ended the stream|connection (lost|reset|closed)|publisher left|reset by peer|file ended/i, "reason.ended"],
  [/nobody publishes/i, "reason.unpublished"],
  [/codec|decode|H\.26[45]|no video track|holds no picture/i, "reason.codec"],
  [/key frame/i, "reason.key_frame"],
] as const satisfies readonly (readonly [RegExp, Key])[];

/** Empty where what the hub says fits none: then its own words have to do. */
export function meaningOf(reason: string): string {
  const found = MEANINGS.find(([pattern]) => pattern.test(reason));
  return found === undefined ? "" : t(found[1]);
}
