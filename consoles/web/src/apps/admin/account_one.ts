/** One account: whose it is, its roles, whether it is shut out, a new password. What follows from each is named before it is done. Tells `change`. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { AccountInfo, AccountPerson, UnitRow } from "../../wire";
import { roleTicks } from "./account_fields";
import "./account_person";
import { ROLES, rolesText, type Role } from "./account_words";
import { formStyles } from "./styles";

/** What ends sessions, and so is asked about here. */
type Asked = { readonly what: "roles"; readonly roles: readonly Role[] } | { readonly what: "state"; readonly disabled: boolean } | { readonly what: "password" };
export type Change = Asked | { readonly what: "person"; readonly person: AccountPerson };

@customElement("account-one")
export class AccountOne extends View {
  static override styles = [shared, formStyles];

  @property({ attribute: false }) account: AccountInfo | null = null;
  @property({ attribute: false }) units: readonly UnitRow[] = [];
  /** It is that of whoever looks: what would shut them out, another administrator does. */
  @property({ type: Boolean }) own = false;
  @property({ type: Boolean }) busy = false;
  @state() private roles: ReadonlySet<Role> = new Set();
  @state() private asked: Asked | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("account");
    if (!changed.has("account") || this.account === null) return;
    const isAnother = before?.name !== this.account.name;
    // What was ticked and not saved stays while the list is looked at again.
    if (isAnother || String(before?.roles) !== String(this.account.roles)) this.roles = new Set(this.account.roles);
    if (isAnother) this.asked = null;
  }

  override render(): TemplateResult {
    const { account, own } = this;
    if (account === null) return html``;
    const { name, display, disabled } = account;
    const isSame = ROLES.every((role) => this.roles.has(role) === account.roles.includes(role));
    const isUnmanned = own && !this.roles.has("administrator");
    return html`<div class="work">
      <h2>${display} <span class="quiet">${name}</span></h2>
      ${disabled ? html`<p class="bad">${icon("ban")} ${t("accounts.is_out")}</p>` : nothing}
      ${own ? html`<p class="quiet">${icon("info")} ${t("accounts.own")}</p>` : nothing}
      <account-person .account=${account} .units=${this.units} ?busy=${this.busy} @person=${(event: CustomEvent<AccountPerson>) => this.tell<Change>("change", { what: "person", person: event.detail })}></account-person>
      ${roleTicks(this.roles, (roles) => (this.roles = roles))}
      <div class="keys"><button type="button" ?disabled=${isSame || isUnmanned || this.roles.size === 0 || this.busy} @click=${() => this.ask({ what: "roles", roles: ROLES.filter((role) => this.roles.has(role)) })}>${icon("check")} ${t("accounts.set_roles")}</button></div>
      ${own ? nothing : html`<div class="keys">
        <button type="button" ?disabled=${this.busy} @click=${() => this.ask({ what: "password" })}>${icon("key")} ${t("accounts.new_password")}</button>
        <button type="button" ?disabled=${this.busy} @click=${() => this.ask({ what: "state", disabled: !disabled })}>${icon(disabled ? "check" : "ban")} ${t(disabled ? "accounts.let_in" : "accounts.shut_out")}</button></div>`}
      ${this.asked === null ? nothing : this.question(account, this.asked)}
    </div>`;
  }

  private question({ display, roles }: AccountInfo, change: Asked): TemplateResult {
    const [question, consequence] = ((): [string, string] => {
      switch (change.what) {
        case "roles":
          return [t("accounts.roles_question", { name: display, was: rolesText(roles), is: rolesText(change.roles) }), t("accounts.roles_consequence")];
        case "state":
          return change.disabled ? [t("accounts.out_question", { name: display }), t("accounts.out_consequence")] : [t("accounts.in_question", { name: display }), t("accounts.in_consequence")];
        case "password":
          return [t("accounts.password_question", { name: display }), t("accounts.password_consequence")];
      }
    })();
    return html`<t-confirm question=${question} consequence=${consequence} @cancel=${() => this.put(null)} @confirm=${() => this.put(change)}></t-confirm>`;
  }

  private ask(change: Asked): void {
    this.asked = change;
  }

  /** Away with the question; the keyboard is back where it was asked from. */
  private put(change: Asked | null): void {
    const at = this.asked?.what === "roles" ? ".keys button" : this.asked?.what === "password" ? ".keys + .keys button" : ".keys + .keys button + button";
    this.asked = null;
    this.renderRoot.querySelector<HTMLElement>(at)?.focus();
    if (change !== null) this.tell<Change>("change", change);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "account-one": AccountOne;
  }
}
