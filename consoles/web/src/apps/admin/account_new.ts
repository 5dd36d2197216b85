/** The form of a new account. Tells `make` with it; the hub makes the password. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { NewAccount, UnitRow } from "../../wire";
import { roleTicks, unitChoice } from "./account_fields";
import { ROLES, type Role } from "./account_words";
import { formStyles } from "./styles";

@customElement("account-new")
export class AccountNew extends View {
  static override styles = [shared, formStyles];

  @property({ attribute: false }) units: readonly UnitRow[] = [];
  /** Being made now: it is made once. */
  @property({ type: Boolean }) busy = false;
  @state() private roles: ReadonlySet<Role> = new Set();

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  override render(): TemplateResult {
    return html`<form class="work" aria-label=${t("accounts.new")} @submit=${(event: SubmitEvent) => this.make(event)}>
      <h2>${t("accounts.new")}</h2>
      <label>${t("accounts.name")}<input name="name" required maxlength="64" pattern="[\\w.@\\-]+" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="name-how" /></label>
      <p id="name-how" class="quiet">${t("accounts.name_how")}</p>
      <label>${t("accounts.display")}<input name="display" required maxlength="64" autocomplete="off" /></label>
      ${roleTicks(this.roles, (roles) => (this.roles = roles))}
      ${unitChoice(this.units, this.roles.has("officer"))}
      ${this.roles.size === 0 ? html`<p class="quiet">${t("accounts.role_first")}</p>` : nothing}
      <div class="keys"><button class="primary" ?disabled=${this.roles.size === 0 || this.busy}>${icon("plus")} ${t("accounts.make")}</button></div>
    </form>`;
  }

  private make(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const roles = ROLES.filter((role) => this.roles.has(role));
    this.tell<NewAccount>("make", { name: text("name"), display: text("display"), roles, unit: text("unit") });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "account-new": AccountNew;
  }
}
