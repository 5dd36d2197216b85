/** Single bars above the terminal: what was recalled, where it is. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { OrderRow } from "../../wire";
import { reached_ms } from "../picture";
import type { PositionReporter } from "./position";

/** `anew` is the order that runs now for the same situation, of the same name: which of the two is off must not be guessed. */
export function recalledBar(order: OrderRow, title: string, anew: OrderRow | null, now_ms: number, onKnown: () => void): TemplateResult {
  const given = format.instant(order.issued_ms, now_ms);
  const recalled = format.instant(reached_ms(order), now_ms);
  return html`<div class="bar recalled" role="alert">${icon("ban")} <span class="grow"><b>${t(anew === null ? "mobile.recalled" : "mobile.recalled_old", { title })}</b>
      <br />${t("mobile.recalled_at", { given, recalled })}<br />${order.why}
      ${anew === null ? nothing : html`<br /><b>${t("mobile.given_anew", { time: format.instant(anew.issued_ms, now_ms) })}</b>`}</span>
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
