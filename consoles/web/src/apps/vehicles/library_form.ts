/** Asking for a list: its file is read first, then what it is for and until when. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { LibraryRow, Level } from "../../wire";
import "./library_file";
import type { LibraryRead } from "./library_file";
import "./library_terms";
import { EVERYWHERE, type LibraryTerms } from "./library_terms";
import { sideStyles } from "./watches_styles";

const DAY_MS = 86_400_000;
const DAYS = [30, 90, 365] as const;
const LEVELS: readonly Level[] = [1, 2, 3, 4];
const ACTIONS: readonly LibraryRow["action"][] = ["alarm", "follow", "check", "intercept"];

@customElement("library-form")
export class LibraryForm extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ type: Number }) now_ms = 0;
  @state() private found: LibraryRead | null = null;
  @state() private name = "";
  @state() private reason = "";
  @state() private office = "";
  @state() private level: Level = 2;
  @state() private action: LibraryRow["action"] = "alarm";
  @state() private days = 365;
  @state() private terms: LibraryTerms = EVERYWHERE;
  @state() private refusal = "";
  @state() private busy = false;

  override render(): TemplateResult {
    const lacking = this.lacking();
    return html`<form aria-label=${t("libraries.form")} @submit=${(event: Event) => void this.submit(event)}>
      <h2>${t("libraries.form")}</h2>
      <library-file style="padding:0" .connection=${this.connection} @read=${(event: CustomEvent<LibraryRead | null>) => (this.found = event.detail)}></library-file>
      ${this.field(t("libraries.name"), 100, this.name, (value) => (this.name = value))}
      ${this.field(t("watches.reason"), 500, this.reason, (value) => (this.reason = value))}
      ${this.field(t("watches.office"), 100, this.office, (value) => (this.office = value))}
      <fieldset><legend>${t("watches.level")}</legend><div class="segments">${LEVELS.map((level) => html`<button type="button" aria-pressed=${level === this.level} @click=${() => (this.level = level)}>${["I", "II", "III", "IV"][level - 1]} ${word("level", String(level))}</button>`)}</div></fieldset>
      <fieldset><legend>${t("watches.action")}</legend><div class="segments">${ACTIONS.map((action) => html`<button type="button" aria-pressed=${action === this.action} @click=${() => (this.action = action)}>${word("watch_action", action)}</button>`)}</div></fieldset>
      <fieldset><legend>${t("watches.until")}</legend><div class="segments">${DAYS.map((days) => html`<button type="button" aria-pressed=${days === this.days} @click=${() => (this.days = days)}>${t("watches.days", { n: days })}</button>`)}</div></fieldset>
      <library-terms style="padding:0" .connection=${this.connection} @terms=${(event: CustomEvent<LibraryTerms>) => (this.terms = event.detail)}></library-terms>
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div class="keys"><button class="primary" ?disabled=${lacking.length > 0 || this.busy}>${icon("send")} ${t("libraries.ask")}</button>
        ${lacking.length === 0 ? nothing : html`<span class="quiet">${t("watches.lacking", { what: lacking.join(t("list.comma")) })}</span>`}</div>
    </form>`;
  }

  private field(name: string, most: number, value: string, set: (value: string) => void): TemplateResult {
    return html`<label><span>${name}</span><input maxlength=${most} autocomplete="off" .value=${value} @input=${(event: Event) => set(valueOf(event))} /></label>`;
  }

  private lacking(): string[] {
    const lacking = [
      [this.found === null, t("libraries.file")],
      [this.name.trim() === "", t("libraries.name")],
      [this.reason.trim() === "", t("watches.reason")],
    ].flatMap(([lacks, name]) => (lacks === true ? [String(name)] : []));
    return [...lacking, ...this.terms.lacking];
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const { connection, found } = this;
    if (connection === null || found === null || this.lacking().length > 0) return;
    this.busy = true;
    try {
      const { library } = await connection.api.post<{ library: string }>(connection.api.inSpace("/api/v1/watches/libraries"), {
        name: this.name.trim(), reason: this.reason.trim(), office: this.office.trim(), level: this.level, action: this.action,
        until_ms: Math.round(this.now_ms) + this.days * DAY_MS, sha256: found.sha256,
        look_alike: this.terms.look_alike, area: this.terms.area, hours: this.terms.hours,
      });
      this.refusal = "";
      this.tell("asked", library);
    } catch (error) {
      this.refusal = describe(error);
    }
    this.busy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "library-form": LibraryForm;
  }
}
