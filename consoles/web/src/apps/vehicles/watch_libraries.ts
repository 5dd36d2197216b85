/** Whole lists of the watch list (库) beside its entries: which there are, and whether a plate is watched by anything. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { LibraryRow } from "../../wire";
import "./library_entry";
import { isOpen, type LibraryEntry } from "./library_entry";
import "./library_form";
import type { Rights } from "./watch_entry";
import { watchesStyles } from "./watches_styles";

/** As many entries as all lists together may have (`LIBRARY_ENTRIES`). */
const MOST = 1_000_000;
const ORDER: Readonly<Record<LibraryRow["state"], number>> = { requested: 0, active: 1, lifted: 2, expired: 3 };

interface On {
  readonly plate: string;
  readonly found: readonly { readonly watch: string; readonly how: string; readonly score: number; readonly line: string; readonly note: string; readonly set_aside: boolean }[];
}

@customElement("watch-libraries")
export class WatchLibraries extends View {
  static override styles = [shared, watchesStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) rights: Rights = { ask: false, approve: false, lift: false, reject: false, person: "" };
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Number }) revision = 0;
  @property() chosen = "";
  @state() private isNew = false;
  @state() private plate = "";
  @state() private why = "";
  @state() private on: On | null = null;
  @state() private refusal = "";
  @query("library-entry") private entry!: LibraryEntry | null;

  override render(): TemplateResult {
    const rows = listed(this.connection?.store.rows("libraries") ?? new Map());
    const entries = [...rows.values()].filter(isOpen).reduce((sum, row) => sum + Math.max(row.file?.content.entries ?? 0, row.waiting?.content.entries ?? 0), 0);
    return html`<section class="panel list" aria-label=${t("libraries.title")}>
        <div class="bar">
          <button @click=${() => this.tell("leave", null)}>${icon("eye")} ${t("libraries.entries")} <kbd>L</kbd></button>
          ${this.rights.ask ? html`<button aria-pressed=${this.isNew} @click=${() => this.open()}>${icon("plus")} ${t("libraries.new")} <kbd>N</kbd></button>` : nothing}
          <span class="quiet">${t("libraries.room", { n: format.count(entries), most: format.count(MOST) })}</span>
        </div>
        ${this.lookup()}
        <t-table label=${t("libraries.title")} .columns=${columns(this.now_ms)} .rows=${rows} chosen=${this.chosen} @choose=${(event: CustomEvent<string>) => this.choose(event.detail)}><t-state kind="empty" text=${t("libraries.none")}></t-state></t-table>
      </section>
      <section class="panel" aria-label=${this.isNew ? t("libraries.form") : t("watches.history")}>
        ${this.isNew
          ? html`<library-form .connection=${this.connection} .now_ms=${this.now_ms} @asked=${(event: CustomEvent<string>) => this.choose(event.detail)}></library-form>`
          : html`<library-entry .connection=${this.connection} .library=${rows.get(this.chosen) ?? null} .rights=${this.rights} .who=${this.who} .now_ms=${this.now_ms} .revision=${this.revision}></library-entry>`}
      </section>`;
  }

  private lookup(): TemplateResult {
    if (!this.rights.ask && !this.rights.approve) return html`<div></div>`;
    return html`<div><form class="bar" @submit=${(event: Event) => void this.look(event)}>
        <input id="plate" maxlength="16" autocomplete="off" aria-label=${t("libraries.lookup")} placeholder="${t("libraries.lookup")}  /" .value=${this.plate} @input=${(event: Event) => (this.plate = valueOf(event))} />
        <input maxlength="500" autocomplete="off" aria-label=${t("libraries.lookup_why")} placeholder=${t("libraries.lookup_why")} .value=${this.why} @input=${(event: Event) => (this.why = valueOf(event))} />
        <button ?disabled=${this.plate.trim().length < 2 || this.why.trim() === ""}>${icon("search")} ${t("libraries.look")}</button>
      </form>
      <div role="status">${this.refusal === "" ? nothing : html`<p class="bar error">${icon("alert")} ${this.refusal}</p>`}${this.on === null ? nothing : this.found(this.on)}</div></div>`;
  }

  private found(on: On): TemplateResult {
    if (on.found.length === 0) return html`<p class="bar">${icon("check")} ${t("libraries.on_none", { plate: on.plate })}</p>`;
    const store = this.connection?.store;
    return html`<div class="bar"><b>${icon("alert")} ${t("libraries.on", { plate: on.plate, n: on.found.length })}</b>
      <ul>${on.found.map((each) => {
        const watch = store?.rows("watches").get(each.watch);
        const said = each.line === "" ? t("libraries.on_entry", { pattern: watch?.pattern ?? each.watch, reason: watch?.reason ?? "" }) : t("libraries.on_list", { name: store?.rows("libraries").get(each.watch)?.name ?? each.watch, line: each.line });
        return html`<li>${said} · ${word("hit_how", each.how)}${each.note === "" ? "" : ` · ${each.note}`}${each.set_aside ? html` · ${icon("close")} ${t("libraries.set_aside")}` : nothing}</li>`;
      })}</ul></div>`;
  }

  private choose(library: string): void {
    this.chosen = library;
    this.isNew = false;
  }

  private open(): void {
    this.isNew = !this.isNew;
    void this.updateComplete.then(() => this.renderRoot.querySelector("library-form")?.updateComplete).then(() => this.renderRoot.querySelector("library-form")?.shadowRoot?.querySelector("library-file")?.shadowRoot?.querySelector<HTMLElement>("input")?.focus());
  }

  private async look(event: Event): Promise<void> {
    event.preventDefault();
    const { connection } = this;
    if (connection === null) return;
    try {
      this.on = await connection.api.post<On>(connection.api.inSpace("/api/v1/watches/lookup"), { plate: this.plate.trim(), reason: this.why.trim() });
      this.refusal = "";
    } catch (error) {
      [this.on, this.refusal] = [null, describe(error)];
    }
  }

  /** A key of this tab that means something here; says whether it did. */
  press(code: string): boolean {
    switch (code) {
      case "Slash":
        this.renderRoot.querySelector<HTMLElement>("#plate")?.focus();
        return true;
      case "KeyN":
        if (this.rights.ask) this.open();
        return true;
      case "KeyR":
        this.entry?.begin("replace");
        return true;
      case "KeyA":
        this.entry?.judge("approve");
        return true;
      case "KeyD":
        this.entry?.judge("decline");
        return true;
      case "KeyT":
        this.entry?.begin("terms");
        return true;
      case "KeyU":
        this.entry?.begin("lift");
        return true;
      case "KeyX":
        this.entry?.rejectNewest();
        return true;
      case "Escape":
        this.entry?.cancel();
        return true;
      default:
        return false;
    }
  }
}

