/** One camera's picture with its name and honest state: live, frozen, lost or refused, and why. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { shared, View } from "../components/view";
import * as format from "../i18n/format";
import { t } from "../i18n/i18n";
import type { CameraRow } from "../wire";
import { WhepPlayer, type VideoState } from "./whep";

@customElement("t-video")
export class Video extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        background: #000;
        overflow: hidden;
        aspect-ratio: 16 / 9;
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        container-type: size;
      }
      video {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      .name {
        position: absolute;
        left: 0;
        top: 0;
        max-width: 100%;
        padding: 0 var(--s2);
        background: rgb(11 15 20 / 80%);
      }
      .cover {
        position: absolute;
        inset: 0;
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s2);
        padding: 1.5em var(--s2) var(--s1);
        text-align: center;
        color: var(--text-2);
      }
      .cover.bad {
        color: var(--text);
        background: rgb(11 15 20 / 55%) var(--hatch);
      }
      .cover > .icon {
        width: 1.8em;
        height: 1.8em;
      }
      @container (max-height: 9em) {
        .cover > .icon {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) camera: CameraRow | null = null;
  @state() private shown: VideoState = { is: "connecting" };
  @query("video") private video!: HTMLVideoElement;
  private player: WhepPlayer | null = null;
  private playing = "";

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.play();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.halt();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("camera") && this.isConnected) this.play();
  }

  override render(): TemplateResult {
    return html`<video muted autoplay playsinline aria-label=${this.camera?.name ?? ""}></video>
      ${this.cover()}
      <p class="name cut">${this.camera?.name ?? ""}</p>`;
  }

  private play(): void {
    const wanted = this.camera !== null && this.camera.state !== "down" ? this.camera.id : "";
    if (wanted === this.playing) return;
    this.halt();
    this.playing = wanted;
    if (wanted === "") return;
    this.player = new WhepPlayer(wanted, this.video, (next) => this.take(next));
    this.player.start();
  }

  private halt(): void {
    this.player?.stop();
    this.player = null;
    this.playing = "";
  }

  private take(next: VideoState): void {
    if (next.is !== this.shown.is || next.is === "frozen") this.shown = next;
  }

  private cover(): TemplateResult | typeof nothing {
    if (this.camera === null) return note("noVideo", t("video.none"), false);
    if (this.camera.state === "down") return note("noVideo", t("video.down", { reason: this.camera.reason }), true);
    switch (this.shown.is) {
      case "live":
        return nothing;
      case "connecting":
        return note("video", t("video.connecting"), false);
      case "frozen":
        return note("clock", t("video.frozen", { span: format.duration(this.shown.since_ms) }), true);
      case "lost":
        return note("noVideo", t("video.lost"), true);
      case "refused":
        return note("lock", t("video.refused", { detail: this.shown.detail }), true);
    }
  }
}

function note(name: Parameters<typeof icon>[0], words: string, bad: boolean): TemplateResult {
  return html`<div class="cover ${bad ? "bad" : ""}" role="status">${icon(name)}<span>${words}</span></div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "t-video": Video;
  }
}
