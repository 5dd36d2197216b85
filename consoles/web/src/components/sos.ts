/** The SOS button: held for 1.5 s with a ring that fills, then it says what became of the call for help. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t } from "../i18n/i18n";
import { icon } from "./icons";
import { shared, View } from "./view";

export const HOLD_MS = 1_500;

export type SosState = "ready" | "trying" | "signed_out" | "through" | "refused" | "none";

/** Tells `sos` once, when it has been held long enough. */
@customElement("t-sos")
export class SosButton extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-block;
        --size: 72px;
      }
      button {
        position: relative;
        width: var(--size);
        height: var(--size);
        padding: 0;
        border: none;
        border-radius: 50%;
        background: var(--text);
        color: var(--page);
        font-size: 20px;
        font-weight: 800;
        touch-action: none;
        user-select: none;
        -webkit-user-select: none;
        -webkit-touch-callout: none;
      }
      button:hover {
        background: var(--text);
      }
      button[disabled] {
        background: var(--raised);
        color: var(--text-2);
      }
      svg.hold {
        position: absolute;
        inset: -6px;
        width: calc(100% + 12px);
        height: calc(100% + 12px);
        transform: rotate(-90deg);
        pointer-events: none;
      }
      circle {
        fill: none;
        stroke-width: 6;
        stroke: var(--line);
      }
      .ring {
        stroke: var(--accent);
        stroke-dasharray: 100;
        stroke-dashoffset: 100;
      }
      .holding .ring {
        stroke-dashoffset: 0;
        /* The ring is the clock of the hold, not decoration: it runs with reduced motion too. */
        transition: stroke-dashoffset 1500ms linear;
      }
      .word {
        margin-top: var(--s3);
        max-width: 180px;
        text-align: center;
      }
      .is-trying button,
      .is-signed_out button {
        background: var(--text) var(--hatch);
      }
      .is-through .ring {
        stroke-dashoffset: 0;
      }
    `,
  ];

  @property() state: SosState = "ready";
  /** Why it was refused. */
  @property() detail = "";
  /** Show only the button; the page says its words elsewhere. */
  @property({ type: Boolean }) compact = false;
  @state() private holding = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pressed_ms = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.release();
  }

  override render(): TemplateResult {
    return html`<div class="is-${this.state} ${this.holding ? "holding" : ""}">
      <button
        aria-label="${t("sos.button")}，${t("sos.hold")}"
        ?disabled=${this.state === "none"}
        @pointerdown=${this.press}
        @pointerup=${this.letGo}
        @pointercancel=${this.release}
        @pointerleave=${this.release}
        @contextmenu=${(event: Event) => event.preventDefault()}
        @keydown=${this.onKeyDown}
        @keyup=${this.letGo}
        @blur=${this.release}
      >
        <svg class="hold" viewBox="0 0 84 84" aria-hidden="true">
          <circle cx="42" cy="42" r="38"></circle>
          <circle class="ring" cx="42" cy="42" r="38" pathLength="100"></circle>
        </svg>
        ${this.state === "through" ? icon("check") : "SOS"}
      </button>
      ${this.compact ? "" : html`<p class="word" role="status">${sosWords(this.state, this.detail)}</p>`}
    </div>`;
  }

  private press(event: Event): void {
    if (this.holding || this.state === "none") return;
    if (event instanceof PointerEvent) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.holding = true;
    this.pressed_ms = event.timeStamp;
    vibrate(40);
    this.timer = setTimeout(() => this.call(), HOLD_MS);
  }

  /** A page that stood still hears of it before its timer, though the button was held for long enough: when it was let go says so. */
  private letGo(event: Event): void {
    if (this.holding && event.timeStamp - this.pressed_ms >= HOLD_MS) this.call();
    else this.release();
  }

  private call(): void {
    this.release();
    vibrate(400);
    this.tell("sos", null);
  }

  private release(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.holding = false;
  }

  private onKeyDown(event: KeyboardEvent): void {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) this.press(event);
  }
}

/** What became of the call for help, for beside the button. */
export function sosWords(state: SosState, detail: string): string {
  switch (state) {
    case "ready":
      return t("sos.hold");
    case "trying":
      return t("sos.trying");
    case "signed_out":
      return t("sos.signed_out");
    case "through":
      return t("sos.through");
    case "refused":
      return t("sos.refused", { detail });
    case "none":
      return t("sos.none");
  }
}

function vibrate(span_ms: number): void {
  // Not on desktops and iPhones; where it is missing the ring alone must do.
  if ("vibrate" in navigator) navigator.vibrate(span_ms);
}

declare global {
  interface HTMLElementTagNameMap {
    "t-sos": SosButton;
  }
}
