/** What stands over a picture that is not live, and why: connecting, waiting, standing still, down, refused, and the ends of a replay. */

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { VideoState } from "../../media/player";
import type { CameraRow } from "../../wire";
import { answerWords } from "../answer_words";
import { icon, type IconName } from "../icons";
import { meaningOf } from "./reasons";
import type { RecordedState } from "./recorded_player";

/** Whether what is seen must not be taken for what is. */
export function isOld(camera: CameraRow, shown: VideoState): boolean {
  return camera.state === "down" || (shown.is !== "live" && shown.is !== "connecting");
}

/** Whether pictures come in which nothing changes: what is seen may be live, and may not. */
export function isUnchanged(shown: VideoState): boolean {
  return shown.is === "live" && shown.unchanged;
}

/** How old the shown picture is, and for how long nothing in it changed. */
interface Ages {
  age_ms(): number;
  unchanged_ms(): number;
}

export function liveCover(camera: CameraRow, shown: VideoState, ages: Ages | null, now_ms: number): TemplateResult | typeof nothing {
  if (camera.state === "down") {
    const since = now_ms > camera.since_ms && camera.since_ms > 0 ? t("tile.down_for", { span: format.duration(now_ms - camera.since_ms) }) : "";
    return note("noVideo", t("tile.down"), [meaningOf(camera.reason), camera.reason || t("tile.no_reason"), since], true);
  }
  switch (shown.is) {
    case "live":
      return shown.unchanged ? doubt(ages?.unchanged_ms() ?? 0) : nothing;
    case "connecting":
      return note("video", t("video.connecting"), [], false);
    case "waiting":
      return note("clock", t("tile.waiting"), [t("tile.waiting_why")], true);
    case "frozen":
      return note("clock", t("tile.frozen"), [t("tile.frozen_for", { span: format.duration(ages?.age_ms() ?? 0) })], true);
    case "lost":
      return note("noVideo", t("video.lost"), [answerWords(shown.detail), shown.detail], true);
    case "refused":
      return note("lock", t("video.refused", { detail: answerWords(shown.detail) || shown.detail }), [], true);
  }
}

export function replayCover(replay: RecordedState): TemplateResult | typeof nothing {
  switch (replay.is) {
    case "loading":
      return note("history", t("playback.loading"), [], false);
    case "none":
      return note("noVideo", t("playback.none"), [t("tile.none_why")], true);
    case "end":
      return note("check", t("playback.end"), [], false);
    case "unsupported":
      return note("ban", t("playback.unsupported", { codec: replay.codec }), [], true);
    case "failed":
      return note("alert", t("playback.failed", { detail: answerWords(replay.detail) || replay.detail }), answerWords(replay.detail) === "" ? [] : [replay.detail], true);
    case "gap":
    case "paused":
    case "playing":
      return nothing;
  }
}

/** Framed and hatched in its words only: the scene may stand still, and then it is to be seen. */
function doubt(unchanged_ms: number): TemplateResult {
  return html`<div class="cover doubt" role="status"><p class="title">${icon("clock")} ${t("tile.unchanged", { span: format.duration(unchanged_ms) })}</p>
    <p class="why">${t("tile.unchanged_why")}</p></div>`;
}

function note(name: IconName, title: string, why: readonly string[], bad: boolean): TemplateResult {
  return html`<div class="cover ${bad ? "bad" : ""}" role="status">${icon(name)}<p class="title">${title}</p>
    ${why.filter((each) => each !== "").map((each) => html`<p class="why">${each}</p>`)}</div>`;
}
