/** What was found of where patrols were: the controls and marks of a track, the list of those who were there. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../../components/icons";
import type { Column } from "../../../components/table";
import "../../../components/table";
import { valueOf } from "../../../components/typing";
import * as format from "../../../i18n/format";
import { t } from "../../../i18n/i18n";
import type { Desk } from "../context";
import { SPEEDS, type Mark, type Moment, type Playback } from "./playback";
import type { PatrolTrack, PresentAnswer, TrackAnswer, UnitThere } from "./wire";
import { stationName, unitNames } from "../../named";

/** More marks than these are not drawn over the scrubber: they would be finer than a line. */
const LANE_MARKS = 200;

type Part = TemplateResult | typeof nothing;

export interface TrackActions {
  press(key: string): void;
  to(at_ms: number): void;
  speed(speed: number): void;
  device(index: number): void;
}

export function momentWords({ stop, place, speed_kmh, reckoned }: Moment): string {
  if (place === null) return t("past.where_now_gap");
  if (stop !== null) return t("past.where_now_stop");
  if (speed_kmh === null) return t("past.speed_unknown");
  return t(reckoned ? "past.speed_reckoned" : "past.speed", { kmh: Math.round(speed_kmh) });
}

export function controlsView(track: PatrolTrack, marks: readonly Mark[], playback: Playback, moment: Moment, now_ms: number, { press, to, speed }: TrackActions): TemplateResult {
  const { at_ms, playing } = playback;
  const share = (of_ms: number): number => ((of_ms - track.from_ms) / Math.max(1, track.to_ms - track.from_ms)) * 100;
  return html`<div class="controls" role="group" aria-label=${t("past.track")}>
    <div class="row">
      <button title=${t("past.last_mark")} aria-label=${t("past.last_mark")} @click=${() => press("ArrowUp")}>${icon("left")}</button>
      <button class="primary play" @click=${() => press(" ")}>${icon(playing ? "pause" : "play")} ${playing ? t("track.pause") : t("track.play")} <kbd>␣</kbd></button>
      <button title=${t("past.next_mark")} aria-label=${t("past.next_mark")} @click=${() => press("ArrowDown")}>${icon("right")}</button>
      ${SPEEDS.map((each) => html`<button aria-pressed=${each === playback.speed} @click=${() => speed(each)}>×${each}</button>`)}
      <span class="number moment">${format.instant(at_ms, now_ms)} · ${momentWords(moment)}</span>
      <span class="quiet keys">${t("past.keys")}</span>
    </div>
    <div class="scrub">
      <input type="range" aria-label=${t("past.moment")} aria-valuetext=${format.instant(at_ms, now_ms)} min=${track.from_ms} max=${track.to_ms} step="1000" .value=${String(at_ms)}
        @input=${(event: Event) => to(Number(valueOf(event)))} />
      <div class="lane" aria-hidden="true">
        ${marks.slice(0, LANE_MARKS).map(({ kind, from_ms, to_ms }) => html`<span class=${kind} style="left:${share(from_ms)}%;width:${share(to_ms) - share(from_ms)}%"></span>`)}
      </div>
    </div>
  </div>`;
}

/** What was found as a file, and what became of it. */
export function takeOutView(busy: boolean, said: string, takeOut: () => void): TemplateResult {
  return html`<button ?disabled=${busy} @click=${takeOut}>${icon("evidence")} ${t("past.take_out")}</button><span role="status">${said}</span>`;
}

/** What the way comes to, and what is not known of it. */
export function aboutView(answer: TrackAnswer, track: PatrolTrack, index: number, unknown: Part, file: Part, now_ms: number, { device }: TrackActions): TemplateResult {
  const counts = ([["stop", track.stops], ["gap", track.gaps], ["call", track.calls]] as const).filter(([, found]) => found.length > 0);
  return html`<div class="about">
    ${file}
    <b>${t("past.heard", { span: format.duration(track.heard_ms) })}</b>
    <b>${t("past.unheard", { span: format.duration(track.unheard_ms) })}</b>
    <b>${t("past.length", { distance: format.distance(track.length_m) })}</b>
    ${longestStop(track, now_ms)}
    ${counts.map(([kind, found]) => html`<b>${t(`past.count_${kind}`, { n: found.length })}</b>`)}
    ${answer.tracks.length > 1
      ? html`<label class="row">${t("past.device")}
          <select @change=${(event: Event) => device(Number(valueOf(event)))}>
            ${answer.tracks.map((each, at) => html`<option value=${at} .selected=${at === index}>${t("past.device_of", { device: each.device, n: each.read })}</option>`)}
          </select></label>`
      : html`<span>${t("past.device")} ${track.device}</span>`}
    <span>${t("past.thinned", { n: format.count(track.read), m: Math.max(1, Math.ceil(track.off_m)) })}</span>
    ${track.doubtful === 0 ? nothing : html`<span>${t("past.doubtful", { n: track.doubtful })}</span>`}
    ${track.gaps.length === 0 ? nothing : html`<span>${t("past.gap_note", { span: format.duration(answer.gap_ms) })}</span>`}
    ${keptSince(answer.since_ms, track.from_ms, now_ms)} ${unknown}
    <span>${t("past.left", { n: answer.left })}</span>
  </div>`;
}

