/** The query form: the reason first, then what is looked for, when and where. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, FenceRow } from "../../wire";
import { emptyForm, lastTime, needsPlate, WHATS, type Form, type What } from "./search_ask";
import { formStyles } from "./search_styles";
import type { Left } from "./search_wire";

const LAST_H = [1, 24, 7 * 24, 30 * 24] as const;
const COLOURS = ["blue", "yellow", "green", "yellow_green", "white", "black"] as const;
const KINDS = [
  "ordinary", "new_energy_small", "new_energy_large", "police", "trailer", "coach", "hong_kong_macau", "embassy", "consulate", "temporary", "emergency",
] as const;
const DIRECTIONS = ["towards", "away", "left", "right"] as const;
/** North, east, south, west, each with the name of its eighth of the compass. */
const HEADINGS = [0, 90, 180, 270] as const;

/** Tells `form` with the form as it is now, `ask` to ask it, and `draw` to begin or end drawing an area. */
@customElement("vehicles-search-form")
export class SearchForm extends View {
  static override styles = [shared, formStyles];

  @property({ attribute: false }) form: Form = emptyForm(0);
  @property({ attribute: false }) fences: ReadonlyMap<string, FenceRow> = new Map();
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) left: Left | null = null;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Boolean }) busy = false;
  @property({ type: Boolean }) drawing = false;

  /** Put the cursor where one begins: in the reason, or behind it in the plate. */
  async begin(): Promise<void> {
    await this.updateComplete;
    const field = this.form.reason === "" ? "reason" : "plate";
    this.renderRoot.querySelector<HTMLElement>(`[name=${field}]`)?.focus();
  }

  override render(): TemplateResult {
    const { form } = this;
    return html`<form @submit=${this.submit} aria-label=${t("search.form")}>
      <label>${t("search.reason")}<input name="reason" required maxlength="500" autocomplete="off" .value=${form.reason} @input=${this.typed("reason")} /></label>
      <label>${t("search.case")}<input name="case" maxlength="64" autocomplete="off" .value=${form.case} @input=${this.typed("case")} /></label>
      <fieldset><legend>${t("search.what")}</legend>
        <div class="choices">${WHATS.map((what) => this.choice(what))}</div>
      </fieldset>
      ${form.what === "search" || needsPlate(form.what) ? this.plate() : nothing}
      ${this.times()} ${this.place()} ${this.further()}
      <button class="primary" ?disabled=${this.busy}>${icon("search")} ${t("search.go")} <kbd>Enter</kbd></button>
      ${this.leftWords()}
      <p class="quiet small">${t("search.notice")}</p>
    </form>`;
  }

  private choice(what: What): TemplateResult {
    return html`<label class="choice"><input type="radio" name="what" value=${what} .checked=${this.form.what === what} @change=${() => this.set({ what })} />${t(`search_what.${what}`)}</label>`;
  }

  private plate(): TemplateResult {
    const whole = needsPlate(this.form.what);
    return html`<label>${whole ? t("search.whole_plate") : t("search.plate")}
      <input name="plate" maxlength="16" ?required=${whole} autocomplete="off" autocapitalize="characters" spellcheck="false" .value=${this.form.plate} @input=${this.typed("plate")} /></label>`;
  }

  private times(): TemplateResult {
    const { from, to } = this.form;
    return html`<div class="pair">
        <label>${t("search.from")}<input type="datetime-local" name="from" required .value=${from} max=${to} @input=${this.typed("from")} /></label>
        <label>${t("search.to")}<input type="datetime-local" name="to" required .value=${to} min=${from} @input=${this.typed("to")} /></label>
      </div>
      <div class="row lasts"><span class="quiet">${t("search.last")}</span>${LAST_H.map(
        (hours) => html`<button type="button" aria-pressed=${this.form.last_h === hours} @click=${() => this.set(lastTime(hours, this.now_ms))}>${hours > 24 ? t("search.days_short", { n: hours / 24 }) : t("search.hours", { n: hours })}</button>`,
      )}</div>`;
  }

  private place(): TemplateResult {
    const { form } = this;
    const option = (value: string, name: string): TemplateResult => html`<option value=${value} ?selected=${value === form.where}>${name}</option>`;
    const fences = [...this.fences.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
    return html`<label>${t("search.where")}<select name="where" .value=${form.where} @change=${this.typed("where")}>
        ${option("", t("search.everywhere"))}${option("drawn", t("search.drawn", { n: form.area.length }))}${option("cameras", t("search.some_cameras", { n: form.cameras.length }))}
        <optgroup label=${t("search.areas")}>${fences.map((row) => option(`fence:${row.id}`, row.name))}</optgroup>
      </select></label>
      ${form.where === "drawn"
        ? html`<button type="button" aria-pressed=${this.drawing} @click=${() => this.tell("draw", !this.drawing)}>${icon("map")} ${this.drawing ? t("search.draw_end") : t("search.draw")}</button>`
        : nothing}
      ${form.where === "cameras" ? this.cameraChoice() : nothing}`;
  }

  private cameraChoice(): TemplateResult {
    const name = (id: string): string => this.cameras.get(id)?.name ?? id;
    return html`<label>${t("search.add_camera")}<input name="camera" list="cameras" autocomplete="off" @keydown=${this.onCameraKey} @change=${this.addCamera} /></label>
      <datalist id="cameras">${[...this.cameras.values()].map((row) => html`<option value=${row.name}></option>`)}</datalist>
      <div class="chips">${this.form.cameras.map(
        (id) => html`<button type="button" aria-label=${t("search.drop_camera", { name: name(id) })} @click=${() => this.set({ cameras: this.form.cameras.filter((each) => each !== id) })}>${name(id)} ${icon("close")}</button>`,
      )}</div>`;
  }

  private readonly onCameraKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // adds the camera, asks nothing
    this.addCamera(event);
  };

  private readonly addCamera = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const found = [...this.cameras.values()].find((row) => row.name === field.value.trim() || row.id === field.value.trim());
    if (found === undefined) return;
    field.value = "";
    if (!this.form.cameras.includes(found.id)) this.set({ cameras: [...this.form.cameras, found.id] });
  };

  private further(): TemplateResult | typeof nothing {
    const { form } = this;
    switch (form.what) {
      case "search":
        return html`<div class="pair">
          ${this.select("colour", t("search.colour"), COLOURS.map((each) => [each, word("plate_colour", each)]))}
          ${this.select("kind", t("search.kind"), KINDS.map((each) => [each, word("plate_kind", each)]))}
          ${this.select("direction", t("search.direction"), DIRECTIONS.map((each) => [each, word("direction", each)]))}
          ${this.select("heading", t("search.heading"), HEADINGS.map((each) => [String(each), word("bearing", String(each / 45))]))}
        </div>`;
      case "companions":
        return html`<div class="pair">${this.number("at_least", t("search.at_least"), 2, 50)}${this.number("within_s", t("search.within_s"), 1, 600)}</div>`;
      case "first_time":
        return this.number("days", t("search.before_days"), 1, 366);
      case "frequent":
        return html`<div class="pair">${this.number("visits", t("search.visits"), 2, 100_000)}
          <label>${t("search.when")}<select name="when" @change=${this.typed("when")}>${(["all", "day", "night"] as const).map(
            (each) => html`<option value=${each} ?selected=${each === form.when}>${t(`search_when.${each}`)}</option>`,
          )}</select></label></div>`;
      case "track":
      case "clones":
        return nothing;
    }
  }

  private select(name: "colour" | "kind" | "direction" | "heading", label: string, options: readonly (readonly [string, string])[]): TemplateResult {
    return html`<label>${label}<select name=${name} @change=${this.typed(name)}>
      <option value="">${t("search.any")}</option>${options.map(([value, text]) => html`<option value=${value} ?selected=${value === this.form[name]}>${text}</option>`)}
    </select></label>`;
  }

  private number(name: "at_least" | "within_s" | "days" | "visits", label: string, min: number, max: number): TemplateResult {
    return html`<label>${label}<input type="number" name=${name} required min=${min} max=${max} .value=${String(this.form[name])}
      @input=${(event: Event) => this.set({ [name]: Number(valueOf(event)) })} /></label>`;
  }

  private leftWords(): TemplateResult | typeof nothing {
    if (this.left === null) return nothing;
    const { left, an_hour, next_ms } = this.left;
    return html`<p role="status" class=${left === 0 ? "error" : "quiet"}>${left === 0 ? t("search.none_left", { an_hour, at: format.clock(next_ms) }) : t("search.left", { left, an_hour })}</p>`;
  }

  private typed(name: keyof Form): (event: Event) => void {
    const fixed = name === "from" || name === "to" ? { last_h: 0 } : {};
    return (event) => this.set({ ...fixed, [name]: valueOf(event) });
  }

  private set(changed: Partial<Form>): void {
    this.form = { ...this.form, ...changed };
    this.tell<Form>("form", this.form);
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.tell("ask", null);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-search-form": SearchForm;
  }
}
