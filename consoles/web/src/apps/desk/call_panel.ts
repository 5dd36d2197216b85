/** The call being worked on: the form of its number, its place, possible duplicates, and the situation it opens. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { NUMERALS } from "../../components/shapes";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { CallRow, Candidate, GivenPlace, IncidentKind, Level } from "../../wire";
import "../../components/states";
import { consoleStyles } from "../console_styles";
import { callPanelStyles } from "./call_panel_styles";
import type { Desk } from "./context";
import { needsReason, outcomesOf, type Outcome } from "./outcomes";
import { answerOf, keepDraft, keyOf, loadDraft, named, placeOf, pointOf, QUESTIONS, settled, taken, titleOf, typed, unplaced, unsaved, type Draft } from "./draft";
import { findPlaces, parseCoordinates, type NamedPlace } from "./places";

const KINDS: readonly IncidentKind[] = ["natural_disaster", "accident", "public_health", "public_security"];
const LEVELS: readonly Level[] = [1, 2, 3, 4];

/** Tells `pick` when a place is to be picked on the map, and `choose` when a situation was opened or joined. */
@customElement("desk-call")
export class CallPanel extends View {
  static override styles = [shared, consoleStyles, callPanelStyles];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) places: readonly NamedPlace[] = [];
  @state() private draft: Draft | null = null;
  @state() private failure = "";
  @state() private offered: readonly NamedPlace[] = [];
  /** The outcome whose reason is being asked for. */
  @state() private reasoned: Outcome | null = null;
  private of = "";
  private saving: Promise<void> = Promise.resolve();
  /** Up to where the rows have to come before they hold all that was saved here. */
  private saved_seq = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("storage", this.onStorage);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("storage", this.onStorage);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    const { desk } = this;
    const call = desk?.call ?? null;
    if (desk === null || call === null) return;
    if (call.id !== this.of) {
      this.of = call.id;
      this.failure = "";
      this.offered = [];
      this.reasoned = null;
      this.draft = null;
    }
    const draft = this.draft ?? loadDraft(call);
    this.draft = settled(call, draft, desk.store.seq >= this.saved_seq);
    if (this.draft !== draft) keepDraft(call.id, this.draft);
  }

  /** Put the keyboard into the first question. */
  override focus(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("textarea, input")?.focus());
  }

  override render(): TemplateResult {
    const { desk, draft } = this;
    const call = desk?.call ?? null;
    if (desk === null || call === null || draft === null) return html``;
    return html`${this.head(desk, call)}
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
      <form @submit=${(event: Event) => event.preventDefault()} @keydown=${this.onKey}>
        ${this.where(call, draft)} ${this.questions(call, draft)}
        ${call.situation === "" ? html`${this.duplicates(desk)}${this.opening(call, draft)}` : this.linked(desk, call)}
      </form>
      ${this.ending(call)}`;
  }

  /** Take a place that was picked on the map. */
  async locate(picked: GivenPlace): Promise<void> {
    const call = this.desk?.call;
    if (call == null) return;
    const place = named(call, this.draftOf(call), picked);
    await this.trying(async () => {
      await this.ask({ request: "locate_call", call: call.id, place });
      this.keep(call, typed(call, this.draftOf(call), "where", place.text ?? ""));
      await this.save(call.id);
    });
  }

  /** Open a situation from what is on the form. */
  async open(): Promise<void> {
    const { desk, draft } = this;
    const call = desk?.call ?? null;
    if (desk === null || call === null || draft === null) return;
    const title = titleOf(call, draft);
    if (title === "") {
      this.failure = t("wrong.title");
      return;
    }
    await this.trying(async () => {
      await this.save(call.id);
      const { kind, level } = draft;
      const answer = await desk.ask({ request: "open_situation", title, service: call.dialled, kind, level, call: call.id, place: placeOf(call, draft) });
      desk.choose("situations", answer.subject);
    });
  }

  private head(desk: Desk, call: CallRow): TemplateResult {
    return html`<header class="head">
      <span class="dialled">${word("service", call.dialled)}</span>
      <span class="caller">${call.caller || "—"}</span>
      <span class="quiet">${word("call_state", call.state)} ${format.duration(desk.now_ms - (call.answered_ms ?? call.arrived_ms))}</span>
      ${call.subscriber === "" ? nothing : html`<span><span class="quiet">${t("call.subscriber")}</span> ${call.subscriber}</span>`}
      ${call.address === "" ? nothing : html`<span><span class="quiet">${t("call.address")}</span> ${call.address}</span>`}
      ${this.gone(desk, call)}
    </header>`;
  }

  /** Nobody listens any more: since when, and whom to call back. */
  private gone(desk: Desk, call: CallRow): TemplateResult | typeof nothing {
    const at_ms = call.state === "abandoned" ? call.ended_ms : call.state === "answered" ? call.hung_up_ms : null;
    if (at_ms == null) return nothing;
    return html`<p class="gone" role="status">${icon("phoneOff")} <b>${t("call.hung_up")}</b>
      <span class="quiet">${format.instant(at_ms, desk.now_ms)} · ${t("time.ago", { span: format.duration(desk.now_ms - at_ms) })}</span>
      ${call.caller === "" ? nothing : html`<a href="tel:${call.caller}">${icon("phone")} ${t("call.call_back", { number: call.caller })}</a>`}</p>`;
  }

  private where(call: CallRow, draft: Draft): TemplateResult {
    const words = unplaced(call, draft) !== "";
    return html`<div class="where">
      <label class="wide"><span>${t("form.where")} <span class="words" aria-live="polite">${words ? html`${icon("alert")} ${t("form.words_only")}` : nothing}</span></span>
        <input .value=${answerOf(call, draft, "where")} placeholder=${t("form.where_hint")} autocomplete="off" @input=${this.onWhere} @keydown=${this.onWhereKey} @change=${this.onChange} />
      </label>
      <label>${t("form.datum")}
        <select @change=${(event: Event) => this.put({ datum: valueOf(event) as Draft["datum"] })}>
          ${(["wgs84", "gcj02", "bd09"] as const).map((each) => html`<option value=${each} ?selected=${each === draft.datum}>${each.toUpperCase()}</option>`)}
        </select>
      </label>
      <button type="button" @click=${() => this.tell("pick", null)}>${icon("crosshair")} ${t("form.pick")}</button>
      ${this.offered.length === 0
        ? nothing
        : html`<ul class="offered">
            ${this.offered.map((place) => html`<li><button type="button" @click=${() => void this.take(place)}>${icon("pin")} ${place.name}</button></li>`)}
          </ul>`}
      ${call.place === null
        ? nothing
        : html`<p class="located">${icon("pin")} ${t(words ? "form.point_of" : "form.located", { text: pointOf(call) })}
            ${call.place.uncertainty_m == null ? nothing : html`<span class="quiet">${t("form.uncertain", { span: format.distance(call.place.uncertainty_m) })}</span>`}</p>`}
    </div>`;
  }

  private questions(call: CallRow, draft: Draft): TemplateResult {
    return html`<div class="questions">
      ${QUESTIONS[call.dialled].map(
        (name, index) =>
          html`<label class=${index === 0 ? "wide" : ""}>${t(`form.${name}`)}
            ${index === 0
              ? html`<textarea rows="2" .value=${answerOf(call, draft, name)} @input=${(event: Event) => this.answer(name, event)} @change=${this.onChange}></textarea>`
              : html`<input .value=${answerOf(call, draft, name)} autocomplete="off" @input=${(event: Event) => this.answer(name, event)} @change=${this.onChange} />`}
          </label>`,
      )}
    </div>`;
  }

  private duplicates(desk: Desk): TemplateResult {
    return html`<section class="duplicates">
      <h3 class="heading">${t("call.duplicates")}</h3>
      ${desk.candidates.length === 0 ? html`<p class="none quiet">${t("call.no_duplicates")}</p>` : desk.candidates.map((each) => this.candidate(desk, each))}
    </section>`;
  }

  private candidate(desk: Desk, candidate: Candidate): TemplateResult {
    const row = desk.store.rows("situations").get(candidate.situation);
    if (row === undefined) return html``;
    const evidence = evidenceOf(candidate);
    return html`<div class="candidate row">
      <t-level level=${row.level}></t-level>
      <span class="grow"><span class="cut">${row.title}</span><br /><span class="quiet">${evidence}</span></span>
      <button type="button" @click=${() => void this.join(desk, row.id, evidence)}>${t("call.join")}</button>
    </div>`;
  }

  /** Once the call is about something, that is what comes next: one press to it. */
  private linked(desk: Desk, call: CallRow): TemplateResult | typeof nothing {
    const row = desk.store.rows("situations").get(call.situation);
    if (row === undefined) return nothing;
    return html`<section class="duplicates">
      <h3 class="heading">${t("call.linked")}</h3>
      <div class="candidate row">
        <t-level level=${row.level}></t-level>
        <span class="grow">${row.title} <span class="quiet">${word("situation_state", row.state)}</span></span>
        <button type="button" class="primary" @click=${() => desk.choose("situations", row.id)}>${t("call.to_situation")}</button>
      </div>
    </section>`;
  }

  private opening(call: CallRow, draft: Draft): TemplateResult {
    return html`<div class="opening">
      <label class="wide">${t("form.title")}
        <input .value=${titleOf(call, draft)} @input=${(event: Event) => this.put({ title: valueOf(event) })} />
      </label>
      <label>${t("form.kind")}
        <select @change=${(event: Event) => this.put({ kind: valueOf(event) as IncidentKind })}>
          ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === draft.kind}>${word("incident", kind)}</option>`)}
        </select>
      </label>
      <fieldset>
        <legend>${t("form.level")}</legend>
        ${LEVELS.map(
          (level) =>
            html`<button type="button" class="level" aria-pressed=${draft.level === level} aria-label="${NUMERALS[level]} ${word("level", String(level))}"
              @click=${() => this.put({ level })}><t-level level=${level}></t-level></button>`,
        )}
      </fieldset>
      <button type="button" class="primary" @click=${() => void this.open()}>${t("form.open")} <kbd>${t("form.open_key")}</kbd></button>
    </div>`;
  }

  private ending(call: CallRow): TemplateResult {
    const { reasoned } = this;
    if (reasoned !== null) {
      const what = word("call_outcome", reasoned);
      return html`<t-confirm question=${t("call.end_as", { what })} consequence=${t("call.end_consequence")} reason=${t("call.end_why")}
        @cancel=${() => (this.reasoned = null)} @confirm=${(event: CustomEvent<string>) => void this.end(call, reasoned, event.detail)}></t-confirm>`;
    }
    return html`<footer class="row ending">
      <span class="quiet">${t("call.end")}</span>
      ${outcomesOf(call).map((outcome) => html`<button @click=${() => (needsReason(outcome) ? (this.reasoned = outcome) : void this.end(call, outcome, ""))}>${word("call_outcome", outcome)}</button>`)}
      <span class="grow"></span><span class="quiet">${t("form.draft")}</span>
    </footer>`;
  }

  private put(change: Partial<Draft>): void {
    const call = this.desk?.call;
    if (call != null) this.keep(call, { ...this.draftOf(call), ...change });
  }

  private draftOf(call: CallRow): Draft {
    return (call.id === this.of ? this.draft : null) ?? loadDraft(call);
  }

  private keep(call: CallRow, draft: Draft): void {
    if (call.id === this.of) this.draft = draft;
    keepDraft(call.id, draft);
  }

  private answer(name: string, event: Event): void {
    const call = this.desk?.call;
    if (call != null) this.keep(call, typed(call, this.draftOf(call), name, valueOf(event)));
  }

  /** To the hub when a field is left, not with every key: each saving is a fact. */
  private readonly onChange = (): void => {
    const { of } = this;
    void this.trying(() => this.save(of));
  };

  /** One after the other: what is sent next builds on what the hub has taken. */
  private save(id: string): Promise<void> {
    this.saving = this.saving.catch(() => undefined).then(() => this.saveNow(id));
    return this.saving;
  }

  private async saveNow(id: string): Promise<void> {
    const call = this.desk?.store.rows("calls").get(id);
    const change = call === undefined ? null : unsaved(this.draftOf(call));
    if (call === undefined || change === null) return;
    const { seq } = await this.ask({ request: "classify_call", call: id, ...change });
    this.saved_seq = Math.max(this.saved_seq, seq);
    this.keep(call, taken(this.draftOf(call), change.form));
  }

  /** Another page on this machine works on the same call: what is typed there is typed here. */
  private readonly onStorage = ({ key }: StorageEvent): void => {
    const call = this.desk?.call;
    if (call != null && key === keyOf(call.id)) this.draft = loadDraft(call);
  };

  private readonly onWhere = (event: InputEvent): void => {
    const where = valueOf(event);
    this.answer("where", event);
    this.offered = parseCoordinates(where) === null ? findPlaces(where, this.places) : [];
  };

  private readonly onWhereKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { draft } = this;
    const point = parseCoordinates(valueOf(event));
    const first = this.offered[0];
    if (point !== null && draft !== null) void this.locate({ ...point, datum: draft.datum, text: "", source: "address" });
    else if (first !== undefined) void this.take(first);
    else this.onChange();
  };

  private async take({ name, lat, lon, source }: NamedPlace): Promise<void> {
    const call = this.desk?.call;
    if (call == null) return;
    this.offered = [];
    this.keep(call, typed(call, this.draftOf(call), "where", name));
    await this.locate({ lat, lon, text: name, source, datum: "wgs84" });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void this.open();
  };

  private async join(desk: Desk, situation: string, why: string): Promise<void> {
    const { of } = this;
    await this.trying(async () => {
      await this.save(of);
      await desk.ask({ request: "link_call", call: of, situation, why });
      desk.choose("situations", situation);
    });
  }

  private async end(call: CallRow, outcome: Outcome, why: string): Promise<void> {
    this.reasoned = null;
    await this.trying(async () => {
      await this.save(call.id); // of a call that has ended no form is taken
      await this.ask({ request: "end_call", call: call.id, outcome, why });
    });
  }

  private ask(request: Parameters<Desk["ask"]>[0]): ReturnType<Desk["ask"]> {
    if (this.desk === null) throw new Error("the panel has no desk");
    return this.desk.ask(request);
  }

  private async trying(run: () => Promise<unknown>): Promise<void> {
    const about = this.desk?.call ?? null;
    this.failure = "";
    try {
      await run();
    } catch (error) {
      const words = describe(error);
      this.failure = about === null || about.id === this.of ? words : `${about.caller}${t("list.colon")}${words}`;
    }
  }
}

/** Why two are thought to be the same matter, in words; it is kept with the link. */
export function evidenceOf(candidate: Candidate): string {
  const parts = [t("call.score", { n: Math.round(candidate.score * 100) })];
  if (candidate.distance_m !== null) parts.push(format.distance(candidate.distance_m));
  parts.push(t("call.minutes", { n: Math.round(candidate.minutes) }));
  if (candidate.same_caller) parts.push(t("call.same_caller"));
  if (candidate.same_kind) parts.push(t("call.same_kind"));
  return parts.join(" · ");
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-call": CallPanel;
  }
}