/** What waits first, then what is in force. */
export function listed(rows: ReadonlyMap<string, LibraryRow>): ReadonlyMap<string, LibraryRow> {
  const waits = (row: LibraryRow): number => (row.waiting === null || row.waiting === undefined ? 1 : 0);
  const sorted = [...rows.values()].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || waits(a) - waits(b) || ORDER[a.state] - ORDER[b.state] || a.level - b.level || b.requested_ms - a.requested_ms);
  return new Map(sorted.map((row) => [row.id, row]));
}

function columns(now_ms: number): Column<LibraryRow>[] {
  const loaded = (row: LibraryRow): number => row.file?.at_ms ?? row.waiting?.at_ms ?? row.requested_ms;
  return [
    { id: "level", title: t("watches.level"), cell: (row) => ["I", "II", "III", "IV"][row.level - 1] ?? "", sort: (row) => row.level },
    { id: "name", title: t("libraries.name"), cell: (row) => html`<b>${row.name}</b>`, sort: (row) => row.name },
    { id: "state", title: t("watches.state"), cell: (row) => html`${word("watch_state", row.state)}${row.state === "active" && row.waiting ? html` · ${icon("history")} ${t("libraries.waiting")}` : nothing}`, sort: (row) => ORDER[row.state] },
    { id: "count", title: t("libraries.count"), number: true, cell: (row) => format.count(row.file?.content.entries ?? row.waiting?.content.entries ?? 0), sort: (row) => -(row.file?.content.entries ?? 0) },
    { id: "action", title: t("watches.action"), cell: (row) => word("watch_action", row.action), sort: (row) => row.action },
    { id: "office", title: t("watches.office"), cell: (row) => row.office, sort: (row) => row.office },
    { id: "hits", title: t("watches.hits"), number: true, cell: (row) => String(row.hits), sort: (row) => -row.hits },
    { id: "wrong", title: t("watches.wrong"), number: true, cell: (row) => (row.wrong_share === null || row.wrong_share === undefined ? "" : `${Math.round(row.wrong_share * 100)}%`), sort: (row) => -(row.wrong_share ?? 0) },
    { id: "loaded", title: t("libraries.loaded"), number: true, cell: (row) => format.moment(loaded(row), now_ms), sort: (row) => -loaded(row) },
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-libraries": WatchLibraries;
  }
}
