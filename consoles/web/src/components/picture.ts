/** A picture that the hub keeps. While it cannot be had it says so and is asked for again: none stays broken after an outage. */

import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { t } from "../i18n/i18n";
import { browserTime } from "../sync/time";
import { icon } from "./icons";
import { shared, View } from "./view";

const FIRST_MS = 3_000;
const LONGEST_MS = 60_000;

/** How long to wait before a picture is asked for again that did not come so many times. */
export function pause_ms(tries: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 16));
}

/** Where a file of the hub is. With the id of the row that names it also after that row has left the tables (R119). */
export function filePath(sha256: string, row = ""): string {
  return `/api/v1/blobs/${sha256}${row === "" ? "" : `?row=${encodeURIComponent(row)}`}`;
}

@customElement("t-picture")
export class Picture extends View {
  static override styles = [
    shared,
    css`
      :host {
        background: #000;
        overflow: hidden;
      }
      img {
        display: block;
        width: 100%;
        height: 100%;
        max-height: inherit;
        object-fit: contain;
      }
      p {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-height: 100%;
        padding: var(--s2);
        color: var(--text-2);
        background: var(--hatch);
      }
    `,
  ];

  @property() src = "";
  /** What is seen on it. */
  @property() alt = "";
  @state() private missing = false;
  private tries = 0;
  private again: (() => void) | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.again?.();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("src")) return;
    this.again?.();
    this.missing = false;
    this.tries = 0;
  }

  override render(): TemplateResult {
    if (this.missing) return html`<p role="img" aria-label="${this.alt} ${t("picture.missing")}">${icon("image")} ${t("picture.missing")}</p>`;
    return html`<img src=${this.src} alt=${this.alt} loading="lazy" @error=${this.onError} />`;
  }

  private readonly onError = (): void => {
    this.missing = true;
    this.again = browserTime.after(pause_ms(this.tries), () => (this.missing = false));
    this.tries += 1;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "t-picture": Picture;
  }
}
