/** Made-up rows for the design catalogue: one of each look. */

import type { TimeBar, TimeMark } from "../../components/timeline";
import type { AlarmKind, AlarmRow, CameraRow, Level, PositionRow, SituationRow, UnitRow, UnitState } from "../../wire";

/** A fixed instant, so that pictures of the page compare. */
export const NOW_MS = Date.UTC(2026, 10, 20, 19, 14, 7);

export function situation(id: string, level: Level, title: string, state: SituationRow["state"], ago_s: number, overdue = 0): SituationRow {
  const opened_ms = NOW_MS - ago_s * 1_000;
  return {
    id, title, level, state, overdue, opened_ms, changed_ms: opened_ms, service: "122", kind: "accident",
    place: { lat: 29.1 + level * 0.03, lon: 113.05 + level * 0.06, text: "荣家湾镇 107 国道 1482 公里" }, source: "", calls: [], orders: [], units: [],
    hits: [], evidence: [], activation: "", case: "", merged_into: "", dispatched_ms: null, closed_ms: null,
  };
}

export const SITUATIONS: readonly SituationRow[] = [
  situation("s1", 1, "京港澳高速油罐车侧翻泄漏，多车追尾，有人员被困", "on_scene", 2_840, 2),
  situation("s2", 2, "麻塘垸堤段管涌", "departed", 734),
  situation("s3", 3, "东洞庭湖渔船落水 3 人", "signed", 134),
  situation("s4", 4, "荣家湾镇天鹅路两车刮擦", "received", 8),
];

export function alarm(id: string, kind: AlarmKind, level: Level, state: AlarmRow["state"], ago_s: number, more: Partial<AlarmRow> = {}): AlarmRow {
  return {
    id, kind, level, state, subject: id, situation: "", raised_ms: NOW_MS - ago_s * 1_000, count: 1, lat: null, lon: null, detail: "",
    taken_by: "", shelved_until_ms: null, shelved_why: "", escalated: false, ...more,
  };
}

export const ALARMS: readonly { readonly row: AlarmRow; readonly subject: string }[] = [
  { row: alarm("a1", "sos", 1, "raised", 12), subject: "岳14 张伟" },
  { row: alarm("a2", "plate_hit", 2, "raised", 45, { detail: "G4 羊角山卡口" }), subject: "湘F·A12B8" },
  { row: alarm("a3", "left_area", 3, "raised", 190, { count: 4, escalated: true }), subject: "岳03 → 新墙镇" },
  { row: alarm("a4", "order_unsigned", 3, "taken", 66, { taken_by: "李娜" }), subject: "岳22" },
  { row: alarm("a5", "camera_down", 4, "shelved", 3_900, { shelved_until_ms: NOW_MS + 900_000, shelved_why: "已报修" }), subject: "鹿角码头" },
];

const STATES: readonly UnitState[] = ["free", "ordered", "moving", "on_scene", "off"];

export const UNITS: ReadonlyMap<string, UnitRow> = new Map(
  Array.from({ length: 60 }, (_, i) => {
    const name = `岳${String(i + 1).padStart(2, "0")}`;
    const state = i < 5 ? (STATES[i] ?? "free") : i % 7 === 0 ? "off" : "free";
    const row: UnitRow = {
      id: `u${i + 1}`, name, state, kind: "patrol_car", service: "110", station: "st1", phone: "000-0000", officers: ["张伟"], area: "",
      devices: [], order: "", shift_until_ms: null, shift_since_ms: null, out_of: "", still_since_ms: null, silent_since_ms: null, sos: "",
    };
    return [row.id, row];
  }),
);

/** More than a table shows at once. */
export const MANY_UNITS: ReadonlyMap<string, UnitRow> = new Map(
  [...UNITS.values()].flatMap((row) => [0, 1, 2, 3].map((n) => [`${row.id}-${n}`, { ...row, id: `${row.id}-${n}`, name: `${row.name}-${n}` }] as const)),
);

export const POSITIONS: ReadonlyMap<string, PositionRow> = new Map(
  [...UNITS.keys()].map((id, i) => {
    const row: PositionRow = {
      id, device: id, at_ms: NOW_MS - i * 1_000, lat: 29.14 + 0.11 * Math.sin(i * 2.4) * Math.sqrt(i / 60), 
      lon: 113.15 + 0.16 * Math.cos(i * 2.4) * Math.sqrt(i / 60), source: "jt808", accuracy_m: 8, speed_kmh: (i * 7) % 80, heading_deg: (i * 40) % 360,
    };
    return [id, row];
  }),
);

export const CAMERAS: ReadonlyMap<string, CameraRow> = new Map(
  Array.from({ length: 12 }, (_, i) => {
    const row: CameraRow = {
      id: `c${i}`, name: `卡口 ${i + 1}`, lat: 29.05 + i * 0.015, lon: 113.1 + (i % 4) * 0.05, bearing_deg: i * 30, field_deg: 60, reads_plates: true,
      state: i === 3 ? "down" : i === 4 ? "unknown" : "up", since_ms: NOW_MS, reason: i === 3 ? "RTSP 连接超时" : "", recording: {},
    };
    return [row.id, row];
  }),
);

const minute = (n: number): number => NOW_MS + n * 60_000;

export const MARKS: readonly TimeMark[] = [
  [-47, "来电 122", true], [-46.4, "接警 李娜", false], [-45.8, "立警 II 级", true], [-45, "派警 岳01", false], [-44.7, "派警 岳02", false],
  [-43, "签收 岳01", false], [-40, "到场 岳01", true], [-33, "升级 I 级", true], [-32, "启动预案 危化品运输事故", true], [-15, "现场反馈：泄漏已控制", false], [-2, "批准疏散", true],
].map(([at, label, weighty], i) => ({ id: `m${i}`, at_ms: minute(Number(at)), label: String(label), weighty: Boolean(weighty) }));

export const BARS: readonly TimeBar[] = [
  { id: "t1", label: "封闭高速双向车道", start_ms: minute(-32), due_ms: minute(-22), done_ms: minute(-25) },
  { id: "t2", label: "疏散下风向 500 米", start_ms: minute(-32), due_ms: minute(-12), done_ms: null },
  { id: "t3", label: "堵漏、稀释", start_ms: minute(-30), due_ms: minute(10), done_ms: null },
  { id: "t4", label: "市应急局首报", start_ms: minute(-32), due_ms: minute(30), done_ms: null },
  { id: "t5", label: "环境监测", start_ms: minute(-20), due_ms: minute(-14), done_ms: minute(-9) },
];
