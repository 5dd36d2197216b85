/** A device: how it comes in, and of which unit it is. One that goes to another unit is asked about first. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t, word } from "../../i18n/i18n";
import type { DeviceRow, EnrolDevice, UnitRow } from "../../wire";
import { EnrolForm } from "./enrol_form";
import { DEVICE_KINDS, type DeviceKind } from "./unit_words";

@customElement("device-form")
export class DeviceForm extends EnrolForm {
  @property({ attribute: false }) device: DeviceRow | null = null;
  @property({ attribute: false }) units: readonly UnitRow[] = [];
  @state() private kind: DeviceKind | "" = "";
  @state() private asked: EnrolDevice | null = null;

  override render(): TemplateResult {
    const { device } = this;
    const kind = this.kind || device?.kind || "jt808";
    const isExchange = kind === "pbx";
    return html`<form @submit=${(event: SubmitEvent) => this.check(event)} @change=${(event: Event) => this.chosen(event)}>
      ${this.choice("kind", t("column.kind"), DEVICE_KINDS.map((each) => [each, word("device_kind", each)]), kind)}
      <p class="quiet">${word("device_how", kind)}</p>
      ${this.idField(word("device_id", kind))}
      ${this.choice("unit", t(isExchange ? "units.device_unit_none" : "column.unit"), [["", isExchange ? t("units.area_none") : ""], ...this.units.map(({ id, name }) => [id, name] as const)], device?.unit ?? "", !isExchange)}
      ${this.asked === null ? this.end() : this.question(this.asked)}
    </form>`;
  }

  private question(asked: EnrolDevice): TemplateResult | typeof nothing {
    const name = (id: string): string => this.units.find((unit) => unit.id === id)?.name ?? id;
    const [was, is] = [name(this.device?.unit ?? ""), name(asked.unit ?? "") || t("units.area_none")];
    return html`<t-confirm question=${t("units.move_question", { device: asked.device, was, is })} consequence=${t("units.move_consequence", { was, is })}
      @cancel=${() => (this.asked = null)} @confirm=${() => this.confirmed(asked)}></t-confirm>`;
  }

  private chosen(event: Event): void {
    const { name, value } = event.target as HTMLSelectElement;
    if (name === "kind") this.kind = DEVICE_KINDS.find((each) => each === value) ?? "";
    this.asked = null;
  }

  private check(event: SubmitEvent): void {
    const given = this.given(event);
    if (given === null) return;
    const { id, text } = given;
    const kind = DEVICE_KINDS.find((each) => each === text("kind")) ?? "jt808";
    const request: EnrolDevice = { request: "enrol_device", device: id, kind, unit: text("unit") || null };
    const before = this.device?.unit ?? "";
    if (before !== "" && before !== text("unit")) this.asked = request;
    else this.save(request);
  }

  private confirmed(request: EnrolDevice): void {
    this.asked = null;
    this.save(request);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "device-form": DeviceForm;
  }
}
