/** What was taken out as evidence: who, when, why, its hash, and the files. Reached from the recordings of a camera. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import { icon } from "../icons";
import { describe } from "../problems";
import { valueOf } from "../typing";
import { shared, View } from "../view";
import { clipPath, listClips, type ListedClip } from "./camera_api";
import type { Screening } from "./context";

/** Tells `close`, and `seek` with where a clip of this camera begins. */
@customElement("t-clips")
export class Clips extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        font-size: var(--t1);
      }
      .row {
        padding: var(--s2) var(--s3);
      }
      h3 {
        font-size: var(--t2);
        font-weight: 650;
      }
      select {
        width: auto;
      }
      .list {
        overflow: auto;
      }
      li {
        display: grid;
        gap: 2px var(--s4);
        grid-template-columns: minmax(0, 1fr) auto;
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      li.newest {
        border-left: 3px solid var(--accent);
      }
      .what {
        font-size: var(--t2);
        overflow-wrap: anywhere;
      }
      .hash {
        overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums;
        color: var(--text-2);
      }
      .files {
        display: flex;
        align-items: center;
        gap: var(--s3);
        grid-row: 1 / span 3;
        grid-column: 2;
      }
      .files a {
        display: inline-flex;
        align-items: center;
        min-height: var(--target);
      }
    `,
  ];

  @property({ attribute: false }) screening: Screening | null = null;
  @property({ attribute: false }) camera: CameraRow | null = null;
  /** Names of other cameras. */
  @property({ attribute: false }) names: ReadonlyMap<string, CameraRow> = new Map();
  /** A clip that was just exported: asked for anew, and marked. */
  @property() newest = "";
  @state() private all = false;
  @state() private clips: readonly ListedClip[] | null = null;
  @state() private next = "";
  @state() private away: readonly string[] = [];
  @state() private refusal = "";
  @state() private busy = false;
  private asked = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.asked = "";
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("select")?.focus());
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const what = `${this.all ? "" : (this.camera?.id ?? "")} ${this.newest}`;
    if (this.screening === null || this.camera === null || what === this.asked) return;
    this.asked = what;
    this.clips = null;
    void this.more("");
  }

  override render(): TemplateResult {
    return html`<div class="row">
        <h3 class="grow cut">${t("clips.of", { name: this.all ? t("clips.all") : (this.camera?.name ?? "") })}</h3>
        <select aria-label=${t("clips.which")} @change=${(event: Event) => (this.all = valueOf(event) === "all")}>
          <option value="one" ?selected=${!this.all}>${t("clips.this")}</option>
          <option value="all" ?selected=${this.all}>${t("clips.all")}</option>
        </select>
        <button @click=${() => this.tell("close", null)}>${icon("close")} ${t("clips.close")}</button>
      </div>
      <div class="list" tabindex="0" role="region" aria-label=${t("clips.title")}>${this.list()}</div>`;
  }

  private list(): TemplateResult {
    if (this.refusal !== "") return html`<p class="row error" role="alert">${this.refusal}</p>`;
    if (this.clips === null) return html`<t-state kind="loading"></t-state>`;
    if (this.clips.length === 0 && this.away.length === 0) return html`<t-state kind="empty" text=${t("clips.none")}></t-state>`;
    return html`${this.away.length === 0 ? nothing : html`<p class="row" role="alert">${t("clips.away", { hubs: this.away.join("、") })}</p>`}<ol>${repeat(this.clips, ({ id }) => id, (clip) => this.line(clip))}</ol>
      ${this.next === "" ? nothing : html`<div class="row"><button ?disabled=${this.busy} @click=${() => void this.more(this.next)}>${t("clips.more")}</button></div>`}`;
  }

  private line(clip: ListedClip): TemplateResult {
    const name = this.names.get(clip.camera)?.name ?? clip.camera;
    const from = `${format.fullDate(clip.from_ms)} ${format.clock(clip.from_ms)}`;
    const label = `${name} ${from}`;
    return html`<li class=${clip.id === this.newest ? "newest" : ""}>
      <span class="what">${this.all ? html`<b>${name}</b> · ` : nothing}${t("clips.stretch", { from, to: format.clock(clip.to_ms), span: format.duration(clip.to_ms - clip.from_ms) })} · ${clip.why}</span>
      <span>${t("clips.exported", { who: this.screening?.who(clip.who) ?? clip.who, when: `${format.dateWithYear(clip.at_ms)} ${format.clock(clip.at_ms)}` })} ·
        ${format.bytes(clip.size)} · ${clip.missing_ms > 0 ? t("clips.missing", { span: format.duration(clip.missing_ms) }) : t("clips.whole")}</span>
      <span class="hash">SHA-256 ${clip.sha256}</span>
      <span class="files">
        ${clip.camera === this.camera?.id ? html`<button @click=${() => this.tell("seek", clip.from_ms)} aria-label="${t("clips.show")} ${label}" title=${t("clips.show")}>${icon("play")}</button>` : nothing}
        <a href=${clipPath(clip.id, "mp4")} download aria-label="${t("playback.video")} ${label}">${t("playback.video")}</a>
        <a href=${clipPath(clip.id, "json")} download aria-label="${t("playback.sheet")} ${label}">${t("playback.sheet")}</a>
      </span>
    </li>`;
  }

  private async more(after: string): Promise<void> {
    const { screening, camera, asked } = this;
    if (screening === null || camera === null) return;
    this.busy = true;
    this.refusal = "";
    try {
      const page = await listClips(screening.api, this.all ? "" : camera.id, after);
      if (asked !== this.asked) return;
      this.clips = after === "" ? page.clips : [...(this.clips ?? []), ...page.clips];
      this.next = page.next ?? "";
      this.away = page.away ?? [];
    } catch (error) {
      if (asked === this.asked) this.refusal = describe(error);
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-clips": Clips;
  }
}
