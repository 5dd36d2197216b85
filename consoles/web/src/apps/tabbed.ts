/** A console of tabs: which is seen stands in the address, the tabs can be gone through by keyboard, and each keeps what was typed into it. */

import { html, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { typedInto } from "../components/typing";
import { PageKeys, shared } from "../components/view";
import { t } from "../i18n/i18n";
import type { Connection } from "../sync/connect";
import { Console } from "./console";
import { consoleStyles } from "./console_styles";
import type { Home } from "./homes";
import "./page_tools";
import { tabbedStyles } from "./tabbed_styles";
import { goTo, whereIs } from "./tabs";

export abstract class TabbedConsole<T extends string> extends Console {
  static override styles = [shared, consoleStyles, tabbedStyles];

  @state() protected tab: T | "" = "";
  @state() protected detail = "";
  /** Grows with each change of rows. */
  protected revision = 0;
  private tabs: readonly T[] = [];
  private readonly opened = new Set<T>();

  protected abstract readonly here: Home;
  protected abstract nameOf(tab: T): string;
  /** A tab of the page; one that is not `active` is not seen. */
  protected abstract content(tab: T, active: boolean, connection: Connection): TemplateResult;

  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.onHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.onHash);
  }

  /** The tabs that this person has, in the order of the page. */
  protected has(tabs: readonly T[]): void {
    this.tabs = tabs;
    this.onHash();
  }

  protected override changed(): void {
    this.revision += 1;
  }

  /** Another tab, or another part of it, is looked at. */
  protected cameTo(): void {}

  private readonly onHash = (): void => {
    ({ tab: this.tab, detail: this.detail } = whereIs(location.hash, this.tabs));
    this.cameTo();
  };

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

  private beside(step: number): T | "" {
    const { length } = this.tabs;
    return this.tabs[(this.tabs.findIndex((tab) => tab === this.tab) + step + length) % length] ?? this.tab;
  }

  protected page(connection: Connection): TemplateResult {
    const title = t(`home.${this.here}`);
    if (this.tab !== "") this.opened.add(this.tab);
    return html`<header>
        <h1>${title}</h1>
        <div role="tablist" aria-label=${title} @keydown=${this.onTabKey}>${this.tabs.map((tab) => this.tabButton(tab))}<span class="keys" aria-hidden="true" title=${t("tabs.keys")}><kbd>[</kbd> <kbd>]</kbd></span></div>
        <span class="quiet cut">${this.actor?.name ?? ""}</span>
        <t-age .live=${this.live} .clock=${connection.clock}></t-age>
        <page-tools here=${this.here} .actor=${this.actor} .api=${connection.api}></page-tools>
      </header>
      <div role="region" aria-label=${t("age.live", { age: "" })}>${this.trouble()}</div>
      <main><div id="content" role="tabpanel" aria-labelledby="tab-${this.tab}">${this.tabs.map((tab) => (this.opened.has(tab) ? this.content(tab, tab === this.tab, connection) : ""))}</div></main>`;
  }

  private tabButton(tab: T): TemplateResult {
    const chosen = tab === this.tab;
    return html`<button role="tab" id="tab-${tab}" aria-selected=${chosen} aria-controls="content" tabindex=${chosen ? 0 : -1} @click=${() => goTo(tab)}>${this.nameOf(tab)}</button>`;
  }
}
