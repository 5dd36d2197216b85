/** A unit: what it is called, of which kind, where it belongs, who is in it and which area it patrols. */

import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { t, word } from "../../i18n/i18n";
import type { FenceRow, StationRow, UnitRow } from "../../wire";
import { EnrolForm, PHONE_PATTERN } from "./enrol_form";
import { officersOf, SERVICES, UNIT_KINDS } from "./unit_words";

/** As many as the hub takes. */
const MOST_OFFICERS = 20;

@customElement("unit-form")
export class UnitForm extends EnrolForm {
  @property({ attribute: false }) unit: UnitRow | null = null;
  @property({ attribute: false }) stations: readonly StationRow[] = [];
  @property({ attribute: false }) fences: readonly FenceRow[] = [];

  override render(): TemplateResult {
    const { unit } = this;
    const areas = this.fences.filter(({ kind }) => kind === "area");
    return html`<form @submit=${(event: SubmitEvent) => this.check(event)}>
      ${this.idField(t("units.id_how"))}
      <div class="pair">${this.field("name", t("column.name"), unit?.name ?? "")}
        ${this.choice("kind", t("column.kind"), UNIT_KINDS.map((each) => [each, word("unit_kind", each)]), unit?.kind ?? "patrol_car")}</div>
      <div class="pair">${this.choice("service", t("units.service"), SERVICES.map((each) => [each, word("service", each)]), unit?.service ?? "110")}
        ${this.choice("station", t("units.station"), [["", ""], ...this.stations.map(({ id, name }) => [id, name] as const)], unit?.station ?? "")}</div>
      ${this.choice("area", t("units.area"), [["", t("units.area_none")], ...areas.map(({ id, name }) => [id, name] as const)], unit?.area ?? "", false)}
      ${this.field("phone", t("units.phone"), unit?.phone ?? "", { type: "tel", pattern: PHONE_PATTERN, most: 32, optional: true })}
      <label>${t("units.officers")}<textarea name="officers" rows="2" .value=${unit?.officers.join(t("list.comma")) ?? ""}></textarea></label>
      ${this.end()}
    </form>`;
  }

  private check(event: SubmitEvent): void {
    const given = this.given(event);
    if (given === null) return;
    const { id, text } = given;
    const officers = officersOf(text("officers"));
    if (officers.length > MOST_OFFICERS) {
      this.wrong = t("units.officers_most", { n: MOST_OFFICERS });
      return;
    }
    const kind = UNIT_KINDS.find((each) => each === text("kind")) ?? "patrol_car";
    const service = SERVICES.find((each) => each === text("service")) ?? "110";
    this.save({ request: "enrol_unit", unit: id, name: text("name"), kind, service, station: text("station"), phone: text("phone"), officers, area: text("area") || null });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "unit-form": UnitForm;
  }
}
