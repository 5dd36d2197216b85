/** Why there is no recording, in the language of who looks; with the technician's words behind it. */

import { t, word } from "../../i18n/i18n";
import type { Gap } from "./recorded_times";

export function gapWords(gap: Pick<Gap, "reason" | "detail">, withDetail: boolean = true): string {
  const detail = withDetail ? (gap.detail ?? "") : "";
  const why = word("gap", gap.reason);
  return detail === "" ? why : t("gaps.detail", { why, detail });
}
