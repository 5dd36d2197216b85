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
  [/^no camera \S+$|^the camera is no more/, "refusal.camera_gone"],
  [/^the media server('s answer| agreed)/, "reason.media_server"],
  [/does not speak RTSP|^its answer is too long|^the address (begins with none|is not )|^the transport is none of/, "reason.other_kind"],
  [/asks for the password in a way/, "reason.sign_in_way"],
  [/streams run already|no free port for media/, "reason.streams_full"],
  [/the device refuses the video|the answer has no video|answered something else|^playback control answered/, "reason.device_refuses"],
  [/^internal error/, "reason.internal"],
  [/edge agent .* too old/i, "reason.agent_old"],
  [/edge agent .* (is away|not connected|does not come|just gone|was cut)|connection of edge agent/i, "reason.agent_away"],
  [/^the connection of hub .* was cut/, "reason.hub_cut"],
  [/^(edge agent|hub) \S+ ended (the pictures|in the middle)/, "reason.ended_on_way"],
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
  [/codec|decode|H\.26[45]|no video track|holds no picture|kind that holds pictures|parameter set|picture of \d+ bytes is too large/i, "reason.codec"],
  [/key frame/i, "reason.key_frame"],
] as const satisfies readonly (readonly [RegExp, Key])[];

/** Empty where what the hub says fits none: then its own words have to do. */
export function meaningOf(reason: string): string {
  const found = MEANINGS.find(([pattern]) => pattern.test(reason));
  return found === undefined ? "" : t(found[1]);
}
