/** A station: what it is called, its office, where it stands and who leads it. */

import { html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { t, word } from "../../i18n/i18n";
import { placeOf } from "../../map/typed";
import type { StationRow } from "../../wire";
import { EnrolForm, PHONE_PATTERN } from "./enrol_form";
import { SERVICES } from "./unit_words";

interface Point {
  readonly lat: number;
  readonly lon: number;
}

@customElement("station-form")
export class StationForm extends EnrolForm {
  @property({ attribute: false }) station: StationRow | null = null;
  /** Where was pressed on the map. */
  @property({ attribute: false }) picked: Point | null = null;
  @query('[name="where"]') private where!: HTMLInputElement | null;

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("picked") && this.picked !== null && this.where !== null) this.where.value = placeText(this.picked);
  }

  override render(): TemplateResult {
    const { station } = this;
    return html`<form @submit=${(event: SubmitEvent) => this.check(event)}>
      ${this.idField(t("units.id_how"))}
      ${this.field("name", t("column.name"), station?.name ?? "")}
      ${this.choice("service", t("units.service"), SERVICES.map((each) => [each, word("service", each)]), station?.service ?? "110")}
      ${this.field("where", t("units.where"), station === null ? "" : placeText(station))}
      <div class="pair">${this.field("leader", t("units.leader"), station?.leader ?? "")}${this.field("leader_phone", t("units.leader_phone"), station?.leader_phone ?? "", { type: "tel", pattern: PHONE_PATTERN, most: 32 })}</div>
      ${this.end()}
    </form>`;
  }

  private check(event: SubmitEvent): void {
    const given = this.given(event);
    if (given === null) return;
    const { id, text } = given;
    const place = placeOf(text("where"));
    if (place === null) {
      this.wrong = t("adopt.where_wrong");
      return;
    }
    const service = SERVICES.find((each) => each === text("service")) ?? "110";
    this.save({ request: "enrol_station", station: id, name: text("name"), service, ...place, leader: text("leader"), leader_phone: text("leader_phone") });
  }
}

function placeText({ lat, lon }: Point): string {
  return `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "station-form": StationForm;
  }
}
