/** The vehicles page (车辆): reads now, search, watch list, review of violations and reading quality, one tab each. */

import type { TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { html, literal, type StaticValue } from "lit/static-html.js";
import { t } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import { show } from "../page";
import { TabbedConsole } from "../tabbed";
import "./now";
import "./quality";
import "./review";
import "./search";
import { tabsOf, vehiclesTables, type Tab } from "./shared";
import "./watches";

const TAGS: Readonly<Record<Tab, StaticValue>> = {
  now: literal`vehicles-now`,
  search: literal`vehicles-search`,
  watches: literal`vehicles-watches`,
  review: literal`vehicles-review`,
  quality: literal`vehicles-quality`,
};

@customElement("app-vehicles")
export class VehiclesConsole extends TabbedConsole<Tab> {
  protected readonly here = "vehicles";
  private tables: Subscription | null = null;

  protected nameOf(tab: Tab): string {
    return t(`vehicles.${tab}`);
  }

  protected tablesOf(actor: Actor): Subscription | null {
    this.tables = vehiclesTables(actor);
    this.has(tabsOf(actor));
    return this.mirrored();
  }

  protected override cameTo(): void {
    const tables = this.mirrored();
    if (tables !== null) this.connection?.live.subscribe(tables);
  }

  /** Passages only while they are looked at: that somebody looks is on record. */
  private mirrored(): Subscription | null {
    return this.tables !== null && this.tab === "now" ? { ...this.tables, passages: {} } : this.tables;
  }

  protected content(tab: Tab, active: boolean, connection: Connection): TemplateResult {
    const { actor, who, revision } = this;
    return html`<${TAGS[tab]} ?hidden=${!active} ?active=${active} .connection=${connection} .actor=${actor} .who=${who} .revision=${revision}
      .now_ms=${this.now_ms()} .detail=${active ? this.detail : ""}></${TAGS[tab]}>`;
  }
}

show("app-vehicles");
