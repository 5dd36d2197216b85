/** The vehicles page (车辆): reads now, search, watch list, review of violations and reading quality, one tab each. */

import type { TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { html, literal, type StaticValue } from "lit/static-html.js";
import { typedInto } from "../../components/typing";
import { shared } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { show } from "../page";
import "../page_tools";
import "./now";
import "./quality";
import "./review";
import "./search";
import { goTo, tabsOf, vehiclesTables, whereIs, type Tab } from "./shared";
import { vehiclesStyles } from "./styles";
import "./watches";

const TAGS: Readonly<Record<Tab, StaticValue>> = {
  now: literal`vehicles-now`,
  search: literal`vehicles-search`,
  watches: literal`vehicles-watches`,
  review: literal`vehicles-review`,
  quality: literal`vehicles-quality`,
};

@customElement("app-vehicles")
export class VehiclesConsole extends Console {
  static override styles = [shared, consoleStyles, vehiclesStyles];

  @state() private tab: Tab = "now";
  @state() private detail = "";
  private tabs: readonly Tab[] = [];
  private tables: Subscription | null = null;
  private readonly opened = new Set<Tab>();
  private revision = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.onHash);
    document.addEventListener("keydown", this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.onHash);
    document.removeEventListener("keydown", this.onKey);
  }

  protected tablesOf(actor: Actor): Subscription | null {
    this.tabs = tabsOf(actor);
    this.tables = vehiclesTables(actor);
    this.onHash();
    return this.mirrored();
  }

  protected override changed(): void {
    this.revision += 1;
  }

  private readonly onHash = (): void => {
    ({ tab: this.tab, detail: this.detail } = whereIs(location.hash, this.tabs));
    const tables = this.mirrored();
    if (tables !== null) this.connection?.live.subscribe(tables);
  };

  /** Passages only while they are looked at: that somebody looks is on record. */
  private mirrored(): Subscription | null {
    return this.tables !== null && this.tab === "now" ? { ...this.tables, passages: {} } : this.tables;
  }

  /** Brackets go to the tab before and after, unless somebody types; Escape leaves what is typed into, on every tab. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const field = typedInto(event);
    if (event.key === "Escape") field?.blur();
    if (field !== null) return;
    const step = { BracketLeft: -1, BracketRight: 1 }[event.code];
    if (step === undefined) return;
    event.preventDefault();
    goTo(this.beside(step));
  };

  private readonly onTabKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const tab = this.beside(step);
    goTo(tab);
    this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  };

  private beside(step: number): Tab {
    const { length } = this.tabs;
    return this.tabs[(this.tabs.indexOf(this.tab) + step + length) % length] ?? this.tab;
  }

  protected page(connection: Connection): TemplateResult {
    this.opened.add(this.tab);
    return html`<header>
        <h1>${t("home.vehicles")}</h1>
        <div role="tablist" aria-label=${t("home.vehicles")} @keydown=${this.onTabKey}>${this.tabs.map((tab) => this.tabButton(tab))}<span class="keys" aria-hidden="true" title=${t("vehicles.tab_keys")}><kbd>[</kbd> <kbd>]</kbd></span></div>
        <span class="quiet cut">${this.actor?.name ?? ""}</span>
        <t-age .live=${this.live} .clock=${connection.clock}></t-age>
        <page-tools here="vehicles" .actor=${this.actor} .api=${connection.api}></page-tools>
      </header>
      <div role="region" aria-label=${t("age.live", { age: "" })}>${this.trouble()}</div>
      <main><div id="content" role="tabpanel" aria-labelledby="tab-${this.tab}">${this.tabs.map((tab) => (this.opened.has(tab) ? this.content(tab, connection) : ""))}</div></main>`;
  }

  private tabButton(tab: Tab): TemplateResult {
    const chosen = tab === this.tab;
    return html`<button role="tab" id="tab-${tab}" aria-selected=${chosen} aria-controls="content" tabindex=${chosen ? 0 : -1} @click=${() => goTo(tab)}>${t(`vehicles.${tab}`)}</button>`;
  }

  /** Every tab that was opened stays, unseen, with what was typed into it. */
  private content(tab: Tab, connection: Connection): TemplateResult {
    const { actor, who, revision } = this;
    const active = tab === this.tab;
    return html`<${TAGS[tab]} ?hidden=${!active} ?active=${active} .connection=${connection} .actor=${actor} .who=${who} .revision=${revision}
      .now_ms=${this.now_ms()} .detail=${active ? this.detail : ""}></${TAGS[tab]}>`;
  }
}

show("app-vehicles");
