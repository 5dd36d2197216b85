/** Legs of a track that no one car drives (疑似套牌): both pictures side by side, and how fast it would have been. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow, Sighting } from "../../wire";
import { nameOf } from "./search_results";
import { legWords } from "./search_ways";
import { pictureOf, type Track } from "./search_wire";

/** So many are shown with pictures; all are marked in the list. */
const SHOWN = 5;

/** Tells `meant` with the number of the passage before the leg. */
@customElement("vehicles-suspects")
export class Suspects extends View {
  static override styles = [
    shared,
    css`
      section {
        display: grid;
        gap: var(--s2);
        margin-top: var(--s2);
        padding: var(--s2);
        border: 1px solid var(--line);
        background: var(--hatch);
        border-radius: var(--radius);
        max-height: 40vh;
        overflow: auto;
      }
      button {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: var(--s2);
        width: 100%;
        height: auto;
        padding: var(--s2);
        text-align: left;
      }
      figure {
        margin: 0;
        min-width: 0;
      }
      img,
      .without {
        display: block;
        width: 100%;
        aspect-ratio: 16 / 9;
        object-fit: cover;
        background: var(--page);
        border-radius: var(--radius);
      }
      .how {
        grid-column: 1 / -1;
        white-space: normal;
      }
    `,
  ];

  @property({ attribute: false }) track: Track | null = null;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ type: Number }) now_ms = 0;

  override render(): TemplateResult | typeof nothing {
    const { track } = this;
    const found = track === null ? [] : track.legs.flatMap((leg, at) => (leg.suspect === null ? [] : [{ leg, at }]));
    if (track === null || found.length === 0) return nothing;
    return html`<section aria-label=${t("suspects.title")}>
      <p>${icon("alert")} <b>${t("suspects.title")}</b> ${t("suspects.count", { n: found.length })} <span class="quiet">${t("suspects.note")}</span></p>
      ${found.slice(-SHOWN).map(
        ({ leg, at }) => html`<button @click=${() => this.tell<number>("meant", at)}>
          ${this.picture(track.stops[at])}${this.picture(track.stops[at + 1])}
          <span class="how">${legWords(leg).join("；")}</span>
        </button>`,
      )}
      ${found.length > SHOWN ? html`<p class="quiet">${t("suspects.more", { n: SHOWN })}</p>` : nothing}
    </section>`;
  }

  private picture(stop: Sighting | undefined): TemplateResult | typeof nothing {
    if (stop === undefined) return nothing;
    const place = nameOf(this.cameras, stop.camera);
    const source = pictureOf(stop);
    const words = `${format.instant(stop.first_ms, this.now_ms)} · ${place} · ${t("plate.sure")} ${format.sureness(stop.confidence)}`;
    return html`<figure>${source === "" ? html`<span class="without"></span>` : html`<img src=${source} alt=${t("now.scene", { plate: stop.plate, place })} loading="lazy" />`}
      <figcaption>${words}</figcaption></figure>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-suspects": Suspects;
  }
}
