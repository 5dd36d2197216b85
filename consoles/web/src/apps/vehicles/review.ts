/** Review of violations (违法审核). */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../../components/states";
import { VehiclesTab } from "./shared";

@customElement("vehicles-review")
export class VehiclesReview extends VehiclesTab {
  override render(): TemplateResult {
    return html`<t-state kind="empty"></t-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-review": VehiclesReview;
  }
}
