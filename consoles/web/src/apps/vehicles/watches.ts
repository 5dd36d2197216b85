/** The watch list (布控): entries by state and words, and beside them one with its hits, a request, or a file. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import { typedInto, valueOf } from "../../components/typing";
import { PageKeys, shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { WatchRow } from "../../wire";
import { VehiclesTab } from "./shared";
import "./watch_entry";
import type { Rights, WatchEntry } from "./watch_entry";
import "./watch_form";
import "./watch_import";
import "./watch_libraries";
import { approvable, isDoubtful, listed, SHOWS, untilText, wrongText, type Listing, type Show } from "./watch_words";
import { watchesStyles } from "./watches_styles";

type Side = "entry" | "new" | "import";

@customElement("vehicles-watches")
export class VehiclesWatches extends VehiclesTab {
  static override styles = [shared, watchesStyles];

  @state() private listing: Listing = { show: "all", words: "", batch: "" };
  @state() private chosen = "";
  @state() private side: Side = "entry";
  @state() private plate = "";
  @state() private library = "";
  @state() private approving = false;
  /** Whole lists are shown instead of entries. */
  @state() private ofLists = false;
  @state() private refusal = "";
  @query("watch-entry") private entry!: WatchEntry | null;
  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("detail") && this.active) this.onDetail();
  }

  /** `plate=湘F12345` begins a request for it; `watch=w17` and `hit=h20` show an entry. */
  private onDetail(): void {
    const [name = "", value = ""] = this.detail.split("=");
    if (name === "plate" && value !== "" && this.rights().ask) [this.side, this.plate] = ["new", value];
    if (name === "watch") this.show(value);
    if (name === "hit") this.show(this.rows("hits").get(value)?.watch ?? "");
    if (name === "library") this.show(value);
  }

  /** Show an entry, or the list that an id names. */
  private show(id: string): void {
    this.ofLists = this.rows("libraries").has(id);
    if (this.ofLists) this.library = id;
    else [this.side, this.chosen] = ["entry", id];
  }

  private rights(): Rights {
    return {
      ask: this.has("call_taker", "dispatcher", "commander", "camera_watch"),
      approve: this.has("duty_leader", "commander"),
      lift: this.has("dispatcher", "duty_leader", "commander", "camera_watch"),
      reject: this.has("call_taker", "dispatcher", "commander", "camera_watch"),
      person: this.actor?.id ?? "",
    };
  }

  override render(): TemplateResult {
    const { connection } = this;
    if (connection === null) return html``;
    const rights = this.rights();
    if (this.ofLists) {
      return html`<watch-libraries style="grid-column:1/-1;min-height:0" .connection=${connection} .rights=${rights} .who=${this.who} .now_ms=${this.now_ms} .revision=${this.revision} chosen=${this.library} @leave=${() => (this.ofLists = false)}></watch-libraries>`;
    }
    const rows = listed(this.rows("watches"), this.listing);
    return html`<section class="panel list" aria-label=${t("watches.list")}>
        <div class="bar">
          <input id="find" role="searchbox" autocomplete="off" aria-label=${t("watches.find")} placeholder="${t("watches.find")}  /" .value=${this.listing.words} @input=${(event: Event) => (this.listing = { ...this.listing, words: valueOf(event) })} />
          ${rights.ask
            ? html`<button aria-pressed=${this.side === "new"} @click=${() => this.open("new")}>${icon("plus")} ${t("watches.new")} <kbd>N</kbd></button>
                <button aria-pressed=${this.side === "import"} @click=${() => this.open("import")}>${icon("evidence")} ${t("watches.import")} <kbd>I</kbd></button>`
            : nothing}
          <button @click=${() => (this.ofLists = true)}>${icon("tasks")} ${t("libraries.title")} <kbd>L</kbd></button>
        </div>
        <div class="bar" role="group" aria-label=${t("watches.state")}>${SHOWS.map((show) => this.showButton(show))}${this.batch()}${rights.approve ? this.approveAll(rows.values(), rights) : nothing}</div>
        <t-table label=${t("watches.list")} .columns=${columns(this.now_ms)} .rows=${rows} chosen=${this.chosen} @choose=${(event: CustomEvent<string>) => this.choose(event.detail)}><t-state kind="empty" text=${t("watches.none")}></t-state></t-table>
      </section>
      <section class="panel" aria-label=${this.side === "import" ? t("watches.import") : this.side === "new" ? t("watches.form") : t("watches.history")}>${this.beside(rights)}</section>`;
  }

  private showButton(show: Show): TemplateResult {
    const count = listed(this.rows("watches"), { show, words: "", batch: "" }).size;
    const name = show === "all" || show === "doubtful" ? t(`watches.${show}`) : word("watch_state", show);
    return html`<button aria-pressed=${this.listing.show === show} @click=${() => (this.listing = { ...this.listing, show })}>${name} <span class="number quiet">${count}</span></button>`;
  }

  private batch(): TemplateResult | typeof nothing {
    if (this.listing.batch === "") return nothing;
    const n = listed(this.rows("watches"), { show: "all", words: "", batch: this.listing.batch }).size;
    return html`<button aria-pressed="true" @click=${() => (this.listing = { ...this.listing, batch: "" })}>${icon("close")} ${t("watches.batch", { n })}</button>`;
  }

  private approveAll(rows: Iterable<WatchRow>, rights: Rights): TemplateResult | typeof nothing {
    const { ids, own } = approvable(rows, rights.person);
    if (this.approving && ids.length > 0) {
      return html`<t-confirm question=${t("watches.approve_question", { n: ids.length })} consequence="${t("watches.approve_consequence")}${own > 0 ? ` ${t("watches.own_left", { n: own })}` : ""}"
        @cancel=${() => (this.approving = false)} @confirm=${() => void this.approve(ids)}></t-confirm>`;
    }
    return html`${ids.length === 0 || this.listing.show !== "requested" ? nothing : html`<button class="primary" @click=${() => (this.approving = true)}>${icon("check")} ${t("watches.approve_all", { n: ids.length })} <kbd>⇧A</kbd></button>`}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}`;
  }

  private beside(rights: Rights): TemplateResult {
    const { connection, now_ms } = this;
    switch (this.side) {
      case "new":
        return html`<watch-form .connection=${connection} .now_ms=${now_ms} plate=${this.plate} @asked=${(event: CustomEvent<string>) => (this.chosen = event.detail)}></watch-form>`;
      case "import":
        return html`<watch-import .connection=${connection} @batch=${(event: CustomEvent<string>) => (this.listing = { show: "all", words: "", batch: event.detail })}></watch-import>`;
      case "entry":
        return html`<watch-entry .connection=${connection} .watch=${this.rows("watches").get(this.chosen) ?? null} .rights=${rights} .who=${this.who} .now_ms=${now_ms} .revision=${this.revision}></watch-entry>`;
    }
  }

  private choose(watch: string): void {
    this.chosen = watch;
    this.side = "entry";
  }

  private open(side: Side): void {
    this.side = this.side === side ? "entry" : side;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("watch-form, watch-import")?.shadowRoot?.querySelector<HTMLElement>("input")?.focus());
  }

  private async approve(ids: readonly string[]): Promise<void> {
    this.approving = false;
    try {
      for (let at = 0; at < ids.length; at += AT_ONCE) await this.connection?.api.request({ request: "approve_watches", watches: ids.slice(at, at + AT_ONCE) });
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  /** Letters are keys of this tab unless somebody types. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.active || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typedInto(event) !== null) return;
    if (event.code === "KeyL") {
      this.ofLists = !this.ofLists;
      event.preventDefault();
      return;
    }
    const rights = this.rights();
    if (this.ofLists) {
      if (this.renderRoot.querySelector("watch-libraries")?.press(event.code) ?? false) event.preventDefault();
      return;
    }
    switch (event.code) {
      case "Slash":
        this.renderRoot.querySelector<HTMLElement>("#find")?.focus();
        break;
      case "KeyN":
        if (rights.ask) this.open("new");
        break;
      case "KeyI":
        if (rights.ask) this.open("import");
        break;
      case "KeyA":
        if (!event.shiftKey) this.entry?.approve();
        else if (rights.approve && this.listing.show === "requested") this.approving = true;
        break;
      case "KeyU":
        this.entry?.lift();
        break;
      case "KeyX":
        this.entry?.rejectNewest();
        break;
      default:
        return;
    }
    event.preventDefault();
  };
}

/** As many as one request may name. */
const AT_ONCE = 2000;

function columns(now_ms: number): Column<WatchRow>[] {
  return [
    { id: "level", title: t("watches.level"), cell: (row) => ["I", "II", "III", "IV"][row.level - 1] ?? "", sort: (row) => row.level },
    { id: "plate", title: t("watches.plate"), cell: (row) => html`<b class="plate">${row.pattern}</b>${row.look_alike ? html` <span class="quiet" title=${t("watches.look_alike")}>≈</span>` : nothing}`, sort: (row) => row.pattern },
    { id: "state", title: t("watches.state"), cell: (row) => word("watch_state", row.state), sort: (row) => row.state },
    { id: "action", title: t("watches.action"), cell: (row) => word("watch_action", row.action), sort: (row) => row.action },
    { id: "reason", title: t("watches.reason"), cell: (row) => html`<span style="display:inline-block;max-width:18em;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom">${row.reason}</span>`, sort: (row) => row.reason },
    { id: "hits", title: t("watches.hits"), number: true, cell: (row) => String(row.hits), sort: (row) => -row.hits },
    { id: "wrong", title: t("watches.wrong"), number: true, cell: (row) => (wrongText(row) === "" ? "" : html`${isDoubtful(row) ? icon("alert") : nothing} ${Math.round((row.wrong_share ?? 0) * 100)}%`), sort: (row) => -(row.wrong_share ?? 0) },
    { id: "until", title: t("watches.until"), number: true, cell: (row) => untilText(row.until_ms, (at_ms) => format.moment(at_ms, now_ms)), sort: (row) => row.until_ms },
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-watches": VehiclesWatches;
  }
}
