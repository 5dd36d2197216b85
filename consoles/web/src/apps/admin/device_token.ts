/** The token of a device: issued and shown once, or taken back. What follows from either is named first. Tells `issue` or `revoke`. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { DeviceRow } from "../../wire";
import { formStyles } from "./styles";
import { needsToken, registersItself } from "./unit_words";

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
    const { kind } = device;
    const registers = registersItself(kind);
    const about = registers ? t(issued ? "units.token_registered" : "units.token_unregistered") : issued ? t("units.token_has_about") : needsToken(kind) ? t("units.token_lacks_about") : word("token_by", kind);
    return html`<fieldset><legend>${t("units.token")}</legend>
      <p class="quiet">${about}</p>
      ${this.asked === "" ? this.keys(kind, issued) : this.question(device, issued)}
    </fieldset>`;
  }

  private keys(kind: string, issued: boolean): TemplateResult {
    const name = registersItself(kind) ? (issued ? "" : t("units.token_allow")) : needsToken(kind) ? t(issued ? "units.token_renew" : "units.token_issue") : "";
    return html`<div class="keys">
      ${name === "" ? nothing : html`<button type="button" ?disabled=${this.busy} @click=${() => this.ask("issue")}>${icon("key")} ${name}</button>`}
      ${issued ? html`<button type="button" ?disabled=${this.busy} @click=${() => this.ask("revoke")}>${icon("ban")} ${t("units.token_revoke")}</button>` : nothing}</div>`;
  }

  /** A first token takes nothing from anybody. */
  private ask(what: "issue" | "revoke"): void {
    if (what === "issue" && !this.issued) this.tell("issue", null);
    else this.asked = what;
  }

  private question({ id, kind }: DeviceRow, issued: boolean): TemplateResult {
    const what = this.asked === "revoke" ? "revoke" : "issue";
    const question = t(what === "revoke" ? "units.revoke_question" : "units.renew_question", { device: id });
    return html`<t-confirm question=${question} consequence=${t(issued && what === "issue" ? "units.renew_consequence" : registersItself(kind) ? "units.revoke_for_good" : "units.revoke_consequence")}
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
