/** What was found, as tables: passages, companions, newcomers, frequent cars, queries made. */

import { html, type TemplateResult } from "lit";
import "../../components/plate";
import type { Column } from "../../components/table";
import "../../components/table";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, Sighting } from "../../wire";
import { termsWords } from "./query_words";
import { legWords } from "./search_ways";
import { pictureOf, type Clone, type Companion, type Pass, type QueryRow, type Visits } from "./search_wire";

type Cameras = ReadonlyMap<string, CameraRow>;

/** Of the cars that were near by chance so many would go together so often: fewer than these are no accident. */
const SURPRISING = 0.001;
const UNUSUAL = 0.1;

export function keyOf(one: Pick<Sighting, "camera" | "plate" | "first_ms">): string {
  return `${one.camera} ${one.plate} ${one.first_ms}`;
}

export function nameOf(cameras: Cameras, id: string): string {
  return cameras.get(id)?.name ?? id;
}

/** How a car moves, in words; empty where that was not seen. */
export function movingOf(one: Sighting): string {
  const parts = [
    one.heading_deg === null ? "" : word("bearing", String(Math.round(one.heading_deg / 45) % 8)),
    one.direction === null ? "" : word("direction", one.direction),
    one.lane === null ? "" : t("now.lane", { n: one.lane }),
  ];
  return parts.filter((each) => each !== "").join(" · ");
}

/** Date and second, county time; the date only where it is not today's. */
export function timeOf(at_ms: number, now_ms: number): string {
  const short = format.moment(at_ms, now_ms);
  const second = format.clock(at_ms);
  return short === second.slice(0, 5) ? second : `${short}:${second.slice(-2)}`;
}

