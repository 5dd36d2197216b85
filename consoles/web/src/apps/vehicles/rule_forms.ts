/** The forms of an interval section, a restriction, and the regions of a picture. Each tells `ask` with the request. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, PictureRegion, RegionsVersion, Request, RestrictionVersion, SectionVersion } from "../../wire";
import "./region_drawing";
import { dayOf, exemptOf, exemptText, hoursOf, restrictionOf, ringOf, ringText, sectionOf, timeOf, type Point } from "./rules_words";

const COLOURS = ["blue", "yellow", "green", "yellow_green", "white", "black"] as const;
const USES = ["general", "bus", "emergency"] as const;
const WAYS = ["towards", "away", "left", "right"] as const;

const formStyles = css`
  form {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr));
    gap: var(--s3);
    align-items: end;
  }
  .whole {
    grid-column: 1 / -1;
  }
  label {
    display: grid;
    gap: var(--s1);
  }
  fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s3);
    margin: 0;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  .fields > label {
    flex: 1 1 12rem;
  }
  .tick {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    min-height: var(--target);
  }
  .tick input {
    width: auto;
    min-height: 0;
  }
`;

abstract class RuleForm extends View {
  static override styles = [shared, formStyles];

  /** Empty for a new one. */
  @property() rule = "";
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @state() protected wrong = "";

  protected ask(request: Request): void {
    this.wrong = "";
    this.dispatchEvent(new CustomEvent<Request>("ask", { detail: request }));
  }

  protected field(name: string, label: string, value: string | number, type = "text", more: { min?: number; max?: number; step?: string } = {}): TemplateResult {
    return html`<label><span>${label}</span><input name=${name} type=${type} required .value=${String(value)} min=${more.min ?? nothing} max=${more.max ?? nothing} step=${more.step ?? nothing} maxlength="100" autocomplete="off" /></label>`;
  }

  protected idField(): TemplateResult | typeof nothing {
    return this.rule === "" ? html`<label><span>${t("rules.id")}</span><input name="id" required maxlength="64" pattern="[\\w.:@\\-〔〕]+" autocomplete="off" /></label>` : nothing;
  }

  protected given(form: FormData): string {
    return this.rule || String(form.get("id") ?? "").trim();
  }

  protected camera(name: string, label: string, chosen: string): TemplateResult {
    return html`<label><span>${label}</span><select name=${name} required><option value=""></option>${this.cameras.map((camera) => html`<option value=${camera.id} ?selected=${camera.id === chosen}>${camera.name}</option>`)}</select></label>`;
  }

  protected hours(hours: { days: number[]; from_min: number; to_min: number } | undefined): TemplateResult {
    return html`<fieldset class="whole"><legend>${t("rules.hours")}</legend>
      ${[1, 2, 3, 4, 5, 6, 7].map((day) => html`<label class="tick"><input type="checkbox" name="day" value=${day} .checked=${hours?.days.includes(day) ?? false} />${word("weekday", String(day))}</label>`)}
      <label class="tick">${t("rules.from")}<input type="time" name="from" .value=${hours === undefined ? "" : timeOf(hours.from_min)} /></label>
      <label class="tick">${t("rules.to")}<input type="time" name="to" .value=${hours === undefined ? "" : timeOf(hours.to_min % 1440)} /></label></fieldset>`;
  }

  protected end(): TemplateResult {
    return html`${this.wrong === "" ? nothing : html`<p class="error whole" role="alert">${icon("alert")} ${this.wrong}</p>`}
      <p class="quiet whole">${t("rules.consequence")}</p><button class="primary">${t("rules.save")}</button>`;
  }
}

@customElement("rule-section")
export class RuleSection extends RuleForm {
  @property({ attribute: false }) version: SectionVersion | null = null;

