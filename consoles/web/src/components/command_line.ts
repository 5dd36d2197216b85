/**
 * The command line of a desk: offers what fits, shows what Enter will do, asks where it cannot be undone. What it shows was read when the line
 * was typed, and Enter does just that, whatever has come since: the hub refuses what is over.
 */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { language, t, type Language } from "../i18n/i18n";
import { describe } from "./problems";
import { offers, parse, StoppedError, withOnly, type Command, type Offer, type Part } from "./commands";
import { icon } from "./icons";
import { shared, View } from "./view";

/** The line as it was last read. */
interface Reading {
  readonly offered: readonly Offer[];
  readonly parts: readonly Part[];
  readonly language: Language;
}

/** Tells `entered` when a command has ended, and `refused` with why it was, where nobody is at the line any more to read it there. */
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
  @state() private reading: Reading = { offered: [], parts: [], language: "zh" };
  @query("input") private input!: HTMLInputElement;

  override focus(): void {
    this.input.focus();
    this.input.select();
  }

  /** Put a line in, ready for Enter. */
  fill(line: string): void {
    if (this.busy) return;
    this.put(line);
    this.open = true;
    void this.updateComplete.then(() => this.input.focus());
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.open && this.reading.language !== language()) this.read();
  }

  override render(): TemplateResult {
    return html`<div class="line">
        <kbd>/</kbd>
        <input
          role="combobox"
          aria-expanded=${this.open}
          aria-controls="offers"
          aria-activedescendant=${this.at >= 0 ? `offer-${this.at}` : nothing}
          aria-label=${t("command.placeholder")}
          aria-busy=${this.busy}
          placeholder=${t("command.placeholder")}
          autocomplete="off"
          spellcheck="false"
          .value=${this.line}
          ?readonly=${this.busy}
          @input=${this.onInput}
          @keydown=${this.onKey}
          @focus=${this.onFocus}
          @blur=${() => (this.open = false)}
        />
      </div>
      ${this.asking !== null ? this.question(this.asking) : this.open ? this.drop(this.reading) : nothing}`;
  }

  private drop({ offered, parts }: Reading): TemplateResult {
    const wrong = parts.find((part) => "wrong" in part.outcome);
    const will = parts.flatMap(({ outcome }) => ("will" in outcome ? [outcome.will] : []));
    if (this.busy) return html`<div class="drop"><p class="will" role="status">${t("command.doing", { what: will.join(" · ") })}</p></div>`;
    return html`<div class="drop">
      ${this.failure === "" ? nothing : html`<p class="will" role="alert">${icon("alert")} ${this.failure}</p>`}
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

  private put(line: string): void {
    this.line = line;
    this.at = -1;
    this.asking = null;
    this.failure = "";
    this.read();
  }

  /** Say anew what fits and what Enter will do: when the line changes or is come back to, and never under somebody's finger. */
  private read(): void {
    const parts = parse(this.line, this.commands, {
      unknown: (typed) => `${t("command.none")}：${typed}`,
      unfit: (typed) => t("command.unfit", { typed }),
      doubtful: (typed) => t("command.doubtful", { typed }),
      several: (typed, n) => t("command.several", { typed, n }),
      missing: ([zh, en]) => t("command.missing", { verb: language() === "en" ? en : zh }),
    });
    this.reading = { offered: offers(this.line, this.commands, language() === "en"), parts, language: language() };
  }

  private onInput(): void {
    this.put(this.input.value);
    this.open = true;
  }

  private readonly onFocus = (): void => {
    this.open = true;
    if (!this.busy) this.read();
  };

  private onOffer(event: Event, offer: Offer): void {
    event.preventDefault();
    if (!this.busy) this.put(offer.line);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    // While an input method composes Chinese, Enter and arrows belong to it.
    if (event.isComposing) return;
    if (this.busy) {
      // One may leave, and nothing else until the hub has answered.
      if (event.key === "Escape") this.input.blur();
      if (event.key !== "Tab") event.preventDefault();
      return;
    }
    const { offered } = this.reading;
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
        this.put(offer.line);
        break;
      }
      case "Enter":
        if (event.repeat) break;
        if (chosen !== undefined) this.put(chosen.line);
        else this.enter();
        break;
      case "Escape":
        this.put("");
        this.input.blur();
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  private enter(): void {
    const { parts } = this.reading;
    if (parts.some(({ outcome }) => "wrong" in outcome)) {
      // What it lacked may have come since: said first, done with the next Enter.
      this.read();
      return;
    }
    if (parts.length === 0) return;
    const grave = parts.some(({ outcome }) => "consequence" in outcome && outcome.consequence !== undefined);
    if (grave) this.asking = parts;
    else void this.run(parts);
  }

  private stopAsking(): void {
    this.asking = null;
    void this.updateComplete.then(() => this.input.focus());
  }

  /** One after the other: what comes later in the line may depend on what came before. What is not done stays in the line. */
  private async run(parts: readonly Part[]): Promise<void> {
    this.asking = null;
    this.failure = "";
    this.busy = true;
    // Keys that are pressed meanwhile are not meant for the page.
    this.input.focus();
    const left = parts.map(({ text }) => text);
    let failure: unknown = null;
    try {
      for (const part of parts) {
        if ("run" in part.outcome) await part.outcome.run();
        left.shift();
      }
    } catch (error) {
      const [part] = parts.slice(-left.length);
      if (error instanceof StoppedError && part !== undefined) left[0] = withOnly(part, error.rest);
      failure = error instanceof StoppedError ? error.cause : error;
    }
    this.busy = false;
    this.tell("entered", null);
    this.put(left.join(" · "));
    // The keys of the desk work again at once.
    if (failure === null) this.input.blur();
    else this.say(describe(failure));
  }

  /** To whoever is at the line, or to the page where that is nobody. */
  private say(failure: string): void {
    if (this.open) this.failure = failure;
    else this.tell("refused", failure);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-command": CommandLine;
  }
}
