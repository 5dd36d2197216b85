/** A file of a list: sent to the hub to be read, and what that found, every fault by row. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { language, t } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import { sideStyles } from "./watches_styles";

/** A million rows on a slow line and a busy hub. */
const READING_MS = 900_000;

/** What the hub read. */
export interface LibraryRead {
  readonly sha256: string;
  readonly rows: number;
  readonly entries: number;
  readonly patterns: number;
  readonly added: number;
  readonly removed: number;
  readonly mixed_encodings: boolean;
  readonly problems: readonly { readonly row: number; readonly column: string; readonly zh: string; readonly en: string; readonly value: string }[];
  readonly problems_more: number;
  readonly duplicates: readonly { readonly row: number; readonly pattern: string; readonly of_row: number }[];
  readonly duplicates_more: number;
  readonly dated: number;
  readonly first_until_ms: number;
  readonly last_until_ms: number;
  readonly columns_left: readonly string[];
}

/** Tells `read` with what was found, null while there is nothing. */
@customElement("library-file")
export class LibraryFile extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  /** The list that the file is for; empty for a new one. */
  @property() library = "";
  @state() private found: LibraryRead | null = null;
  @state() private busy = false;
  @state() private refusal = "";

  override render(): TemplateResult {
    return html`<section>
      <label><span>${t("libraries.pick")}</span><input type="file" accept=".csv,.txt,.xlsx,.xls" ?disabled=${this.busy} @change=${(event: Event) => void this.send(event)} /></label>
      <p class="quiet">${t("libraries.pick_about")}</p>
      ${this.busy ? html`<t-state kind="loading" text=${t("libraries.reading")}></t-state>` : nothing}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.found === null ? nothing : this.summary(this.found)}</div>
      ${this.found === null ? nothing : this.faults(this.found)}
    </section>`;
  }

  private summary(found: LibraryRead): TemplateResult {
    const wrong = found.problems.length + found.problems_more;
    const twice = found.duplicates.length + found.duplicates_more;
    return html`<p>${t("libraries.found", { rows: found.rows, n: found.entries, patterns: found.patterns, twice, wrong })}</p>
      ${found.dated === 0 ? nothing : html`<p>${t("libraries.dated", { n: found.dated, first: format.dateWithYear(found.first_until_ms - 1), last: format.dateWithYear(found.last_until_ms - 1) })}</p>`}
      ${found.columns_left.length === 0 ? nothing : html`<p class="quiet">${t("libraries.columns_left", { names: found.columns_left.join("、") })}</p>`}
      ${this.library === "" ? nothing : html`<p><b>${t("libraries.changes", { added: found.added, removed: found.removed })}</b></p>`}
      ${found.mixed_encodings ? html`<p class="error">${icon("alert")} ${t("watches.mixed")}</p>` : nothing}`;
  }

  private faults(found: LibraryRead): TemplateResult {
    const { problems, duplicates } = found;
    return html`${problems.length === 0
      ? nothing
      : html`<h3>${t("watches.faults")}</h3>
          <div class="scroll" tabindex="0" role="region" aria-label=${t("watches.faults")}><table>
            <thead><tr><th scope="col">${t("watches.file_row")}</th><th scope="col">${t("watches.file_value")}</th><th scope="col">${t("watches.file_fault")}</th></tr></thead>
            <tbody>${problems.map((each) => html`<tr><td>${each.row}</td><td>${each.value}</td><td>${language() === "zh" ? each.zh : each.en}</td></tr>`)}</tbody></table></div>
          ${found.problems_more === 0 ? nothing : html`<p class="quiet">${t("libraries.more", { n: found.problems_more })}</p>`}`}
    ${duplicates.length === 0
      ? nothing
      : html`<h3>${t("libraries.twice")}</h3>
          <div class="scroll" tabindex="0" role="region" aria-label=${t("libraries.twice")}><ul>${duplicates.map((each) => html`<li>${t("watches.twice_file", { row: each.row, plate: each.pattern, of: each.of_row })}</li>`)}</ul></div>
          ${found.duplicates_more === 0 ? nothing : html`<p class="quiet">${t("libraries.more", { n: found.duplicates_more })}</p>`}`}`;
  }

  private async send(event: Event): Promise<void> {
    const file = (event.target as HTMLInputElement).files?.[0];
    const { connection } = this;
    this.take(null);
    if (file === undefined || connection === null) return;
    this.busy = true;
    this.refusal = "";
    try {
      const of = this.library === "" ? "" : `?library=${encodeURIComponent(this.library)}`;
      this.take(await connection.api.upload<LibraryRead>(connection.api.inSpace(`/api/v1/watches/libraries/files${of}`), file, undefined, READING_MS));
    } catch (error) {
      this.refusal = describe(error);
    }
    this.busy = false;
  }

  private take(found: LibraryRead | null): void {
    this.found = found;
    this.tell("read", found);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "library-file": LibraryFile;
  }
}
