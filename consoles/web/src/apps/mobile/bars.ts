/** Single bars above the terminal: what was recalled, where it is. */

import { html, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { PositionReporter } from "./position";

export function recalledBar(title: string, why: string, onKnown: () => void): TemplateResult {
  return html`<div class="bar recalled" role="alert">${icon("ban")} <span class="grow"><b>${t("mobile.recalled", { title })}</b><br />${why}</span>
    <button @click=${onKnown}>${t("mobile.dismiss")}</button></div>`;
}

export function positionWords(reporter: PositionReporter | null): string {
  if (reporter === null || reporter.state === "off") return t("position.off");
  if (reporter.state !== "reporting" || reporter.last === null) {
    return t(reporter.state === "denied" ? "position.denied" : reporter.state === "unavailable" ? "position.unavailable" : "position.searching");
  }
  const words = t("position.reporting", { accuracy: format.distance(reporter.last.accuracy_m) });
  return reporter.waiting > 2 ? `${words} · ${t("position.kept", { n: reporter.waiting })}` : words;
}
