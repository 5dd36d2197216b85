/** Cameras that send their pictures themselves (WHIP): what the phone or encoder has to be told, once. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";

/** As the hub tells it: the path is at this hub, the key it never tells again. */
export interface Publishing {
  readonly path: string;
  readonly key: string;
}

export async function publishers(api: Api): Promise<ReadonlySet<string>> {
  return new Set((await api.get<{ readonly cameras: readonly string[] }>("/api/v1/cameras/publishing")).cameras);
}

/** A new key; the one before is void. */
export function newKey(api: Api, camera: string): Promise<Publishing> {
  return api.post<Publishing>(`/api/v1/cameras/${encodeURIComponent(camera)}/publishing`, {});
}

/** Plain text for a message or a sheet of paper: whoever sets up the encoder needs nothing else. */
export function publishingText(name: string, { path, key }: Publishing, origin: string): string {
  return [t("publish.text_name", { name }), t("publish.text_address", { address: `${origin}${path}` }), t("publish.text_key", { key }), t("publish.text_how")].join("\n");
}

@customElement("t-publishing")
export class PublishingSheet extends View {
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
      textarea {
        min-height: 8.5em;
        font-size: var(--t1);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property() name = "";
  @property({ attribute: false }) publishing: Publishing | null = null;
  @state() private copied = false;
  @query("textarea") private text!: HTMLTextAreaElement;

  override render(): TemplateResult {
    const { publishing } = this;
    if (publishing === null) return html``;
    return html`<p><b>${t("publish.once")}</b></p>
      <textarea readonly rows="6" aria-label=${t("publish.sheet", { name: this.name })} .value=${publishingText(this.name, publishing, location.origin)} @focus=${() => this.text.select()}></textarea>
      <div class="row"><button type="button" @click=${() => void this.copy()}>${icon("evidence")} ${t("publish.copy")}</button>
        <span role="status">${this.copied ? t("publish.copied") : ""}</span></div>`;
  }

  /** Where the browser gives no clipboard (no TLS) the text is chosen, for Ctrl+C. */
  private async copy(): Promise<void> {
    this.text.select();
    try {
      await navigator.clipboard.writeText(this.text.value);
      this.copied = true;
    } catch {
      this.copied = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-publishing": PublishingSheet;
  }
}