  override render(): TemplateResult {
    const now = this.version?.definition;
    return html`<form aria-label=${t("rules.sections")} @submit=${(event: Event) => this.submit(event)}>
      ${this.idField()}${this.field("name", t("rules.name"), now?.name ?? "")}
      ${(["start", "end"] as const).map((end) => html`<fieldset class="whole fields"><legend>${t(`rules.${end}`)}</legend>${this.camera(`${end}_camera`, t("rules.camera"), now?.[end].camera ?? "")}
        ${this.field(`${end}_device`, t("rules.device"), now?.[end].device ?? "")}
        ${this.field(`${end}_clock`, t("rules.clock_error"), now?.[end].clock_error_ms ?? "", "number", { min: 0, max: 60_000 })}
        ${this.field(`${end}_frame`, t("rules.frame_error"), now?.[end].frame_error_ms ?? "", "number", { min: 0, max: 60_000 })}</fieldset>`)}
      ${this.field("length_m", t("rules.length"), now?.length_m ?? "", "number", { min: 100, max: 200_000, step: "0.1" })}
      ${this.field("length_error_m", t("rules.length_error"), now?.length_error_m ?? "", "number", { min: 0, max: 1000, step: "0.1" })}
      ${this.field("measured_by", t("rules.measured_by"), now?.measured_by ?? "")}
      ${this.field("measured", t("rules.measured"), now === undefined ? "" : dayOf(now.measured_ms), "date")}
      ${this.field("small", t("rules.limit_small"), now?.limit_small_kmh ?? "", "number", { min: 5, max: 120 })}
      ${this.field("large", t("rules.limit_large"), now?.limit_large_kmh ?? "", "number", { min: 5, max: 120 })}
      ${this.field("certificate", t("rules.certificate"), now?.certificate ?? "")}
      ${this.field("certificate_until", t("rules.certificate_until"), now === undefined ? "" : dayOf(now.certificate_until_ms, true), "date")}
      ${this.end()}
    </form>`;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.ask({ request: "set_violation_section", section: this.given(form), definition: sectionOf(form) });
  }
}

@customElement("rule-restriction")
export class RuleRestriction extends RuleForm {
  @property({ attribute: false }) version: RestrictionVersion | null = null;

  override render(): TemplateResult {
    const now = this.version?.definition;
    return html`<form aria-label=${t("rules.restrictions")} @submit=${(event: Event) => this.submit(event)}>
      ${this.idField()}${this.field("name", t("rules.name"), now?.name ?? "")}
      <fieldset class="whole"><legend>${t("rules.cameras")}</legend>${this.cameras.map((camera) => html`<label class="tick"><input type="checkbox" name="camera" value=${camera.id} .checked=${now?.cameras?.includes(camera.id) ?? false} />${camera.name}</label>`)}</fieldset>
      ${this.hours(now?.hours?.[0])}
      <fieldset class="whole"><legend>${t("rules.colours")}</legend>${COLOURS.map((colour) => html`<label class="tick"><input type="checkbox" name="colour" value=${colour} .checked=${now?.colours?.includes(colour) ?? false} />${word("plate_colour", colour)}</label>`)}</fieldset>
      <label><span>${t("rules.digits")}</span><input name="digits" maxlength="30" .value=${now?.last_digits?.join(",") ?? ""} autocomplete="off" /></label>
      <label class="whole"><span>${t("rules.exempt")}</span><textarea name="exempt" rows="4" .value=${exemptText(now?.exempt ?? [])}></textarea></label>
      ${this.end()}
    </form>`;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const exempt = exemptOf(String(form.get("exempt") ?? ""));
    if (typeof exempt === "number") this.wrong = t("rules.exempt_line", { n: exempt });
    else this.ask({ request: "set_violation_restriction", restriction: this.given(form), definition: restrictionOf(form, exempt, this.version?.definition ?? null) });
  }
}

