/** What the forms of stations, units, devices and fences share. Each tells `save` with the request; an id that is taken already is refused here, since with it another would be changed. */

import { html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Request } from "../../wire";
import { formStyles } from "./styles";
import { ID_PATTERN } from "./unit_words";

export abstract class EnrolForm extends View {
  static override styles = [shared, formStyles];

  /** Empty for a new one. */
  @property() row = "";
  /** Ids that are taken; and one that is not, to begin with. */
  @property({ attribute: false }) taken: { has(id: string): boolean } = new Set();
  @property() free = "";
  @property({ type: Boolean }) busy = false;
  @state() protected wrong = "";

  protected override firstUpdated(): void {
    if (this.row === "") this.renderRoot.querySelector<HTMLElement>("input, select")?.focus();
  }

  protected idField(how: string): TemplateResult {
    if (this.row !== "") return html`<p class="quiet">${t("units.id")}${t("list.colon")}${this.row}</p>`;
    return html`<label>${t("units.id")}<input name="id" required maxlength="64" pattern=${ID_PATTERN} autocomplete="off" spellcheck="false" .value=${this.free} /></label>
      <p class="quiet">${how}</p>`;
  }

  protected field(name: string, label: string, value: string, more: { readonly pattern?: string; readonly type?: string; readonly optional?: boolean; readonly most?: number } = {}): TemplateResult {
    return html`<label>${label}<input name=${name} type=${more.type ?? "text"} ?required=${more.optional !== true} maxlength=${more.most ?? 100} pattern=${more.pattern ?? nothing} autocomplete="off" .value=${value} /></label>`;
  }

  protected choice(name: string, label: string, options: readonly (readonly [value: string, text: string])[], chosen: string, isNeeded = true): TemplateResult {
    return html`<label>${label}<select name=${name} ?required=${isNeeded}>${options.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}</select></label>`;
  }

  protected end(): TemplateResult {
    return html`${this.wrong === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${this.wrong}</p>`}
      <div class="keys"><button class="primary" ?disabled=${this.busy}>${t(this.row === "" ? "units.enrol" : "action.save")}</button></div>`;
  }

  /** What the form says by the names of its fields; null, and said so, where its id is another's. */
  protected given(event: SubmitEvent): { readonly id: string; text(name: string): string } | null {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const id = this.row || text("id");
    this.wrong = this.row === "" && this.taken.has(id) ? t("units.taken", { id }) : "";
    return this.wrong === "" ? { id, text } : null;
  }

  protected save(request: Request): void {
    this.tell<Request>("save", request);
  }
}

/** The number of a telephone as the hub takes it. */
export const PHONE_PATTERN = "[0-9+*#\\- ]*";
