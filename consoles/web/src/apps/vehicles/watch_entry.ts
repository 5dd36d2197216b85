/** One entry of the watch list: what it rests on, approval, lifting, and its hits. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { Request, WatchRow } from "../../wire";
import "./watch_hit";
import type { WatchHit } from "./watch_hit";
import { areaText, hitsOf, hoursText, isDoubtful, untilText, wrongBefore, wrongText } from "./watch_words";
import { sideStyles } from "./watches_styles";

const SHOWN_HITS = 20;

/** What this person may do with entries and hits. */
export interface Rights {
  readonly ask: boolean;
  readonly approve: boolean;
  readonly lift: boolean;
  readonly reject: boolean;
  readonly person: string;
}

@customElement("watch-entry")
export class WatchEntry extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) watch: WatchRow | null = null;
  @property({ attribute: false }) rights: Rights = { ask: false, approve: false, lift: false, reject: false, person: "" };
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Number }) revision = 0;
  @state() private lifting = false;
  @state() private refusal = "";

  override render(): TemplateResult {
    const { watch } = this;
    if (watch === null) return html`<t-state kind="hint" text=${t("watches.choose")}></t-state>`;
    const doubtful = isDoubtful(watch);
    return html`<section aria-label=${watch.pattern}>
      <h2><span class="plate">${watch.pattern}</span> <span class="quiet">${word("watch_state", watch.state)}${watch.look_alike ? ` · ${t("watches.look_alike")}` : ""}</span></h2>
      ${wrongText(watch) === "" ? nothing : html`<p class=${doubtful ? "error" : "quiet"}>${doubtful ? icon("alert") : nothing} ${wrongText(watch)}${doubtful ? ` · ${t("watches.wrong_todo")}` : ""}</p>`}
      ${wrongBefore(this.connection?.store.rows("watches") ?? new Map<string, WatchRow>(), watch).map((each) => html`<p class="error">${icon("alert")} ${t("watches.wrong_before", { rejected: each.rejected, hits: each.hits, state: word("watch_state", each.state) })}</p>`)}
      ${this.facts(watch)}${this.actions(watch)}${this.history(watch)}
    </section>`;
  }

  private facts(watch: WatchRow): TemplateResult {
    const cameras = this.connection?.store.rows("cameras") ?? new Map();
    return html`<dl>
      <dt>${t("watches.reason")}</dt><dd>${watch.reason}</dd>
      <dt>${t("watches.level")}</dt><dd>${["I", "II", "III", "IV"][watch.level - 1]} ${word("level", String(watch.level))}</dd>
      <dt>${t("watches.action")}</dt><dd>${word("watch_action", watch.action)}</dd>
      ${watch.office === "" ? nothing : html`<dt>${t("watches.office")}</dt><dd>${watch.office}</dd>`}
      <dt>${t("watches.area")}</dt><dd>${areaText(watch, cameras)}</dd>
      <dt>${t("watches.hours")}</dt><dd>${hoursText(watch)}</dd>
      <dt>${t("watches.until")}</dt><dd>${untilText(watch.until_ms, (at_ms) => `${format.dateWithYear(at_ms)} ${format.clock(at_ms)}`)}</dd>
      <dt>${t("watches.state")}</dt><dd>${t("watches.requested", { who: this.who(watch.requested_by), when: format.moment(watch.requested_ms, this.now_ms) })}${watch.approved_by === "" ? nothing : html` · ${t("watches.approved", { who: this.who(watch.approved_by) })}`}</dd>
      ${watch.not_plates.length === 0 ? nothing : html`<dt>${t("watches.excluded")}</dt><dd>${watch.not_plates.join(t("list.comma"))}</dd>`}
    </dl>`;
  }

  private actions(watch: WatchRow): TemplateResult | typeof nothing {
    if (this.lifting) {
      return html`<t-confirm question=${t("watches.lift_question", { plate: watch.pattern })} consequence=${t("watches.lift_consequence")} reason=${t("watches.lift_why")}
        @cancel=${() => (this.lifting = false)} @confirm=${(event: CustomEvent<string>) => void this.ask({ request: "lift_watch", watch: watch.id, why: event.detail })}></t-confirm>`;
    }
    const own = watch.requested_by === this.rights.person;
    const waits = watch.state === "requested";
    return html`<div class="keys">
        ${waits && this.rights.approve ? html`<button class="primary" ?disabled=${own} @click=${() => this.approve()}>${icon("check")} ${t("watches.approve")} <kbd>A</kbd></button>` : nothing}
        ${waits && this.rights.approve && own ? html`<span class="quiet">${t("watches.own")}</span>` : nothing}
        ${(waits || watch.state === "active") && this.rights.lift ? html`<button @click=${() => this.lift()}>${icon("close")} ${t("watches.lift")} <kbd>U</kbd></button>` : nothing}
      </div>
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}`;
  }

  /** Grant what is chosen, where that is this person's to do. */
  approve(): void {
    const { watch, rights } = this;
    if (watch?.state === "requested" && rights.approve && watch.requested_by !== rights.person) void this.ask({ request: "approve_watch", watch: watch.id });
  }

  /** Ask whether, and why, the entry is to be lifted. */
  lift(): void {
    if (this.rights.lift && (this.watch?.state === "requested" || this.watch?.state === "active")) this.lifting = true;
  }

  /** Say of the newest hit that still stands that it is none. */
  rejectNewest(): void {
    const hits = [...this.renderRoot.querySelectorAll<WatchHit>("watch-hit")];
    const standing = hits.find((each) => each.hit?.rejected_why === "");
    if (standing?.hit) standing.begin(standing.hit);
  }

  private history(watch: WatchRow): TemplateResult {
    const hits = hitsOf(this.connection?.store.rows("hits") ?? new Map(), watch.id);
    return html`<h3>${t("watches.history")} ${watch.hits}</h3>
      ${hits.length === 0
        ? html`<t-state kind="empty" text=${t("watches.no_hits")}></t-state>`
        : html`<div>${repeat(hits.slice(0, SHOWN_HITS), (hit) => hit.id, (hit) => html`<watch-hit style="padding:0" .connection=${this.connection} .hit=${hit} .who=${this.who} .now_ms=${this.now_ms} ?mayReject=${this.rights.reject}></watch-hit>`)}</div>`}`;
  }

  private async ask(request: Request): Promise<void> {
    this.lifting = false;
    try {
      await this.connection?.api.request(request);
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "watch-entry": WatchEntry;
  }
}
