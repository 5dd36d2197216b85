/** One passage looked at: its picture with the plate enlarged, what was read, and the camera there, live or played back. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/plate";
import "../../components/scene";
import type { Screening } from "../../components/video/context";
import "../../components/video/playback";
import "../../components/video/tile";
import { shared, View } from "../../components/view";
import type { Watched } from "../../components/watched";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CameraRow, HitRow, PassageRow } from "../../wire";
import { goTo } from "../tabs";

/** A replay begins so long before the car came. */
const BEFORE_MS = 10_000;

/** Tells `close`. */
@customElement("vehicles-passage")
export class Passage extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        align-content: start;
        gap: var(--s3);
        padding: var(--s3);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2);
      }
      t-plate {
        font-size: var(--t4);
      }
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 2px var(--s3);
      }
      dt {
        color: var(--text-2);
      }
      .hit {
        padding: var(--s2) var(--s3);
        border-left: 3px solid var(--accent);
        background: var(--raised);
      }
      t-tile {
        aspect-ratio: 16 / 9;
      }
      t-playback {
        height: 600px;
      }
      .keys {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) passage: PassageRow | null = null;
  @property({ attribute: false }) hit: HitRow | null = null;
  @property({ attribute: false }) watch: Watched | null = null;
  @property({ attribute: false }) camera: CameraRow | null = null;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) screening: Screening | null = null;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Boolean }) maySearch = false;
  @state() private view: "none" | "live" | "replay" = "none";

  override render(): TemplateResult {
    const { passage, hit } = this;
    if (passage === null) return html`<t-state kind="hint" text=${t("now.choose")}></t-state>`;
    const place = this.camera?.name ?? passage.camera;
    return html`<header>
        <t-plate plate=${passage.plate} colour=${passage.colour} kind=${passage.kind}></t-plate>
        <span class="grow"></span>
        <button class="bare" @click=${() => this.tell("close", null)}>${icon("close")} ${t("action.close")} <kbd>Esc</kbd></button>
      </header>
      ${hit === null ? nothing : html`<p class="hit">${icon("alert")} ${t("now.hit", { reason: this.watch?.reason ?? hit.watch })} · ${word("hit_how", hit.how)}${hit.how === "look_alike" ? ` ${Math.round(hit.score * 100)}%` : ""}</p>`}
      <t-scene picture=${passage.picture} .box=${passage.box ?? null} label=${t("now.scene", { plate: passage.plate, place })}></t-scene>
      <t-plate-reading plate=${passage.plate} .confidences=${passage.char_confidences} expected=${this.watch?.pattern ?? ""}></t-plate-reading>
      ${this.facts(passage, place)}
      <div class="keys">
        <button aria-pressed=${this.view === "live"} ?disabled=${this.camera === null} @click=${() => this.toggle("live")}>${icon("video")} ${t("now.live")} <kbd>L</kbd></button>
        <button aria-pressed=${this.view === "replay"} ?disabled=${this.camera === null} @click=${() => this.toggle("replay")}>${icon("history")} ${t("now.replay")} <kbd>R</kbd></button>
        ${this.maySearch
          ? html`<button @click=${() => goTo("search", `plate=${passage.plate}`)}>${icon("search")} ${t("now.search")}</button>
              <button @click=${() => goTo("watches", `plate=${passage.plate}`)}>${icon("eye")} ${t("now.watch")}</button>`
          : nothing}
      </div>
      ${this.picture(passage)}`;
  }

  /** Show the camera live or played back, or put it away again. */
  toggle(view: "live" | "replay"): void {
    if (this.camera === null) return;
    this.view = this.view === view ? "none" : view;
    void this.updateComplete.then(() => this.renderRoot.querySelector("t-tile, t-playback")?.scrollIntoView({ block: "nearest" }));
  }

  private facts(passage: PassageRow, place: string): TemplateResult {
    const moving = [
      passage.direction === null || passage.direction === undefined ? "" : word("direction", passage.direction),
      passage.heading_deg === null || passage.heading_deg === undefined ? "" : word("bearing", String(Math.round(passage.heading_deg / 45) % 8)),
      passage.lane === null || passage.lane === undefined ? "" : t("now.lane", { n: passage.lane }),
    ].filter((each) => each !== "");
    return html`<dl>
      <dt>${t("now.at")}</dt><dd>${format.instant(passage.first_ms, this.now_ms)} <span class="quiet">${t("time.ago", { span: format.duration(this.now_ms - passage.first_ms) })}</span></dd>
      <dt>${t("now.where")}</dt><dd>${place}</dd>
      <dt>${t("now.moving")}</dt><dd>${moving.length === 0 ? "—" : moving.join(" · ")}</dd>
      <dt>${t("plate.sure")}</dt><dd>${format.sureness(passage.confidence)} <span class="quiet">${word("sighting_source", passage.source)}</span></dd>
    </dl>`;
  }

  private picture(passage: PassageRow): TemplateResult | typeof nothing {
    if (this.camera === null || this.view === "none") return nothing;
    if (this.view === "live") return html`<t-tile .camera=${this.camera} .screening=${this.screening} .now=${this.now_ms} @remove=${() => (this.view = "none")} @playback=${() => (this.view = "replay")}></t-tile>`;
    return html`<t-playback .camera=${this.camera} .names=${this.cameras} .screening=${this.screening} .from=${passage.first_ms - BEFORE_MS} @leave=${() => (this.view = "none")}></t-playback>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-passage": Passage;
  }
}
