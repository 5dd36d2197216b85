/** Looking up where a vehicle passed on the last day, by its whole plate and with a reason, which is recorded. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/picture";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { pictureOf, type Found } from "../vehicles/search_wire";
import { mobileStyles, tabStyles } from "./styles";

/** As far back as the hub tells a terminal, less what its clock and ours may differ. */
const BACK_MS = 24 * 3_600_000 - 60_000;

@customElement("mobile-query")
export class QueryTab extends View {
  static override styles = [shared, tabStyles, mobileStyles];

  @property({ attribute: false }) api: Api | null = null;
  @state() private found: (Found & { readonly plate: string; readonly asked_ms: number }) | null = null;
  @state() private failure = "";
  @state() private busy = false;

  override render(): TemplateResult {
    return html`<form @submit=${this.submit}>
        <label>${t("query.plate")}<input name="plate" required minlength="5" maxlength="16" autocapitalize="characters" autocomplete="off" /></label>
        <label>${t("query.reason")}<input name="reason" required maxlength="500" autocomplete="off" /></label>
        <button class="primary" ?disabled=${this.busy}>${icon("search")} ${t("query.go")}</button>
        <p class="quiet">${t("query.notice")}</p>
      </form>
      ${this.busy ? html`<t-state kind="loading"></t-state>` : nothing}
      ${this.failure === "" ? nothing : html`<t-state kind="error" text=${this.failure}></t-state>`}
      ${this.found === null ? nothing : this.results(this.found)}`;
  }

  private results({ sightings, places, left, plate, asked_ms }: NonNullable<QueryTab["found"]>): TemplateResult {
    const counted = html`<p class="quiet" role="status">${t("query.asked", { plate, time: format.moment(asked_ms, Date.now()) })} · ${t("query.left", { left })}</p>`;
    if (sightings.length === 0) return html`${counted}<t-state kind="hint" text=${t("query.none")}></t-state>`;
    return html`${counted}<ul class="files">
      ${sightings.slice(0, 50).map(
        (each) => html`<li>
          ${pictureOf(each) === "" ? icon("car") : html`<t-picture src=${pictureOf(each)} alt=${each.plate}></t-picture>`}
          <span><b>${each.plate}</b><br />${places[each.camera]?.name ?? each.camera}<br /><span class="quiet">${t("query.seen", { reads: each.reads, sure: format.sureness(each.confidence) })}</span></span>
          <span class="number">${format.moment(each.first_ms, Date.now())}</span>
        </li>`,
      )}
    </ul>`;
  }

  private readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const now_ms = Date.now();
    const ask = { plate: String(form.get("plate")), reason: String(form.get("reason")), from_ms: now_ms - BACK_MS, to_ms: now_ms + 60_000 };
    this.busy = true;
    this.failure = "";
    try {
      const found = await this.api?.post<Found>(this.api.inSpace("/api/v1/sightings/search"), ask);
      this.found = found === undefined ? null : { ...found, plate: ask.plate, asked_ms: now_ms };
    } catch (error) {
      this.failure = describe(error);
    } finally {
      this.busy = false;
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "mobile-query": QueryTab;
  }
}
