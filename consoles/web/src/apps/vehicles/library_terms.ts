/** Where and when a list (库) is to fire, and whether for plates that look like one in it. */

import { html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { GivenArea, GivenHours, LibraryRow } from "../../wire";
import "./watch_area";
import { clockOf, minuteOf } from "./watch_words";
import { sideStyles } from "./watches_styles";

/** What a request says; `lacking` are the names of what is begun and not whole. */
export interface LibraryTerms {
  readonly look_alike: boolean;
  readonly area: GivenArea | null;
  readonly hours: GivenHours | null;
  readonly lacking: readonly string[];
}

export const EVERYWHERE: LibraryTerms = { look_alike: false, area: null, hours: null, lacking: [] };

/** Tells `terms` with each change; begins with those of `library` where there is one. */
@customElement("library-terms")
export class LibraryTermsForm extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) library: LibraryRow | null = null;
  @state() private lookAlike = false;
  @state() private from = "";
  @state() private to = "";
  @state() private kept: GivenArea | null = null;
  @state() private area: { readonly area: GivenArea | null; readonly isWhole: boolean } = { area: null, isWhole: true };

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const { library } = this;
    if (!changed.has("library") || library === null || (changed.get("library") as LibraryRow | null)?.id === library.id) return;
    this.lookAlike = library.look_alike;
    [this.from, this.to] = library.hours === null ? ["", ""] : [clockOf(library.hours.from_min), clockOf(library.hours.to_min % 1440)];
    this.kept = given(library);
    this.area = { area: this.kept, isWhole: true };
  }

  override render(): TemplateResult {
    return html`<section role="group" aria-label=${t("libraries.terms")}>
      <label class="tick"><input type="checkbox" .checked=${this.lookAlike} @change=${(event: Event) => this.say((this.lookAlike = (event.target as HTMLInputElement).checked))} />
        <span>${t("watches.look_alike")}<br /><span class="quiet">${t("libraries.look_alike_about")}</span></span></label>
      <fieldset><legend>${t("watches.hours")}</legend><div class="pair">
        <label><span>${t("watches.from")}</span><input type="time" .value=${this.from} @input=${(event: Event) => this.say((this.from = valueOf(event)))} /></label>
        <label><span>${t("watches.to")}</span><input type="time" .value=${this.to} @input=${(event: Event) => this.say((this.to = valueOf(event)))} /></label></div></fieldset>
      <watch-area .connection=${this.connection} .kept=${this.kept} @area=${(event: CustomEvent<LibraryTermsForm["area"]>) => this.say((this.area = event.detail))}></watch-area>
    </section>`;
  }

  private say(_changed: unknown): void {
    const [from_min, to_min] = [minuteOf(this.from), minuteOf(this.to)];
    const halfHours = (from_min === null) !== (to_min === null) || (from_min !== null && from_min === to_min);
    this.tell<LibraryTerms>("terms", {
      look_alike: this.lookAlike,
      area: this.area.area,
      hours: from_min === null || to_min === null ? null : { from_min, to_min },
      lacking: [...(halfHours ? [t("watches.hours")] : []), ...(this.area.isWhole ? [] : [t("watches.area")])],
    });
  }
}

/** The terms of a list, as a request would say them. */
export function termsOf(library: LibraryRow): LibraryTerms {
  return { look_alike: library.look_alike, area: given(library), hours: library.hours, lacking: [] };
}

function given({ area }: LibraryRow): GivenArea | null {
  return area === null ? null : { cameras: [...(area.cameras ?? [])], ring: (area.ring ?? []).map(([lon, lat]): [number, number] => [lon, lat]) };
}

declare global {
  interface HTMLElementTagNameMap {
    "library-terms": LibraryTermsForm;
  }
}
