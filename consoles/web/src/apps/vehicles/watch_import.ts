/** A file of entries: tried first, every fault by row and column, then what is right is asked for in one go. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { shared, View } from "../../components/view";
import { language, t } from "../../i18n/i18n";
import { uuid, type Connection } from "../../sync/connect";
import { sideStyles } from "./watches_styles";

interface Problem {
  readonly row: number;
  readonly column: string;
  readonly code: string;
  readonly zh: string;
  readonly en: string;
  readonly value: string;
}

/** What the hub says of a file. */
interface Told {
  readonly rows: number;
  readonly good: number;
  readonly requested: number;
  readonly batch: string;
  readonly problems: readonly Problem[];
  readonly problems_more: number;
  readonly duplicates: readonly { readonly row: number; readonly pattern: string; readonly of: "file" | "list"; readonly of_row: number }[];
  readonly mixed_encodings: boolean;
  readonly entries: readonly { readonly row: number; readonly entry: { readonly pattern: string; readonly reason: string; readonly level: number } }[];
}

@customElement("watch-import")
export class WatchImport extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @state() private file: File | null = null;
  @state() private told: Told | null = null;
  @state() private busy = false;
  @state() private refusal = "";
  /** One for each file that is chosen, so that asking twice asks once. */
  private key = "";

  override render(): TemplateResult {
    return html`<section aria-label=${t("watches.import")}>
      <h2>${t("watches.import")}</h2>
      <label><span>${t("watches.file")}</span><input type="file" accept=".csv,.txt,.xlsx,.xls" @change=${(event: Event) => void this.choose(event)} /></label>
      <p><a href="/api/v1/watches/template.csv" download>${icon("down")} ${t("watches.template")}</a></p>
      ${this.busy ? html`<t-state kind="loading" text=${t("watches.reading")}></t-state>` : nothing}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.told === null || this.busy ? nothing : this.summary(this.told)}</div>
      ${this.told === null || this.busy ? nothing : this.details(this.told)}
    </section>`;
  }

  private summary(told: Told): TemplateResult {
    if (told.requested > 0) {
      return html`<p class="done">${icon("check")} ${t("watches.taken", { n: told.requested })}</p>
        <p><button @click=${() => this.tell("batch", told.batch)}>${icon("eye")} ${t("watches.show_batch")}</button></p>`;
    }
    const wrong = told.problems.length + told.problems_more;
    return html`<p>${t("watches.file_found", { rows: told.rows, good: told.good, twice: told.duplicates.length, wrong })}</p>
      ${told.mixed_encodings ? html`<p class="error">${icon("alert")} ${t("watches.mixed")}</p>` : nothing}
      ${told.good === 0 ? nothing : html`<p class="keys"><button class="primary" @click=${() => void this.send(false)}>${icon("send")} ${t("watches.take", { n: told.good })}</button></p>`}`;
  }

  private details(told: Told): TemplateResult {
    return html`${told.problems.length === 0 ? nothing : this.problems(told)}
      ${told.duplicates.length === 0
        ? nothing
        : html`<h3>${t("watches.twice")}</h3><ul class="scroll">${told.duplicates.map((each) => html`<li>${each.of === "file" ? t("watches.twice_file", { row: each.row, plate: each.pattern, of: each.of_row }) : t("watches.twice_list", { row: each.row, plate: each.pattern })}</li>`)}</ul>`}
      ${told.entries.length === 0
        ? nothing
        : html`<h3>${t("watches.good")}</h3><div class="scroll" tabindex="0" role="region" aria-label=${t("watches.good")}><table>
            <thead><tr><th scope="col">${t("watches.file_row")}</th><th scope="col">${t("watches.plate")}</th><th scope="col">${t("watches.level")}</th><th scope="col">${t("watches.reason")}</th></tr></thead>
            <tbody>${told.entries.map(({ row, entry }) => html`<tr><td>${row}</td><td>${entry.pattern}</td><td>${["I", "II", "III", "IV"][entry.level - 1]}</td><td>${entry.reason}</td></tr>`)}</tbody></table></div>`}`;
  }

  private problems(told: Told): TemplateResult {
    return html`<h3>${t("watches.faults")}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("watches.faults")}><table>
        <thead><tr><th scope="col">${t("watches.file_row")}</th><th scope="col">${t("watches.file_column")}</th><th scope="col">${t("watches.file_value")}</th><th scope="col">${t("watches.file_fault")}</th></tr></thead>
        <tbody>${told.problems.map((each) => html`<tr><td>${each.row}</td><td>${each.column}</td><td>${each.value}</td><td>${language() === "zh" ? each.zh : each.en}</td></tr>`)}</tbody>
      </table></div>
      ${told.problems_more === 0 ? nothing : html`<p class="quiet">${t("watches.faults_more", { n: told.problems_more })}</p>`}`;
  }

  private async choose(event: Event): Promise<void> {
    this.file = (event.target as HTMLInputElement).files?.[0] ?? null;
    this.key = uuid();
    this.told = null;
    if (this.file !== null) await this.send(true);
  }

  private async send(dry: boolean): Promise<void> {
    const { connection, file } = this;
    if (connection === null || file === null || this.busy) return;
    this.busy = true;
    this.refusal = "";
    try {
      this.told = await connection.api.upload<Told>(connection.api.inSpace(`/api/v1/watches/import?dry_run=${dry ? 1 : 0}`), file, this.key);
    } catch (error) {
      this.refusal = describe(error);
    }
    this.busy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-import": WatchImport;
  }
}
