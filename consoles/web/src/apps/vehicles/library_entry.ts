/** One list (库): its file and the one that waits, what was wrong, who holds it, and its hits. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { Looks } from "../../components/looks";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { CameraRow, LibraryRow, Request } from "../../wire";
import "./library_file";
import type { LibraryRead } from "./library_file";
import "./library_terms";
import { EVERYWHERE, termsOf, type LibraryTerms } from "./library_terms";
import type { Rights } from "./watch_entry";
import "./watch_hit";
import type { WatchHit } from "./watch_hit";
import { areaText, hitsOf, hoursText, isDoubtful, wrongText } from "./watch_words";
import { sideStyles } from "./watches_styles";

const SHOWN_HITS = 20;
const LOOK_EVERY_MS = 5_000;
type File = NonNullable<LibraryRow["file"]>;
type Asking = "approve" | "decline" | "approve_terms" | "decline_terms" | "lift" | "replace" | "terms" | null;

interface Held {
  readonly sha256: string;
  readonly entries: number;
  readonly wrong: string;
}

interface Agent {
  readonly id: string;
  readonly up: boolean;
  readonly version: number;
  readonly libraries: Readonly<Record<string, string>> | null;
  /** The lists that can fire before its cameras; null where that is not known. */
  readonly lists?: readonly string[] | null;
}

