/** The one big button. For a moment after a press, or after it came to mean something else, it takes none: a second tap, or one meant for what stood there before, does nothing. */

import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";

/** Longer than a double tap, and than it takes to see that something else stands there. */
export const STEP_PAUSE_MS = 1_500;

/** Tells `go` when it is pressed. */
@customElement("mobile-step")
export class BigStep extends View {
  static override styles = [
    shared,
    css`
      button {
        position: relative;
        overflow: hidden;
        width: 100%;
        min-height: 72px;
        font-size: 24px;
        font-weight: 750;
      }
      button.paused {
        color: var(--text);
        background: var(--raised);
      }
      /* How long the pause still is, not decoration: it runs with reduced motion too. */
      .paused i {
        position: absolute;
        inset: auto 0 0 0;
        height: 6px;
        background: var(--accent);
        transform-origin: left;
        animation: pause 1500ms linear forwards;
      }
      @keyframes pause {
        to {
          transform: scaleX(0);
        }
      }
    `,
  ];

  /** What a press does, to what: for each of them the button is another one. */
  @property() meaning = "";
  @property() label = "";
  /** What stands there during the pause: what has just been done; nothing where nothing was. */
  @property() done = "";
  /** Whether a press would do it now. */
  @property({ type: Boolean }) ready = false;
  @state() private paused = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private paused_ms = -Infinity;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("meaning");
    if (before !== undefined && before !== "" && before !== this.meaning) this.pause();
  }

  private pause(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.paused = true;
    this.paused_ms = performance.now();
    this.timer = setTimeout(() => (this.paused = false), STEP_PAUSE_MS);
  }

  /** Of which a page that stood still may hear only after the pause in which it was. */
  private press(event: Event): void {
    if (event.timeStamp - this.paused_ms < STEP_PAUSE_MS) return;
    this.pause();
    this.tell("go", null);
  }

  override render(): TemplateResult {
    if (!this.paused) return html`<button class="primary" ?disabled=${!this.ready} @click=${this.press}>${this.label}</button>`;
    return html`<button class="paused" disabled>${this.done === "" ? this.label : html`${icon("check")} ${this.done}`}<i></i></button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mobile-step": BigStep;
  }
}