function longestStop({ longest }: PatrolTrack, now_ms: number): Part {
  if (longest === null) return nothing;
  return html`<b>${t("past.longest", { span: format.duration(longest.to_ms - longest.from_ms), at: format.moment(longest.from_ms, now_ms) })}</b>`;
}

export function keptSince(since_ms: number, from_ms: number, now_ms: number): Part {
  return since_ms > from_ms ? html`<span>${t("past.kept_since", { at: format.moment(since_ms, now_ms) })}</span>` : nothing;
}

export function holdersSince(since_ms: number, from_ms: number, now_ms: number): Part {
  return since_ms > from_ms ? html`<span>${t("past.holders_since", { at: format.moment(since_ms, now_ms) })}</span>` : nothing;
}

export function marksView(marks: readonly Mark[], chosen: Mark | null, now_ms: number, { press, to }: TrackActions): TemplateResult {
  if (marks.length === 0) return html`<t-state kind="hint" text=${t("past.no_marks")}></t-state>`;
  // The space bar plays on from there; Enter goes there.
  const play = (event: KeyboardEvent): void => {
    if (event.key !== " ") return;
    event.preventDefault();
    press(" ");
  };
  return html`<ol aria-label=${t("past.marks")} @keydown=${play}>
    ${marks.map(
      (mark) => html`<li><button class="mark ${mark.kind}" aria-current=${mark === chosen} @click=${() => to(mark.at_ms)}>
        <b>${t(`past.mark_${mark.kind}`)}</b><span class="number">${mark.n}</span>
        <span class="number">${format.instant(mark.from_ms, now_ms)}–${format.clock(mark.to_ms)}</span><span>${format.duration(mark.to_ms - mark.from_ms)}</span>
      </button></li>`,
    )}
  </ol>`;
}

export function presentView(desk: Desk, answer: PresentAnswer, asked_from_ms: number, file: Part): TemplateResult {
  const note = html`<p class="about">${file}<span>${t("past.present_note")}</span> ${keptSince(answer.since_ms, asked_from_ms, desk.now_ms)} ${holdersSince(answer.holders_since_ms, asked_from_ms, desk.now_ms)} <span>${t("past.left", { n: answer.left })}</span></p>`;
  if (answer.present.length === 0) return html`<t-state kind="hint" text=${t("past.nobody")}></t-state>${note}`;
  const rows = new Map(answer.present.map((there) => [there.unit || `~${there.devices[0]?.device ?? ""}`, there]));
  return html`<t-table label=${t("past.present_label")} .columns=${presentColumns(desk)} .rows=${rows} sortBy="first"></t-table>${note}`;
}

function presentColumns({ store, now_ms }: Desk): Column<UnitThere>[] {
  const names = unitNames(store.rows("units"), store.rows("retired"));
  const unit = (row: UnitThere): string => names.get(row.unit)?.name ?? (row.unit || t("past.no_unit", { device: row.devices[0]?.device ?? "" }));
  const station = (row: UnitThere): string => stationName(names.get(row.unit)?.station ?? "", store.rows("stations"), store.rows("retired"));
  return [
    { id: "unit", title: t("past.unit"), cell: unit, sort: unit },
    { id: "station", title: t("column.station"), cell: station, sort: station },
    { id: "first", title: t("past.first"), number: true, cell: (row) => format.instant(row.first_ms, now_ms), sort: (row) => row.first_ms },
    { id: "last", title: t("past.last"), number: true, cell: (row) => format.instant(row.last_ms, now_ms), sort: (row) => row.last_ms },
    { id: "fixes", title: t("past.fixes"), number: true, cell: (row) => String(row.fixes), sort: (row) => -row.fixes },
  ];
}
