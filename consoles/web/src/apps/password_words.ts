/** Why a new password is not even sent. Pure. */

import { t } from "../i18n/i18n";

/** What the hub takes (`PASSWORD_LEAST_CHARS`, `PASSWORD_MOST_CHARS`). */
export const [LEAST_CHARS, MOST_CHARS] = [8, 256];

/** Why a form is not sent, before anybody is asked; empty where it is. */
export function faultOf(old: string, fresh: string, again: string): string {
  // As the hub counts: by characters, not by what they take in UTF-16.
  const { length } = [...fresh];
  if (length < LEAST_CHARS || length > MOST_CHARS) return t("refusal.password_length", { least: LEAST_CHARS, word: MOST_CHARS });
  if (fresh !== again) return t("password.differs");
  return fresh === old ? t("password.same") : "";
}
