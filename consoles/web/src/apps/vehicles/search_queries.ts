/** Who looked up what and why, newest first, for those who look after it. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import { byKey, queryColumns } from "./search_results";
import type { Queries, QueryRow } from "./search_wire";

@customElement("vehicles-queries")
export class QueriesMade extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: var(--s2);
        min-height: 0;
        flex: 1;
      }
      t-table {
        flex: 1;
        min-height: 0;
      }
      input {
        width: 16em;
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ type: Number }) now_ms = 0;
  @state() private rows: readonly QueryRow[] = [];
  @state() private more = false;
  @state() private failure = "";
  private by = "";

  protected override firstUpdated(): void {
    void this.load();
  }

  override render(): TemplateResult {
    return html`<form class="row" @submit=${this.submit}>
        <label class="row">${t("queries.for_whom")} <input name="by" maxlength="64" autocomplete="off" /></label>
        <button>${t("search.go")}</button>
      </form>
      ${this.failure === "" ? nothing : html`<t-state kind="error" text=${this.failure}></t-state>`}
      <t-table label=${t("queries.label")} .columns=${queryColumns(this.cameras, this.who, this.now_ms)} .rows=${byKey(this.rows, (row) => row.id)}><t-state kind="empty" text=${t("queries.none")}></t-state></t-table>
      ${this.more ? html`<button @click=${() => void this.load(this.rows.at(-1)?.id)}>${t("queries.older")}</button>` : nothing}`;
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.by = String(new FormData(event.target as HTMLFormElement).get("by")).trim();
    void this.load();
  };

  private async load(before = ""): Promise<void> {
    this.failure = "";
    try {
      const path = `/api/v1/queries?${new URLSearchParams({ by: this.by, before }).toString()}`;
      const found = await this.api?.get<Queries>(path);
      if (found === undefined) return;
      this.rows = before === "" ? found.queries : [...this.rows, ...found.queries];
      this.more = found.more;
    } catch (error) {
      this.failure = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-queries": QueriesMade;
  }
}
