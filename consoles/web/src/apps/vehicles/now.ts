/** Reads now on the map (实时): what passes which camera. */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../../components/states";
import { VehiclesTab } from "./shared";

@customElement("vehicles-now")
export class VehiclesNow extends VehiclesTab {
  override render(): TemplateResult {
    return html`<t-state kind="empty"></t-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-now": VehiclesNow;
  }
}
