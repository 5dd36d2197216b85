/** One order with everything its officer needs, and the form that feeds it back. The big next step is beside SOS, under the thumb. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { OrderRow, SituationRow } from "../../wire";
import { distance_m } from "../../map/geography";
import type { Fix } from "./position";
import { eighth, type Progress, type Step } from "./steps";

const STEPS: readonly Step[] = ["signed", "departed", "arrived", "fed_back"];
const REACHED = ["issued", "signed", "departed", "arrived", "fed_back"];
export const RESULTS = ["handled", "mediated", "transferred", "unfounded"] as const;
export type Result = (typeof RESULTS)[number];

export function orderCard(
  order: OrderRow,
  situation: SituationRow | undefined,
  who: (id: string) => string,
  progress: Progress,
  here: Fix | null,
  now_ms: number,
): TemplateResult {
  const place = situation?.place ?? null;
  const sign_ms = order.sign_by_ms - now_ms;
  return html`<article class="order">
    <div class="row">
      ${situation === undefined ? nothing : html`<t-level level=${situation.level} named></t-level>`}
      <span class="grow"></span><span class="quiet number">${format.duration(now_ms - order.issued_ms)}</span>
    </div>
    <h2>${situation?.title ?? order.text}</h2>
    ${place === null
      ? html`<p class="place quiet">${t("situation.no_place")}</p>`
      : html`<p class="place">${icon("pin")} ${place.text || `${place.lat}, ${place.lon}`}</p>
          ${here === null
            ? nothing
            : html`<p class="quiet">${icon("navigation")} ${t("mobile.distance", { far: format.distance(distance_m(here, place)), bearing: t(`bearing.${eighth(here, place)}`) })}</p>`}`}
    ${order.text === "" ? nothing : html`<p class="text">${order.text}</p>`}
    <p class="quiet">${t("mobile.issued_by", { name: who(order.issued_by) })} · ${format.instant(order.issued_ms, now_ms)}</p>
    ${progress.state !== "issued"
      ? nothing
      : sign_ms >= 0
        ? html`<p>${t("mobile.sign_by", { span: format.duration(sign_ms) })}</p>`
        : html`<p class="late">${t("mobile.sign_late", { span: format.duration(-sign_ms) })}</p>`}
    <ol class="steps">
      ${STEPS.map((step) => {
        const done = REACHED.indexOf(progress.state) >= REACHED.indexOf(step);
        const unsent = done && REACHED.indexOf(order.state) < REACHED.indexOf(step);
        return html`<li class="${done ? "done" : ""} ${unsent ? "unsent" : ""}">${word("order_state", step)}${unsent ? html`<br />${t("mobile.unsent")}` : nothing}</li>`;
      })}
    </ol>
  </article>`;
}

export interface FeedbackDraft {
  readonly result: Result | "";
  readonly text: string;
}

export function feedbackForm(draft: FeedbackDraft, onChange: (draft: FeedbackDraft) => void): TemplateResult {
  return html`<form @submit=${(event: Event) => event.preventDefault()}>
    <div class="choices" role="group" aria-label=${t("mobile.result")}>
      ${RESULTS.map(
        (result) => html`<button type="button" aria-pressed=${draft.result === result} @click=${() => onChange({ ...draft, result })}>${t(`mobile.result.${result}`)}</button>`,
      )}
    </div>
    <label>${t("mobile.result_text")}
      <textarea rows="4" maxlength="4000" .value=${draft.text} @input=${(event: Event) => onChange({ ...draft, text: valueOf(event) })}></textarea>
    </label>
    <p class="quiet">${t("mobile.draft")}</p>
  </form>`;
}