export function passageColumns(cameras: Cameras, now_ms: number): readonly Column<Sighting>[] {
  return [
    { id: "picture", title: t("search.picture"), cell: picture },
    { id: "time", title: t("search.time"), number: true, cell: (one) => timeOf(one.first_ms, now_ms), sort: (one) => one.first_ms },
    { id: "plate", title: t("search.plate").split(/[（(]/)[0] ?? "", cell: plate, sort: (one) => one.plate },
    { id: "camera", title: t("search.camera"), cell: (one) => nameOf(cameras, one.camera), sort: (one) => nameOf(cameras, one.camera) },
    { id: "moving", title: t("search.moving"), cell: (one) => html`<span style="white-space:normal">${movingOf(one)}</span>` },
    { id: "sure", title: t("plate.sure"), number: true, cell: (one) => format.sureness(one.confidence), sort: (one) => one.confidence },
  ];
}

function picture(one: Sighting): TemplateResult | string {
  const source = pictureOf(one);
  return source === "" ? "—" : html`<img src=${source} alt="" loading="lazy" style="display:block;width:calc(80px*var(--scale));height:calc(45px*var(--scale));object-fit:cover;border-radius:var(--radius)" />`;
}

function plate(one: Sighting): TemplateResult {
  return html`<t-plate plate=${one.plate} colour=${one.colour} kind=${one.kind} .confidences=${one.char_confidences}></t-plate>`;
}

/** A number of cars or times that is small or tiny, as people read it. */
export function small(value: number): string {
  if (value >= 9.95) return String(Math.round(value));
  if (value >= 0.1) return value.toFixed(1);
  return value >= 0.001 ? value.toPrecision(1) : "< 0.001";
}

export function judgement(one: Companion): string {
  if (one.by_chance < SURPRISING) return t("companions.surprising");
  return one.by_chance < UNUSUAL ? t("companions.unusual") : t("companions.usual");
}

export function whyOf(one: Companion): string {
  return t("companions.why", { plate: one.plate, cameras: one.cameras.length, times: one.times, expected: small(one.expected), by_chance: small(one.by_chance) });
}

export function companionColumns(cameras: Cameras): readonly Column<Companion>[] {
  return [
    { id: "plate", title: t("search.whole_plate"), cell: (one) => one.plate, sort: (one) => one.plate },
    { id: "judged", title: t("companions.judged"), cell: (one) => html`<span title=${whyOf(one)}>${judgement(one)}</span>`, sort: (one) => one.by_chance },
    { id: "times", title: t("companions.times"), number: true, cell: (one) => String(one.times), sort: (one) => one.times },
    { id: "expected", title: t("companions.expected"), number: true, cell: (one) => small(one.expected), sort: (one) => one.expected },
    { id: "cameras", title: t("companions.cameras"), number: true, cell: (one) => html`<span title=${one.cameras.map((id) => nameOf(cameras, id)).join("、")}>${one.cameras.length}</span>`, sort: (one) => one.cameras.length },
    { id: "days", title: t("companions.days"), number: true, cell: (one) => String(one.days), sort: (one) => one.days },
    { id: "lag", title: t("companions.lag"), number: true, cell: lag, sort: (one) => one.lag_ms },
  ];
}

function lag(one: Companion): string {
  const span = format.duration(Math.abs(one.lag_ms));
  return one.lag_ms < 0 ? t("companions.ahead", { span }) : t("companions.behind", { span });
}

export function passColumns(cameras: Cameras, now_ms: number): readonly Column<Pass>[] {
  return [
    { id: "time", title: t("search.time"), number: true, cell: (one) => timeOf(one.first_ms, now_ms), sort: (one) => one.first_ms },
    { id: "plate", title: t("search.whole_plate"), cell: (one) => one.plate, sort: (one) => one.plate },
    { id: "camera", title: t("search.camera"), cell: (one) => nameOf(cameras, one.camera), sort: (one) => nameOf(cameras, one.camera) },
  ];
}

export function visitColumns(now_ms: number): readonly Column<Visits>[] {
  return [
    { id: "plate", title: t("search.whole_plate"), cell: (one) => one.plate, sort: (one) => one.plate },
    { id: "passes", title: t("frequent.passes"), number: true, cell: (one) => String(one.passes), sort: (one) => one.passes },
    { id: "days", title: t("frequent.days"), number: true, cell: (one) => String(one.days), sort: (one) => one.days },
    { id: "most", title: t("frequent.most"), number: true, cell: (one) => String(one.most_in_a_day), sort: (one) => one.most_in_a_day },
    { id: "last", title: t("frequent.last"), number: true, cell: (one) => timeOf(one.last_ms, now_ms), sort: (one) => one.last_ms },
  ];
}

export function cloneColumns(cameras: Cameras, now_ms: number): readonly Column<Clone>[] {
  const passage = (one: Sighting): TemplateResult => html`${picture(one)} ${format.instant(one.first_ms, now_ms)}<br />${nameOf(cameras, one.camera)} · ${t("plate.sure")} ${format.sureness(one.confidence)}`;
  return [
    { id: "plate", title: t("search.whole_plate"), cell: (one) => plate(one.after), sort: (one) => one.plate },
    { id: "times", title: t("clones.times"), number: true, cell: (one) => String(one.times), sort: (one) => one.times },
    { id: "before", title: t("clones.before"), cell: (one) => passage(one.before), sort: (one) => one.before.first_ms },
    { id: "after", title: t("clones.after"), cell: (one) => passage(one.after), sort: (one) => one.after.first_ms },
    { id: "how", title: t("clones.how"), cell: (one) => html`<span style="white-space:normal">${legWords(one.leg).map((words) => html`${words}<br />`)}${one.leg.suspect === null ? "" : t(`track.suspect_${one.leg.suspect}`)}</span>`, sort: (one) => one.leg.speed_kmh ?? Infinity },
  ];
}

export function queryColumns(cameras: Cameras, who: (id: string) => string, now_ms: number): readonly Column<QueryRow>[] {
  return [
    { id: "time", title: t("search.time"), number: true, cell: (one) => timeOf(one.at_ms, now_ms), sort: (one) => one.at_ms },
    { id: "who", title: t("queries.who"), cell: (one) => who(one.by), sort: (one) => who(one.by) },
    { id: "what", title: t("queries.what"), cell: (one) => word("query_what", one.what), sort: (one) => one.what },
    { id: "reason", title: t("queries.reason"), cell: (one) => one.reason, sort: (one) => one.reason },
    { id: "case", title: t("queries.case"), cell: (one) => one.case, sort: (one) => one.case },
    { id: "results", title: t("queries.results"), number: true, cell: (one) => String(one.results), sort: (one) => one.results },
    { id: "terms", title: t("queries.terms"), cell: (one) => html`<span style="white-space:normal;overflow-wrap:anywhere">${termsWords(one, cameras)}${one.sha256 === "" ? "" : html`<br />${t("queries.file")} ${one.sha256}`}</span>`, sort: (one) => one.terms },
  ];
}

/** Rows by key for a table, in the order they came. */
export function byKey<R>(rows: readonly R[], key: (row: R) => string): ReadonlyMap<string, R> {
  return new Map(rows.map((row) => [key(row), row]));
}
