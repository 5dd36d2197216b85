/** Commands about cameras: show, layout, tour, recordings. Their verbs are pinyin initials: 视频, 布局, 轮巡, 回放, 上墙, 下墙. */

import type { Choice, Command } from "../../components/commands";
import { LAYOUTS, type Layout } from "../../components/video/slots";
import { LEAST_S, MOST_S, USUAL_S } from "../../components/video/tour";
import { mostUseful } from "../../components/video/usefulness";
import { sendToWall, takeOffWall, WALL } from "../../components/video/wall";
import { distance } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { choice, does, namesOf, wrong } from "./commands";
import type { Desk } from "./context";

/** What the desk's screen of cameras can be told. */
export interface VideoActions {
  show(cameras: readonly string[]): void;
  layout(n: Layout): void;
  tour(seconds: number): void;
  playback(camera: string): void;
  /** Cameras that stand on a tile now. */
  shown(): readonly string[];
  /** Put the layout on the wall as it stands. */
  sendLayout(): Promise<unknown>;
}

/** Cameras near the chosen situation first, in the order of their use; then all others by name. */
function cameraChoices(desk: Desk): Choice[] {
  const cameras = desk.store.rows("cameras");
  const place = desk.situation?.place ?? null;
  const near = place === null ? [] : mostUseful(cameras, place, cameras.size);
  const known = new Set(near.map(({ camera }) => camera.id));
  const rest = [...cameras.values()].filter(({ id }) => !known.has(id)).sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
  return [
    ...near.map(({ camera, distance_m }) => choice(camera.id, camera.name, `${distance(distance_m)} ${word("camera_state", camera.state)}`)),
    ...rest.map((camera) => choice(camera.id, camera.name, word("camera_state", camera.state))),
  ];
}

/** The id of what stands for all there is, before the cameras that may be named one by one. */
const ALL = "";

export function videoCommands(desk: () => Desk, video: VideoActions): Command[] {
  return [
    {
      verb: "SP",
      names: namesOf("cmd.video"),
      takes: "several",
      choices: () => cameraChoices(desk()),
      plan: (_words, chosen) =>
        does(t("will.video", { names: chosen.map(({ label }) => label).join("、") }), async () => video.show(chosen.map(({ id }) => id))),
    },
    {
      verb: "BJ",
      names: namesOf("cmd.video_layout"),
      takes: "text",
      plan: ([text = ""]) => {
        const layout = LAYOUTS.find((n) => String(n) === text.trim());
        return layout === undefined ? wrong("wrong.layout") : does(t("will.video_layout", { n: layout }), async () => video.layout(layout));
      },
    },
    {
      verb: "LX",
      names: namesOf("cmd.video_tour"),
      takes: "text",
      plan: ([text = String(USUAL_S)]) => {
        const seconds = Number(text);
        if (!(seconds >= LEAST_S && seconds <= MOST_S)) return wrong("wrong.seconds");
        return does(t("will.video_tour", { s: seconds }), async () => video.tour(seconds));
      },
    },
    {
      verb: "HF",
      names: namesOf("cmd.video_playback"),
      takes: "one",
      choices: () => cameraChoices(desk()),
      plan: (_words, [camera]) =>
        camera === undefined ? wrong("wrong.text") : does(t("will.video_playback", { name: camera.label }), async () => video.playback(camera.id)),
    },
    {
      verb: "SQ",
      names: namesOf("cmd.video_wall"),
      takes: "several",
      choices: () => [choice(ALL, t("choice.layout"), t("choice.layout_about", { n: video.shown().length })), ...cameraChoices(desk())],
      plan: (_words, chosen) => {
        const layout = chosen.some(({ id }) => id === ALL);
        if (layout && video.shown().length === 0) return wrong("wrong.nothing_shown");
        const names = chosen.map(({ label }) => label).join("、");
        return does(t("will.video_wall", { names }), () => (layout ? video.sendLayout() : sendToWall(desk().api, chosen.map(({ id }) => id))));
      },
    },
    {
      verb: "XQ",
      names: namesOf("cmd.video_unwall"),
      takes: "several",
      choices: () => {
        const { store, who } = desk();
        const sent = store.rows("screens").get(WALL)?.cameras ?? [];
        const named = sent.map(({ camera, by }) => choice(camera, store.rows("cameras").get(camera)?.name ?? camera, t("wall.sent", { name: who(by) })));
        return [choice(ALL, t("choice.all"), named.map(({ label }) => label).join("、")), ...named];
      },
      plan: (_words, chosen) => {
        const all = chosen.some(({ id }) => id === ALL);
        return does(t("will.video_unwall", { names: chosen.map(({ label }) => label).join("、") }), () => takeOffWall(desk().api, all ? [] : chosen.map(({ id }) => id)));
      },
    },
  ];
}