@customElement("library-entry")
export class LibraryEntry extends View {
  static override styles = [shared, sideStyles];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ attribute: false }) library: LibraryRow | null = null;
  @property({ attribute: false }) rights: Rights = { ask: false, approve: false, lift: false, reject: false, person: "" };
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ type: Number }) now_ms = 0;
  @property({ type: Number }) revision = 0;
  @state() private asking: Asking = null;
  @state() private restoring = "";
  @state() private found: LibraryRead | null = null;
  @state() private terms: LibraryTerms = EVERYWHERE;
  @state() private held: Readonly<Record<string, Held>> = {};
  @state() private agents: readonly Agent[] = [];
  @state() private refusal = "";
  /** Who holds the lists: that does not come with their rows. */
  private readonly looks = new Looks(this, () => this.look(), () => this.connection !== null && this.library !== null, () => LOOK_EVERY_MS);

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("library") as LibraryRow | null | undefined;
    if (!changed.has("library")) return;
    if (before?.id !== this.library?.id) [this.asking, this.restoring, this.found, this.refusal] = [null, "", null, ""];
    if (this.connection === null || this.library === null) return;
    if (before?.id !== this.library.id || before.file?.content.sha256 !== this.library.file?.content.sha256) void this.looks.now();
  }

  override render(): TemplateResult {
    const { library } = this;
    if (library === null) return html`<t-state kind="hint" text=${t("libraries.choose")}></t-state>`;
    const share = library.wrong_share;
    return html`<section aria-label=${library.name}>
      <h2>${library.name} <span class="quiet">${word("watch_state", library.state)}</span></h2>
      ${share === null || share === undefined ? nothing : html`<p class=${share >= 0.5 ? "error" : "quiet"}>${share >= 0.5 ? icon("alert") : nothing} ${t("watches.wrong_share", { share: Math.round(share * 100), rejected: library.rejected, hits: library.hits })}</p>`}
      ${this.waiting(library)}${this.waitingTerms(library)}${this.facts(library)}${this.actions(library)}${this.holders(library)}${this.marks(library)}${this.history(library)}
    </section>`;
  }

  private facts(library: LibraryRow): TemplateResult {
    const { file } = library;
    return html`<dl>
      <dt>${t("watches.reason")}</dt><dd>${library.reason}</dd>
      <dt>${t("watches.level")}</dt><dd>${["I", "II", "III", "IV"][library.level - 1]} ${word("level", String(library.level))}</dd>
      <dt>${t("watches.action")}</dt><dd>${word("watch_action", library.action)}</dd>
      ${library.office === "" ? nothing : html`<dt>${t("watches.office")}</dt><dd>${library.office}</dd>`}
      <dt>${t("libraries.terms")}</dt><dd>${this.termsText(library)}</dd>
      <dt>${t("watches.until")}</dt><dd>${format.dateWithYear(library.until_ms)} ${format.clock(library.until_ms)}</dd>
      ${file === null || file === undefined ? nothing : html`<dt>${t("libraries.file")}</dt><dd>${this.about(file)}<br />${t("libraries.file_by", { who: this.who(file.by), when: format.moment(file.at_ms, this.now_ms), other: this.who(file.approved_by) })}</dd>`}
    </dl>`;
  }

  private termsText(terms: Pick<LibraryRow, "area" | "hours" | "look_alike">): string {
    const cameras = this.connection?.store.rows("cameras") ?? new Map<string, CameraRow>();
    return [areaText(terms, cameras), hoursText(terms), t(terms.look_alike ? "watches.look_alike" : "libraries.as_written")].join(" · ");
  }

  private about(file: File): TemplateResult {
    const { entries, patterns, sha256 } = file.content;
    return html`${t("libraries.file_about", { n: format.count(entries), patterns: format.count(patterns) })} · ${t("libraries.changes", { added: format.count(file.added), removed: format.count(file.removed) })}
      <br /><span class="quiet" title=${sha256}>${t("libraries.hash")} ${sha256.slice(0, 16)}…</span>`;
  }

  private waiting(library: LibraryRow): TemplateResult | typeof nothing {
    const { waiting } = library;
    if (waiting === null || waiting === undefined) return nothing;
    const own = waiting.by === this.rights.person;
    return html`<div class="reject" role="group" aria-label=${t("libraries.waiting")}>
      <h3>${t("libraries.waiting")}</h3>
      <p>${this.about(waiting)}<br />${t("libraries.waiting_by", { who: this.who(waiting.by), when: format.moment(waiting.at_ms, this.now_ms) })}</p>
      <div class="keys">
        ${this.rights.approve ? html`<button class="primary" ?disabled=${own} @click=${() => this.begin("approve")}>${icon("check")} ${t("libraries.approve")} <kbd>A</kbd></button>` : nothing}
        ${this.rights.lift ? html`<button @click=${() => this.begin("decline")}>${icon("close")} ${t("libraries.decline")} <kbd>D</kbd></button>` : nothing}
        ${this.rights.approve && own ? html`<span class="quiet">${t("libraries.own")}</span>` : nothing}
      </div>
    </div>`;
  }

  private waitingTerms(library: LibraryRow): TemplateResult | typeof nothing {
    const terms = library.waiting_terms;
    if (terms === null) return nothing;
    const own = terms.by === this.rights.person;
    return html`<div class="reject" role="group" aria-label=${t("libraries.terms_waiting")}>
      <h3>${t("libraries.terms_waiting")}</h3>
      <p>${this.termsText(terms)}<br />${t("libraries.terms_by", { who: this.who(terms.by), when: format.moment(terms.at_ms, this.now_ms) })}</p>
      <div class="keys">
        ${this.rights.approve ? html`<button class="primary" ?disabled=${own} @click=${() => this.begin("approve_terms")}>${icon("check")} ${t("libraries.terms_approve")} <kbd>A</kbd></button>` : nothing}
        ${this.rights.lift ? html`<button @click=${() => this.begin("decline_terms")}>${icon("close")} ${t("libraries.decline")} <kbd>D</kbd></button>` : nothing}
        ${this.rights.approve && own ? html`<span class="quiet">${t("libraries.terms_own")}</span>` : nothing}
      </div>
    </div>`;
  }

  private actions(library: LibraryRow): TemplateResult | typeof nothing {
    const refusal = this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`;
    const cancel = (): void => void (this.asking = null);
    const sha256 = library.waiting?.content.sha256 ?? "";
    const terms = library.waiting_terms?.id ?? "";
    switch (this.asking) {
      case "approve":
        return html`<t-confirm question=${t("libraries.approve_question", { name: library.name })} consequence=${t("libraries.approve_consequence", { n: format.count(library.waiting?.content.entries ?? 0) })}
          @cancel=${cancel} @confirm=${() => void this.ask({ request: "approve_library", library: library.id, sha256 })}></t-confirm>`;
      case "decline":
        return html`<t-confirm question=${t("libraries.decline_question")} consequence=${t("libraries.decline_consequence")} reason=${t("libraries.decline_why")}
          @cancel=${cancel} @confirm=${(event: CustomEvent<string>) => void this.ask({ request: "decline_library_file", library: library.id, sha256, why: event.detail })}></t-confirm>`;
      case "approve_terms":
        return html`<t-confirm question=${t("libraries.terms_question", { name: library.name })} consequence=${library.waiting_terms === null ? "" : t("libraries.terms_consequence", { terms: this.termsText(library.waiting_terms) })}
          @cancel=${cancel} @confirm=${() => void this.ask({ request: "approve_library_terms", library: library.id, terms })}></t-confirm>`;
      case "decline_terms":
        return html`<t-confirm question=${t("libraries.terms_decline_question")} consequence=${t("libraries.terms_decline_consequence")} reason=${t("libraries.decline_why")}
          @cancel=${cancel} @confirm=${(event: CustomEvent<string>) => void this.ask({ request: "decline_library_terms", library: library.id, terms, why: event.detail })}></t-confirm>`;
      case "terms":
        return html`<div class="reject"><library-terms style="padding:0" .connection=${this.connection} .library=${library} @terms=${(event: CustomEvent<LibraryTerms>) => (this.terms = event.detail)}></library-terms>
          ${refusal}<div class="keys"><button class="primary" ?disabled=${this.terms.lacking.length > 0} @click=${() => void this.offerTerms(library)}>${icon("send")} ${t("libraries.ask")}</button>
            <button @click=${cancel}>${t("action.cancel")} <kbd>Esc</kbd></button>
            ${this.terms.lacking.length === 0 ? nothing : html`<span class="quiet">${t("watches.lacking", { what: this.terms.lacking.join(t("list.comma")) })}</span>`}</div></div>`;
      case "lift":
        return html`<t-confirm question=${t("libraries.lift_question", { name: library.name })} consequence=${t("libraries.lift_consequence", { n: format.count(library.file?.content.entries ?? 0) })} reason=${t("watches.lift_why")}
          @cancel=${cancel} @confirm=${(event: CustomEvent<string>) => void this.ask({ request: "lift_library", library: library.id, why: event.detail })}></t-confirm>`;
      case "replace":
        return html`<div class="reject"><library-file style="padding:0" .connection=${this.connection} library=${library.id} @read=${(event: CustomEvent<LibraryRead | null>) => (this.found = event.detail)}></library-file>
          ${refusal}<div class="keys">${this.offerButton(library)}<button @click=${cancel}>${t("action.cancel")} <kbd>Esc</kbd></button></div></div>`;
      case null:
        return html`<div class="keys">
            ${library.state === "active" && this.rights.ask ? html`<button @click=${() => this.begin("replace")}>${icon("evidence")} ${t("libraries.replace")} <kbd>R</kbd></button>
              <button @click=${() => this.begin("terms")}>${icon("crosshair")} ${t("libraries.terms_change")} <kbd>T</kbd></button>` : nothing}
            ${isOpen(library) && this.rights.lift ? html`<button @click=${() => this.begin("lift")}>${icon("close")} ${t("libraries.lift")} <kbd>U</kbd></button>` : nothing}
          </div>${refusal}`;
    }
  }

  private offerButton(library: LibraryRow): TemplateResult | typeof nothing {
    const { found } = this;
    if (found === null) return nothing;
    if (found.sha256 === library.file?.content.sha256) return html`<span>${icon("check")} ${t("libraries.same")}</span>`;
    return html`<button class="primary" @click=${() => void this.offer(library, found.sha256)}>${icon("send")} ${t("libraries.ask")}</button>`;
  }

  private holders(library: LibraryRow): TemplateResult | typeof nothing {
    if (library.state !== "active") return nothing;
    const here = this.held[library.id];
    const sha256 = library.file?.content.sha256;
    const hub = here === undefined ? "" : here.wrong !== "" ? t("libraries.held_wrong", { why: here.wrong }) : here.sha256 === sha256 ? t("libraries.held_hub", { n: format.count(here.entries) }) : t("libraries.held_old");
    const bad = here !== undefined && (here.wrong !== "" || here.sha256 !== sha256);
    return html`<h3>${t("libraries.held")} ${this.looks.age()}</h3>
      <ul class=${this.looks.old ? "stale" : ""}>${hub === "" ? nothing : html`<li class=${bad ? "error" : ""}>${icon(bad ? "alert" : "check")} ${hub}</li>`}
        ${this.agents.map((agent) => {
          const [said, fine] = agentWords(agent, library);
          return html`<li>${icon(fine ? "check" : "alert")} ${said}</li>`;
        })}</ul>`;
  }

  private marks(library: LibraryRow): TemplateResult | typeof nothing {
    if (library.marks.length === 0) return nothing;
    return html`<h3>${t("libraries.marks")}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("libraries.marks")}><ul>${[...library.marks].reverse().map(
        (mark) => html`<li><b class="plate">${mark.line}</b> ${isDoubtful(mark) ? icon("alert") : nothing} ${wrongText(mark) === "" ? t("libraries.mark", { n: mark.rejected }) : wrongText(mark)}
          ${mark.not_plates.length === 0 ? nothing : html`· ${t("libraries.set_aside")}${mark.not_plates.length > 1 || mark.not_plates[0] !== mark.line ? ` ${mark.not_plates.join(t("list.comma"))}` : ""} ${isOpen(library) && this.rights.lift ? html`<button class="small" @click=${() => (this.restoring = mark.line)}>${t("libraries.restore")}</button>` : nothing}`}</li>`,
      )}</ul></div>
      ${this.restoring === ""
        ? nothing
        : html`<t-confirm question=${t("libraries.restore_question", { line: this.restoring })} consequence=${t("libraries.restore_consequence")} reason=${t("libraries.decline_why")}
            @cancel=${() => (this.restoring = "")} @confirm=${(event: CustomEvent<string>) => void this.ask({ request: "restore_library_line", library: library.id, line: this.restoring, why: event.detail })}></t-confirm>`}`;
  }

  private history(library: LibraryRow): TemplateResult {
    const hits = hitsOf(this.connection?.store.rows("hits") ?? new Map(), library.id);
    return html`<h3>${t("watches.history")} ${library.hits}</h3>
      ${hits.length === 0
        ? html`<t-state kind="empty" text=${t("watches.no_hits")}></t-state>`
        : html`<div>${repeat(hits.slice(0, SHOWN_HITS), (hit) => hit.id, (hit) => html`<watch-hit style="padding:0" .connection=${this.connection} .hit=${hit} .who=${this.who} .now_ms=${this.now_ms} ?mayReject=${this.rights.reject} ?maySetAside=${this.rights.lift}></watch-hit>`)}</div>`}`;
  }

  /** Begin with what a key or button asks for, where that is this person's to do. */
  begin(asking: Exclude<Asking, null>): void {
    const { library, rights } = this;
    if (library === null) return;
    const waits = library.waiting !== null && library.waiting !== undefined;
    const terms = library.waiting_terms;
    const may = {
      approve: waits && rights.approve && library.waiting?.by !== rights.person,
      decline: waits && rights.lift,
      lift: isOpen(library) && rights.lift,
      approve_terms: terms !== null && rights.approve && terms.by !== rights.person,
      decline_terms: terms !== null && rights.lift,
      replace: library.state === "active" && rights.ask,
      terms: library.state === "active" && rights.ask,
    };
    if (may[asking]) [this.asking, this.found, this.terms, this.refusal] = [asking, null, termsOf(library), ""];
  }

  /** Begin to approve or decline what waits: the file first, else the terms. */
  judge(asking: "approve" | "decline"): void {
    const waits = this.library?.waiting !== null && this.library?.waiting !== undefined;
    this.begin(waits ? asking : `${asking}_terms`);
  }

  /** Leave what was begun. */
  cancel(): void {
    [this.asking, this.restoring] = [null, ""];
  }

  /** Say of the newest hit that still stands that it is none. */
  rejectNewest(): void {
    const standing = [...this.renderRoot.querySelectorAll<WatchHit>("watch-hit")].find((each) => each.hit?.rejected_why === "");
    if (standing?.hit) standing.begin(standing.hit);
  }

  private async look(): Promise<void> {
    const { connection } = this;
    if (connection === null || this.library === null) return;
    this.held = await connection.api.get<Record<string, Held>>("/api/v1/watches/libraries");
    this.agents = await connection.api.get<readonly Agent[]>("/api/v1/agents");
  }

  private async offer(library: LibraryRow, sha256: string): Promise<void> {
    try {
      await this.connection?.api.post(this.connection.api.inSpace(`/api/v1/watches/libraries/${encodeURIComponent(library.id)}/files`), { sha256 });
      [this.asking, this.refusal] = [null, ""];
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private async offerTerms(library: LibraryRow): Promise<void> {
    const { look_alike, area, hours } = this.terms;
    try {
      await this.connection?.api.request({ request: "offer_library_terms", library: library.id, look_alike, area, hours });
      [this.asking, this.refusal] = [null, ""];
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private async ask(request: Request): Promise<void> {
    this.cancel();
    try {
      await this.connection?.api.request(request);
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }
}

export function isOpen(library: LibraryRow): boolean {
  return library.state === "requested" || library.state === "active";
}

/** What is to be said of an agent and a list, and whether that is as it should be. */
export function agentWords(agent: Agent, library: LibraryRow): readonly [string, boolean] {
  const { id, libraries } = agent;
  if (agent.version > 0 && (libraries === null || libraries === undefined)) return [t("libraries.agent_old", { agent: id }), false];
  if (agent.lists && !agent.lists.includes(library.id)) return [t("libraries.agent_elsewhere", { agent: id }), true];
  if (!agent.up) return [t("libraries.agent_away", { agent: id }), false];
  const has = libraries?.[library.id] === library.file?.content.sha256;
  return [t(has ? "libraries.agent_has" : "libraries.agent_waits", { agent: id }), has];
}

declare global {
  interface HTMLElementTagNameMap {
    "library-entry": LibraryEntry;
  }
}
