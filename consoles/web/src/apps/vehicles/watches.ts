/** The watch list (布控): entries, approval, hits. */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../../components/states";
import { VehiclesTab } from "./shared";

@customElement("vehicles-watches")
export class VehiclesWatches extends VehiclesTab {
  override render(): TemplateResult {
    return html`<t-state kind="empty"></t-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-watches": VehiclesWatches;
  }
}
