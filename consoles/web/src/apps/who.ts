/** Who did something, in words: a person, the hub, an outside service, or the script of a rehearsal in a part. */

import { t, word } from "../i18n/i18n";
import type { UnitRow } from "../wire";

/** `name` says whose account it is, and gives back ids that are nobody's. */
export function whoWords(id: string, name: (id: string) => string, units: ReadonlyMap<string, Pick<UnitRow, "name">>): string {
  if (!id.startsWith("script:")) return word("who", name(id));
  const played = id.slice("script:".length);
  return t("director.script", { role: units.get(played)?.name ?? word("role", played) });
}
