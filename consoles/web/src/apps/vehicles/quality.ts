/** Reading quality of each camera (读牌质量). */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../../components/states";
import { VehiclesTab } from "./shared";

@customElement("vehicles-quality")
export class VehiclesQuality extends VehiclesTab {
  override render(): TemplateResult {
    return html`<t-state kind="empty"></t-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-quality": VehiclesQuality;
  }
}
