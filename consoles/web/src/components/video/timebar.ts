/** The time line of a recording: what is recorded, what is missing (hatched), what is locked, alarms and plates on it, and the play head. */

import { css, html, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import { gapWords } from "./gap_words";
import { ticks } from "../timeline_layout";
import { shared, View } from "../view";
import { gapAt, type Gap, type Span } from "./recorded_times";
import { bundled, keyStep_ms, type BarMark } from "./timebar_layout";

/** Width of a mark, in shares of the bar. */
const MARK_SHARE = 0.012;
/** Width that a gap needs to say why, in shares of the bar. */
const WORDS_SHARE = 0.06;
const MOST_TICKS = 9;
/** Width of a tick's words: none stands where they would be cut. */
const TICK_SHARE = 0.05;

/** Tells `seek` with an instant. */
@customElement("t-timebar")
export class Timebar extends View {
  static override styles = [
    shared,
    css`
      .bar {
        position: relative;
        height: calc(76px * var(--scale));
        background: var(--page);
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        cursor: crosshair;
        touch-action: none;
        overflow: hidden;
      }
      .tick {
        position: absolute;
        top: 0;
        bottom: 0;
        border-left: var(--hair) solid var(--line);
        padding-left: var(--s1);
        font-size: var(--t1);
        color: var(--text-2);
        white-space: nowrap;
        pointer-events: none;
      }
      .lane {
        position: absolute;
        left: 0;
        right: 0;
        bottom: 6px;
        height: 22px;
      }
      .lane > * {
        position: absolute;
        top: 0;
        bottom: 0;
        min-width: 1px;
      }
      .span {
        background: #51697b;
      }
      .bar.two {
        height: calc(104px * var(--scale));
      }
      .bar.two .lane {
        bottom: 34px;
      }
      .bar.two .lane.device {
        bottom: 6px;
      }
      .lane.device .span {
        background: #6b5f7d;
      }
      .lane.chosen {
        outline: 1px solid var(--accent);
      }
      .lane.device .words {
        left: var(--s1);
        z-index: 1;
        padding: 0 var(--s1);
        background: rgb(11 15 20 / 80%);
        font-size: var(--t1);
        line-height: 22px;
        white-space: nowrap;
        pointer-events: none;
      }
      .span.locked {
        border-top: 4px solid var(--accent);
      }
      .gap {
        background: repeating-linear-gradient(45deg, transparent 0 5px, rgb(169 181 195 / 45%) 5px 7px);
        overflow: hidden;
        white-space: nowrap;
      }
      .gap span {
        display: inline-block;
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        padding: 0 var(--s1);
        background: var(--page);
        font-size: var(--t1);
        line-height: 22px;
      }
      .choice {
        position: absolute;
        top: 0;
        bottom: 0;
        background: rgb(76 194 224 / 18%);
        border: solid var(--accent);
        border-width: 0 2px;
        pointer-events: none;
      }
      .mark {
        position: absolute;
        top: 22px;
        width: 18px;
        height: 20px;
        margin-left: -9px;
        min-height: 0;
        padding: 0;
        border: none;
        background: none;
        font-size: 11px;
      }
      .mark svg {
        width: 16px;
        height: 16px;
        fill: var(--text);
        stroke: var(--page);
      }
      .mark.hit svg,
      .mark.sighting svg {
        fill: var(--page);
        stroke: var(--text);
        stroke-width: 1.6;
      }
      .head {
        position: absolute;
        top: 0;
        bottom: 0;
        width: 2px;
        margin-left: -1px;
        background: var(--accent);
        pointer-events: none;
      }
      .now {
        position: absolute;
        top: 0;
        bottom: 0;
        border-left: 1px dashed var(--text-2);
        pointer-events: none;
      }
      .tip {
        position: absolute;
        z-index: 2;
        top: -1.7em;
        transform: translateX(-50%);
        padding: 0 var(--s2);
        background: var(--raised);
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        font-size: var(--t1);
        white-space: nowrap;
        pointer-events: none;
      }
      :host {
        position: relative;
      }
    `,
  ];

  @property({ attribute: false }) range: readonly [number, number] = [0, 1];
  @property({ attribute: false }) spans: readonly Span[] = [];
  @property({ attribute: false }) gaps: readonly Gap[] = [];
  /** What the device has recorded itself; null where it is not asked: then there is one lane. */
  @property({ attribute: false }) device: readonly Span[] | null = null;
  @property({ type: String }) deviceTrouble = "";
  @property({ type: String }) lane: "hub" | "device" = "hub";
  @property({ attribute: false }) marks: readonly BarMark[] = [];
  @property({ type: Number }) at = 0;
  @property({ type: Number }) now = 0;
  /** Chosen to be locked or exported; either end may still be missing. */
  @property({ attribute: false }) choice: readonly [number | null, number | null] = [null, null];
  @state() private over_ms: number | null = null;

  override render(): TemplateResult {
    const [from, to] = this.range;
    const end_ms = Math.min(to, Math.max(this.now, from));
    const gaps = this.gaps.filter((gap) => gap.to_ms > from && gap.from_ms < end_ms);
    const seen = this.marks.filter(({ at_ms }) => at_ms >= from && at_ms <= to);
    const summary = t("playback.summary", { from: format.clock(from), to: format.clock(end_ms), gaps: gaps.length, marks: seen.length });
    return html`<div class="bar ${this.device === null ? "" : "two"}" role="slider" tabindex="0" aria-label="${t("playback.bar")}，${summary}" aria-valuemin=${Math.round(from)} aria-valuemax=${Math.round(to)}
        aria-valuenow=${Math.round(this.at)} aria-valuetext=${format.clock(this.at)} @pointerdown=${this.onPress} @pointermove=${this.onMove}
        @pointerleave=${() => (this.over_ms = null)} @keydown=${this.onKey}>
        ${ticks(from, to - (to - from) * TICK_SHARE, MOST_TICKS).map((at_ms) => html`<span class="tick" style="left:${this.left(at_ms)}%">${tickWords(at_ms, to - from)}</span>`)}
        ${this.now > from && this.now < to ? html`<span class="now" style="left:${this.left(this.now)}%"></span>` : ""}
        <div class="lane ${this.device !== null && this.lane === "hub" ? "chosen" : ""}" @pointerdown=${(event: PointerEvent) => this.onLane(event, "seek-hub")}>
          ${this.spans.map((span) => html`<span class="span ${span.locked ? "locked" : ""}" title=${span.locked ? t("playback.locked_span") : t("playback.recorded")} style=${this.box(span.from_ms, span.to_ms)}></span>`)}
          ${gaps.map((gap) => html`<span class="gap" title=${t("gaps.because", { what: t("playback.gap_span"), why: gapWords(gap) })} style=${this.box(gap.from_ms, gap.to_ms)}>${this.wide(gap) ? html`<span>${gapWords(gap, false)}</span>` : ""}</span>`)}
        </div>
        ${this.device === null ? "" : this.deviceLane(this.device)}
        ${this.chosen()}
        ${bundled(seen, (to - from) * MARK_SHARE).map((marks) => this.mark(marks))}
        <span class="head" style="left:${this.left(this.at)}%"></span>
      </div>
      ${this.over_ms === null ? "" : html`<span class="tip" style="left:${Math.min(94, Math.max(6, this.left(this.over_ms)))}%">${format.instant(this.over_ms, this.now)} ${this.missing(this.over_ms)}</span>`}`;
  }

  private wide(gap: Gap): boolean {
    const [from, to] = this.range;
    return Math.min(to, gap.to_ms) - Math.max(from, gap.from_ms) > (to - from) * WORDS_SHARE;
  }

  private missing(at_ms: number): string {
    const gap = gapAt(this.gaps, at_ms);
    return gap === null ? "" : t("gaps.because", { what: t("playback.gap_span"), why: gapWords(gap) });
  }

  private deviceLane(spans: readonly Span[]): TemplateResult {
    const trouble = this.deviceTrouble === "" ? "" : ` ${t("playback.device_trouble", { detail: this.deviceTrouble })}`;
    return html`<div class="lane device ${this.lane === "device" ? "chosen" : ""}" @pointerdown=${(event: PointerEvent) => this.onLane(event, "seek-device")}>
      ${spans.map((span) => html`<span class="span" title=${t("playback.device_lane")} style=${this.box(span.from_ms, span.to_ms)}></span>`)}
      <span class="words">${t("playback.device_lane")}${trouble}</span>
    </div>`;
  }

  /** Pressing a lane plays that one; where there is one only, the bar itself is pressed. */
  private onLane(event: PointerEvent, name: "seek-hub" | "seek-device"): void {
    if (event.button !== 0 || this.device === null) return;
    event.stopPropagation();
    this.tell(name, this.instant(event));
  }

  private chosen(): TemplateResult | "" {
    const [first, last] = this.choice;
    if (first === null && last === null) return "";
    return html`<span class="choice" style=${this.box(first ?? last ?? 0, last ?? first ?? 0)}></span>`;
  }

  private mark(marks: readonly BarMark[]): TemplateResult {
    const [first] = marks;
    if (first === undefined) return html``;
    const kind = marks.some((mark) => mark.kind === "alarm") ? "alarm" : first.kind;
    const label = marks.map((mark) => `${format.clock(mark.at_ms)} ${mark.label}`).join("；");
    const path = kind === "alarm" ? svg`<path d="M8 1L15.5 15H0.5Z"></path>` : svg`<path d="M8 1.5L14.5 8L8 14.5L1.5 8Z"></path>`;
    // Beside the pointer's way over the bar the marks are pressed themselves: they seek to just before what they mark.
    return html`<span class="mark ${kind}" title=${label} style="left:${this.left(first.at_ms)}%" @pointerdown=${(event: Event) => this.onMark(event, first)}>
      <svg viewBox="0 0 16 16" aria-hidden="true">${path}</svg>${marks.length > 1 ? marks.length : ""}</span>`;
  }

  private onMark(event: Event, mark: BarMark): void {
    event.stopPropagation();
    this.tell("seek", mark.at_ms - 5_000);
  }

  private left(at_ms: number): number {
    const [from, to] = this.range;
    return ((at_ms - from) / (to - from)) * 100;
  }

  private box(from_ms: number, to_ms: number): string {
    const left = Math.max(0, this.left(from_ms));
    return `left:${left}%;width:${Math.max(0, Math.min(100, this.left(to_ms)) - left)}%`;
  }

  private instant(event: PointerEvent): number {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const [from, to] = this.range;
    return from + ((event.clientX - box.left) / box.width) * (to - from);
  }

  private onPress(event: PointerEvent): void {
    if (event.button === 0) this.tell("seek", this.instant(event));
  }

  private onMove(event: PointerEvent): void {
    this.over_ms = this.instant(event);
  }

  private onKey(event: KeyboardEvent): void {
    const step_ms = keyStep_ms(event.key, event.shiftKey, this.range[1] - this.range[0]);
    if (step_ms === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.tell("seek", this.at + step_ms);
  }
}

function tickWords(at_ms: number, span_ms: number): string {
  if (span_ms > 2 * 86_400_000) return format.dayAndTime(at_ms);
  return format.clock(at_ms).slice(0, span_ms < 600_000 ? 8 : 5);
}

declare global {
  interface HTMLElementTagNameMap {
    "t-timebar": Timebar;
  }
}
