/** Where the way to a camera ends, hop by hop, for whoever has to mend it: asked for by a press, never by itself. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { language, t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { icon } from "../icons";
import { describe } from "../problems";
import { shared, View } from "../view";
import { diagnose, type Diagnosis } from "./camera_api";

@customElement("t-diagnosis")
export class DiagnosisView extends View {
  static override styles = [
    shared,
    css`
      li {
        display: grid;
        grid-template-columns: 1.4em 7em minmax(0, 1fr) auto;
        gap: var(--s2);
        padding: 2px 0;
        overflow-wrap: anywhere;
      }
      .failed {
        background: var(--hatch);
        font-weight: 600;
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  @property({ type: String }) camera = "";
  @state() private found: Diagnosis | null = null;
  @state() private busy = false;
  @state() private refusal = "";

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("camera")) return;
    this.found = null;
    this.refusal = "";
  }

  override render(): TemplateResult {
    return html`<button type="button" ?disabled=${this.busy} @click=${() => void this.go()}>${icon("search")} ${this.busy ? t("diagnosis.busy") : t("diagnosis.go")}</button>
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      ${this.found === null ? nothing : this.hops(this.found)}`;
  }

  private hops({ failed, hops }: Diagnosis): TemplateResult {
    const end = failed === null ? t("diagnosis.well") : t("diagnosis.ends", { hop: word("hop", failed) });
    return html`<p role="status">${icon(failed === null ? "check" : "alert")} ${end}</p>
      <ol>
        ${hops.map(
          (hop) => html`<li class=${hop.ok ? "" : "failed"}>
            ${icon(hop.ok ? "check" : "alert")}<span>${word("hop", hop.hop)}</span><span>${language() === "zh" ? hop.told_zh || hop.told : hop.told}</span>
            <span class="quiet number">${hop.took_ms > 0 ? t("diagnosis.took", { ms: hop.took_ms }) : ""}</span>
          </li>`,
        )}
      </ol>`;
  }

  private async go(): Promise<void> {
    const { api, camera } = this;
    if (api === null) return;
    this.busy = true;
    this.refusal = "";
    try {
      const found = await diagnose(api, camera);
      if (camera === this.camera) this.found = found;
    } catch (error) {
      this.refusal = describe(error);
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-diagnosis": DiagnosisView;
  }
}
