/** Review of violations (违法审核): by keyboard, one after the other, with evidence and calculation beside each other. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { PageKeys, shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { ViolationRow } from "../../wire";
import "./rules";
import { facts, pictures, type Part, type RuleNote, type Shown } from "./review_case";
import { reviewStyles } from "./review_styles";
import { counts, expired, hindrance, isOpen, lacking, nextOpen, queued, REASONS, type Counts, type DeviceNote, type Reason, type Rules } from "./review_words";
import { VehiclesTab } from "./shared";

type Asking = "nothing" | "reason" | "words" | "plate";

/** A decision that can still be taken back. */
interface Slip {
  readonly violation: string;
  readonly text: string;
  readonly until_ms: number;
}

/** As long as the hub lets it be taken back, less the time that the request takes. */
const TAKE_BACK_MS = 9_000;

@customElement("vehicles-review")
export class VehiclesReview extends VehiclesTab {
  static override styles = [shared, reviewStyles];

  @state() private order: readonly string[] = [];
  @state() private chosen = "";
  @state() private asking: Asking = "nothing";
  @state() private zoomed = false;
  @state() private busy = false;
  @state() private note = "";
  @state() private slip: Slip | null = null;
  @state() private refusal = "";
  /** The registers instead of the queue. */
  @state() private rules = false;
  @state() private shown: ReadonlyMap<string, Shown> = new Map();
  @query("input") private field!: HTMLInputElement | null;
  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.active || !this.reviews()) return;
    this.order = queued(this.order, this.rows("violations"));
    const named = /^violation=(.+)$/.exec(this.detail)?.[1];
    if (changed.has("detail") && named !== undefined && this.rows("violations").has(named)) this.choose(named);
    if (this.row === null) this.choose(nextOpen(this.order, this.chosen, this.mayDecide));
    // The next one's too, so that nobody waits between two decisions.
    for (const id of [this.chosen, nextOpen(this.order, this.chosen, this.mayDecide)]) {
      const row = this.rows("violations").get(id);
      if (row !== undefined) void this.look(row);
    }
  }

  private get row(): ViolationRow | null {
    return this.rows("violations").get(this.chosen) ?? null;
  }

  private hindrance(row: ViolationRow): string {
    return isOpen(row) ? hindrance(row, this.actor?.id ?? "", this.who, this.now_ms) : word("violation_state", row.state);
  }

  private readonly mayDecide = (id: string): boolean => {
    const row = this.rows("violations").get(id);
    return row !== undefined && this.hindrance(row) === "";
  };

  override render(): TemplateResult {
    const { row } = this;
    if (this.rules || !this.reviews()) return html`${this.countsLine()}<review-rules .connection=${this.connection} .actor=${this.actor} .now_ms=${this.now_ms} .who=${this.who} .revision=${this.revision} ?active=${this.active}></review-rules>`;
    if (this.order.length === 0) return html`${this.countsLine()}<section class="panel lacking" aria-label=${t("review.queue")}>${this.why()}</section>`;
    return html`${this.countsLine()}
      <nav class="panel" aria-label=${t("review.queue")}><ul class="queue">${this.order.map((id) => this.entry(id))}</ul>${this.tally().left === 0 ? this.why() : nothing}
        ${this.order.length < 2 ? nothing : html`<div class="steps"><button class="bare" @click=${() => this.step(-1)}>${t("review.before")} <kbd>K</kbd></button><button class="bare" @click=${() => this.step(1)}>${t("review.next")} <kbd>J</kbd></button></div>`}</nav>
      <section class="panel" aria-label=${t("review.pictures")}>${row === null ? html`<t-state kind="hint" text=${t("review.choose")}></t-state>` : this.pictures(row)}</section>
      <section class="panel side" aria-label=${t("review.evidence")}>${row === null ? nothing : html`<div class="facts" tabindex="0" role="region" aria-label=${t("review.calculation")}>${facts(row, this.shown.get(row.id) ?? null, this.who, this.cameraName)}</div>${this.keys(row)}`}</section>`;
  }

  private reviews(): boolean {
    return this.has("dispatcher", "duty_leader", "commander", "camera_watch");
  }

  private countsLine(): TemplateResult {
    if (!this.reviews()) return html`<div class="counts"></div>`;
    const told = this.tally();
    const names = expired(this.rows("sections").values(), this.now_ms);
    return html`<div class="counts">
      <strong class="number">${t("review.left", { n: told.left })}</strong>
      ${told.oldest_ms === null ? nothing : html`<span class="number">${t("review.oldest", { age: format.duration(this.now_ms - told.oldest_ms) })}</span>`}
      <span class="number quiet">${t("review.today", { yes: told.yes, no: told.no })} · ${t("review.mine", { n: told.mine })}</span>
      ${names.length === 0 ? nothing : html`<span class="warning" role="note">${icon("alert")} ${t("review.expired", { n: names.length, names: names.join("、") })}</span>`}
      <span class="grow"><span role="status" class="quiet">${this.note}</span> ${this.undo()}</span>
      ${this.has("commander", "administrator") ? html`<button aria-pressed=${this.rules} @click=${() => (this.rules = !this.rules)}>${this.rules ? t("rules.back") : t("rules.title")}</button>` : nothing}
    </div>`;
  }

  private undo(): TemplateResult | typeof nothing {
    const { slip } = this;
    if (slip === null || this.now_ms >= slip.until_ms) return nothing;
    const seconds = Math.ceil((slip.until_ms - this.now_ms) / 1000);
    return html`<button class="undo" ?disabled=${this.busy} @click=${() => void this.takeBack()}>${icon("history")} ${t("review.take_back", { n: seconds })} <kbd>U</kbd></button>`;
  }

  private entry(id: string): TemplateResult | typeof nothing {
    const row = this.rows("violations").get(id);
    if (row === undefined) return nothing;
    const current = id === this.chosen;
    const open = isOpen(row);
    return html`<li><button class=${open ? "" : "decided"} aria-current=${current ? "true" : "false"} data-violation=${id} @click=${() => this.choose(id)}>
      <span>${row.corrected || row.plate}</span><span class="number">${row.finding.speed_kmh == null ? "" : `${row.finding.speed_kmh} km/h`}</span>
      <span class="quiet">${word("violation_kind", row.finding.kind)}</span>
      <span class="quiet number">${open ? `${row.overdue ? `${t("review.overdue")} ` : ""}${format.duration(this.now_ms - row.found_ms)}` : word("violation_state", row.state)}</span>
    </button></li>`;
  }

  private pictures(row: ViolationRow): TemplateResult {
    if (row.manifest === "") return html`<t-state kind="loading" text=${t("review.preparing")}></t-state>`;
    const shown = this.shown.get(row.id);
    if (shown === undefined) return html`<t-state kind="loading"></t-state>`;
    return pictures(row, shown, this.cameraName, this.zoomed);
  }

  private readonly cameraName = (camera: string): string => this.rows("cameras").get(camera)?.name ?? camera;

  /** Why there is nothing to review, and what to do about it. */
  private why(): TemplateResult {
    const told = this.tally();
    const lack = lacking(this.registers(), this.rows("cameras"), told, this.has("commander", "administrator"), this.now_ms);
    return html`<t-state kind=${lack.good ? "empty" : "hint"} text=${lack.text}></t-state>`;
  }

  private registers(): Rules {
    return { sections: [...this.rows("sections").values()], restrictions: [...this.rows("restrictions").values()], regions: [...this.rows("regions").values()] };
  }

  private tally(): Counts {
    return counts(this.rows("violations").values(), this.actor?.id ?? "", this.now_ms);
  }

  private keys(row: ViolationRow): TemplateResult {
    const hindered = this.hindrance(row);
    const off = this.busy || hindered !== "" || !this.shown.has(row.id);
    return html`<div class="keys">
      ${hindered === "" ? nothing : html`<p class="quiet" role="note">${hindered}</p>`}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      ${this.asked(off)}
      <div class="row">
        <button class="primary" ?disabled=${off} @click=${() => void this.confirm()}>${icon("check")} ${t("review.confirm")} <kbd>Y</kbd></button>
        <button ?disabled=${off} aria-expanded=${this.asking === "reason"} @click=${() => this.ask("reason")}>${icon("close")} ${t("review.reject")} <kbd>N</kbd></button>
      </div>
      <div class="row">
        <button class="bare" ?disabled=${off} @click=${() => this.ask("plate")}>${t("review.edit")} <kbd>E</kbd></button>
        <button class="bare" aria-pressed=${this.zoomed} @click=${() => (this.zoomed = !this.zoomed)}>${t("review.zoom")} <kbd>Z</kbd></button>
        <button class="bare" ?disabled=${row.clip !== "ready"} @click=${() => this.play()}>${t("review.play")} <kbd>Space</kbd></button>
      </div>
      <p class="quiet">${t("review.consequence")}</p>
    </div>`;
  }

  private asked(off: boolean): TemplateResult | typeof nothing {
    if (off) return nothing;
    if (this.asking === "reason") {
      return html`<div class="reasons" role="group" aria-label=${t("review.why")}>${REASONS.map((reason, at) => html`<button @click=${() => this.reason(reason)}><kbd>${at + 1}</kbd> ${word("reject_reason", reason)}</button>`)}</div>`;
    }
    if (this.asking === "words" || this.asking === "plate") {
      const words = this.asking === "words";
      const label = words ? t("review.words") : t("review.plate");
      return html`<form class="row" @submit=${(event: Event) => (event.preventDefault(), words ? void this.reject("other", this.typed()) : void this.correct())}>
        <input aria-label=${label} placeholder=${label} maxlength=${words ? 500 : 16} .value=${words ? "" : (this.row?.corrected || this.row?.plate || "")} autocomplete="off" />
        <button type="submit">${t("review.keep")}</button>
      </form>`;
    }
    return nothing;
  }

  private typed(): string {
    return this.field?.value.trim() ?? "";
  }

  private choose(id: string): void {
    if (id === this.chosen) return;
    [this.chosen, this.asking, this.refusal] = [id, "nothing", ""];
    void this.claim(id).catch((error: unknown) => this.refused(id, error));
    void this.updateComplete.then(() => this.renderRoot.querySelector(`[data-violation="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" }));
  }

  /** Keep it from others while it is looked at. */
  private async claim(id: string): Promise<void> {
    if (this.mayDecide(id)) await this.connection?.api.request({ request: "claim_violation", violation: id });
  }

  private ask(asking: Asking): void {
    this.asking = this.asking === asking ? "nothing" : asking;
    void this.updateComplete.then(() => {
      this.field?.focus();
      this.field?.select();
    });
  }

  private reason(reason: Reason): void {
    if (reason === "other") this.ask("words");
    else void this.reject(reason, "");
  }

  private async confirm(): Promise<void> {
    await this.decide("confirmed", (violation, manifest) => this.connection?.api.request({ request: "confirm_violation", violation, manifest }));
  }

  private async reject(reason: Reason, text: string): Promise<void> {
    await this.decide("rejected", (violation, manifest) => this.connection?.api.request({ request: "reject_violation", violation, manifest, reason, text }));
  }

  /** Decide what is shown, of the evidence that is shown, and go on to the next one. */
  private async decide(decided: "confirmed" | "rejected", send: (violation: string, manifest: string) => Promise<unknown> | undefined): Promise<void> {
    const { row } = this;
    const manifest = this.shown.get(row?.id ?? "")?.manifest;
    if (row === null || this.busy || manifest === undefined || !this.mayDecide(row.id)) return;
    [this.busy, this.refusal] = [true, ""];
    try {
      await this.claim(row.id);
      await send(row.id, manifest);
      const text = t("review.done", { plate: row.corrected || row.plate, state: word("violation_state", decided) });
      [this.note, this.slip] = [text, { violation: row.id, text, until_ms: this.now_ms + TAKE_BACK_MS }];
      if (this.chosen === row.id) this.choose(nextOpen(this.order, row.id, this.mayDecide));
    } catch (error) {
      this.refused(row.id, error);
    } finally {
      this.busy = false;
    }
  }

  /** The last decision was a slip: it is to be decided anew. */
  private async takeBack(): Promise<void> {
    const { slip } = this;
    if (slip === null || this.busy) return;
    [this.busy, this.refusal] = [true, ""];
    try {
      await this.connection?.api.request({ request: "take_back_violation", violation: slip.violation });
      this.note = t("review.taken_back", { text: slip.text });
    } catch (error) {
      this.note = describe(error);
    } finally {
      [this.busy, this.slip] = [false, null];
      this.choose(slip.violation);
    }
  }

  private async correct(): Promise<void> {
    const { row } = this;
    const plate = this.typed();
    this.asking = "nothing";
    if (row === null || plate === "" || !this.mayDecide(row.id)) return;
    try {
      await this.claim(row.id);
      await this.connection?.api.request({ request: "correct_violation_plate", violation: row.id, plate });
      this.refusal = "";
    } catch (error) {
      this.refused(row.id, error);
    }
  }

  private refused(id: string, error: unknown): void {
    const text = describe(error);
    if (this.chosen === id) this.refusal = text;
  }

  /** Read what evidence there is, once for each manifest. A part that was there before keeps its address, and stays. */
  private async look({ id, manifest }: ViolationRow): Promise<void> {
    const { connection } = this;
    const before = this.shown.get(id);
    if (manifest === "" || connection === null || before?.manifest === manifest || this.looking.has(manifest)) return;
    this.looking.add(manifest);
    try {
      const base = `/api/v1/violation-packs/${manifest}`;
      const { parts, rule, devices = [] } = await connection.api.get<{ parts: Part[]; rule: RuleNote; devices?: DeviceNote[] }>(`${base}.json`);
      const source = (part: Part): string => before?.parts.find((each) => each.sha256 === part.sha256)?.source ?? `${base}/${part.name}`;
      const shown: Shown = { manifest, rule, devices, parts: parts.map((part) => ({ ...part, source: source(part) })) };
      this.shown = new Map([...this.shown, [id, shown] as const].slice(-SHOWN_KEPT));
    } catch (error) {
      this.refused(id, error);
    } finally {
      this.looking.delete(manifest);
    }
  }
  private readonly looking = new Set<string>();

  /** Play, or hold, the clips of all passages at once, where they are seen. */
  private play(): void {
    const clips = [...this.renderRoot.querySelectorAll("video")];
    const paused = clips.every((clip) => clip.paused);
    for (const clip of clips) {
      if (paused) void clip.play();
      else clip.pause();
    }
    if (paused) clips[0]?.scrollIntoView({ block: "nearest" });
  }

  private step(by: number): void {
    const at = this.order.indexOf(this.chosen);
    const next = this.order[Math.min(this.order.length - 1, Math.max(0, at + by))];
    if (next !== undefined) this.choose(next);
  }

  /** Letters are keys of this tab unless somebody types. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.active || this.rules || !this.reviews() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (event.code === "Escape") this.asking = "nothing";
    if (target instanceof Element && target.matches("input, textarea, select, video")) return;
    const digit = /^(?:Digit|Numpad)([1-6])$/.exec(event.code)?.[1];
    const reason = this.asking === "reason" && digit !== undefined ? REASONS[Number(digit) - 1] : undefined;
    if (reason !== undefined) this.reason(reason);
    else if (!this.pressed(event.code, target)) return;
    event.preventDefault();
  };

  /** Do what a key stands for; say whether it stands for anything. */
  private pressed(code: string, target: EventTarget | undefined): boolean {
    switch (code) {
      case "KeyJ":
        this.step(1);
        return true;
      case "KeyK":
        this.step(-1);
        return true;
      case "KeyY":
        void this.confirm();
        return true;
      case "KeyN":
        this.ask("reason");
        return true;
      case "KeyU":
        void this.takeBack();
        return true;
      case "KeyE":
        this.ask("plate");
        return true;
      case "KeyZ":
        this.zoomed = !this.zoomed;
        return true;
      case "Space":
        if (target instanceof Element && target.matches("button, a")) return false;
        this.play();
        return true;
      default:
        return false;
    }
  }
}

const SHOWN_KEPT = 50;

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-review": VehiclesReview;
  }
}
