/** A fence: what it is called, of which kind, and how long and how far over its line counts. Its shape is drawn beside it. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { t, word } from "../../i18n/i18n";
import { LEAST_CORNERS } from "../../map/ring_drawing";
import type { Corner } from "../../map/typed";
import type { FenceRow } from "../../wire";
import { EnrolForm } from "./enrol_form";

const KINDS = ["area", "forbidden"] as const;
/** As the hub takes where nothing is said. */
const [DWELL_S, MARGIN_M] = [30, 30];

@customElement("fence-form")
export class FenceForm extends EnrolForm {
  @property({ attribute: false }) fence: FenceRow | null = null;
  /** As it is drawn now. */
  @property({ attribute: false }) corners: readonly Corner[] = [];
  /** The names of units whose area it is. */
  @property({ attribute: false }) users: readonly string[] = [];
  /** Its shape can be changed on the map now. */
  @property({ type: Boolean }) drawing = false;
  /** Its shape was changed since it was saved. */
  @property({ type: Boolean }) redrawn = false;
  @state() private removing = false;

  override render(): TemplateResult {
    const { fence, users } = this;
    const isDrawn = this.corners.length >= LEAST_CORNERS;
    return html`<form @submit=${(event: SubmitEvent) => this.check(event)}>
        ${this.idField(t("units.id_how"))}
        ${this.field("name", t("column.name"), fence?.name ?? "")}
        ${this.choice("kind", t("column.kind"), KINDS.map((each) => [each, word("fence", each)]), fence?.kind ?? "area")}
        <p class="quiet">${t("fences.kind_how")}</p>
        <div class="pair">
          <label>${t("fences.dwell")}<input name="dwell_s" type="number" required min="0" max="3600" step="1" .value=${String(fence?.dwell_s ?? DWELL_S)} /></label>
          <label>${t("fences.margin")}<input name="margin_m" type="number" required min="0" max="1000" step="any" .value=${String(fence?.margin_m ?? MARGIN_M)} /></label></div>
        <p class="quiet">${t("fences.margin_how")}</p>
        ${users.length === 0 ? nothing : html`<p>${icon("info")} ${t("fences.used", { n: users.length, names: users.join(t("list.comma")) })}</p>`}
        ${isDrawn ? nothing : html`<p class="quiet">${icon("info")} ${t("fences.draw_first")}</p>`}${this.unsaved()}
        ${this.drawing ? nothing : html`<div class="keys"><button type="button" @click=${() => this.tell("redraw", null)}>${icon("pin")} ${t("fences.redraw")}</button></div>`}
        ${this.end()}
      </form>
      ${fence === null ? nothing : this.removal(fence)}`;
  }

  private unsaved(): TemplateResult | typeof nothing {
    if (!this.redrawn) return nothing;
    return html`<p class="bad" role="status">${icon("alert")} ${t("fences.unsaved")}</p>
      <div class="keys"><button type="button" @click=${() => this.tell("revert", null)}>${icon("history")} ${t("fences.revert")}</button></div>`;
  }

  private removal({ id, name }: FenceRow): TemplateResult {
    if (!this.removing) return html`<div class="keys" style="margin-top:var(--s4)"><button type="button" ?disabled=${this.busy} @click=${() => (this.removing = true)}>${icon("close")} ${t("fences.remove")}</button></div>`;
    return html`<t-confirm question=${t("fences.remove_question", { name })} consequence=${t("fences.remove_consequence")} @cancel=${() => (this.removing = false)} @confirm=${() => {
      this.removing = false;
      this.save({ request: "remove_fence", fence: id });
    }}></t-confirm>`;
  }

  private check(event: SubmitEvent): void {
    const given = this.given(event);
    if (given === null) return;
    if (this.corners.length < LEAST_CORNERS) {
      this.wrong = t("fences.draw_first");
      return;
    }
    const { id, text } = given;
    const kind = KINDS.find((each) => each === text("kind")) ?? "area";
    const ring = this.corners.map(([lon, lat]): [number, number] => [lon, lat]);
    this.save({ request: "draw_fence", fence: id, name: text("name"), kind, ring, dwell_s: Number(text("dwell_s")), margin_m: Number(text("margin_m")) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "fence-form": FenceForm;
  }
}
