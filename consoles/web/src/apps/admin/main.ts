/** The administration page (系统管理): how the hub is, accounts, units and their devices, fences. For administrators. */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { t } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import { show } from "../page";
import { TabbedConsole } from "../tabbed";
import "./accounts";
import "./fences";
import "./health";
import "./units";

const TABS = ["health", "accounts", "units", "fences"] as const;
type Tab = (typeof TABS)[number];

const TABLES = { stations: {}, units: {}, devices: {}, retired: {}, positions: {}, fences: {} } as const satisfies Subscription;

@customElement("app-admin")
export class AdminConsole extends TabbedConsole<Tab> {
  protected readonly here = "admin";

  protected nameOf(tab: Tab): string {
    return t(`admin.${tab}`);
  }

  protected tablesOf(actor: Actor): Subscription | null {
    if (!actor.roles.includes("administrator")) return null;
    this.has(TABS);
    return TABLES;
  }

  protected content(tab: Tab, active: boolean, connection: Connection): TemplateResult {
    const now_ms = this.now_ms();
    switch (tab) {
      case "health":
        return html`<admin-health ?hidden=${!active} .api=${connection.api} .now_ms=${now_ms}></admin-health>`;
      case "accounts":
        return html`<admin-accounts ?hidden=${!active} ?active=${active} .api=${connection.api} .units=${this.rows("units")} .retired=${this.rows("retired")} .who=${this.who} @renamed=${() => connection.people.askWhenAllowed()} me=${this.actor?.id ?? ""} .now_ms=${now_ms}></admin-accounts>`;
      case "units":
        return html`<admin-units ?hidden=${!active} ?active=${active} .api=${connection.api} .connection=${connection} .now_ms=${now_ms} .revision=${this.revision}></admin-units>`;
      case "fences":
        return html`<admin-fences ?hidden=${!active} ?active=${active} .connection=${connection} .revision=${this.revision}></admin-fences>`;
    }
  }
}

show("app-admin");
