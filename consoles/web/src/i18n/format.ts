/** Times, distances and counts as people read them. Relative while young, absolute beside it. */

import { language, t } from "./i18n";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** County time: China has one zone, whatever the machine's is. */
const ZONE = "Asia/Shanghai";

const clockTime = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
/** 2026/11/21 in both languages: shorter than words, and with its year no day is taken for another. */
const numberedDay = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

/** 03:14:07 */
export function clock(at_ms: number): string {
  return clockTime.format(at_ms);
}

/** 03:14 today, 11/21 03:14 this year, 2025/11/21 03:14 otherwise: three in the morning is another day than the evening before. */
export function moment(at_ms: number, now_ms: number): string {
  return instant(at_ms, now_ms).slice(0, -3);
}

/** As `moment`, to the second. */
export function instant(at_ms: number, now_ms: number): string {
  return [day(at_ms, now_ms), clock(at_ms)].join(" ").trim();
}

/** Nothing today, 11/21 this year, 2025/11/21 otherwise. */
export function day(at_ms: number, now_ms: number): string {
  const at = numberedDay.format(at_ms);
  const today = numberedDay.format(now_ms);
  return at === today ? "" : at.slice(0, 4) === today.slice(0, 4) ? at.slice(5) : at;
}

/** 11/21 03:14, on whichever day it is looked at. */
export function dayAndTime(at_ms: number): string {
  return `${numberedDay.format(at_ms).slice(5)} ${clock(at_ms).slice(0, 5)}`;
}

export function fullDate(at_ms: number): string {
  return dateIn({ month: "short", day: "numeric", weekday: "short" }, at_ms);
}

/** For what may be of another year. */
export function dateWithYear(at_ms: number): string {
  return dateIn({ year: "numeric", month: "short", day: "numeric", weekday: "short" }, at_ms);
}

function dateIn(parts: Intl.DateTimeFormatOptions, at_ms: number): string {
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...parts }).format(at_ms);
}

/** How long: 8 秒, 2 分 14 秒, 1 小时 05 分, 3 天. */
export function duration(span_ms: number): string {
  const span = Math.max(0, span_ms);
  if (span < MINUTE) return t("time.seconds", { s: Math.floor(span / SECOND) });
  if (span < 10 * MINUTE) {
    return t("time.minutes_seconds", { m: Math.floor(span / MINUTE), s: pad(Math.floor((span % MINUTE) / SECOND)) });
  }
  if (span < HOUR) return t("time.minutes", { m: Math.floor(span / MINUTE) });
  if (span < DAY) return t("time.hours_minutes", { h: Math.floor(span / HOUR), m: pad(Math.floor((span % HOUR) / MINUTE)) });
  return t("time.days", { d: Math.floor(span / DAY) });
}

/** How old a picture is, finer than `duration`: 0.4 秒; infinite where nobody knows. */
export function age(age_ms: number): string {
  if (age_ms === Infinity) return t("time.age_unknown");
  return age_ms < 10 * SECOND ? t("time.age", { s: (age_ms / SECOND).toFixed(1) }) : duration(age_ms);
}

/** How far: 350 米, 2.4 公里, 31 公里. */
export function distance(span_m: number): string {
  if (span_m < 1_000) return t("distance.metres", { m: Math.round(span_m / 10) * 10 });
  return t("distance.kilometres", { km: span_m < 10_000 ? (span_m / 1_000).toFixed(1) : Math.round(span_m / 1_000) });
}

/** How many: 1 000 000, in groups that read alike in both languages. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** How sure a plate was read: 97%, or that whoever read it did not say (0 in the data, SPEC R841). */
export function sureness(confidence: number): string {
  return confidence === 0 ? t("plate.unstated") : `${Math.round(confidence * 100)}%`;
}

/** How much: 640 MB, 21.6 GB, 1.2 TB. */
export function bytes(size: number): string {
  for (const [unit, of] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6]] as const) {
    if (size >= of) return `${(size / of).toFixed(size >= 100 * of ? 0 : 1)} ${unit}`;
  }
  return `${Math.ceil(size / 1_000)} kB`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
