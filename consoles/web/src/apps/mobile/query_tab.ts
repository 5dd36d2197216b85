/** Looking up where a vehicle passed, with a reason, which is recorded. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { mobileStyles, tabStyles } from "./styles";

/** A passage of a vehicle before a camera, as `/api/v1/sightings` tells it. */
interface Sighting {
  readonly camera: string;
  readonly plate: string;
  readonly first_ms: number;
  readonly reads: number;
  readonly confidence: number;
  readonly picture: string | null;
}

@customElement("mobile-query")
export class QueryTab extends View {
  static override styles = [shared, tabStyles, mobileStyles];

  @property({ attribute: false }) api: Api | null = null;
  @state() private found: readonly Sighting[] | null = null;
  @state() private failure = "";
  @state() private busy = false;

  override render(): TemplateResult {
    return html`<form @submit=${this.submit}>
        <label>${t("query.plate")}<input name="plate" required minlength="2" maxlength="16" autocapitalize="characters" autocomplete="off" /></label>
        <label>${t("query.reason")}<input name="reason" required maxlength="500" autocomplete="off" /></label>
        <button class="primary" ?disabled=${this.busy}>${icon("search")} ${t("query.go")}</button>
        <p class="quiet">${t("query.notice")}</p>
      </form>
      ${this.busy ? html`<t-state kind="loading"></t-state>` : nothing}
      ${this.failure === "" ? nothing : html`<t-state kind="error" text=${this.failure}></t-state>`}
      ${this.found === null ? nothing : this.results(this.found)}`;
  }

  private results(found: readonly Sighting[]): TemplateResult {
    if (found.length === 0) return html`<t-state kind="empty" text=${t("query.none")}></t-state>`;
    return html`<ul class="files">
      ${found.slice(0, 50).map(
        (each) => html`<li>
          ${each.picture === null || each.picture === "" ? icon("car") : html`<img src="/api/v1/blobs/${each.picture}" alt=${each.plate} loading="lazy" />`}
          <span><b>${each.plate}</b><br />${each.camera}<br /><span class="quiet">${t("query.seen", { reads: each.reads, n: Math.round(each.confidence * 100) })}</span></span>
          <span class="number">${format.moment(each.first_ms, Date.now())}</span>
        </li>`,
      )}
    </ul>`;
  }

  private readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const ask = new URLSearchParams({ plate: String(form.get("plate")).toUpperCase(), reason: String(form.get("reason")) });
    this.busy = true;
    this.failure = "";
    try {
      this.found = (await this.api?.get<readonly Sighting[]>(`/api/v1/sightings?${ask.toString()}`)) ?? null;
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
