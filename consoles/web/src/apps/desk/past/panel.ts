/** The past on the desk: the way of a patrol played back (轨迹回放) and who was somewhere (谁在现场), on a map of its own. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../../../components/icons";
import { describe } from "../../../components/problems";
import { refusalWords } from "../../../components/refusals";
import { saveFile } from "../../../components/saving";
import "../../../components/states";
import { shared, View } from "../../../components/view";
import * as format from "../../../i18n/format";
import { language, t } from "../../../i18n/i18n";
import "../../../map/element";
import type { Picked } from "../../../map/element";
import type { MapPath } from "../../../map/paths";
import { NO_DATA, type MapData } from "../../../map/picture";
import { Problem } from "../../../sync/api";
import { browserTime } from "../../../sync/time";
import type { FenceRow, Place } from "../../../wire";
import { MOST_CORNERS } from "../../vehicles/search_ask";
import type { Desk } from "../context";
import { bodyOf, emptyForm, missing, spanOf, type Form } from "./ask";
import { formView } from "./form";
import { aboutView, controlsView, holdersSince, keptSince, marksView, presentView, takeOutView, type TrackActions } from "./found";
import { aroundOf, circleOf, markPins, nowPin, pathsOf, viewOf } from "./on_map";
import { advanced, beginning, markAt, marksOf, momentOf, pressed, type Mark, type Playback } from "./playback";
import { pastStyles } from "./styles";
import { mayLookUpPatrols, type PatrolTrack, type PresentAnswer, type TrackAnswer } from "./wire";
import { unitNames } from "../../named";

/** Going through much takes the hub a while. */
const TIMEOUT_MS = 60_000;
/** While it is played the moment goes on so often. */
const TICK_MS = 200;

/** With what was asked, so that it can be asked for as a file, whatever is typed meanwhile. */
interface Asked {
  readonly body: Record<string, unknown>;
  readonly from_ms: number;
}

type Answer = Asked & ({ readonly is: "track"; readonly track: TrackAnswer } | { readonly is: "present"; readonly there: PresentAnswer });

