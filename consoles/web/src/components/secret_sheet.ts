/** What is told once and never again (a password, a token, a key), to be copied or written down before it is put away. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { t } from "../i18n/i18n";
import { icon } from "./icons";
import { shared, View } from "./view";

@customElement("t-secret")
export class SecretSheet extends View {
  static override styles = [
    shared,
    css`
      :host {
        padding: var(--s3);
        border-left: 3px solid var(--accent);
        background: var(--raised);
      }
      p {
        margin-bottom: var(--s2);
      }
      b {
        font-weight: 650;
      }
      textarea {
        min-height: 0;
        field-sizing: content; /* long addresses take lines of their own */
        font-size: var(--t1);
        overflow-wrap: anywhere;
      }
    `,
  ];

  /** That it is shown now alone, in a sentence of its own. */
  @property() once = "";
  /** Plain text for a message or a sheet of paper: whoever gets it needs nothing else. */
  @property() text = "";
  @property() label = "";
  @state() private copied = "";
  @query("textarea") private field!: HTMLTextAreaElement;

  override render(): TemplateResult {
    if (this.text === "") return html``;
    return html`<p><b>${this.once}</b></p>
      <textarea readonly rows=${this.text.split("\n").length + 1} aria-label=${this.label} .value=${this.text} @focus=${() => this.field.select()}></textarea>
      <div class="row"><button type="button" @click=${() => void this.copy()}>${icon("evidence")} ${t("secret.copy")}</button>
        <span role="status">${this.copied === this.text ? t("secret.copied") : ""}</span></div>`;
  }

  /** Where the browser gives no clipboard (no TLS) the text is chosen, for Ctrl+C. */
  private async copy(): Promise<void> {
    this.field.select();
    try {
      await navigator.clipboard.writeText(this.text);
      this.copied = this.text;
    } catch {
      this.copied = "";
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-secret": SecretSheet;
  }
}
