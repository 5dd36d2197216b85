/** Why there is no recording, in the language of who looks; with the technician's words behind it. */

import { word } from "../../i18n/i18n";
import type { Gap } from "./recorded_times";

export function gapWords(gap: Pick<Gap, "reason" | "detail">, withDetail: boolean = true): string {
  const detail = withDetail ? (gap.detail ?? "") : "";
  return detail === "" ? word("gap", gap.reason) : `${word("gap", gap.reason)}（${detail}）`;
}
