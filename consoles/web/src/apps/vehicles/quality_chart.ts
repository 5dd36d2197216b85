/** One number of the last 24 hours as bars, with a mark at what is usual for each hour; nights are shaded. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Bar } from "./quality_numbers";

const WIDTH = 480;
const HEIGHT = 72;
const EVERY = 6;

@customElement("vehicles-quality-chart")
export class QualityChart extends View {
  static override styles = [
    shared,
    css`
      svg {
        display: block;
        width: 100%;
        height: auto;
      }
      .night {
        fill: var(--raised);
      }
      .bar {
        fill: var(--text-2);
      }
      .now {
        fill: var(--text);
      }
      .usual {
        stroke: var(--accent);
        stroke-width: 2.5;
      }
      .base {
        stroke: var(--line);
      }
      .unknown {
        fill: none;
        stroke: var(--line);
        stroke-dasharray: 2 3;
      }
      .hours {
        display: flex;
        justify-content: space-between;
        color: var(--text-2);
        font-size: var(--t1);
      }
      figcaption {
        display: flex;
        justify-content: space-between;
        gap: var(--s3);
        font-size: var(--t1);
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) bars: readonly Bar[] = [];
  @property({ attribute: false }) words: (value: number) => string = String;
  /** The top of the scale; the largest value where it is 0. */
  @property({ type: Number }) top = 0;

  override render(): TemplateResult {
    const top = this.top || Math.max(1, ...this.bars.flatMap((bar) => [bar.value ?? 0, bar.usual ?? 0]));
    const step = WIDTH / Math.max(1, this.bars.length);
    const y = (value: number): number => HEIGHT - (Math.min(top, value) / top) * (HEIGHT - 4);
    const last = this.bars.at(-1);
    const said = last === undefined ? "" : `${this.said(last.value)} · ${t("quality.usually", { value: this.said(last.usual) })}`;
    return html`<figure>
      <figcaption><span class="quiet">${this.label}</span><span class="number">${said}</span></figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${this.label}: ${said}">
        ${this.bars.map((bar, i) => svg`<g>
          <title>${format.moment(bar.start_ms, last?.start_ms ?? 0)} ${this.said(bar.value)} · ${t("quality.usually", { value: this.said(bar.usual) })}</title>
          ${bar.night ? svg`<rect class="night" x=${i * step} y="0" width=${step + 0.5} height=${HEIGHT} />` : nothing}
          ${bar.value === null
            ? svg`<rect class="unknown" x=${i * step + 3} y=${HEIGHT - 10} width=${step - 6} height="9" />`
            : svg`<rect class=${bar === last ? "now" : "bar"} x=${i * step + 3} y=${y(bar.value)} width=${step - 6} height=${HEIGHT - y(bar.value)} />`}
          ${bar.usual === null ? nothing : svg`<line class="usual" x1=${i * step + 1} x2=${(i + 1) * step - 1} y1=${y(bar.usual)} y2=${y(bar.usual)} />`}
        </g>`)}
        <line class="base" x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5} />
      </svg>
      <div class="hours" aria-hidden="true">${this.bars.filter((_, i) => i % EVERY === 0).map((bar) => html`<span>${format.clock(bar.start_ms).slice(0, 5)}</span>`)}<span>${t("timeline.now")}</span></div>
    </figure>`;
  }

  private said(value: number | null): string {
    return value === null ? "—" : this.words(value);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-quality-chart": QualityChart;
  }
}
