/** Evidence at first hand: photo, video or voice, kept on the terminal until it is in custody at the centre. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../../components/picture";
import { icon, type IconName } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Entry } from "../../sync/outbox";
import type { EvidenceRow, OrderRow, SituationRow } from "../../wire";
import { mobileStyles, tabStyles } from "./styles";

/** What the hub takes (EVIDENCE_BYTES there). */
const MOST_BYTES = 32 * 1024 * 1024;

const KINDS: readonly { readonly key: "photo" | "video" | "audio"; readonly accept: string; readonly icon: IconName }[] = [
  { key: "photo", accept: "image/jpeg,image/png,image/webp", icon: "camera" },
  { key: "video", accept: "video/mp4,video/webm", icon: "video" },
  { key: "audio", accept: "audio/mp4,audio/ogg,audio/webm", icon: "sound" },
];

/** A file, and the order for which its camera was opened: another may have come before it was taken. */
export interface Shot {
  readonly file: File;
  readonly order: OrderRow;
}

/** Tells `evidence` with the shot. */
@customElement("mobile-evidence")
export class EvidenceTab extends View {
  static override styles = [shared, tabStyles, mobileStyles];

  @property({ attribute: false }) order: OrderRow | null = null;
  @property({ attribute: false }) situation: SituationRow | null = null;
  @property({ attribute: false }) rows: ReadonlyMap<string, EvidenceRow> = new Map();
  @property({ attribute: false }) waiting: readonly Entry[] = [];
  @state() private failure = "";
  private takenFor: OrderRow | null = null;

  override render(): TemplateResult {
    const mine = this.waiting.filter(({ request }) => request.request === "fix_evidence");
    const fixed = [...this.rows.values()].sort((a, b) => b.taken_ms - a.taken_ms);
    return html`${this.order === null
        ? html`<t-state kind="hint" text=${t("evidence.no_order")}></t-state>`
        : html`<p>${t("evidence.for", { title: this.situation?.title ?? this.order.text })}</p>`}
      <!-- Always there: a camera that is open when its order is recalled gives its picture back to the very same field. -->
      <div class="shots" style=${this.order === null ? "display: none" : nothing}>${KINDS.map((kind) => this.shot(kind))}</div>
      ${this.failure === "" ? nothing : html`<t-state kind="error" text=${this.failure}></t-state>`}
      ${mine.length + fixed.length === 0 ? html`<t-state kind="empty" text=${t("evidence.none")}></t-state>` : nothing}
      <ul class="files">
        ${mine.map(({ request, file }) => html`<li>
          ${icon("clock")}<span class="cut">${request.request === "fix_evidence" ? request.name : ""}<br /><span class="quiet">${sizeWords(file?.size ?? 0)}</span></span>
          <span>${t("mobile.unsent")}</span></li>`)}
        ${fixed.map((row) => html`<li>
          ${row.media_type.startsWith("image/") ? html`<t-picture src="/api/v1/blobs/${row.sha256}" alt=${row.name}></t-picture>` : icon("evidence")}
          <span class="cut">${row.name}<br /><span class="quiet">${sizeWords(row.size)} · ${format.clock(row.taken_ms)}</span></span>
          <span>${icon("check")} ${t("evidence.fixed")}</span></li>`)}
      </ul>`;
  }

  private shot({ key, accept, icon: name }: (typeof KINDS)[number]): TemplateResult {
    return html`<label>${icon(name)} ${t(`evidence.${key}`)}<input type="file" accept=${accept} capture="environment" @click=${() => (this.takenFor = this.order)} @change=${this.take} /></label>`;
  }

  private readonly take = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = "";
    const order = this.takenFor ?? this.order;
    this.takenFor = null;
    if (file === undefined || order === null) return;
    this.failure = file.size > MOST_BYTES ? t("evidence.too_large") : "";
    if (this.failure === "") this.tell<Shot>("evidence", { file, order });
  };
}

function sizeWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

declare global {
  interface HTMLElementTagNameMap {
    "mobile-evidence": EvidenceTab;
  }
}
