/** One passage that was found: its picture, what was read, and the recording at that time. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/plate";
import "../../components/scene";
import type { Screening } from "../../components/video/context";
import "../../components/video/playback";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, Sighting } from "../../wire";
import { movingOf, nameOf } from "./search_results";
import { pictureOf } from "./search_wire";

/** The recording is shown from so long before the car came. */
const BEFORE_MS = 10_000;

/** Tells `track` and `companions` with the plate, and `close`. */
@customElement("vehicles-chosen")
export class Chosen extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        align-content: start;
        gap: var(--s2);
        padding: var(--s3);
      }
      header,
      .keys {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2);
      }
      t-plate {
        font-size: var(--t3);
      }
      t-playback {
        height: 340px;
      }
      button[aria-pressed="true"] {
        border-color: var(--accent);
        color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) passage: Sighting | null = null;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) screening: Screening | null = null;
  @state() private replays = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("passage")) this.replays = false;
  }

  override render(): TemplateResult {
    const one = this.passage;
    if (one === null) return html`<t-state kind="hint" text=${t("search.choose")}></t-state>`;
    const place = nameOf(this.cameras, one.camera);
    return html`<header>
        <t-plate plate=${one.plate} colour=${one.colour} kind=${one.kind}></t-plate>
        <span class="grow">${format.clock(one.first_ms)} · ${place}</span>
        <button class="bare" title=${t("action.close")} @click=${() => this.tell("close", null)}><span class="sr">${t("action.close")}</span>${icon("close")} <kbd>Esc</kbd></button>
      </header>
      ${this.replays ? this.recording(one) : html`<t-scene picture=${one.picture ?? ""} source=${pictureOf(one)} .box=${one.box} label=${t("now.scene", { plate: one.plate, place })}></t-scene>`}
      <p class="quiet">${[movingOf(one), `${t("plate.sure")} ${format.sureness(one.confidence)}`, word("sighting_source", one.source)].filter((each) => each !== "").join(" · ")}</p>
      ${one.char_confidences.length === 0 ? nothing : html`<t-plate-reading plate=${one.plate} .confidences=${one.char_confidences}></t-plate-reading>`}
      <div class="keys">
        <button @click=${() => this.tell("track", one.plate)}>${icon("navigation")} ${t("search.to_track")} <kbd>T</kbd></button>
        <button @click=${() => this.tell("companions", one.plate)}>${icon("car")} ${t("search.to_companions")} <kbd>C</kbd></button>
        <button aria-pressed=${this.replays} ?disabled=${!this.cameras.has(one.camera)} @click=${() => this.replay()}>${icon("history")} ${t("search.replay")} <kbd>R</kbd></button>
      </div>`;
  }

  /** Show the recording of the time of the passage, or its picture again. */
  replay(): void {
    if (this.cameras.has(this.passage?.camera ?? "")) this.replays = !this.replays;
  }

  private recording(one: Sighting): TemplateResult {
    return html`<t-playback .camera=${this.cameras.get(one.camera) ?? null} .names=${this.cameras} .screening=${this.screening} .from=${one.first_ms - BEFORE_MS} @leave=${() => (this.replays = false)}></t-playback>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-chosen": Chosen;
  }
}
