/** The form of a restriction: where (cameras, an area on the map), when, which vehicles, and who is exempt. */

import { html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t, word } from "../../i18n/i18n";
import type { FenceRow, Hours, Restriction, RestrictionVersion } from "../../wire";
import "./rule_area";
import { RuleForm } from "./rule_form";
import "./rule_hours";
import { restrictionOf, type Point } from "./rules_words";

const COLOURS = ["blue", "yellow", "green", "yellow_green", "white", "black"] as const;
const KINDS = ["ordinary", "new_energy_small", "new_energy_large", "trailer", "coach", "temporary", "hong_kong_macau", "embassy", "consulate"] as const;

@customElement("rule-restriction")
export class RuleRestriction extends RuleForm {
  @property({ attribute: false }) version: RestrictionVersion | null = null;
  @property({ attribute: false }) fences: readonly FenceRow[] = [];
  @state() private ring: readonly Point[] = [];
  @state() private times: readonly Hours[] = [];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("rule") || changed.has("version")) [this.ring, this.times] = [this.version?.definition.ring ?? [], this.version?.definition.hours ?? []];
  }

  override render(): TemplateResult {
    const now: Restriction | undefined = this.version?.definition;
    const ticks = (name: string, legend: string, all: readonly (readonly [string, string])[], chosen: readonly string[] | undefined): TemplateResult =>
      html`<fieldset class="whole many"><legend>${legend}</legend>${all.map(([value, label]) => html`<label class="tick"><input type="checkbox" name=${name} value=${value} .checked=${chosen?.includes(value) ?? false} />${label}</label>`)}</fieldset>`;
    return html`<form aria-label=${t("rules.restrictions")} @submit=${(event: Event) => this.submit(event)}>
      ${this.idField()}${this.field("name", t("rules.name"), now?.name ?? "")}
      <rule-area class="whole" rule=${this.rule} .ring=${this.ring} .cameras=${this.cameras} .fences=${this.fences} @area=${(event: CustomEvent<readonly Point[]>) => (this.ring = event.detail)}></rule-area>
      ${ticks("camera", t("rules.cameras"), this.cameras.filter((camera) => camera.reads_plates || now?.cameras?.includes(camera.id)).map((camera) => [camera.id, camera.name] as const), now?.cameras)}
      <rule-hours class="whole" .hours=${this.times} @hours=${(event: CustomEvent<readonly Hours[]>) => (this.times = event.detail)}></rule-hours>
      ${ticks("colour", t("rules.colours"), COLOURS.map((colour) => [colour, word("plate_colour", colour)] as const), now?.colours)}
      ${ticks("kind", t("rules.kinds"), KINDS.map((kind) => [kind, word("plate_kind", kind)] as const), now?.kinds)}
      <label><span>${t("rules.digits")}</span><input name="digits" maxlength="30" .value=${now?.last_digits?.join(",") ?? ""} autocomplete="off" /></label>
      ${this.exempt(now?.exempt ?? [])}
      ${this.end()}
    </form>`;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const exempt = this.exempted(form);
    if (exempt === null) return;
    const definition = restrictionOf(form, { ring: this.ring, hours: this.times, exempt });
    if (definition.cameras?.length === 0 && definition.ring?.length === 0) this.wrong = t("rules.nowhere");
    else if (this.ring.length > 0 && this.ring.length < 3) this.wrong = t("rules.area_corners", { n: this.ring.length });
    else if (this.times.some(({ days }) => days.length === 0)) this.wrong = t("rules.no_day");
    else this.ask({ request: "set_violation_restriction", restriction: this.given(form), definition, from_ms: this.fromMs(form) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-restriction": RuleRestriction;
  }
}
