/** The command line of a desk: offers what fits, shows what Enter will do, asks where it cannot be undone. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { language, t } from "../i18n/i18n";
import { describe } from "./problems";
import { offers, parse, type Command, type Offer, type Part } from "./commands";
import { icon } from "./icons";
import { shared, View } from "./view";

@customElement("t-command")
export class CommandLine extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
      }
      .line {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: 0 var(--s2);
        background: var(--page);
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
      }
      .line:focus-within {
        border-color: var(--accent);
      }
      input {
        border: none;
        outline: none;
        background: none;
        font-size: var(--t3);
      }
      input:focus-visible {
        outline: none;
      }
      .drop {
        position: absolute;
        z-index: 10;
        inset: 100% 0 auto;
        margin-top: 2px;
        background: var(--raised);
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
      }
      li {
        display: flex;
        gap: var(--s3);
        padding: var(--s1) var(--s3);
        cursor: pointer;
      }
      li[aria-selected="true"] {
        background: var(--accent-dim);
      }
      .will {
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      .wrong {
        color: var(--text-2);
      }
    `,
  ];

  @property({ attribute: false }) commands: readonly Command[] = [];
  @state() private line = "";
  @state() private at = -1;
  @state() private open = false;
  @state() private asking: readonly Part[] | null = null;
  @state() private failure = "";
  @state() private busy = false;
  @query("input") private input!: HTMLInputElement;

  override focus(): void {
    this.input.focus();
    this.input.select();
  }

  /** Put a line in, ready for Enter. */
  fill(line: string): void {
    this.line = line;
    this.open = true;
    void this.updateComplete.then(() => this.input.focus());
  }

  override render(): TemplateResult {
    const offered = this.open ? offers(this.line, this.commands, language() === "en") : [];
    return html`<div class="line">
        <kbd>/</kbd>
        <input
          role="combobox"
          aria-expanded=${this.open}
          aria-controls="offers"
          aria-activedescendant=${this.at >= 0 ? `offer-${this.at}` : nothing}
          aria-label=${t("command.placeholder")}
          placeholder=${t("command.placeholder")}
          autocomplete="off"
          spellcheck="false"
          .value=${this.line}
          ?disabled=${this.busy}
          @input=${this.onInput}
          @keydown=${(event: KeyboardEvent) => this.onKey(event, offered)}
          @focus=${() => (this.open = true)}
          @blur=${() => (this.open = false)}
        />
      </div>
      ${this.asking === null ? nothing : this.question(this.asking)}
      ${this.open && this.asking === null ? this.drop(offered) : nothing}
      ${this.failure === "" ? nothing : html`<div class="drop will" role="alert">${icon("alert")} ${this.failure}</div>`}`;
  }

  private drop(offered: readonly Offer[]): TemplateResult {
    const parts = this.parts();
    const wrong = parts.find((part) => "wrong" in part.outcome);
    const will = parts.flatMap(({ outcome }) => ("will" in outcome ? [outcome.will] : []));
    return html`<div class="drop">
      <ul id="offers" role="listbox" aria-label=${t("command.placeholder")}>
        ${offered.map(
          (offer, index) =>
            html`<li id="offer-${index}" role="option" aria-selected=${index === this.at}
              @pointerdown=${(event: Event) => this.onOffer(event, offer)}>
              <span>${offer.label}</span><span class="quiet grow cut">${offer.detail}</span>
            </li>`,
        )}
      </ul>
      ${parts.length === 0
        ? nothing
        : wrong !== undefined && "wrong" in wrong.outcome
          ? html`<p class="will wrong">${wrong.outcome.wrong}</p>`
          : html`<p class="will" role="status">${t("command.will", { what: will.join(" · ") })}</p>`}
    </div>`;
  }

  private question(parts: readonly Part[]): TemplateResult {
    const will = parts.flatMap(({ outcome }) => ("will" in outcome ? [outcome.will] : []));
    const consequence = parts.flatMap(({ outcome }) => ("consequence" in outcome && outcome.consequence ? [outcome.consequence] : []));
    return html`<div class="drop">
      <t-confirm question=${will.join(" · ")} consequence=${consequence.join(" ")}
        @confirm=${() => void this.run(parts)} @cancel=${this.stopAsking}></t-confirm>
    </div>`;
  }

  private parts(): readonly Part[] {
    return parse(this.line, this.commands, {
      unknown: (typed) => `${t("command.none")}：${typed}`,
      missing: ([zh, en]) => t("command.missing", { verb: language() === "en" ? en : zh }),
    });
  }

  private onInput(): void {
    this.line = this.input.value;
    this.at = -1;
    this.failure = "";
    this.open = true;
  }

  private onOffer(event: Event, offer: Offer): void {
    event.preventDefault();
    this.take(offer);
  }

  private take(offer: Offer): void {
    this.line = offer.line;
    this.at = -1;
  }

  private onKey(event: KeyboardEvent, offered: readonly Offer[]): void {
    event.stopPropagation();
    // While an input method composes Chinese, Enter and arrows belong to it.
    if (event.isComposing) return;
    const chosen = offered[this.at];
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.at = (this.at + step + offered.length + (this.at < 0 && step < 0 ? 1 : 0)) % Math.max(1, offered.length);
        break;
      }
      case "Tab": {
        const offer = chosen ?? offered[0];
        if (offer === undefined || this.line === "") return;
        this.take(offer);
        break;
      }
      case "Enter":
        if (chosen !== undefined) this.take(chosen);
        else this.enter();
        break;
      case "Escape":
        this.line = "";
        this.failure = "";
        this.input.blur();
        this.tell("leave", null);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  private enter(): void {
    const parts = this.parts();
    if (parts.length === 0 || parts.some(({ outcome }) => "wrong" in outcome)) return;
    const grave = parts.some(({ outcome }) => "consequence" in outcome && outcome.consequence !== undefined);
    if (grave) this.asking = parts;
    else void this.run(parts);
  }

  private stopAsking(): void {
    this.asking = null;
    void this.updateComplete.then(() => this.input.focus());
  }

  /** One after the other: what comes later in the line may depend on what came before. The rest stays in the line on failure. */
  private async run(parts: readonly Part[]): Promise<void> {
    this.asking = null;
    this.busy = true;
    try {
      for (const { outcome } of parts) if ("run" in outcome) await outcome.run();
      this.line = "";
      this.open = false;
      // The keys of the desk work again at once.
      this.input.blur();
      this.tell("leave", null);
    } catch (error) {
      this.failure = describe(error);
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-command": CommandLine;
  }
}
