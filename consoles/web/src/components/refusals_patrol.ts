/** Refusals of questions about where patrols were. Pure. */

import { t } from "../i18n/i18n";
import type { Words } from "./refusals";

export const PATROL_REFUSED: readonly (readonly [RegExp, Words])[] = [
  [/^a station's desk looks up its own units/, () => t("refusal.own_units")],
  [/^more than (?<n>\d+) fixes/, ({ n = "" }) => t("refusal.too_many_fixes", { word: n })],
  [/^more than (?<n>\d+) devices then/, ({ n = "" }) => t("refusal.too_many_devices", { word: n })],
  [/^a file holds (?<n>\d+) lines/, ({ n = "" }) => t("refusal.too_many_lines", { word: n })],
  [/^more stops, gaps and calls than one answer tells/, () => t("refusal.too_many_marks")],
];
