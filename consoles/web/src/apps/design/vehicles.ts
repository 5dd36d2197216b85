/** What came with recordings and number plates: time bar, quality bars, a hit with its orders, pictures that do not come. All posed: no hub is asked. */

import { html, type TemplateResult } from "lit";
import "../../components/picture";
import type { Gap } from "../../components/video/recorded_times";
import "../../components/video/timebar";
import type { BarMark } from "../../components/video/timebar_layout";
import { t } from "../../i18n/i18n";
import { Problem, type Api } from "../../sync/api";
import type { Actor, Snapshot } from "../../sync/protocol";
import { Store } from "../../sync/store";
import type { HitRow, OrderRow, Recommendation, SituationRow, WatchRow } from "../../wire";
import type { Desk } from "../desk/context";
import "../desk/situation_panel";
import "../page_tools";
import "../vehicles/quality_chart";
import type { Bar } from "../vehicles/quality_numbers";
import { CAMERAS, NOW_MS, situation, UNITS } from "./samples";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SPANS = [
  { from_ms: NOW_MS - 58 * MINUTE, to_ms: NOW_MS - 41 * MINUTE, locked: false },
  { from_ms: NOW_MS - 34 * MINUTE, to_ms: NOW_MS - 20 * MINUTE, locked: true },
  { from_ms: NOW_MS - 20 * MINUTE, to_ms: NOW_MS, locked: false },
];
const GAPS: readonly Gap[] = [{ from_ms: NOW_MS - 41 * MINUTE, to_ms: NOW_MS - 34 * MINUTE, reason: "camera_down", detail: "401 unauthorised" }];
const BAR_MARKS: readonly BarMark[] = [
  { at_ms: NOW_MS - 50 * MINUTE, kind: "sighting", label: "湘F3M586" },
  { at_ms: NOW_MS - 26 * MINUTE, kind: "hit", label: "湘F9K237" },
  { at_ms: NOW_MS - 12 * MINUTE, kind: "alarm", label: "画面冻结" },
];

/** A day of a camera whose lens gets dirty at noon; it was not watched at four. */
const DAY: readonly Bar[] = Array.from({ length: 24 }, (_, i) => {
  const usual = Math.round(60 + 50 * Math.sin((i - 6) / 4));
  return { start_ms: NOW_MS - (23 - i) * HOUR, value: i === 4 ? null : i > 15 ? Math.round(usual * 0.3) : usual + ((i * 7) % 9), usual, night: i < 6 || i > 20 };
});

const HIT: HitRow = {
  id: "h1", watch: "w1", plate: "湘F9K237", camera: "c1", seen_ms: NOW_MS - 45_000, confidence: 0.97, situation: "s2", picture: "", rejected_why: "", plate_picture: "",
  how: "pattern", score: 1, direction: "away", heading_deg: 180, last_seen: { camera: "c2", at_ms: NOW_MS - 26 * HOUR }, line: "", note: "",
  ahead: [{ camera: "c5", distance_m: 1_300, expected_s: 30 }, { camera: "c6", distance_m: 4_900, expected_s: 210 }], ahead_by: "roads",
  units: [{ unit: "u1", distance_m: 2_100, arrival_s: 230, state: "free", position_age_ms: 900 }], rejected_kind: null, rejected_by: "", told_ms: NOW_MS - 44_000, confirmed_by: "",
}; // prettier-ignore
const SITUATION: SituationRow = { ...situation("s2", 2, "布控车辆 湘F9K237", "signed", 45), hits: ["h1"], orders: ["o1"] };
const WATCH: Partial<WatchRow> = { id: "w1", pattern: "湘F9K2?7", reason: "涉嫌肇事逃逸", level: 2, action: "intercept", requested_by: "李娜", office: "交警城区中队" };
const ORDER: Partial<OrderRow> = {
  id: "o1", situation: "s2", unit: "u2", state: "signed", text: "拦截 湘F9K237", why: "", result: "", issued_ms: NOW_MS - 30_000, signed_ms: NOW_MS - 12_000,
  departed_ms: null, arrived_ms: null, fed_back_ms: null, sign_by_ms: NOW_MS + 30_000, issued_by: "李娜",
}; // prettier-ignore
const NEAREST: readonly Recommendation[] = [
  { unit: "u1", distance_m: 2_100, arrival_s: 230, position_age_ms: 900, fits: true, why: ["nearest", "fits_service"] },
  { unit: "u3", distance_m: 5_400, arrival_s: 610, position_age_ms: 900, fits: true, why: ["fits_service"] },
];

const ACTOR: Actor = { id: "lina", name: "派警员 李娜", roles: ["dispatcher"], unit: "" };
const TABLES: Readonly<Record<string, ReadonlyMap<string, object>>> = {
  hits: new Map([["h1", HIT]]), watches: new Map([["w1", WATCH]]), orders: new Map([["o1", ORDER]]), situations: new Map([["s2", SITUATION]]), units: UNITS, cameras: CAMERAS,
}; // prettier-ignore

/** A mirror as a page has it, told once. */
function told(): Store {
  const store = new Store((run) => run());
  for (const [table, rows] of Object.entries(TABLES)) store.snapshot({ type: "snapshot", seq: 1, now_ms: NOW_MS, table, rows: Object.fromEntries(rows) as Snapshot["rows"] });
  return store;
}

const refuse = (): Promise<never> => Promise.reject(new Problem(404, "unknown_id", "this page has no hub"));
const POSED = { store: told(), api: { get: refuse, post: refuse, signOut: refuse } as unknown as Api };

const DESK: Desk = {
  ...POSED, actor: ACTOR, now_ms: NOW_MS, call: null, situation: SITUATION, recommended: NEAREST, candidates: [], who: (id) => id, ask: refuse, choose: () => undefined,
}; // prettier-ignore

export function vehicles(): TemplateResult {
  return html`<h2>t-timebar · vehicles-quality-chart</h2>
    <t-timebar .range=${[NOW_MS - HOUR, NOW_MS + 2 * MINUTE] as const} .spans=${SPANS} .gaps=${GAPS} .marks=${BAR_MARKS} .at=${NOW_MS - 27 * MINUTE} .now=${NOW_MS}
      .choice=${[NOW_MS - 28 * MINUTE, NOW_MS - 25 * MINUTE] as const}></t-timebar>
    <p></p>
    <div class="grid">
      <div class="panel" style="padding:var(--s3)"><vehicles-quality-chart label=${t("quality.per_hour")} .bars=${DAY} .words=${String}></vehicles-quality-chart></div>
      <div class="panel" style="padding:var(--s3)"><vehicles-quality-chart label=${t("quality.unread")} .bars=${DAY.map((bar) => ({ ...bar, value: null, usual: null }))} top="1"></vehicles-quality-chart></div>
      <t-picture src="data:image/png," alt="湘F9K237"></t-picture>
    </div>
    <h2>desk-situation · desk-hit · page-tools</h2>
    <div class="panel" style="height:720px"><desk-situation .desk=${DESK}></desk-situation></div>
    <p></p>
    <page-tools here="desk" .actor=${ACTOR} .api=${POSED.api}></page-tools>`;
}
