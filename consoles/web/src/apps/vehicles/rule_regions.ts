/** The form of the regions of a picture: drawn one by one in the picture, each changed again until all are saved. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { t, word } from "../../i18n/i18n";
import type { Hours, PictureRegion, RegionsVersion } from "../../wire";
import "./region_drawing";
import { RuleForm } from "./rule_form";
import "./rule_hours";
import { ringOf, ringText, type Point } from "./rules_words";

const USES = ["general", "bus", "emergency"] as const;
const WAYS = ["towards", "away", "left", "right"] as const;

@customElement("rule-regions")
export class RuleRegions extends RuleForm {
  @property({ attribute: false }) version: RegionsVersion | null = null;
  @state() private chosen = "";
  @state() private regions: readonly PictureRegion[] = [];
  @state() private ring: readonly Point[] = [];
  @state() private use: NonNullable<PictureRegion["use"]> = "general";
  @state() private times: readonly Hours[] = [];
  @query('[name="ring"]') private points!: HTMLInputElement;
  @query("form") private form!: HTMLFormElement;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("rule") || changed.has("version")) [this.chosen, this.regions, this.ring] = [this.rule || this.chosen, this.version?.regions ?? [], []];
  }

  override render(): TemplateResult {
    const name = this.cameras.find((camera) => camera.id === this.chosen)?.name ?? this.chosen;
    return html`<form aria-label=${t("rules.regions")} @submit=${(event: Event) => this.add(event)}>
      ${this.rule === "" ? html`<div class="whole">${this.camera("camera", t("rules.camera"), this.chosen, (id) => this.choose(id))}</div>` : nothing}
      <region-drawing class="whole" camera=${this.chosen} label=${t("rules.picture", { name })} .regions=${this.regions} .ring=${this.ring} @point=${(event: CustomEvent<Point>) => (this.ring = [...this.ring, event.detail])} @undo=${() => (this.ring = this.ring.slice(0, -1))}></region-drawing>
      <ul class="whole">${this.regions.map((region, at) => this.listed(region, at))}</ul>
      <label class="whole"><span>${t("rules.ring")}</span><input name="ring" .value=${ringText(this.ring)} @change=${(event: Event) => (this.ring = ringOf(valueOf(event)) ?? this.ring)} autocomplete="off" /></label>
      ${this.field("name", t("rules.name"), "")}
      <label><span>${t("rules.lane")}</span><input name="lane" type="number" min="1" max="16" /></label>
      <label><span>${t("rules.use")}</span><select name="use" @change=${(event: Event) => (this.use = valueOf(event) as typeof this.use)}>${USES.map((use) => html`<option value=${use}>${word("region_use", use)}</option>`)}</select></label>
      <label><span>${t("rules.travel")}</span><select name="travel"><option value="">${t("rules.any")}</option>${WAYS.map((way) => html`<option value=${way}>${word("direction", way)}</option>`)}</select></label>
      ${this.use === "bus" ? html`<rule-hours class="whole" .hours=${this.times} @hours=${(event: CustomEvent<readonly Hours[]>) => (this.times = event.detail)}></rule-hours>` : nothing}
      <button>${icon("plus")} ${t("rules.add_region")}</button>
      <button type="button" ?disabled=${this.ring.length === 0} @click=${() => (this.ring = this.ring.slice(0, -1))}>${icon("left")} ${t("rules.undo_point")}</button>
      ${this.exempt(this.version?.exempt ?? [])}
      ${this.from()}${this.complaint()}
      <p class="quiet whole">${t("rules.consequence")}</p>
      <button type="button" class="primary" ?disabled=${this.regions.length === 0 || this.chosen === "" || this.ring.length > 0} @click=${() => this.save()}>${t("rules.save")}</button>
    </form>`;
  }

  private listed(region: PictureRegion, at: number): TemplateResult {
    const lane = region.lane == null ? "" : ` · ${t("now.lane", { n: region.lane })}`;
    const way = region.travel == null ? "" : ` · ${word("direction", region.travel)}`;
    return html`<li class="row"><span class="grow">${region.name}${lane} · ${word("region_use", region.use ?? "general")}${way}</span>
      <button type="button" class="bare" ?disabled=${this.ring.length > 0} @click=${() => this.change(region, at)}>${t("rules.change_region", { name: region.name })}</button>
      <button type="button" class="bare" aria-label=${t("rules.remove_region", { name: region.name })} @click=${() => this.drop(at)}>${icon("close")}</button></li>`;
  }

  /** What was drawn in the picture of one camera means nothing in another's. */
  private choose(id: string): void {
    [this.chosen, this.regions, this.ring] = [id, [], []];
  }

  private drop(at: number): void {
    this.regions = this.regions.filter((_, each) => each !== at);
  }

  /** Take a region out of the list and into the fields, to be added again as it is to be. */
  private change(region: PictureRegion, at: number): void {
    this.drop(at);
    [this.ring, this.use, this.times] = [region.ring, region.use ?? "general", region.hours ?? []];
    const values = { name: region.name, lane: region.lane == null ? "" : String(region.lane), use: this.use, travel: region.travel ?? "" };
    for (const [name, value] of Object.entries(values)) (this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement).value = value;
  }

  private add(event: Event): void {
    event.preventDefault();
    const form = new FormData(this.form);
    const ring = ringOf(this.points.value);
    const name = String(form.get("name") ?? "").trim();
    this.wrong = ring === null ? t("rules.ring_wrong") : this.regions.some((region) => region.name === name) ? t("rules.same_name") : "";
    if (ring === null || this.wrong !== "") return;
    const [lane, travel] = [String(form.get("lane") ?? ""), String(form.get("travel"))];
    this.regions = [...this.regions, {
      name, ring: ring.map(([x, y]) => [x, y]), lane: lane === "" ? null : Number(lane), use: this.use,
      hours: this.use === "bus" ? [...this.times] : [], travel: (travel || null) as PictureRegion["travel"] & (string | null),
    }];
    [this.ring, this.use, this.times] = [[], "general", []];
    for (const field of ["name", "lane", "use", "travel"]) (this.form.elements.namedItem(field) as HTMLInputElement).value = field === "use" ? "general" : "";
  }

  private save(): void {
    const form = new FormData(this.form);
    const exempt = this.exempted(form);
    if (exempt !== null) this.ask({ request: "set_violation_regions", camera: this.chosen, regions: [...this.regions], exempt, from_ms: this.fromMs(form) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-regions": RuleRegions;
  }
}
