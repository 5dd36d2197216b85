/** The form of an interval section, which says what cannot be: a way that is shorter than straight through the air. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { t } from "../../i18n/i18n";
import type { SectionVersion } from "../../wire";
import { RuleForm } from "./rule_form";
import { apart_m, dayOf, sectionOf } from "./rules_words";

type End = "start" | "end";
const ENDS: readonly End[] = ["start", "end"];

@customElement("rule-section")
export class RuleSection extends RuleForm {
  @property({ attribute: false }) version: SectionVersion | null = null;
  @state() private chosen: Readonly<Record<End, string>> = { start: "", end: "" };
  @state() private length_m = 0;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("rule") && !changed.has("version")) return;
    const now = this.version?.definition;
    [this.chosen, this.length_m] = [{ start: now?.start.camera ?? "", end: now?.end.camera ?? "" }, now?.length_m ?? 0];
  }

  override render(): TemplateResult {
    const now = this.version?.definition;
    return html`<form aria-label=${t("rules.sections")} @submit=${(event: Event) => this.submit(event)}>
      ${this.idField()}${this.field("name", t("rules.name"), now?.name ?? "")}
      ${ENDS.map((end) => html`<fieldset class="whole fields"><legend>${t(`rules.${end}`)}</legend>${this.camera(`${end}_camera`, t("rules.camera"), this.chosen[end], (id) => (this.chosen = { ...this.chosen, [end]: id }))}
        ${this.field(`${end}_device`, t("rules.device"), now?.[end].device ?? "")}
        ${this.field(`${end}_clock`, t("rules.clock_error"), now?.[end].clock_error_ms ?? "", "number", { min: 0, max: 60_000 })}
        ${this.field(`${end}_frame`, t("rules.frame_error"), now?.[end].frame_error_ms ?? "", "number", { min: 0, max: 60_000 })}</fieldset>`)}
      <div @input=${(event: Event) => (this.length_m = Number(valueOf(event)))}>${this.field("length_m", t("rules.length"), now?.length_m ?? "", "number", { min: 100, max: 200_000, step: "0.1" })}</div>
      ${this.field("length_error_m", t("rules.length_error"), now?.length_error_m ?? "", "number", { min: 0, max: 1000, step: "0.1" })}
      ${this.straight()}
      ${this.field("measured_by", t("rules.measured_by"), now?.measured_by ?? "")}
      ${this.field("measured", t("rules.measured"), now === undefined ? "" : dayOf(now.measured_ms), "date")}
      ${this.field("small", t("rules.limit_small"), now?.limit_small_kmh ?? "", "number", { min: 5, max: 120 })}
      ${this.field("large", t("rules.limit_large"), now?.limit_large_kmh ?? "", "number", { min: 5, max: 120 })}
      ${this.field("certificate", t("rules.certificate"), now?.certificate ?? "")}
      ${this.field("certificate_until", t("rules.certificate_until"), now === undefined ? "" : dayOf(now.certificate_until_ms, true), "date")}
      ${this.end()}
    </form>`;
  }

  /** How far apart both cameras are, to hold the length against. */
  private straight(): TemplateResult | typeof nothing {
    const [start, end] = ENDS.map((each) => this.cameras.find((camera) => camera.id === this.chosen[each]));
    if (start === undefined || end === undefined || start === end) return nothing;
    const straight_m = Math.round(apart_m([start.lon, start.lat], [end.lon, end.lat]));
    const short = this.length_m > 0 && this.length_m < straight_m;
    return html`<p class="whole ${short ? "error" : "quiet"}" role="note">${icon(short ? "alert" : "info")} ${t(short ? "rules.straight_longer" : "rules.straight", { straight_m })}</p>`;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.ask({ request: "set_violation_section", section: this.given(form), definition: sectionOf(form), from_ms: this.fromMs(form) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-section": RuleSection;
  }
}
