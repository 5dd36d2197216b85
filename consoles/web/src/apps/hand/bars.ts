/** A bar above a page in the hand: what the hub did not take. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import { refusalWords } from "../../components/refusals";
import { t, word } from "../../i18n/i18n";
import type { Entry } from "../../sync/outbox";

/** `about` names what it was, where the page shows more than one thing. */
export function refusedBar(entry: Entry, onKnown: () => void, about = ""): TemplateResult {
  const { code = "", detail: said = "" } = entry.refused ?? {};
  const detail = refusalWords(said) || `${word("problem", code)} ${said}`;
  return html`<div class="bar" role="alert">${icon("ban")} <span class="grow">${about === "" ? nothing : html`<b>${about}</b><br />`}${t("mobile.refused", { detail })}</span>
    <button @click=${onKnown}>${t("mobile.dismiss")}</button></div>`;
}
