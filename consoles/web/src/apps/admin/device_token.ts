/** The token of a device: issued and shown once, or taken back. What follows from either is named first. Tells `issue` or `revoke`. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { DeviceRow } from "../../wire";
import { formStyles } from "./styles";
import { needsToken } from "./unit_words";

@customElement("device-token")
export class DeviceToken extends View {
  static override styles = [shared, formStyles];

  @property({ attribute: false }) device: DeviceRow | null = null;
  @property({ type: Boolean }) issued = false;
  @property({ type: Boolean }) busy = false;
  @state() private asked: "" | "issue" | "revoke" = "";

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("device") as DeviceRow | null | undefined;
    if (changed.has("device") && before?.id !== this.device?.id) this.asked = "";
  }

  override render(): TemplateResult {
    const { device, issued } = this;
    if (device === null) return html``;
    const isNeeded = needsToken(device.kind);
    return html`<fieldset><legend>${t("units.token")}</legend>
      <p class="quiet">${issued ? t("units.token_has_about") : isNeeded ? t("units.token_lacks_about") : word("token_by", device.kind)}</p>
      ${issued && !isNeeded ? html`<p class="quiet">${word("token_again", device.kind)}</p>` : nothing}
      ${this.asked === "" ? this.keys(isNeeded, issued) : this.question(device, issued)}
    </fieldset>`;
  }

  private keys(isNeeded: boolean, issued: boolean): TemplateResult {
    return html`<div class="keys">
      ${isNeeded ? html`<button type="button" ?disabled=${this.busy} @click=${() => this.ask("issue")}>${icon("key")} ${t(issued ? "units.token_renew" : "units.token_issue")}</button>` : nothing}
      ${issued ? html`<button type="button" ?disabled=${this.busy} @click=${() => this.ask("revoke")}>${icon("ban")} ${t("units.token_revoke")}</button>` : nothing}</div>`;
  }

  /** A first token takes nothing from anybody. */
  private ask(what: "issue" | "revoke"): void {
    if (what === "issue" && !this.issued) this.tell("issue", null);
    else this.asked = what;
  }

  private question({ id }: DeviceRow, issued: boolean): TemplateResult {
    const what = this.asked === "revoke" ? "revoke" : "issue";
    const question = t(what === "revoke" ? "units.revoke_question" : "units.renew_question", { device: id });
    return html`<t-confirm question=${question} consequence=${t(issued && what === "issue" ? "units.renew_consequence" : "units.revoke_consequence")}
      @cancel=${() => (this.asked = "")} @confirm=${() => {
        this.asked = "";
        this.tell(what, null);
      }}></t-confirm>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "device-token": DeviceToken;
  }
}
