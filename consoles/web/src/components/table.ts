/** A table that people read while it changes: sorted by a column, still under the pointer, one row chosen by keyboard. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../i18n/i18n";
import { StableOrder } from "./stable_order";
import { shared, View } from "./view";

export interface Column<R> {
  readonly id: string;
  readonly title: string;
  readonly number?: boolean;
  cell(row: R): TemplateResult | string;
  /** What the column sorts by; none and it cannot be sorted. */
  sort?(row: R): string | number;
}

const PAGE_ROWS = 100;
const collator = new Intl.Collator("zh-CN", { numeric: true });

/** Tells `choose` with the row's key on click or Enter. */
@customElement("t-table")
export class Table<R = unknown> extends View {
  static override styles = [
    shared,
    css`
      :host {
        overflow: auto;
        font-size: var(--t1);
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        position: sticky;
        top: 0;
        background: var(--panel);
        color: var(--text-2);
        font-weight: 400;
        text-align: left;
        padding: 0;
        z-index: 1;
      }
      th button {
        min-height: 28px;
        padding: 0 var(--s2);
        border: none;
        background: none;
        color: inherit;
      }
      th.number button {
        width: 100%;
        justify-content: flex-end;
      }
      td {
        padding: var(--s1) var(--s2);
        border-top: var(--hair) solid var(--line);
        white-space: nowrap;
      }
      tbody tr {
        cursor: pointer;
      }
      tbody tr:hover {
        background: var(--raised);
      }
      tr[aria-selected="true"] {
        background: var(--accent-dim);
      }
      tr:focus-visible {
        outline-offset: -2px;
      }
      .foot {
        padding: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) columns: readonly Column<R>[] = [];
  @property({ attribute: false }) rows: ReadonlyMap<string, R> = new Map();
  @property() chosen = "";
  @property() label = "";
  @property() sortBy = "";
  @state() private descending = false;
  @state() private limit = PAGE_ROWS;
  @state() private held = false;
  private readonly order = new StableOrder();
  private shown: readonly string[] = [];

  protected override willUpdate(_changed: PropertyValues): void {
    this.shown = this.order.arrange(this.sorted(), this.held);
  }

  override render(): TemplateResult {
    if (this.rows.size === 0) return html`<slot><t-state kind="empty"></t-state></slot>`;
    const keys = this.shown.slice(0, this.limit);
    return html`<table
        aria-label=${this.label}
        @pointerenter=${() => (this.held = true)}
        @pointerleave=${() => (this.held = false)}
        @keydown=${this.onKey}
      >
        <thead>
          <tr>
            ${this.columns.map((column) => this.head(column))}
          </tr>
        </thead>
        <tbody>
          ${repeat(keys, (key) => key, (key, index) => this.line(key, index))}
        </tbody>
      </table>
      ${this.shown.length > keys.length ? this.foot(keys.length) : nothing}`;
  }

  private head(column: Column<R>): TemplateResult {
    const sorting = this.sortBy === column.id;
    const arrow = sorting ? (this.descending ? "▾" : "▴") : "";
    const order = sorting ? (this.descending ? "descending" : "ascending") : "none";
    return html`<th scope="col" class=${column.number ? "number" : ""} aria-sort=${order}>
      ${column.sort === undefined
        ? html`<button disabled style="border:none">${column.title}</button>`
        : html`<button title=${t("table.sort", { column: column.title })} @click=${() => this.sortOn(column.id)}>${column.title} ${arrow}</button>`}
    </th>`;
  }

  private line(key: string, index: number): TemplateResult {
    const row = this.rows.get(key);
    if (row === undefined) return html``;
    const chosen = key === this.chosen;
    return html`<tr data-key=${key} tabindex=${chosen || (this.chosen === "" && index === 0) ? 0 : -1} aria-selected=${chosen}
      @click=${() => this.tell("choose", key)}>
      ${this.columns.map((column) => html`<td class=${column.number ? "number" : ""}>${column.cell(row)}</td>`)}
    </tr>`;
  }

  private foot(shown: number): TemplateResult {
    const total = this.shown.length;
    return html`<div class="row foot quiet">
      <span>${t("state.too_many", { shown, total })}</span>
      <button @click=${() => (this.limit += PAGE_ROWS)}>${t("table.more", { n: Math.min(PAGE_ROWS, total - shown) })}</button>
    </div>`;
  }

  private sortOn(id: string): void {
    this.descending = this.sortBy === id && !this.descending;
    this.sortBy = id;
    this.held = false;
  }

  private sorted(): string[] {
    const keys = [...this.rows.keys()];
    const column = this.columns.find((each) => each.id === this.sortBy);
    if (column?.sort === undefined) return keys;
    const by = new Map<string, string | number>();
    for (const [key, row] of this.rows) by.set(key, column.sort(row));
    const sign = this.descending ? -1 : 1;
    return keys.sort((a, b) => sign * compare(by.get(a) ?? "", by.get(b) ?? "") || collator.compare(a, b));
  }

  private onKey(event: KeyboardEvent): void {
    const line = (event.target as HTMLElement).closest("tr");
    const key = line?.dataset["key"];
    if (line === null || key === undefined) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = step > 0 ? line.nextElementSibling : line.previousElementSibling;
      if (next instanceof HTMLElement) next.focus();
    } else if (event.key === "Enter") {
      event.stopPropagation();
      this.tell("choose", key);
    }
  }
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}

declare global {
  interface HTMLElementTagNameMap {
    "t-table": Table;
  }
}
