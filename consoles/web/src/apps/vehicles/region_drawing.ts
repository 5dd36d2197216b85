/**
 * A camera's picture with regions over it, live or the newest still one; where it is pressed becomes a point. Tells `point` with
 * [x, y], each 0…1, and `undo`.
 */

import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { answerWords } from "../../components/answer_words";
import { icon } from "../../components/icons";
import "../../components/states";
import { newestStill, type NewestStill } from "../../components/video/newest_still";
import { shared, View } from "../../components/view";
import { clock, dateWithYear } from "../../i18n/format";
import { t } from "../../i18n/i18n";
import { LivePlayer, type VideoState } from "../../media/player";
import type { PictureRegion } from "../../wire";
import type { Point } from "./rules_words";

/** The drawing's own units: of the shape of the picture, so that letters and points are not stretched. */
const [WIDE, HIGH] = [160, 90];
/** A live picture is waited for so long before the newest still one is shown in its place. */
const STILL_AFTER_MS = 4_000;
/** How far an arrow moves the cross: with Shift, and without. */
const [FAR, NEAR] = [0.05, 0.01];
const ARROWS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

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
      img,
      .picture > svg {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: fill;
      }
      svg text {
        font-size: 4px;
        fill: #e6ecf3;
        paint-order: stroke;
        stroke: #0b0f14;
        stroke-width: 0.8px;
      }
      .cross {
        display: none;
      }
      .picture:focus-visible .cross {
        display: inline;
      }
      .still {
        padding: var(--s2) var(--s3);
        background: var(--hatch);
      }
      .how {
        color: var(--text-2);
        font-size: var(--t1);
      }
    `,
  ];

  @property() camera = "";
  @property() label = "";
  @property({ attribute: false }) regions: readonly PictureRegion[] = [];
  /** The polygon that is being drawn. */
  @property({ attribute: false }) ring: readonly Point[] = [];
  @state() private shown: VideoState = { is: "connecting" };
  @state() private still: NewestStill | null = null;
  @state() private hasNone = false;
  /** Why there is no live picture, as was heard last: it is tried again and again, and the words stand still. */
  @state() private why = "";
  @state() private cross: Point = [0.5, 0.5];
  @query("video") private video!: HTMLVideoElement | null;
  private player: LivePlayer | null = null;
  private looked = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("camera") || this.video === null) return;
    this.stop();
    if (this.camera === "") return;
    this.player = new LivePlayer(this.camera, this.video, (next) => this.onState(next));
    this.player.start();
    this.timer = setTimeout(() => void this.look(), STILL_AFTER_MS);
  }

  private stop(): void {
    this.player?.stop();
    this.player = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.forget();
    this.shown = { is: "connecting" };
    this.why = "";
  }

  private forget(): void {
    if (this.still !== null) URL.revokeObjectURL(this.still.url);
    this.still = null;
    this.looked = this.hasNone = false;
  }

  private onState(next: VideoState): void {
    this.shown = next;
    if (this.isLive) this.why = "";
    else if ("detail" in next && next.detail !== "") this.why = answerWords(next.detail) || next.detail;
    if (this.isLive) this.forget();
    else if (next.is === "lost" || next.is === "refused") void this.look();
  }

  /** Find the newest still picture, unless a live one is shown by now, or it was found or looked for already. */
  private async look(): Promise<void> {
    const { camera } = this;
    if (this.isLive || this.looked) return;
    this.looked = true;
    const found = await newestStill(camera);
    if (found === null) {
      this.hasNone = camera === this.camera;
      return;
    }
    if (camera !== this.camera || this.isLive || !this.isConnected) {
      URL.revokeObjectURL(found.url);
      return;
    }
    this.still = found;
  }

  private get isLive(): boolean {
    return this.shown.is === "live" || this.shown.is === "waiting";
  }

  override render(): TemplateResult {
    const { still, label } = this;
    const [x, y] = this.cross;
    return html`<div class="picture" tabindex="0" role="group" aria-label=${label} aria-describedby="how" @pointerdown=${(event: PointerEvent) => this.press(event)} @keydown=${(event: KeyboardEvent) => this.key(event)}>
        <video muted autoplay playsinline aria-hidden="true"></video>
        ${still === null ? nothing : html`<img src=${still.url} alt="" />`}
        <svg viewBox="0 0 160 90" preserveAspectRatio="none" aria-hidden="true">
          ${this.regions.map((region) => svg`${polygon(region.ring, "#A9B5C3")}<text x=${middle(region.ring, 0) * WIDE} y=${middle(region.ring, 1) * HIGH} text-anchor="middle">${region.name}</text>`)}
          ${polygon(this.ring, "#4CC2E0")}
          ${this.ring.map((point) => svg`<circle cx=${point[0] * WIDE} cy=${point[1] * HIGH} r="0.8" fill="#4CC2E0" />`)}
          <path class="cross" d=${`M${x * WIDE} 0V${HIGH}M0 ${y * HIGH}H${WIDE}`} stroke="#E6ECF3" stroke-dasharray="1 1" stroke-width="0.4" />
        </svg>
      </div>
      <p id="how" class="how">${t("rules.draw_how")}</p>
      <div role="status">${this.standing()}</div>`;
  }

  /** What is shown where it is not the live picture, and why. */
  private standing(): TemplateResult | typeof nothing {
    const { still, why } = this;
    if (still !== null) {
      const at = `${dateWithYear(still.taken_ms)} ${clock(still.taken_ms)}`;
      return html`<p class="still">${icon("alert")} ${t("rules.still", { at, whence: t(still.whence) })}${why === "" ? nothing : html` <span class="quiet">${why}</span>`}</p>`;
    }
    if (this.camera === "" || this.isLive || !this.hasNone) return nothing;
    return html`<p class="still">${icon("alert")} ${t("rules.still_none")}${why === "" ? nothing : html` <span class="quiet">${why}</span>`}</p>`;
  }

  private press(event: PointerEvent): void {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.cross = [part((event.clientX - left) / width), part((event.clientY - top) / height)];
    this.point();
  }

  private key(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    const far = event.shiftKey ? FAR : NEAR;
    if (arrow !== undefined) this.cross = [part(this.cross[0] + arrow[0] * far), part(this.cross[1] + arrow[1] * far)];
    else if (event.key === "Enter" || event.key === " ") this.point();
    else if (event.key === "Backspace") this.dispatchEvent(new CustomEvent("undo"));
    else return;
    event.preventDefault();
  }

  private point(): void {
    this.dispatchEvent(new CustomEvent<Point>("point", { detail: this.cross }));
  }
}

/** Of the picture, to a thousandth. */
function part(of: number): number {
  return Math.min(1, Math.max(0, Math.round(of * 1000) / 1000));
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
