/** What is asked about where patrols were: whom or where, when, and why. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../../components/icons";
import { valueOf } from "../../../components/typing";
import * as format from "../../../i18n/format";
import { t } from "../../../i18n/i18n";
import type { Desk } from "../context";
import { RADII_M, spanOf, whensOf, type Form, type When } from "./ask";
import { retiredUnits } from "../../named";

export interface FormActions {
  change(part: Partial<Form>): void;
  ask(): void;
  /** Pick the centre or draw the area on the map; again to stop. */
  pick(): void;
}

export function formView(desk: Desk, form: Form, { busy, picking }: { readonly busy: boolean; readonly picking: boolean }, actions: FormActions): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    actions.ask();
  };
  const what = (each: Form["what"]): TemplateResult =>
    html`<button type="button" aria-pressed=${form.what === each} @click=${() => actions.change({ what: each })}>${t(`past.${each}`)}</button>`;
  return html`<form @submit=${submit} aria-label=${t(`past.${form.what}`)}>
    <span class="row" role="group">${what("track")}${what("present")}</span>
    ${form.what === "track" ? unitField(desk, form, actions) : placeField(desk, form, picking, actions)} ${timeField(desk, form, actions)}
    <label class="why">${t("past.reason")}
      <input name="reason" maxlength="500" autocomplete="off" placeholder=${t("past.on_record")} .value=${form.reason} @input=${(event: Event) => actions.change({ reason: valueOf(event) })} /></label>
    <button class="primary" ?disabled=${busy}>${icon("search")} ${t("past.ask")}</button>
  </form>`;
}

function unitField(desk: Desk, form: Form, { change }: FormActions): TemplateResult {
  const units = [...desk.store.rows("units").values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }));
  return html`<label>${t("past.unit")}
    <select name="unit" @change=${(event: Event) => change({ unit: valueOf(event) })}>
      <option value="" .selected=${form.unit === ""}>${t("past.choose_unit")}</option>
      ${[...units, ...retiredUnits(desk.store.rows("retired"))].map(({ id, name }) => html`<option value=${id} .selected=${id === form.unit}>${name}</option>`)}
    </select></label>`;
}

function placeField({ situation }: Desk, form: Form, picking: boolean, { change, pick }: FormActions): TemplateResult {
  const place = situation?.place ?? null;
  const drawn = form.where === "drawn";
  return html`<label>${t("past.where")}
      <select name="where" @change=${(event: Event) => change({ where: valueOf(event) as Form["where"] })}>
        ${(["circle", "drawn"] as const).map((each) => html`<option value=${each} .selected=${each === form.where}>${t(`past.where_${each}`)}</option>`)}
      </select></label>
    ${drawn
      ? nothing
      : html`<label>${t("past.radius")}
          <select name="radius" @change=${(event: Event) => change({ radius_m: Number(valueOf(event)) })}>
            ${RADII_M.map((each) => html`<option value=${each} .selected=${each === form.radius_m}>${format.distance(each)}</option>`)}
          </select></label>
        ${place === null ? nothing : html`<button type="button" @click=${() => change({ centre: { lat: place.lat, lon: place.lon } })}>${t("past.centre_situation")}</button>`}`}
    <button type="button" aria-pressed=${picking} @click=${pick}>${icon("crosshair")} ${t(drawn ? "past.draw" : "past.centre_pick")}</button>`;
}

function timeField(desk: Desk, form: Form, { change }: FormActions): TemplateResult {
  const unit = desk.store.rows("units").get(form.unit) ?? null;
  const words = (when: When): string => {
    const { from_ms } = spanOf({ ...form, when }, desk.now_ms, unit, desk.situation);
    return t(`past.when_${when}`, { at: format.moment(from_ms, desk.now_ms) });
  };
  return html`<label>${t("past.when")}
      <select name="when" @change=${(event: Event) => change({ when: valueOf(event) as When })}>
        ${whensOf(form.what, unit, desk.situation).map((each) => html`<option value=${each} .selected=${each === form.when}>${words(each)}</option>`)}
      </select></label>
    ${form.when === "picked"
      ? html`<label>${t("past.from")} <input name="from" type="datetime-local" .value=${form.from} @change=${(event: Event) => change({ from: valueOf(event) })} /></label>
          <label>${t("past.to")} <input name="to" type="datetime-local" .value=${form.to} @change=${(event: Event) => change({ to: valueOf(event) })} /></label>`
      : nothing}`;
}
