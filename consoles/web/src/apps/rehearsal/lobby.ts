/** Before a rehearsal and after it: choose plan and scenario and start, go to one that is there, or replay what was. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import { browserTime } from "../../sync/time";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import "../page_tools";
import { DIRECTS, MAY_SEE } from "./rights";
import { inLanguage, offset, reportPath, SPEEDS, speedWords } from "./lines";
import "./replay";
import { tabStyles } from "./styles";
import type { Overview, ReportInfo, RunInfo, ScenarioInfo, Speed } from "./wire";

const TABLES = { situations: {}, cameras: {}, stations: {}, fences: {}, plans: {} } as const satisfies Subscription;
const TABS = ["rehearse", "replay"] as const;
const LOOK_EVERY_MS = 3_000;

@customElement("app-rehearsals")
export class Lobby extends Console {
  static override styles = [
    shared,
    consoleStyles,
    tabStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        grid-template-rows: auto auto minmax(0, 1fr);
        gap: var(--s2);
        padding: var(--s2);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s4);
        padding: 0 var(--s2);
      }
      h1 {
        font-size: var(--t3);
        font-weight: 650;
      }
      .push {
        margin-left: auto;
      }
      .lobby {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        gap: var(--s2);
        align-items: start;
        min-height: 0;
      }
      .lobby > * {
        max-height: 100%;
      }
      .about {
        padding: 0 var(--s3) var(--s2);
        max-width: 60em;
      }
      .plan {
        padding: var(--s2) var(--s3);
        font-weight: 650;
      }
      .option {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: var(--s3);
        align-items: center;
        min-height: 40px;
        padding: var(--s1) var(--s3) var(--s1) var(--s5);
        border-top: var(--hair) solid var(--line);
        cursor: pointer;
      }
      .option:has(:checked) {
        background: var(--accent-dim);
      }
      input[type="radio"] {
        width: auto;
        min-height: 0;
        accent-color: var(--accent);
      }
      .begin {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s3) var(--s4);
        padding: var(--s4) var(--s3);
      }
      .begin label {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
      }
      .run {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--s1) var(--s3);
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      .run .title {
        font-weight: 600;
      }
      .run .state {
        color: var(--rehearsal);
        font-weight: 650;
      }
    `,
  ];

  @state() private tab: (typeof TABS)[number] = location.hash === "#replay" ? "replay" : "rehearse";
  @state() private overview: Overview | null = null;
  @state() private fault = "";
  @state() private chosen = "";
  @state() private speed: Speed = 1;
  @state() private starting = false;
  private stopLooking: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.keepLooking();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopLooking?.();
  }

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.some((role) => MAY_SEE.has(role)) ? TABLES : null;
  }

  private async keepLooking(): Promise<void> {
    if (this.connection !== null && this.tab === "rehearse" && !this.starting) {
      try {
        this.overview = await this.connection.api.get<Overview>("/api/v1/rehearsals");
        this.fault = "";
      } catch (error) {
        this.fault = describe(error);
      }
    }
    if (this.isConnected) this.stopLooking = browserTime.after(this.overview === null ? 200 : LOOK_EVERY_MS, () => void this.keepLooking());
  }

  private async start(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const scenario = this.overview?.scenarios.find((each) => keyOf(each) === this.chosen);
    if (scenario === undefined || this.connection === null) return;
    this.starting = true;
    try {
      const { space } = await this.connection.api.post<{ space: string }>("/api/v1/rehearsals", {
        plan: scenario.plan,
        scenario: scenario.id,
        speed: this.speed,
      });
      location.assign(`/rehearsal?space=${encodeURIComponent(space)}`);
    } catch (error) {
      this.starting = false;
      this.fault = describe(error);
    }
  }

  protected page(connection: Connection): TemplateResult {
    return html`<header>
        <h1>${icon("rehearsal")} ${t("lobby.title")}</h1>
        <div class="tabs" role="tablist" @keydown=${this.onTabKey}>
          ${TABS.map(
            (tab) => html`<button role="tab" id=${tab} aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1} @click=${() => this.go(tab)}>${t(`tab.${tab}`)}</button>`,
          )}
        </div>
        <div class="row push"><span class="quiet">${this.actor?.name ?? ""}</span>
          <t-age .live=${this.live} .clock=${connection.clock}></t-age>
          <page-tools here="rehearsal" .actor=${this.actor} .api=${connection.api}></page-tools></div>
      </header>
      <div>${this.trouble()}${this.fault === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.fault}</p>`}</div>
      ${this.tab === "replay" ? this.replay(connection) : this.rehearse()}`;
  }

  private replay(connection: Connection): TemplateResult {
    return html`<rehearsal-replay role="tabpanel" aria-labelledby="replay" .api=${connection.api} .who=${this.who} .now=${this.now_ms()} .situations=${this.rows("situations")}
      ?loaded=${connection.store.loaded("situations")} .cameras=${this.rows("cameras")} .stations=${this.rows("stations")} .fences=${this.rows("fences")}></rehearsal-replay>`;
  }

  private rehearse(): TemplateResult {
    const { overview } = this;
    if (overview === null) return html`<t-state kind="loading"></t-state>`;
    const may = this.actor?.roles.some((role) => DIRECTS.has(role)) ?? false;
    const files = overview.unreadable.map((each) => each.file).join("、");
    return html`<main><div class="lobby" role="tabpanel" aria-labelledby="rehearse">
      <form class="panel" @submit=${(event: SubmitEvent) => void this.start(event)}>
        <h2 class="heading">${t("lobby.plans")}<span class="number">${overview.scenarios.length}</span></h2>
        <p class="about quiet">${t("lobby.about")}</p>
        ${overview.scenarios.length === 0 ? html`<t-state kind="hint" text=${t("lobby.no_scenarios")}></t-state>` : nothing}
        ${byPlan(overview.scenarios).map(([plan, scenarios]) => this.plan(plan, scenarios, may))}
        ${files === "" ? nothing : html`<p class="error" title=${overview.unreadable.map((each) => each.why).join("\n")}>${icon("alert")} ${t("lobby.unreadable", { names: files })}</p>`}
        ${may ? this.begin() : html`<t-state kind="no_right" text=${t("director.watching")}></t-state>`}
      </form>
      <section class="panel">
        <h2 class="heading">${t("lobby.running")}<span class="number">${overview.running.length}</span></h2>
        ${overview.running.length === 0 ? html`<t-state kind="empty" text=${t("lobby.none_running")}></t-state>` : overview.running.map((run) => runLine(run, may, this.who))}
        <h2 class="heading">${t("lobby.reports")}<span class="number">${overview.reports.length}</span></h2>
        ${overview.reports.length === 0 ? html`<t-state kind="empty" text=${t("lobby.no_reports")}></t-state>` : nothing}
        ${repeat(overview.reports, (report) => report.id, (report) => reportLine(report, this.now_ms(), this.who))}
      </section>
    </div></main>`;
  }

  private plan(plan: string, scenarios: readonly ScenarioInfo[], may: boolean): TemplateResult {
    const row = this.rows("plans").get(plan);
    return html`<fieldset style="border:none;margin:0;padding:0">
      <legend class="plan">${row === undefined ? plan : inLanguage(row.definition.title)} <span class="quiet">${row?.version ?? ""}</span></legend>
      ${scenarios.map((each) => html`<label class="option">
        <input type="radio" name="scenario" ?disabled=${!may} .checked=${keyOf(each) === this.chosen} @change=${() => (this.chosen = keyOf(each))} />
        <span>${inLanguage(each.title)}</span>
        <span class="number quiet">${t("lobby.length", { span: format.duration(each.duration_s * 1_000) })}</span>
      </label>`)}
    </fieldset>`;
  }

  private begin(): TemplateResult {
    return html`<div class="begin">
      <span class="quiet">${t("lobby.speed")}</span>
      ${SPEEDS.map((speed) => html`<label><input type="radio" name="speed" .checked=${speed === this.speed} @change=${() => (this.speed = speed)} />${speedWords(speed)}</label>`)}
      <button class="primary" ?disabled=${this.chosen === "" || this.starting}>${icon("play")} ${this.starting ? t("lobby.starting") : t("lobby.start")}</button>
    </div>`;
  }

  private go(tab: (typeof TABS)[number]): void {
    this.tab = tab;
    history.replaceState(null, "", tab === "replay" ? "#replay" : location.pathname);
  }

  private readonly onTabKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    this.go(this.tab === "replay" ? "rehearse" : "replay");
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus());
  };
}

/** A scenario is named within its plan. */
function keyOf(scenario: ScenarioInfo): string {
  return `${scenario.plan}/${scenario.id}`;
}