/** Tells `live` when somebody goes back. What was asked and typed stays while it is not seen. */
@customElement("desk-past")
export class PastPanel extends View {
  static override styles = [shared, pastStyles];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) fences: ReadonlyMap<string, FenceRow> = new Map();
  @property({ type: Boolean }) asleep = false;
  @state() private form: Form | null = null;
  @state() private answer: Answer | null = null;
  @state() private index = 0;
  @state() private playback: Playback | null = null;
  @state() private picking = false;
  @state() private busy = false;
  @state() private failure = "";
  @state() private taking = false;
  /** What became of the file that was asked for, and how many there were: each is a question of the hour. */
  @state() private taken = "";
  @state() private files = 0;
  @query("input[name=reason]") private reason!: HTMLInputElement | null;
  @query("button.play") private play!: HTMLButtonElement | null;
  private marks: readonly Mark[] = [];
  private paths: readonly MapPath[] = [];
  private around: readonly Place[] = [];
  private mapData: MapData = NO_DATA;
  private stopPlaying: (() => void) | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopPlaying?.();
  }

  /** Look the last hour of a unit up, with that reason; without one a chosen time stays, and it waits. */
  openTrack(unit: string, reason = ""): void {
    const form = this.formNow();
    this.open({ ...form, what: "track", unit, when: reason === "" && form.when === "picked" ? "picked" : "hour" }, reason, true);
  }

  /** Look up who was about the situation that is chosen, with that reason; without one, or without a place, it waits. */
  openPresent(reason = ""): void {
    const place = this.desk?.situation?.place ?? null;
    const { radius_m, where } = emptyForm(this.desk?.now_ms ?? 0);
    const there: Partial<Form> = place === null ? { when: "hour" } : { where, radius_m, centre: { lat: place.lat, lon: place.lon }, when: "situation" };
    this.open({ ...this.formNow(), what: "present", ...there }, reason, place !== null);
  }

  /** One step out of what was begun; says whether there was one. */
  leave(): boolean {
    if (!this.picking) return false;
    this.picking = false;
    return true;
  }

  private formNow(): Form {
    return this.form ?? emptyForm(this.desk?.now_ms ?? 0);
  }

  private open(form: Form, reason: string, whole: boolean): void {
    this.picking = false;
    this.change({ ...form, ...(reason === "" ? {} : { reason }) });
    void this.updateComplete.then(() => (reason === "" || !whole ? this.reason?.focus() : this.ask()));
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { desk } = this;
    if (desk === null) return;
    this.form ??= emptyForm(desk.now_ms);
    const stations = desk.store.rows("stations");
    if (this.mapData.stations !== stations) this.mapData = { ...NO_DATA, stations };
    if (changed.has("answer") || changed.has("index") || changed.has("form")) {
      const track = this.track();
      if (changed.has("answer") || changed.has("index")) this.marks = track === null ? [] : marksOf(track);
      this.paths = pathsOf(this.form, track);
      const circle = circleOf(this.form);
      const view = circle !== null ? aroundOf(circle) : track === null ? [] : viewOf(track);
      if (view.length > 0) this.around = view;
    }
  }

  private track(): PatrolTrack | null {
    return this.answer?.is === "track" ? (this.answer.track.tracks[this.index] ?? null) : null;
  }

  override render(): TemplateResult {
    const { desk, form } = this;
    if (desk === null || form === null || this.asleep) return html``;
    const track = form.what === "track" ? this.track() : null;
    if (!mayLookUpPatrols(desk.actor)) return html`${this.banner(desk, null)}<t-state kind="no_right" text=${t("past.no_right")}></t-state>`;
    const moment = track === null || this.playback === null ? null : momentOf(track, this.playback.at_ms);
    const chosen = this.markNow();
    const pins = track === null || moment === null || this.playback === null ? [] : [...markPins(this.marks, chosen), ...nowPin(this.name(track.unit), this.playback.at_ms, moment)];
    return html`${this.banner(desk, track)}
      ${formView(desk, form, { busy: this.busy, picking: this.picking }, { change: this.onChange, ask: () => void this.ask(), pick: this.togglePicking })}
      <div class="frame"><t-map .data=${this.mapData} .fences=${this.fences} .paths=${this.paths} .pins=${pins} .mark=${circleOf(form)}
        .focusOn=${this.around[0] ?? desk.situation?.place ?? null} .around=${this.around.slice(1)} ?picking=${this.picking}
        pickText=${t(form.where === "drawn" ? "ring.how" : "past.picking")} @pick=${this.onPick} @press=${(event: Event) => event.stopPropagation()}></t-map></div>
      ${track !== null && moment !== null && this.playback !== null ? controlsView(track, this.marks, this.playback, moment, desk.now_ms, this.actions) : html`<span></span>`}
      <div class="list" @choose=${this.onChoose}>${this.found(desk, form, track, chosen)}</div>`;
  }

  private banner({ now_ms }: Desk, track: PatrolTrack | null): TemplateResult {
    const at_ms = this.playback?.at_ms;
    return html`<div class="banner" role="status">
      <b>${icon("history")} ${t("past.not_live")}</b>
      ${track === null || at_ms === undefined ? nothing : html`<span class="number">${this.name(track.unit)} ${t("past.at", { at: format.instant(at_ms, now_ms), ago: format.duration(now_ms - at_ms) })}</span>`}
      <button @click=${() => this.tell("live", null)}>${t("past.back")} <kbd>Esc</kbd></button>
    </div>`;
  }

  private found(desk: Desk, form: Form, track: PatrolTrack | null, chosen: Mark | null): TemplateResult {
    const { answer } = this;
    if (this.busy) return html`<t-state kind="loading"></t-state>`;
    if (this.failure !== "") return html`<t-state kind="error" text=${this.failure}></t-state>`;
    if (answer === null || answer.is !== form.what) return html`<t-state kind="hint" text=${t(`past.hint_${form.what}`)}></t-state>`;
    if (answer.is === "present") return presentView(desk, this.withLeft(answer.there), answer.from_ms, this.file());
    const unknown = holdersSince(answer.track.holders_since_ms, answer.from_ms, desk.now_ms);
    if (track === null) return html`<t-state kind="hint" text=${t("past.no_device")}></t-state><p class="about">${unknown}</p>`;
    const about = aboutView(this.withLeft(answer.track), track, this.index, unknown, this.file(), desk.now_ms, this.actions);
    if (track.read === 0) return html`<t-state kind="hint" text=${t("past.no_fix")}></t-state>${answer.track.tracks.length > 1 ? about : html`<p class="about">${this.file()} ${keptSince(answer.track.since_ms, track.from_ms, desk.now_ms)} ${unknown}</p>`}`;
    return html`${about}${marksView(this.marks, chosen, desk.now_ms, this.actions)}`;
  }

  private file(): TemplateResult {
    return takeOutView(this.taking, this.taken, () => void this.takeOut());
  }

  private withLeft<A extends { readonly left: number }>(answer: A): A {
    return { ...answer, left: Math.max(0, answer.left - this.files) };
  }

  private name(unit: string): string {
    const store = this.desk?.store;
    return (store && unitNames(store.rows("units"), store.rows("retired")).get(unit)?.name) ?? unit;
  }

  /** The mark that the moment stands in. */
  private markNow(): Mark | null {
    const at_ms = this.playback?.at_ms ?? -1;
    return markAt(this.marks, at_ms);
  }

  // asking

  private async ask(): Promise<void> {
    const { desk, form } = this;
    if (desk === null || form === null || this.busy || !mayLookUpPatrols(desk.actor)) return;
    this.picking = false;
    const lacks = missing(form);
    if (lacks !== null) {
      this.failure = t(`past.lacks_${lacks}`);
      if (lacks === "reason") this.reason?.focus();
      return;
    }
    const span = spanOf(form, desk.now_ms, desk.store.rows("units").get(form.unit) ?? null, desk.situation);
    const body = bodyOf(form, span, form.when === "situation" ? (desk.situation?.id ?? "") : "");
    [this.busy, this.failure, this.answer, this.taken, this.files] = [true, "", null, "", 0];
    this.go(null);
    try {
      const path = desk.api.inSpace(`/api/v1/positions/${form.what}`);
      const asked: Asked = { body, from_ms: span.from_ms };
      if (form.what === "track") this.takeTrack(await desk.api.post<TrackAnswer>(path, body, TIMEOUT_MS), asked);
      else this.answer = { ...asked, is: "present", there: await desk.api.post<PresentAnswer>(path, body, TIMEOUT_MS) };
    } catch (error) {
      this.failure = failureWords(error);
    } finally {
      this.busy = false;
    }
  }

  private takeTrack(track: TrackAnswer, asked: Asked): void {
    this.answer = { ...asked, is: "track", track };
    this.choose(0);
    // From the field that it was asked in, to what is done next.
    void this.updateComplete.then(() => this.play?.focus());
  }

  /** Ask the same again, for a file. */
  private async takeOut(): Promise<void> {
    const { desk, answer } = this;
    if (desk === null || answer === null || this.taking) return;
    [this.taking, this.taken] = [true, ""];
    let said: string;
    try {
      const path = desk.api.inSpace(`/api/v1/positions/${answer.is}/file`);
      const { name, data, sha256 } = await desk.api.file(path, { ...answer.body, language: language() }, TIMEOUT_MS);
      saveFile(name, data);
      if (this.answer === answer) this.files += 1;
      said = t("past.taken_out", { name, sha256 });
    } catch (error) {
      said = failureWords(error);
    }
    this.taking = false;
    if (this.answer === answer) this.taken = said;
  }

  private choose(index: number): void {
    this.index = index;
    const track = this.track();
    this.go(track === null || track.read === 0 ? null : beginning(track));
  }

  // what is pressed

  private readonly actions: TrackActions = {
    press: (key) => void this.press(key),
    to: (at_ms) => this.playback !== null && this.go({ ...this.playback, playing: false, at_ms }),
    speed: (speed) => this.playback !== null && this.go({ ...this.playback, speed }),
    device: (index) => this.choose(index),
  };

  /** Do what a key says; says whether it said something. */
  press(key: string): boolean {
    if (this.picking) return key === "Backspace" && this.takeBack();
    const track = this.track();
    if (track === null || this.playback === null || this.form?.what !== "track") return false;
    const next = pressed(track, this.playback, key);
    if (next !== null) this.go(next);
    return next !== null;
  }

  /** Enter picks the middle of the map (`t-map`); this takes the last corner back. */
  private takeBack(): boolean {
    const { area } = this.formNow();
    if (area.length > 0) this.change({ area: area.slice(0, -1) });
    return area.length > 0;
  }

  private go(next: Playback | null): void {
    this.playback = next;
    this.stopPlaying?.();
    const began_ms = browserTime.steady_ms();
    this.stopPlaying = next?.playing === true ? browserTime.after(TICK_MS, () => this.goOn(browserTime.steady_ms() - began_ms)) : null;
  }

  private goOn(elapsed_ms: number): void {
    const track = this.track();
    if (track === null || this.playback === null) return;
    // Unseen it stands still: it is played for somebody who looks.
    this.go(this.asleep ? { ...this.playback, playing: false } : advanced(track, this.playback, elapsed_ms));
  }

  private change(part: Partial<Form>): void {
    this.form = { ...this.formNow(), ...part };
    this.failure = "";
  }

  private readonly onChange = (part: Partial<Form>): void => {
    if (part.what !== undefined || part.where !== undefined) this.picking = false;
    if (part.what !== undefined && this.playback?.playing === true) this.go({ ...this.playback, playing: false });
    this.change(part.what === undefined ? part : { ...part, when: "hour" });
  };

  private readonly togglePicking = (): void => {
    this.picking = !this.picking;
    if (this.picking && this.form?.where === "drawn") this.change({ area: [] });
  };

  private readonly onPick = (event: CustomEvent<Picked>): void => {
    event.stopPropagation();
    const { lat, lon } = event.detail;
    const form = this.formNow();
    if (form.where === "circle") {
      this.picking = false;
      this.change({ centre: { lat, lon } });
    } else if (form.area.length < MOST_CORNERS) this.change({ area: [...form.area, [lon, lat]] });
  };

  /** Of somebody who was there, the way in the same time and for the same reason. */
  private readonly onChoose = (event: CustomEvent<string>): void => {
    event.stopPropagation();
    const form = this.formNow();
    if (this.answer?.is !== "present" || event.detail.startsWith("~")) return;
    this.change({ ...form, what: "track", unit: event.detail });
    void this.ask();
  };
}

function failureWords(error: unknown): string {
  const tooMuch = error instanceof Problem && error.code === "too_large";
  return tooMuch ? t("past.too_much", { detail: refusalWords(error.detail) || error.detail }) : describe(error);
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-past": PastPanel;
  }
}