@customElement("rule-regions")
export class RuleRegions extends RuleForm {
  @property({ attribute: false }) version: RegionsVersion | null = null;
  @state() private chosen = "";
  @state() private regions: readonly PictureRegion[] = [];
  @state() private ring: readonly Point[] = [];
  @query('[name="ring"]') private points!: HTMLInputElement;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("rule") || changed.has("version")) [this.chosen, this.regions, this.ring] = [this.rule || this.chosen, this.version?.regions ?? [], []];
  }

  override render(): TemplateResult {
    const name = this.cameras.find((camera) => camera.id === this.chosen)?.name ?? this.chosen;
    return html`<form aria-label=${t("rules.regions")} @submit=${(event: Event) => this.add(event)}>
      ${this.rule === "" ? html`<label class="whole"><span>${t("rules.camera")}</span><select @change=${(event: Event) => (this.chosen = (event.target as HTMLSelectElement).value)}><option value=""></option>${this.cameras.map((camera) => html`<option value=${camera.id} ?selected=${camera.id === this.chosen}>${camera.name}</option>`)}</select></label>` : nothing}
      <region-drawing class="whole" camera=${this.chosen} label=${t("rules.picture", { name })} .regions=${this.regions} .ring=${this.ring} @point=${(event: CustomEvent<Point>) => this.draw([...this.ring, event.detail])}></region-drawing>
      <ul class="whole">${this.regions.map((region, at) => html`<li class="row"><span class="grow">${region.name} · ${region.lane == null ? "" : t("now.lane", { n: region.lane })} · ${word("region_use", region.use ?? "general")}${region.travel == null ? "" : ` · ${word("direction", region.travel)}`}</span>
        <button type="button" class="bare" aria-label=${t("rules.remove_region", { name: region.name })} @click=${() => (this.regions = this.regions.filter((_, each) => each !== at))}>${icon("close")}</button></li>`)}</ul>
      <label class="whole"><span>${t("rules.ring")}</span><input name="ring" .value=${ringText(this.ring)} @change=${(event: Event) => (this.ring = ringOf((event.target as HTMLInputElement).value) ?? this.ring)} autocomplete="off" /></label>
      ${this.field("name", t("rules.name"), "")}
      <label><span>${t("rules.lane")}</span><input name="lane" type="number" min="1" max="16" /></label>
      <label><span>${t("rules.use")}</span><select name="use">${USES.map((use) => html`<option value=${use}>${word("region_use", use)}</option>`)}</select></label>
      <label><span>${t("rules.travel")}</span><select name="travel"><option value="">${t("rules.any")}</option>${WAYS.map((way) => html`<option value=${way}>${word("direction", way)}</option>`)}</select></label>
      ${this.hours(undefined)}
      ${this.wrong === "" ? nothing : html`<p class="error whole" role="alert">${icon("alert")} ${this.wrong}</p>`}
      <button>${icon("plus")} ${t("rules.add_region")}</button>
      <button type="button" ?disabled=${this.ring.length === 0} @click=${() => this.draw(this.ring.slice(0, -1))}>${t("rules.undo_point")}</button>
      <p class="quiet whole">${t("rules.consequence")}</p>
      <button type="button" class="primary" ?disabled=${this.regions.length === 0 || this.chosen === ""} @click=${() => this.ask({ request: "set_violation_regions", camera: this.chosen, regions: [...this.regions], exempt: this.version?.exempt ?? [] })}>${t("rules.save")}</button>
    </form>`;
  }

  private draw(ring: readonly Point[]): void {
    this.ring = ring;
  }

  private add(event: Event): void {
    event.preventDefault();
    const element = event.target as HTMLFormElement;
    const form = new FormData(element);
    const ring = ringOf(this.points.value);
    if (ring === null) {
      this.wrong = t("rules.ring_wrong");
      return;
    }
    const lane = String(form.get("lane") ?? "");
    const [use, travel] = [String(form.get("use")), String(form.get("travel"))];
    this.regions = [...this.regions, {
      name: String(form.get("name") ?? "").trim(), ring: ring.map(([x, y]) => [x, y]), lane: lane === "" ? null : Number(lane), use: use as NonNullable<PictureRegion["use"]>,
      hours: use === "bus" ? hoursOf(form) : [], travel: (travel || null) as PictureRegion["travel"] & (string | null),
    }];
    [this.ring, this.wrong] = [[], ""];
    element.reset();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-section": RuleSection;
    "rule-restriction": RuleRestriction;
    "rule-regions": RuleRegions;
  }
}
