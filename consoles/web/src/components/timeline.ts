/** A time line on a canvas: facts as marks, tasks as bars, the now-line; what is late is hatched. */

import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import * as format from "../i18n/format";
import { t } from "../i18n/i18n";
import { ACCENT, LINE, QUIET, TEXT, TEXT_2 } from "./shapes";
import { lanes, marksNear, pickRange, ticks, tickWords } from "./timeline_layout";
import { shared, View } from "./view";

/** A pointer so far from a mark still means it. */
const REACH_PX = 8;

export interface TimeMark {
  readonly id: string;
  readonly at_ms: number;
  readonly label: string;
  /** Drawn as a filled diamond with its label first in line for room. */
  readonly weighty: boolean;
}

export interface TimeBar {
  readonly id: string;
  readonly label: string;
  readonly start_ms: number;
  readonly due_ms: number;
  readonly done_ms: number | null;
  /** Neither done nor due any more: dropped, or of a phase that ended. */
  readonly dropped?: boolean;
}

/** Tells `seek` with the instant that was clicked. */
@customElement("t-timeline")
export class Timeline extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        min-height: calc(96px * var(--scale));
        overflow: hidden;
      }
      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }
      :host([seekable]) canvas {
        cursor: crosshair;
      }
    `,
  ];

  @property({ attribute: false }) marks: readonly TimeMark[] = [];
  @property({ attribute: false }) bars: readonly TimeBar[] = [];
  @property({ type: Number }) now = 0;
  /** First and last instant shown; without them all there is. */
  @property({ attribute: false }) range: readonly [number, number] | null = null;
  @property({ type: Boolean, reflect: true }) seekable = false;
  @query("canvas") private canvas!: HTMLCanvasElement;
  private readonly resized = new ResizeObserver(() => this.draw());
  private shown: readonly [number, number] = [0, 1];
  private pointed_px: number | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
    // The labels are drawn, not laid out, so the browser does not know that it should draw them anew with the font.
    void document.fonts.ready.then(() => this.draw());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  override render(): TemplateResult {
    const late = this.bars.filter((bar) => isLate(bar, this.now)).length;
    const words = this.marks.slice(-5).map((mark) => `${format.instant(mark.at_ms, this.now)} ${mark.label}`);
    return html`<canvas role="img" aria-label=${[t("situation.overdue", { n: late }), ...words].join("；")} @click=${this.seek} @pointermove=${this.point} @pointerleave=${this.point}></canvas>`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.draw();
  }

  private seek(event: MouseEvent): void {
    const [from, to] = this.shown;
    this.tell("seek", from + ((to - from) * event.offsetX) / Math.max(1, this.canvas.clientWidth));
  }

  private point(event: PointerEvent): void {
    this.pointed_px = event.type === "pointerleave" ? null : event.offsetX;
    this.nameMarks();
  }

  /** What is only a tick, or cut short, is read in full under the pointer, also what comes while that rests there. */
  private nameMarks(): void {
    if (this.pointed_px === null) return;
    const [from, to] = this.shown;
    const perPixel_ms = (to - from) / Math.max(1, this.canvas.clientWidth);
    const near = marksNear(this.marks, from + perPixel_ms * this.pointed_px, perPixel_ms * REACH_PX);
    this.canvas.title = near.map((mark) => `${format.instant(mark.at_ms, this.now)} ${mark.label}`).join("\n");
  }

  private draw(): void {
    const canvas = this.canvas as HTMLCanvasElement | null;
    const context = canvas?.getContext("2d");
    if (canvas === null || context === null || context === undefined || canvas.clientWidth === 0) return;
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const styles = getComputedStyle(this);
    const unit = Number(styles.getPropertyValue("--scale") || 1);
    this.shown = this.range ?? pickRange(this.marks, this.bars, this.now);
    new Painter(context, width, height, unit, styles.fontFamily, this.shown).paint(this.marks, this.bars, this.now);
    this.nameMarks();
  }
}

export function isLate(bar: TimeBar, now_ms: number): boolean {
  return !bar.dropped && (bar.done_ms ?? now_ms) > bar.due_ms;
}

class Painter {
  private readonly c: CanvasRenderingContext2D;
  private readonly width: number;
  private readonly height: number;
  private readonly unit: number;
  private readonly family: string;
  private readonly range: readonly [number, number];

  constructor(
    c: CanvasRenderingContext2D,
    width: number,
    height: number,
    unit: number,
    family: string,
    range: readonly [number, number],
  ) {
    this.c = c;
    this.width = width;
    this.height = height;
    this.unit = unit;
    this.family = family;
    this.range = range;
    c.textBaseline = "middle";
  }

  paint(marks: readonly TimeMark[], bars: readonly TimeBar[], now_ms: number): void {
    if (marks.length === 0 && bars.length === 0) {
      this.text(t("timeline.empty"), 12 * this.unit, this.height / 2, QUIET);
      return;
    }
    const u = this.unit;
    this.axis();
    const bottom = this.marks(marks, 26 * u);
    this.bars(bars, bottom + 4 * u, now_ms);
    const x = this.x(now_ms);
    if (x >= 0 && x <= this.width) {
      this.c.fillStyle = ACCENT;
      this.c.fillRect(x - u, 0, 2 * u, this.height);
    }
  }

  private x(at_ms: number): number {
    const [from, to] = this.range;
    return ((at_ms - from) / (to - from)) * this.width;
  }

  private text(text: string, x: number, y: number, colour: string, size = 13, most = this.width - x): void {
    this.c.font = `${size * this.unit}px ${this.family}`;
    this.c.fillStyle = colour;
    this.c.fillText(fitted(this.c, text, most), x, y);
  }

  /** A dark edge round letters that may stand on a hatch, so that they are read all the same. */
  private edge(text: string, x: number, y: number, most: number): void {
    this.c.font = `${12 * this.unit}px ${this.family}`;
    this.c.strokeStyle = LINE;
    this.c.lineJoin = "round";
    this.c.lineWidth = 5 * this.unit;
    this.c.strokeText(fitted(this.c, text, most), x, y);
  }

  private axis(): void {
    const u = this.unit;
    const [from, to] = this.range;
    for (const at_ms of ticks(from, to, Math.max(2, Math.floor(this.width / (120 * u))))) {
      const x = this.x(at_ms);
      this.c.fillStyle = LINE;
      this.c.fillRect(x, 0, Math.max(1, u), this.height);
      // At the edge there is no room for the whole of it, and half a time is none.
      const words = tickWords(at_ms, to - from);
      if (x + (words.length > 8 ? 90 : 60) * u <= this.width) this.text(words, x + 4 * u, 10 * u, TEXT_2, 12, 100 * u);
    }
  }

  /** Lines of labels; a mark whose label finds no room becomes a tick on the axis, it is never left out. */
  private marks(marks: readonly TimeMark[], top: number): number {
    const u = this.unit;
    const lines = this.height > 150 * u ? 3 : 2;
    const free = new Array<number>(lines).fill(-Infinity);
    this.c.font = `${13 * u}px ${this.family}`;
    for (const mark of marks) {
      const x = this.x(mark.at_ms);
      if (x < -200 * u || x > this.width) continue;
      const line = free.findIndex((end) => end < x - 8 * u);
      if (line < 0) {
        this.c.fillStyle = TEXT_2;
        this.c.fillRect(x, top - 6 * u, 1.5 * u, 6 * u);
        continue;
      }
      const y = top + (line + 0.5) * 20 * u;
      this.diamond(x, y, mark.weighty ? 5.5 * u : 4 * u, mark.weighty);
      const width = Math.min(this.c.measureText(mark.label).width, 220 * u);
      free[line] = x + 10 * u + width;
      this.text(mark.label, x + 10 * u, y, mark.weighty ? TEXT : TEXT_2, 13, 220 * u);
    }
    return marks.length === 0 ? top : top + lines * 20 * u;
  }

  private diamond(x: number, y: number, r: number, filled: boolean): void {
    this.c.beginPath();
    this.c.moveTo(x, y - r);
    this.c.lineTo(x + r, y);
    this.c.lineTo(x, y + r);
    this.c.lineTo(x - r, y);
    this.c.closePath();
    this.c.fillStyle = TEXT;
    this.c.strokeStyle = TEXT_2;
    this.c.lineWidth = 1.5 * this.unit;
    if (filled) this.c.fill();
    else this.c.stroke();
  }

  private bars(bars: readonly TimeBar[], top: number, now_ms: number): void {
    const u = this.unit;
    const room = Math.max(1, Math.floor((this.height - top) / (20 * u)));
    const placed = lanes(bars, now_ms, ((this.range[1] - this.range[0]) / this.width) * 150 * u);
    for (const { bar, lane } of placed) {
      if (lane >= room) continue;
      this.bar(bar, top + lane * 20 * u, 16 * u, now_ms);
    }
    const hidden = placed.filter(({ lane }) => lane >= room).length;
    if (hidden > 0) this.text(`+${hidden}`, this.width - 40 * u, this.height - 10 * u, TEXT_2);
  }

  private bar(bar: TimeBar, y: number, height: number, now_ms: number): void {
    const end_ms = bar.done_ms ?? (bar.dropped ? bar.due_ms : Math.max(now_ms, bar.due_ms));
    const [x0, xDue, x1] = [this.x(bar.start_ms), this.x(bar.due_ms), this.x(end_ms)];
    const u = this.unit;
    this.c.fillStyle = LINE;
    this.c.fillRect(x0, y, Math.max(2 * u, Math.min(x1, xDue) - x0), height);
    if (bar.done_ms !== null) {
      this.c.fillStyle = QUIET;
      this.c.fillRect(x0, y + height - 3 * u, Math.max(2 * u, x1 - x0), 3 * u);
    }
    if (isLate(bar, now_ms)) this.hatch(Math.max(xDue, x0), y, Math.max(3 * u, x1 - xDue), height);
    const sign = bar.done_ms === null ? "" : "✓ ";
    const [label, at] = [sign + bar.label, Math.max(4 * u, x0 + 4 * u)];
    if (at + 260 * u > xDue) this.edge(label, at, y + height / 2, 260 * u);
    this.text(label, at, y + height / 2, bar.dropped ? QUIET : TEXT, 12, 260 * u);
  }

  private hatch(x: number, y: number, width: number, height: number): void {
    const c = this.c;
    c.save();
    c.beginPath();
    c.rect(x, y, width, height);
    c.clip();
    c.strokeStyle = TEXT_2;
    c.lineWidth = 1.5 * this.unit;
    c.beginPath();
    for (let at = x - height; at < x + width; at += 6 * this.unit) {
      c.moveTo(at, y + height);
      c.lineTo(at + height, y);
    }
    c.stroke();
    c.strokeRect(x, y, width, height);
    c.restore();
  }
}

function fitted(c: CanvasRenderingContext2D, text: string, most: number): string {
  if (c.measureText(text).width <= most) return text;
  let cut = text;
  while (cut.length > 1 && c.measureText(`${cut}…`).width > most) cut = cut.slice(0, -1);
  return `${cut}…`;
}

declare global {
  interface HTMLElementTagNameMap {
    "t-timeline": Timeline;
  }
}
