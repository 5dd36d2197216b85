/** t-tile in every state, posed: no hub is asked, and what cannot be waited for is there at once. */

import { html, type TemplateResult } from "lit";
import type { RecordedState } from "../../components/video/recorded_player";
import "../../components/video/tile";
import type { MakePlayer, Player } from "../../components/video/tile";
import type { VideoState } from "../../media/player";
import type { CameraRow } from "../../wire";
import { CAMERAS, NOW_MS } from "./samples";

const UP = CAMERAS.get("c1") ?? null;

/** A player that is in one state for good. */
function posing(state: VideoState, age_ms: number, delay_ms: number | null, way: Player["way"]): MakePlayer {
  return (_camera, _video, onState) => ({ delay_ms, way, age_ms: () => age_ms, unchanged_ms: () => age_ms + 7_000, start: () => onState(state), stop: () => undefined });
}

const LIVE: readonly (readonly [VideoState, age_ms: number, delay_ms: number | null, way: Player["way"]])[] = [
  [{ is: "connecting" }, 0, null, "webrtc"],
  [{ is: "live", unchanged: false }, 40, 60, "webrtc"],
  [{ is: "live", unchanged: false }, 40, 420, "websocket"],
  [{ is: "live", unchanged: false }, 40, null, "webrtc"],
  [{ is: "live", unchanged: false }, 1_600, 420, "webrtc"],
  [{ is: "live", unchanged: true }, 40, 420, "webrtc"],
  [{ is: "waiting" }, 6_000, null, "webrtc"],
  [{ is: "frozen" }, 134_000, 420, "webrtc"],
  [{ is: "lost", detail: "edge agent gate-3 of release 0.1.0 is too old for this (live): update it" }, 0, null, "webrtc"],
  [{ is: "refused", detail: "not_playable" }, 0, null, "webrtc"],
];

const REPLAYS: readonly RecordedState[] = [
  { is: "loading" }, { is: "playing" }, { is: "end" }, { is: "none" }, { is: "unsupported", codec: "hvc1.1.6.L93.B0" }, { is: "failed", detail: "503 unavailable" },
];

const DOWN_REASONS = ["401 unauthorised", "host not found or not reachable", "INVITE answered 200, but nobody connected to TCP port 30000: NAT or firewall?", ""];

function down(reason: string): CameraRow | null {
  return UP === null ? null : { ...UP, state: "down", since_ms: NOW_MS - 754_000, reason };
}

export function tiles(): TemplateResult {
  const calm = posing({ is: "live", unchanged: false }, 40, 420, "webrtc");
  return html`<h2>t-tile</h2>
    <div class="tiles">
      <t-tile></t-tile>
      ${LIVE.map(([state, age_ms, delay_ms, way]) => html`<t-tile .camera=${UP} .now=${NOW_MS} .makePlayer=${posing(state, age_ms, delay_ms, way)}></t-tile>`)}
      ${DOWN_REASONS.map((reason) => html`<t-tile .camera=${down(reason)} .now=${NOW_MS}></t-tile>`)}
      <t-tile .camera=${UP} .now=${NOW_MS} .makePlayer=${calm} pinned .useful=${UP === null ? null : { camera: UP, distance_m: 420, side_deg: 90, aside_deg: 25 }}></t-tile>
      <t-tile .camera=${UP} .now=${NOW_MS} .makePlayer=${calm} sentBy="王派警"></t-tile>
      ${REPLAYS.map((replay) => html`<t-tile .camera=${UP} .now=${NOW_MS} .makePlayer=${calm} .replay=${replay}></t-tile>`)}
      <t-tile class="small" .camera=${down(DOWN_REASONS[0] ?? "")} .now=${NOW_MS}></t-tile>
      <t-tile class="small" .camera=${UP} .now=${NOW_MS} .makePlayer=${calm} sentBy="王派警"></t-tile>
      <t-tile class="small" .camera=${UP} .now=${NOW_MS} .makePlayer=${calm} .rank=${3} .useful=${UP === null ? null : { camera: UP, distance_m: 240, side_deg: 90, aside_deg: 0 }}></t-tile>
      <t-tile class="small" .camera=${UP} .now=${NOW_MS} .makePlayer=${posing({ is: "live", unchanged: true }, 40, 420, "webrtc")}></t-tile>
    </div>`;
}
