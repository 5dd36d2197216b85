/** Whose an account is and of which unit. People marry, and move to another station: nobody signs in anew for it. Tells `person` with what is another. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { AccountInfo, AccountPerson, UnitRow } from "../../wire";
import { unitChoice } from "./account_fields";
import { formStyles } from "./styles";

@customElement("account-person")
export class AccountPersonForm extends View {
  static override styles = [shared, formStyles];

  @property({ attribute: false }) account: AccountInfo | null = null;
  @property({ attribute: false }) units: readonly UnitRow[] = [];
  @property({ type: Boolean }) busy = false;
  @state() private display = "";
  @state() private unit = "";
  @state() private asked: AccountPerson | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("account");
    if (!changed.has("account") || this.account === null) return;
    const { name, display, unit } = this.account;
    // What was typed and not saved stays while the list is looked at again.
    if (before?.name === name && before.display === display && before.unit === unit) return;
    [this.display, this.unit, this.asked] = [display, unit, null];
  }

  override render(): TemplateResult {
    if (this.account === null) return html``;
    const { display, unit, roles } = this.account;
    const isSame = this.display.trim() === display && this.unit === unit;
    return html`<form aria-label=${t("accounts.person")} @submit=${(event: SubmitEvent) => this.check(event)} @input=${() => (this.asked = null)}>
      <div class="pair">
        <label>${t("accounts.display")}<input name="display" required maxlength="64" autocomplete="off" .value=${this.display} @input=${(event: Event) => (this.display = valueOf(event))} /></label>
        <span @change=${(event: Event) => (this.unit = valueOf(event))}>${unitChoice(this.units, roles.includes("officer"), this.unit)}</span>
      </div>
      ${this.asked === null ? html`<div class="keys"><button ?disabled=${isSame || this.busy}>${icon("check")} ${t("accounts.set_person")}</button></div>` : this.question(this.asked)}
    </form>`;
  }

  private question(asked: AccountPerson): TemplateResult | typeof nothing {
    const unit = this.units.find(({ id }) => id === asked.unit)?.name ?? asked.unit;
    const question = unit ? t("accounts.unit_question", { name: this.display.trim(), unit }) : t("accounts.unit_none_question", { name: this.display.trim() });
    return html`<t-confirm question=${question} consequence=${t(unit ? "accounts.unit_consequence" : "accounts.unit_none_consequence")} @cancel=${() => this.put(null)} @confirm=${() => this.put(asked)}></t-confirm>`;
  }

  private check(event: SubmitEvent): void {
    event.preventDefault();
    if (this.account === null) return;
    const display = this.display.trim();
    const person: AccountPerson = { display: display === this.account.display ? null : display, unit: this.unit === this.account.unit ? null : this.unit };
    if (person.unit === null) this.tell<AccountPerson>("person", person);
    else this.asked = person;
  }

  /** Away with the question; the keyboard is back where it was asked from. */
  private put(person: AccountPerson | null): void {
    this.asked = null;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(person === null ? ".keys button" : "input")?.focus());
    if (person !== null) this.tell<AccountPerson>("person", person);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "account-person": AccountPersonForm;
  }
}
