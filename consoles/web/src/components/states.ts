/** What a part of a page says when it has nothing to show, or nothing one may trust. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t } from "../i18n/i18n";
import { icon, type IconName } from "./icons";
import { valueOf } from "./typing";
import { shared, View } from "./view";

/** `empty` is nothing to do, and good so; `hint` says what to do first, or what is left out: no tick stands before that. */
export type Nothing = "empty" | "hint" | "loading" | "error" | "stale" | "offline" | "no_right";

const ICON_OF: Readonly<Record<Nothing, IconName>> = {
  empty: "check",
  hint: "info",
  loading: "clock",
  error: "alert",
  stale: "history",
  offline: "offline",
  no_right: "lock",
};

@customElement("t-state")
export class StateNote extends View {
  static override styles = [
    shared,
    css`
      .note {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: var(--s3);
        color: var(--text-2);
      }
      .bad {
        color: var(--text);
        background: var(--hatch);
      }
    `,
  ];

  @property() kind: Nothing = "empty";
  /** Its own words instead of the general ones. */
  @property() text = "";

  override render(): TemplateResult {
    const bad = this.kind === "error" || this.kind === "stale" || this.kind === "offline";
    return html`<p class="note ${bad ? "bad" : ""}" role=${bad ? "alert" : "note"}>${icon(ICON_OF[this.kind])}<span>${this.words()}</span></p>`;
  }

  private words(): string {
    if (this.kind === "error") return t("state.error", { detail: this.text });
    if (this.kind === "stale") return t("state.stale", { age: this.text });
    return this.text === "" ? t(`state.${this.kind === "hint" ? "empty" : this.kind}`) : this.text;
  }
}

/** Longer than a double tap: what stands where the finger is takes none meanwhile. */
const SECOND_TAP_MS = 500;

/**
 * A question with its consequence. Cancel has the focus, so a stray Enter does no harm. Tells `confirm` or `cancel`, and `entered` with both:
 * it is gone then, and a second press of Enter would fall on the page.
 */
@customElement("t-confirm")
export class Confirm extends View {
  static override styles = [
    shared,
    css`
      .box {
        border: var(--hair) solid var(--accent);
        border-radius: var(--radius);
        background: var(--raised);
        padding: var(--s3);
      }
      .consequence {
        margin: var(--s1) 0 var(--s3);
        color: var(--text-2);
      }
      textarea {
        margin-bottom: var(--s3);
      }
      :host([tapped]) .row {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: var(--s3);
      }
      :host([tapped]) button {
        min-height: 56px;
        font-size: 18px;
      }
    `,
  ];

  @property() question = "";
  @property() consequence = "";
  /** Ask for a reason too; without one it cannot be confirmed. */
  @property() reason = "";
  /** Opened by a finger: a second tap of the same must not confirm it unread. */
  @property({ type: Boolean }) tapped = false;
  @state() private early = true;
  private opened_ms = 0;
  private why = "";

  protected override firstUpdated(): void {
    this.opened_ms = performance.now();
    if (this.tapped) setTimeout(() => (this.early = false), SECOND_TAP_MS);
    const first = this.reason === "" ? "button.cancel" : "textarea";
    this.renderRoot.querySelector<HTMLElement>(first)?.focus();
  }

  override render(): TemplateResult {
    return html`<div class="box" role="alertdialog" aria-label=${this.question} @keydown=${this.onKey}>
      <p>${this.question}</p>
      <p class="consequence">${this.consequence}</p>
      ${this.reason === ""
        ? nothing
        : html`<label class="sr" for="why">${this.reason}</label>
            <textarea id="why" rows="2" maxlength="500" placeholder=${this.reason} @input=${this.onInput}></textarea>`}
      <div class="row">
        <button class="cancel" @click=${this.cancel}>${t("action.cancel")}${this.tapped ? nothing : html` <kbd>Esc</kbd>`}</button>
        <button class="primary" ?disabled=${!this.ready()} @click=${this.confirm}>${t("action.confirm")}</button>
      </div>
    </div>`;
  }

  private onInput(event: InputEvent): void {
    this.why = valueOf(event);
    this.requestUpdate();
  }

  private ready(): boolean {
    return (this.reason === "" || this.why.trim() !== "") && !(this.tapped && this.early);
  }

  private confirm(event: Event): void {
    // A page that stood still may hear of a second tap only once it would take one.
    if (!this.ready() || (this.tapped && event.timeStamp - this.opened_ms < SECOND_TAP_MS)) return;
    this.tell("entered", null);
    this.tell("confirm", this.why.trim());
  }

  private cancel(): void {
    this.tell("entered", null);
    this.tell("cancel", null);
  }

  private onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") this.cancel();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.confirm(event);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-state": StateNote;
    "t-confirm": Confirm;
  }
}
