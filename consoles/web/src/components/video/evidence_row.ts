/** A stretch of a recording is chosen, locked, exported as evidence; or one picture of it fixed to a situation. */

import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import { icon } from "../icons";
import { describe } from "../problems";
import { valueOf } from "../typing";
import { clipPath, exportClip, lock, type Clip } from "./camera_api";
import type { Screening } from "./context";
import { fix, still } from "./snapshot";

/** What stands where the recording does: whether the hub keeps it, and why it cannot be listed. */
interface Shown {
  readonly kept: boolean;
  readonly trouble: string;
}

export class Evidence {
  choice: readonly [number | null, number | null] = [null, null];
  clip: Clip | null = null;
  private why = "";
  private said = "";
  private busy = false;
  private readonly host: ReactiveControllerHost;
  private readonly at_ms: () => number;
  private readonly onLocked: () => void;

  /** `at_ms()` is the instant that is shown; `onLocked()` hears that the time line looks different now. */
  constructor(host: ReactiveControllerHost, at_ms: () => number, onLocked: () => void) {
    this.host = host;
    this.at_ms = at_ms;
    this.onLocked = onLocked;
  }

  /** Why, as typed; for whatever else is asked about the recording too. */
  get reason(): string {
    return this.why.trim();
  }

  /** Choose what is shown now as the beginning or the end. */
  mark(end: 0 | 1): void {
    const at_ms = Math.round(this.at_ms());
    this.choice = end === 0 ? [at_ms, this.choice[1]] : [this.choice[0], at_ms];
    this.clip = null;
    this.said = "";
    this.host.requestUpdate();
  }

  render(screening: Screening, camera: CameraRow, video: () => HTMLVideoElement, shown: Shown): TemplateResult {
    const [first, last] = this.choice;
    const ready = first !== null && last !== null && last > first;
    // What only the device has cannot be locked or exported here.
    const may = ready && this.reason !== "" && !this.busy && shown.kept;
    const said = this.said === "" ? shown.trouble : this.said;
    return html`<button @click=${() => this.mark(0)}>${t("playback.in")} <kbd>I</kbd></button>
      <button @click=${() => this.mark(1)}>${t("playback.out")} <kbd>O</kbd></button>
      <span class="number">${ready ? t("playback.chosen", { from: format.clock(first), to: format.clock(last), span: format.duration(last - first) }) : t("playback.choose")}</span>
      <input class="why" maxlength="500" placeholder=${t("playback.why")} aria-label=${t("playback.why")} .value=${this.why} @keydown=${quiet}
        @input=${(event: Event) => this.because(valueOf(event))} />
      <button ?disabled=${!may} @click=${() => void this.lockChosen(screening, camera)}>${icon("lock")} ${t("playback.lock")}</button>
      <button class="primary" ?disabled=${!may} @click=${() => void this.exportChosen(screening, camera)}>${icon("evidence")} ${this.busy ? t("playback.exporting") : t("playback.export")}</button>
      <button @click=${() => void this.snapshot(screening, camera, video())}>${icon("camera")} ${t("tile.snapshot")}</button>
      ${said === "" ? nothing : html`<span class="hash" role="status">${said}</span>`}
      ${this.clip === null ? nothing : html`<a href=${clipPath(this.clip.id, "mp4")} download>${t("playback.video")}</a><a href=${clipPath(this.clip.id, "json")} download>${t("playback.sheet")}</a>`}`;
  }

  private because(why: string): void {
    this.why = why;
    this.host.requestUpdate();
  }

  private async lockChosen(screening: Screening, camera: CameraRow): Promise<void> {
    const [first, last] = this.choice;
    if (first === null || last === null) return;
    await this.trying(async () => {
      await lock(screening.api, camera.id, first, last, this.reason);
      this.said = t("playback.locked");
      this.onLocked();
    });
  }

  private async exportChosen(screening: Screening, camera: CameraRow): Promise<void> {
    const [first, last] = this.choice;
    if (first === null || last === null) return;
    await this.trying(async () => {
      this.clip = await exportClip(screening.api, camera.id, first, last, this.reason, screening.situation?.id ?? null);
      this.said = t("playback.exported", { hash: this.clip.sha256 });
    });
  }

  private async snapshot(screening: Screening, camera: CameraRow, video: HTMLVideoElement): Promise<void> {
    const taken_ms = this.at_ms();
    const picture = await still(video);
    const { situation } = screening;
    if (picture === null || situation === null) {
      this.said = t(picture === null ? "tile.snapshot_none" : "wrong.no_situation");
      this.host.requestUpdate();
      return;
    }
    await this.trying(async () => {
      await fix(screening, situation.id, camera, picture, taken_ms);
      this.said = t("tile.snapshot_fixed", { title: situation.title });
    });
  }

  private async trying(run: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.said = "";
    this.host.requestUpdate();
    try {
      await run();
    } catch (error) {
      this.said = describe(error);
    } finally {
      this.busy = false;
      this.host.requestUpdate();
    }
  }
}

/** Keep what is typed into a field from being a key of the page; Escape leaves it. */
export function quiet(event: Event): void {
  if (!(event instanceof KeyboardEvent) || event.key !== "Escape") event.stopPropagation();
}
