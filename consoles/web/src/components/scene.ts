/** The picture of a scene with a box drawn where the plate is, and the plate cut out of it and enlarged. */

import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t } from "../i18n/i18n";
import { browserTime } from "../sync/time";
import { pause_ms } from "./picture";
import "./states";
import { shared, View } from "./view";

/** x, y, width, height in pixels of the picture. */
export type Box = readonly [number, number, number, number];

/** How much is cut out around the plate, of its own size. */
const AROUND = 0.25;

/** What of the picture is shown enlarged: the box and a little around it, never beyond the picture. */
export function around([x, y, width, height]: Box, picture_width: number, picture_height: number): Box {
  const [left, top] = [Math.max(0, x - width * AROUND), Math.max(0, y - height * AROUND)];
  const [right, bottom] = [Math.min(picture_width, x + width * (1 + AROUND)), Math.min(picture_height, y + height * (1 + AROUND))];
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}

@customElement("t-scene")
export class Scene extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        align-content: start;
        gap: var(--s2);
        min-width: 0;
      }
      .scene {
        position: relative;
        background: var(--page);
        border-radius: var(--radius);
        overflow: hidden;
      }
      img,
      svg {
        display: block;
        width: 100%;
      }
      .box {
        position: absolute;
        inset: 0;
        height: 100%;
      }
      .crop svg {
        height: var(--crop, calc(72px * var(--scale)));
        width: auto;
        max-width: 100%;
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        background: var(--page);
      }
    `,
  ];

  /** Blob id of the picture; empty without one. */
  @property() picture = "";
  @property({ attribute: false }) box: Box | null = null;
  /** Blob id of a picture of the plate alone, where there is one; otherwise it is cut out by the box. */
  @property() platePicture = "";
  /** Where the picture is told, where it is no blob of a row. */
  @property() source = "";
  @property() label = "";
  /** A polygon that is drawn over the picture, each point 0…1 of its width and height. */
  @property({ attribute: false }) ring: readonly (readonly [number, number])[] | null = null;
  /** Without the enlarged plate. */
  @property({ type: Boolean }) whole = false;
  @state() private size: readonly [number, number] | null = null;
  @state() private gone = false;
  private tries = 0;
  private again: (() => void) | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.again?.();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("picture") && !changed.has("source")) return;
    this.again?.();
    [this.size, this.gone, this.tries] = [null, false, 0];
  }

  override render(): TemplateResult {
    if ((this.picture === "" && this.source === "") || this.gone) return html`<t-state kind="hint" text=${this.gone ? t("picture.missing") : t("scene.none")}></t-state>`;
    const source = this.source || `/api/v1/blobs/${this.picture}`;
    return html`<div class="scene">
        <img src=${source} alt=${this.label} @load=${this.onLoad} @error=${this.onError} />
        ${this.boxed()}
      </div>
      ${this.whole ? nothing : this.plate(source)}`;
  }

  private boxed(): TemplateResult | typeof nothing {
    if (this.size === null || (this.box === null && this.ring === null)) return nothing;
    const [wide, high] = this.size;
    const line = Math.max(2, wide / 320);
    // Dark and light, so that it is seen on any picture.
    return html`<svg class="box" viewBox="0 0 ${wide} ${high}" preserveAspectRatio="none" aria-hidden="true">
      ${this.ring === null ? nothing : this.outlined(this.ring.map(([x, y]) => `${x * wide},${y * high}`).join(" "), line)}
      ${this.box === null ? nothing : this.framed(this.box, line)}
    </svg>`;
  }

  private outlined(points: string, line: number): TemplateResult {
    return svg`<polygon points=${points} fill="rgb(76 194 224 / 8%)" stroke="#0B0F14" stroke-width=${line * 1.6} />
      <polygon points=${points} fill="none" stroke="#E6ECF3" stroke-width=${line * 0.7} stroke-dasharray="${line * 5} ${line * 3}" />`;
  }

  private framed([x, y, width, height]: Box, line: number): TemplateResult {
    return svg`<rect x=${x - line} y=${y - line} width=${width + 2 * line} height=${height + 2 * line} fill="none" stroke="#0B0F14" stroke-width=${line * 2.4} />
        <rect x=${x - line} y=${y - line} width=${width + 2 * line} height=${height + 2 * line} fill="none" stroke="#4CC2E0" stroke-width=${line} />`;
  }

  private plate(source: string): TemplateResult | typeof nothing {
    if (this.platePicture !== "") {
      return html`<div class="crop"><img src="/api/v1/blobs/${this.platePicture}" alt=${t("scene.plate")} style="width:auto;height:var(--crop, calc(72px * var(--scale)))" /></div>`;
    }
    if (this.size === null || this.box === null) return nothing;
    const [width, height] = this.size;
    const shown = around(this.box, width, height);
    return html`<div class="crop"><svg viewBox=${shown.join(" ")} role="img" aria-label=${t("scene.plate")}>
      ${svg`<image href=${source} width=${width} height=${height} />`}
    </svg></div>`;
  }

  private readonly onError = (): void => {
    this.gone = true;
    this.again = browserTime.after(pause_ms(this.tries), () => (this.gone = false));
    this.tries += 1;
  };

  private onLoad(event: Event): void {
    const image = event.target as HTMLImageElement;
    this.size = [image.naturalWidth, image.naturalHeight];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-scene": Scene;
  }
}
