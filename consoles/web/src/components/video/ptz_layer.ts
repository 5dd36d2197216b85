/** Over a picture while its camera is being turned: drag, arrows, presets, and who holds it. */

import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import { Problem, UnreachableError } from "../../sync/api";
import { browserTime } from "../../sync/time";
import { icon, type IconName } from "../icons";
import { describe } from "../problems";
import { EverySecond, shared, View } from "../view";
import { presetsOf, ptzOf, turn, type Preset } from "./camera_api";
import type { Screening } from "./context";
import { fromDrag, fromKeys, isMoveKey, PtzDriver, STILL, type PtzOrder, type PtzState, type Turned, type Velocity } from "./ptz";

const PRESS = 0.6;
/** As often somebody else's hold is looked at: they may have let go, or taken the camera. */
const LOOK_EVERY_MS = 2_000;
const MOST_PRESETS = 9;

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

@customElement("t-ptz")
export class PtzLayer extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: absolute;
        inset: 0;
        z-index: 3;
        container-type: size;
      }
      .hand {
        position: absolute;
        inset: 0;
        cursor: move;
        touch-action: none;
        border: calc(2px * var(--scale)) solid var(--accent);
      }
      .hand svg {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        pointer-events: none;
        stroke: var(--accent);
        stroke-width: 3;
      }
      .hold {
        position: absolute;
        left: 50%;
        top: 1.9em;
        transform: translateX(-50%);
        width: max-content;
        max-width: 96%;
        padding: 0 var(--s2);
        background: rgb(11 15 20 / 88%);
        border: var(--hair) solid var(--accent);
        border-radius: var(--radius);
        pointer-events: none;
      }
      .hold.others {
        border: 2px dashed var(--text);
        font-weight: 600;
      }
      .pad {
        position: absolute;
        right: 6px;
        bottom: 38px;
        display: grid;
        grid-template-columns: repeat(3, 30px);
        gap: 2px;
      }
      button {
        min-height: 30px;
        padding: 0;
        background: rgb(26 34 44 / 88%);
        touch-action: none;
      }
      .presets {
        position: absolute;
        left: 6px;
        bottom: 38px;
        display: grid;
        gap: 2px;
        justify-items: start;
      }
      .presets button {
        min-height: 26px;
        padding: 0 var(--s2);
      }
      @container (max-height: 190px) {
        .pad,
        .presets {
          display: none;
        }
      }
      @container (max-height: 340px) {
        .presets {
          display: flex;
          max-width: calc(100% - 120px);
          flex-wrap: wrap;
        }
        .presets .label {
          display: none;
        }
      }
    `,
  ];

  @property() camera = "";
  @property({ attribute: false }) screening: Screening | null = null;
  @property({ type: Number }) now = 0;
  @state() private hold: PtzState = { is: "free" };
  @state() private presets: readonly Preset[] = [];
  @state() private drag: Drag | null = null;
  protected readonly second = new EverySecond(this);
  private readonly held = new Set<string>();
  private readonly driver = new PtzDriver((order) => this.order(order), browserTime, (next) => this.take(next));
  private looked_ms = -Infinity;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.letGo();
  }

  protected override firstUpdated(): void {
    const { screening } = this;
    if (screening === null) return;
    presetsOf(screening.api, this.camera).then(
      (found) => (this.presets = found.slice(0, MOST_PRESETS)),
      // Without a list the keys still go to the presets by their numbers.
      (error: unknown) => {
        if (!(error instanceof Problem || error instanceof UnreachableError)) throw error;
      },
    );
  }

  protected override updated(_changed: PropertyValues<this>): void {
    if (this.hold.is === "refused" || performance.now() - this.looked_ms < LOOK_EVERY_MS) return;
    this.looked_ms = performance.now();
    void this.look();
  }

  override render(): TemplateResult {
    const { drag } = this;
    return html`<div class="hand" @pointerdown=${this.onDown} @pointermove=${this.onMove} @pointerup=${this.letGo} @pointercancel=${this.letGo}>
        <svg aria-hidden="true">${drag === null ? nothing : svg`<line x1=${drag.x} y1=${drag.y} x2=${drag.x + drag.dx} y2=${drag.y + drag.dy}></line>`}</svg>
      </div>
      ${this.holdNote()}
      <div class="presets">
        ${this.presets.map((preset, index) => html`<button title=${t("ptz.preset", { n: index + 1 })} @click=${() => this.driver.preset(preset.number)}><kbd>${index + 1}</kbd> <span class="label">${preset.name}</span></button>`)}
      </div>
      <div class="pad">
        ${this.way("minus", t("ptz.wider"), { ...STILL, zoom: -PRESS })}${this.way("up", t("ptz.up"), { ...STILL, tilt: PRESS })}${this.way("plus", t("ptz.closer"), { ...STILL, zoom: PRESS })}
        ${this.way("left", t("ptz.left"), { ...STILL, pan: -PRESS })}<span></span>${this.way("right", t("ptz.right"), { ...STILL, pan: PRESS })}
        <span></span>${this.way("down", t("ptz.down"), { ...STILL, tilt: -PRESS })}<span></span>
      </div>`;
  }

  /** A key that is meant for the camera; true where it was. */
  press(event: KeyboardEvent): boolean {
    if (isMoveKey(event.key)) {
      this.held.add(event.key);
      this.driver.move(fromKeys(this.held, event.shiftKey));
      return true;
    }
    if (!/^[1-9]$/.test(event.key)) return false;
    const n = Number(event.key);
    this.driver.preset(this.presets[n - 1]?.number ?? n);
    return true;
  }

  release(event: KeyboardEvent): void {
    if (this.held.delete(event.key)) this.driver.move(fromKeys(this.held, event.shiftKey));
  }

  readonly letGo = (): void => {
    this.drag = null;
    this.held.clear();
    this.driver.stop();
  };

  private way(name: IconName, label: string, velocity: Velocity): TemplateResult {
    const press = (event: PointerEvent): void => {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      this.driver.move(velocity);
    };
    // Also by keyboard and by those who press without pointing: a press is a short push.
    const push = (event: MouseEvent): void => {
      if (event.detail !== 0) return;
      this.driver.move(velocity);
      this.driver.stop();
    };
    return html`<button aria-label=${label} title=${label} @pointerdown=${press} @pointerup=${this.letGo} @pointercancel=${this.letGo} @click=${push}>${icon(name)}</button>`;
  }

  private holdNote(): TemplateResult {
    const { hold } = this;
    switch (hold.is) {
      case "free":
        return html`<p class="hold" role="status">${t("ptz.how")}</p>`;
      case "mine":
        return html`<p class="hold" role="status">${t("ptz.mine")}</p>`;
      case "held": {
        const left_ms = hold.until_ms - this.now;
        const words = left_ms > 0 ? t("ptz.held", { name: hold.holder, span: format.duration(left_ms) }) : t("ptz.held_open", { name: hold.holder });
        return html`<p class="hold others" role="status">${icon("lock")} ${words}</p>`;
      }
      case "refused":
        return html`<p class="hold others" role="status">${icon("ban")} ${hold.detail}</p>`;
    }
  }

  private take(next: PtzState): void {
    this.hold = next;
    this.looked_ms = performance.now();
  }

  private async look(): Promise<void> {
    const { screening } = this;
    if (screening === null) return;
    try {
      const seen = await ptzOf(screening.api, this.camera);
      if (!seen.moves) this.hold = { is: "refused", detail: t("ptz.none") };
      else if (seen.holder == null || seen.until_ms == null) this.hold = { is: "free" };
      else this.hold = seen.mine ? { is: "mine" } : { is: "held", holder: seen.holder, until_ms: seen.until_ms };
    } catch (error) {
      if (!(error instanceof Problem || error instanceof UnreachableError)) throw error;
      // Looked at again soon; what was known of the holder stands till then.
    }
  }

  private async order(order: PtzOrder): Promise<Turned> {
    const { screening } = this;
    if (screening === null) return { is: "refused", detail: "" };
    try {
      return await turn(screening.api, this.camera, order);
    } catch (error) {
      return { is: "refused", detail: t("ptz.refused", { detail: describe(error) }) };
    }
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.drag = { x: event.offsetX, y: event.offsetY, dx: 0, dy: 0 };
  }

  private onMove(event: PointerEvent): void {
    if (this.drag === null) return;
    const [dx, dy] = [event.offsetX - this.drag.x, event.offsetY - this.drag.y];
    this.drag = { ...this.drag, dx, dy };
    this.driver.move(fromDrag(dx / this.clientWidth, dy / this.clientHeight));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-ptz": PtzLayer;
  }
}
