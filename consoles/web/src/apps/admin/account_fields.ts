/** Fields that forms of accounts share: the roles to tick, and the unit an officer belongs to. No page element here. */

import { html, type TemplateResult } from "lit";
import { t, word } from "../../i18n/i18n";
import type { UnitRow } from "../../wire";
import { ROLES, type Role } from "./account_words";

export function roleTicks(chosen: ReadonlySet<Role>, choose: (roles: ReadonlySet<Role>) => void): TemplateResult {
  const toggle = (role: Role): void => {
    const roles = new Set(chosen);
    if (!roles.delete(role)) roles.add(role);
    choose(roles);
  };
  return html`<fieldset class="ticks"><legend>${t("accounts.roles")}</legend>
    ${ROLES.map((role) => html`<label class="tick"><input type="checkbox" name="role" value=${role} .checked=${chosen.has(role)} @change=${() => toggle(role)} />${word("role", role)}</label>`)}
  </fieldset>`;
}

/** An officer's terminal shows the orders of one unit: without it there is nothing to show. */
export function unitChoice(units: readonly UnitRow[], isNeeded: boolean, now = ""): TemplateResult {
  const options: [id: string, name: string][] = [["", t("accounts.unit_none")], ...units.map(({ id, name }): [string, string] => [id, name])];
  // An account may name a unit that nobody enrolled: that is no reason to take it away.
  if (!options.some(([id]) => id === now)) options.push([now, now]);
  return html`<label>${t(isNeeded ? "accounts.unit_needed" : "accounts.unit")}<select name="unit" ?required=${isNeeded}>
    ${options.map(([id, name]) => html`<option value=${id} ?selected=${id === now}>${name}</option>`)}</select></label>`;
}
