/** Search of sightings (查询). */

import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../../components/states";
import { VehiclesTab } from "./shared";

@customElement("vehicles-search")
export class VehiclesSearch extends VehiclesTab {
  override render(): TemplateResult {
    return html`<t-state kind="empty"></t-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-search": VehiclesSearch;
  }
}
