/** The situation being worked on: what, where, level, orders, plan, approvals, hits, evidence, notes and its time line. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/plate";
import "../../components/timeline";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Request, SituationRow } from "../../wire";
import { consoleStyles } from "../console_styles";
import { Kept } from "../kept";
import { timeBars, timeMarks } from "../marks";
import { ordersOf } from "../picture";
import { applies, inLanguage } from "./commands_plans";
import type { Desk } from "./context";
import { failureOf } from "./failure";
import "./note_field";
import { mayLookUpPatrols } from "./past/wire";
import { lookUpOf, mayLookUp, platesOf } from "./plates";
import { approvalsPart, evidencePart, hitsPart, notesPart, ordersPart, planPart } from "./situation_parts";
import { unitNames } from "../named";

/** Tells `pick` for its place, `choose` for one of its calls, `fill` with a command line to look at before Enter. */
@customElement("desk-situation")
export class SituationPanel extends View {
  static override styles = [
    shared,
    consoleStyles,
    css`
      /* Where a long title leaves orders too little room, the whole of it scrolls: they are never gone. */
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        grid-template-rows: auto minmax(9em, 1fr) auto clamp(96px, 17vh, 190px);
        height: 100%;
        overflow: hidden auto;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s4);
        padding: var(--s3) var(--s4);
        border-bottom: var(--hair) solid var(--line);
      }
      .head h2 {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 var(--s3);
        width: 100%;
        font-size: var(--t4);
        font-weight: 650;
        overflow-wrap: anywhere;
      }
      .head h2 .title {
        flex: 1 1 12em;
        min-width: 0;
      }
      .head .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
        margin-left: auto;
      }
      .body {
        overflow: auto;
        scrollbar-color: var(--line) transparent;
      }
      .line {
        display: flex;
        align-items: center;
        gap: var(--s3);
        min-height: 34px;
        padding: 1px var(--s4);
        border-top: var(--hair) solid var(--line);
      }
      .line > button,
      .line > .number {
        flex: none;
      }
      .late {
        background: var(--hatch);
      }
      .over {
        color: var(--text-2);
      }
      .who {
        min-width: 4em;
        font-weight: 600;
      }
      .small {
        min-height: 26px;
        padding: 0 var(--s2);
        font-size: var(--t1);
      }
      .steps {
        display: flex;
        gap: var(--s2);
        font-size: var(--t1);
      }
      .steps li {
        min-width: 3.6em;
        line-height: 1.3;
        text-align: center;
        border-bottom: 2px solid var(--accent);
      }
      .steps .open {
        color: var(--text-2);
        border-bottom-color: var(--line);
      }
      .none {
        padding: 0 var(--s4) var(--s2);
      }
      .pictures {
        display: flex;
        gap: var(--s3);
        padding: 0 var(--s4) var(--s3);
        overflow-x: auto;
        font-size: var(--t1);
      }
      .pictures figure {
        flex: none;
        width: 260px;
      }
      .pictures t-picture {
        height: 150px;
        border: var(--hair) solid var(--line);
      }
      .plate {
        font-size: var(--t3);
      }
      .written {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .answer {
        padding: 0 var(--s4) var(--s2);
      }
      .noted {
        display: grid;
        grid-template-columns: auto auto minmax(0, 1fr);
        gap: 0 var(--s3);
        padding: var(--s1) var(--s4);
        border-top: var(--hair) solid var(--line);
      }
      summary {
        padding: var(--s1) var(--s4) var(--s2);
        color: var(--text-2);
        cursor: pointer;
      }
      .error {
        margin: var(--s2) var(--s4);
      }
      t-timeline {
        border-top: var(--hair) solid var(--line);
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @state() private failure = "";
  @state() private closing = false;
  /** The hit of which reasons are asked. */
  @state() private held = "";
  /** The situation that was shown last: what was asked and what failed is about one, and goes with it. */
  private of = "";
  private readonly marks = new Kept(["marks", "units", "retired"], () => this.madeOf((desk, id) => timeMarks(desk.store.rows("marks"), id, unitNames(desk.store.rows("units"), desk.store.rows("retired")))));
  private readonly bars = new Kept(["tasks"], () => this.madeOf((desk, id) => timeBars(desk.store.rows("tasks"), id)));

  protected override willUpdate(_changed: PropertyValues): void {
    const id = this.desk?.situation?.id ?? "";
    if (id === this.of) return;
    this.of = id;
    this.closing = false;
    this.held = "";
    this.failure = "";
  }

  override render(): TemplateResult {
    const desk = this.desk;
    const row = desk?.situation ?? null;
    if (desk === null || row === null) return html``;
    const [hits, orders] = [hitsPart(desk, row, this.act, this.held, (hit) => (this.held = hit)), ordersPart(desk, row, (line) => this.tell("fill", line))];
    // Once somebody was sent, whether they signed is what must not scroll away under a picture.
    const sent = ordersOf(desk.store.rows("orders"), row.id).length > 0;
    return html`${this.head(desk, row)}
      <div class="body" @hold=${(event: CustomEvent<string>) => (this.held = event.detail)}>
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
        ${this.closing ? this.closeQuestion(row) : nothing}
        ${sent ? html`${orders} ${hits}` : html`${hits} ${orders}`} ${notesPart(desk, row)} ${planPart(desk, row, this.act)}
        ${this.planOffer(desk, row)} ${approvalsPart(desk, row)} ${evidencePart(desk, row)}
        ${this.calls(desk, row)} ${this.plates(desk, row)}
      </div>
      <desk-note .desk=${desk}></desk-note>
      <t-timeline .marks=${this.marks.get(desk.store, row.id)} .bars=${this.bars.get(desk.store, row.id)} .now=${desk.now_ms}></t-timeline>`;
  }

  private head(desk: Desk, row: SituationRow): TemplateResult {
    const open = row.state !== "closed" && row.merged_into === "";
    const pinned = desk.store.rows("focus").get("wall")?.situation === row.id;
    return html`<header class="head">
      <h2><t-level level=${row.level} named></t-level><span class="title">${row.title}</span></h2>
      <span>${word("situation_state", row.state)}</span>
      <span class="quiet">${word("service", row.service)} · ${word("incident", row.kind)}</span>
      <span>${format.duration((row.closed_ms ?? desk.now_ms) - row.opened_ms)} <span class="quiet">${format.instant(row.opened_ms, desk.now_ms)}</span></span>
      ${row.case === "" ? nothing : html`<span class="quiet">${t("situation.case", { id: row.case })} ${word("case_step", desk.store.rows("cases").get(row.case)?.step ?? "")}</span>`}
      <span>${icon("pin")} ${row.place?.text || (row.place === null ? t("situation.no_place") : `${row.place.lat}, ${row.place.lon}`)}
        <button class="small bare" aria-label=${t("form.pick")} title=${t("form.pick")} @click=${() => this.tell("pick", null)}>${icon("crosshair")}</button></span>
      ${mayLookUpPatrols(desk.actor) ? html`<button class="small" @click=${() => this.tell("present", null)}>${icon("history")} ${t("past.present")}</button>` : nothing}
      ${open
        ? html`<span class="buttons">
            <button class="small" @click=${() => this.tell("fill", "L")}>${t("cmd.level")} <kbd>L</kbd></button>
            <button class="small" @click=${() => this.act({ request: "pin_focus", situation: pinned ? null : row.id })}>${icon("monitor")}
              ${pinned ? t("situation.from_wall") : t("situation.to_wall")}</button>
            <button class="small" @click=${() => (this.closing = true)}>${t("situation.close")}</button>
          </span>`
        : nothing}
    </header>`;
  }

  private closeQuestion(row: SituationRow): TemplateResult {
    return html`<t-confirm question=${t("will.close", { title: row.title })} consequence=${t("will.close_consequence")}
      @cancel=${() => (this.closing = false)}
      @confirm=${() => {
        this.closing = false;
        this.act({ request: "close_situation", situation: row.id });
      }}></t-confirm>`;
  }

  /** Plans that are for such a situation, one press away from the line that activates them. */
  private planOffer(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
    if (row.activation !== "" && desk.store.rows("activations").get(row.activation)?.state === "active") return nothing;
    const plans = [...desk.store.rows("plans").values()].filter((plan) => applies(plan, row));
    if (plans.length === 0) return nothing;
    return html`<section>
      <h3 class="heading">${t("situation.plan")}</h3>
      <p class="none row">${plans.map((plan) => html`<button class="small" @click=${() => this.tell("fill", `P ${inLanguage(plan.definition.title)}`)}>${inLanguage(plan.definition.title)}</button>`)}</p>
    </section>`;
  }

  private calls(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
    const calls = row.calls.flatMap((id) => desk.store.rows("calls").get(id) ?? []);
    if (calls.length === 0) return nothing;
    return html`<section>
      <h3 class="heading">${t("situation.calls")}<span class="number">${calls.length}</span></h3>
      ${calls.map(
        (call) => html`<div class="line">
          <span>${icon("phone")}</span><span>${call.dialled}</span><span>${call.caller}</span><span class="quiet">${format.instant(call.arrived_ms, desk.now_ms)}</span>
          <span class="grow cut quiet">${Object.values(call.form).filter((text) => text !== "").join(" · ") || call.linked_why}</span>
          <span>${call.outcome === null ? word("call_state", call.state) : word("call_outcome", call.outcome)}</span>
          ${call.state === "abandoned" ? html`<button class="small" @click=${() => this.tell("choose", { table: "calls", id: call.id })}>${t("cmd.call_back")}</button>` : nothing}
          ${call.state === "answered" ? html`<button class="small" @click=${() => this.tell("choose", { table: "calls", id: call.id })}>${call.answered_by === desk.actor.id ? t("call.back") : t("desk.taken_by", { name: desk.who(call.answered_by) })}</button>` : nothing}
        </div>`,
      )}
    </section>`;
  }

  /** Plates that callers named or cameras read, each a press away from where that car was seen. */
  private plates(desk: Desk, row: SituationRow): TemplateResult | typeof nothing {
    const plates = platesOf(row, desk.store.rows("hits"), desk.store.rows("calls"));
    if (plates.length === 0 || !mayLookUp(desk.actor)) return nothing;
    return html`<section>
      <h3 class="heading">${t("situation.plates")}</h3>
      <p class="none row">${plates.map((plate) => html`<a class="button small" href=${lookUpOf(plate, row)} target="triune-vehicles">${icon("search")} <t-plate plate=${plate}></t-plate></a>`)}</p>
    </section>`;
  }

  private madeOf<T>(make: (desk: Desk, situation: string) => readonly T[]): readonly T[] {
    return this.desk === null || this.desk.situation === null ? [] : make(this.desk, this.desk.situation.id);
  }

  private readonly act = (request: Request): void => {
    void this.trying(() => this.desk?.ask(request) ?? Promise.resolve());
  };

  /** What goes wrong after another situation was chosen says which one it is about. */
  private async trying(run: () => Promise<unknown>): Promise<void> {
    const about = this.desk?.situation ?? null;
    this.failure = "";
    try {
      await run();
    } catch (error) {
      this.failure = failureOf(about, this.desk?.situation ?? null, describe(error));
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-situation": SituationPanel;
  }
}
