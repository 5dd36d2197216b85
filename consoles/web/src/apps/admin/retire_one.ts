/** Takes a station, unit or device off every list for good (注销), after saying what will go. Tells `save` with the request. */

import { html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Request } from "../../wire";
import { formStyles } from "./styles";

export type RetiredKind = "stations" | "units" | "devices";

@customElement("retire-one")
export class RetireOne extends View {
  static override styles = [shared, formStyles];

  @property() kind: RetiredKind = "units";
  @property() row = "";
  @property() name = "";
  @property({ type: Boolean }) busy = false;
  @state() private asking = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("row") || changed.has("kind")) this.asking = false;
  }

  override render(): TemplateResult {
    const { kind, name } = this;
    if (!this.asking) return html`<div class="keys"><button type="button" ?disabled=${this.busy} @click=${() => (this.asking = true)}>${icon("ban")} ${t(`retire.${kind}`)}</button></div>`;
    return html`<t-confirm question=${t(`retire.${kind}_question`, { name })} consequence=${t(`retire.${kind}_consequence`)} @cancel=${() => this.put(false)} @confirm=${() => this.put(true)}></t-confirm>`;
  }

  /** Away with the question; the keyboard is back where it was asked from. */
  private put(isMeant: boolean): void {
    this.asking = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector("button")?.focus());
    if (isMeant) this.tell<Request>("save", this.request());
  }

  private request(): Request {
    switch (this.kind) {
      case "stations":
        return { request: "retire_station", station: this.row };
      case "units":
        return { request: "retire_unit", unit: this.row };
      case "devices":
        return { request: "retire_device", device: this.row };
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "retire-one": RetireOne;
  }
}
