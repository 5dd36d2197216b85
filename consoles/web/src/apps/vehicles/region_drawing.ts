/** A camera's live picture with regions over it; where it is pressed becomes a point. Tells `point` with [x, y], each 0…1. */

import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import "../../components/states";
import { shared, View } from "../../components/view";
import { LivePlayer } from "../../media/player";
import type { PictureRegion } from "../../wire";
import type { Point } from "./rules_words";

/** The drawing's own units: of the shape of the picture, so that letters and points are not stretched. */
const [WIDE, HIGH] = [160, 90];

@customElement("region-drawing")
export class RegionDrawing extends View {
  static override styles = [
    shared,
    css`
      .picture {
        position: relative;
        aspect-ratio: 16 / 9;
        max-width: min(100%, calc(55vh * 16 / 9));
        background: var(--page);
        border: var(--hair) solid var(--line);
        cursor: crosshair;
      }
      video,
      svg {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: fill;
      }
      text {
        font-size: 4px;
        fill: #e6ecf3;
        paint-order: stroke;
        stroke: #0b0f14;
        stroke-width: 0.8px;
      }
    `,
  ];

  @property() camera = "";
  @property() label = "";
  @property({ attribute: false }) regions: readonly PictureRegion[] = [];
  /** The polygon that is being drawn. */
  @property({ attribute: false }) ring: readonly Point[] = [];
  @state() private trouble = "";
  @query("video") private video!: HTMLVideoElement | null;
  private player: LivePlayer | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("camera") || this.video === null) return;
    this.stop();
    if (this.camera === "") return;
    this.player = new LivePlayer(this.camera, this.video, (next) => (this.trouble = "detail" in next ? next.detail : ""));
    this.player.start();
  }

  private stop(): void {
    this.player?.stop();
    this.player = null;
  }

  override render(): TemplateResult {
    return html`<div class="picture" @pointerdown=${(event: PointerEvent) => this.press(event)}>
        <video muted autoplay playsinline aria-label=${this.label}></video>
        <svg viewBox="0 0 160 90" preserveAspectRatio="none" aria-hidden="true">
          ${this.regions.map((region) => svg`${polygon(region.ring, "#A9B5C3")}<text x=${middle(region.ring, 0) * WIDE} y=${middle(region.ring, 1) * HIGH} text-anchor="middle">${region.name}</text>`)}
          ${polygon(this.ring, "#4CC2E0")}
          ${this.ring.map(([x, y]) => svg`<circle cx=${x * WIDE} cy=${y * HIGH} r="0.8" fill="#4CC2E0" />`)}
        </svg>
      </div>
      ${this.trouble === "" ? nothing : html`<t-state kind="error" text=${this.trouble}></t-state>`}`;
  }

  private press(event: PointerEvent): void {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const part = (at: number, whole: number): number => Math.min(1, Math.max(0, Math.round((at / whole) * 1000) / 1000));
    this.dispatchEvent(new CustomEvent<Point>("point", { detail: [part(event.clientX - left, width), part(event.clientY - top, height)] }));
  }
}

/** Where a region's name stands: amid its corners. */
function middle(ring: readonly Point[], axis: 0 | 1): number {
  return ring.reduce((sum, point) => sum + point[axis], 0) / Math.max(1, ring.length);
}

function polygon(ring: readonly Point[], colour: string): TemplateResult {
  return svg`<polygon points=${ring.map(([x, y]) => `${x * WIDE},${y * HIGH}`).join(" ")} fill="rgb(76 194 224 / 12%)" stroke=${colour} stroke-width="0.5" vector-effect="non-scaling-stroke" style="stroke-width:2px" />`;
}

declare global {
  interface HTMLElementTagNameMap {
    "region-drawing": RegionDrawing;
  }
}