function byPlan(scenarios: readonly ScenarioInfo[]): readonly (readonly [string, readonly ScenarioInfo[]])[] {
  const plans = new Map<string, ScenarioInfo[]>();
  for (const scenario of scenarios) plans.set(scenario.plan, [...(plans.get(scenario.plan) ?? []), scenario]);
  return [...plans];
}

function runLine(run: RunInfo, may: boolean, who: (id: string) => string): TemplateResult {
  return html`<div class="run">
    <span class="title">${inLanguage(run.title)}</span>
    <a href="/rehearsal?space=${encodeURIComponent(run.space)}">${may ? t("lobby.open") : t("lobby.watch")}</a>
    <span class="quiet"><span class="state">${word("run_state", run.state)}</span> · ${speedWords(run.speed)} · ${t("lobby.by", { name: who(run.by) })}</span>
    <span class="number quiet">${offset(run.now_ms - run.starts_ms)} / ${offset(run.ends_ms - run.starts_ms)}</span>
  </div>`;
}

function reportLine(report: ReportInfo, now_ms: number, who: (id: string) => string): TemplateResult {
  const total = report.total === null ? t("marks.none") : `${t("marks.total")} ${report.total.toFixed(1)}`;
  return html`<div class="run">
    <span class="title">${inLanguage(report.title)}</span>
    <a href=${reportPath(report.id)} download aria-label="${t("lobby.take_out")} ${inLanguage(report.title)} ${format.moment(report.began_ms, now_ms)}">${icon("down")} ${t("lobby.take_out")}</a>
    <span class="quiet">${inLanguage(report.plan_title)} · ${format.moment(report.began_ms, now_ms)} ${t("lobby.by", { name: who(report.by) })}</span>
    <span class="number">${report.whole ? nothing : html`<span class="quiet">${t("lobby.part")}</span> `}${total}</span>
  </div>`;
}
