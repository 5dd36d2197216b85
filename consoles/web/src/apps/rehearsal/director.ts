/** The director's screen of one rehearsal: its time line, the hand on its clock, injects, marks, and who did what. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/timeline";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import "../../map/element";
import type { Picked } from "../../map/element";
import { NO_DATA, type MapData } from "../../map/picture";
import { Problem } from "../../sync/api";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import { browserTime } from "../../sync/time";
import type { SituationRow } from "../../wire";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import "../page_tools";
import { openSituations } from "../picture";
import { clockControls, jumpForm, speedKey, type Hand } from "./controls";
import { eventMarks, inLanguage, namesOf, offset, reportPath, taskBars, timeRange, within, type Names } from "./lines";
import { DIRECTS, MAY_SEE } from "./rights";
import { doneList, marksPanel, scriptList, toldList } from "./lists";
import "./palette";
import type { Options } from "./palette";
import { Latest, rowsOf, sceneAt, sceneOnMap, surroundings, type Scene } from "./past";
import { directorStyles, lineStyles } from "./styles";
import type { Control, RehearsalView } from "./wire";
import { unitNames } from "../named";

const TABLES = {
  calls: {}, situations: {}, orders: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, alarms: {}, plans: {}, activations: {}, marks: {},
} as const satisfies Subscription; // prettier-ignore
const DRAWN = ["units", "positions", "situations", "orders", "cameras", "stations", "alarms"] as const;
const LOOK_EVERY_MS = 1_000;
const LOOK_HIDDEN_MS = 5_000;
const TRAINEE_PAGES = ["desk", "wall", "leader", "mobile"] as const;

@customElement("app-director")
export class Director extends Console {
  static override styles = [shared, consoleStyles, lineStyles, directorStyles];

  @state() private view: RehearsalView | null = null;
  @state() private gone = false;
  @state() private fault = "";
  @state() private asking: "" | "jump" | "stop" = "";
  @state() private jumpText = "";
  @state() private injecting = false;
  @state() private sending = false;
  @state() private injectFailure = "";
  @state() private injected = "";
  @state() private picking = false;
  @state() private place: Picked | null = null;
  @state() private whole: boolean | null = null;
  @state() private scene: Scene | null = null;
  private moved = true;
  private mapData: MapData = NO_DATA;
  private stopLooking: (() => void) | null = null;
  private readonly scenes = new Latest<number, Scene>(
    (at_ms) => this.fetchScene(at_ms),
    (scene) => (this.scene = scene),
    (error) => (this.fault = describe(error)),
  );

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.onKey);
    void this.keepLooking();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.onKey);
    this.stopLooking?.();
  }

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.some((role) => MAY_SEE.has(role)) ? TABLES : null;
  }

  protected override changed(tables: ReadonlySet<string>): void {
    if (DRAWN.some((name) => tables.has(name))) this.moved = true;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.connection === null || !(this.moved || changed.has("scene"))) return;
    this.moved = false;
    const [cameras, stations] = [this.rows("cameras"), this.rows("stations")];
    this.mapData =
      this.scene === null
        ? {
            cameras,
            stations,
            units: this.rows("units"),
            positions: this.rows("positions"),
            situations: this.rows("situations"),
            orders: this.rows("orders"),
            alarms: this.rows("alarms"),
            chosen: new Set(),
          }
        : sceneOnMap(this.scene, cameras, stations);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("asking") && this.asking === "jump") this.renderRoot.querySelector<HTMLInputElement>(".jump")?.select();
  }

  private get path(): string {
    return `/api/v1/rehearsals/${encodeURIComponent(this.space)}`;
  }

  private async keepLooking(): Promise<void> {
    await this.look();
    if (this.gone || !this.isConnected) return;
    this.stopLooking = browserTime.after(document.hidden ? LOOK_HIDDEN_MS : LOOK_EVERY_MS, () => void this.keepLooking());
  }

  private async look(): Promise<void> {
    if (this.connection === null) return;
    try {
      this.view = await this.connection.api.get<RehearsalView>(this.path);
      this.fault = "";
    } catch (error) {
      this.gone = error instanceof Problem && error.status === 404;
      this.fault = t("director.fault", { detail: describe(error) });
    }
  }

  private readonly control = async (control: Control): Promise<void> => {
    try {
      await this.connection?.api.post(`${this.path}/control`, control);
      this.asking = "";
      if (control.action === "stop") location.assign("/rehearsal");
      else await this.look();
    } catch (error) {
      this.fault = describe(error);
    }
  };

  private fetchScene(at_ms: number): Promise<Scene> {
    const { connection } = this;
    const situation = this.mainSituation();
    if (connection === null || situation === null) throw new Problem(404, "unknown_id", t("replay.none"));
    return sceneAt(connection.api, situation.id, at_ms);
  }

  /** The one that the plan runs for, or the gravest there is. */
  private mainSituation(): SituationRow | null {
    const situations = this.rows("situations");
    for (const activation of this.rows("activations").values()) {
      const found = situations.get(activation.situation);
      if (found !== undefined) return found;
    }
    return openSituations(situations)[0] ?? [...situations.values()][0] ?? null;
  }

  protected page(connection: Connection): TemplateResult {
    if (this.gone) {
      return html`<header><span class="sign">${t("rehearsal.banner")}</span><a href="/rehearsal">${t("director.list")}</a></header>
        <t-state kind="hint" text=${t("director.gone")}></t-state>`;
    }
    const { view } = this;
    if (view === null) return html`<header>${this.trouble()}</header><t-state kind=${this.fault === "" ? "loading" : "error"} text=${this.fault}></t-state>`;
    const names = namesOf(view, this.rows("plans").get(view.run.plan)?.definition, this.rows("units"), this.rows("cameras"));
    return html`${this.top(view)}
      <div>${this.trouble()}${this.fault === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.fault}</p>`}${this.question(view)}</div>
      ${this.timeLine(view, names, connection)}
      <main class="columns">
        <section class="panel" tabindex="0" role="region" aria-label=${t("director.coming")}>${this.injecting ? this.palette(view) : scriptList(view, names, view.run.now_ms)}</section>
        <div class="middle">${this.pictures(view, names)}</div>
        <section class="panel">${marksPanel(view, this.onTask)}
          ${view.run.report === "" ? nothing : html`<p class="total"><a href=${reportPath(view.run.report)} download>${icon("down")} ${t("lobby.take_out")}</a></p>`}</section>
      </main>`;
  }

  private top(view: RehearsalView): TemplateResult {
    const { run } = view;
    const now_ms = this.scenarioNow(view);
    return html`<header>
      <span class="sign">${icon("rehearsal")} ${t("rehearsal.banner")}</span>
      <h1 title=${inLanguage(run.plan_title)}>${inLanguage(run.title)}</h1>
      <span class="clock number">${format.clock(now_ms)}</span>
      <span class="number">${offset(now_ms - run.starts_ms)}<span class="quiet"> / ${offset(run.ends_ms - run.starts_ms)}</span></span>
      <span class="state" role="status">${word("run_state", run.state)}</span>
      ${this.mayDirect() ? clockControls(view, this.hand) : html`<span class="quiet">${icon("lock")} ${t("director.watching")}</span>`}
      <page-tools .actor=${this.actor} .api=${this.connection?.api ?? null}></page-tools>
    </header>`;
  }

  /** Smooth between two looks, but never before the hub's first word about the clock. */
  private scenarioNow(view: RehearsalView): number {
    const clock = this.connection?.clock;
    return clock === undefined || clock.age_ms() === null ? view.run.now_ms : Math.min(Math.max(view.run.starts_ms, clock.now_ms()), Math.max(view.run.ends_ms, view.run.now_ms));
  }

  private mayDirect(): boolean {
    return this.actor?.roles.some((role) => DIRECTS.has(role)) ?? false;
  }

  private question(view: RehearsalView): TemplateResult | typeof nothing {
    if (this.asking === "stop") {
      return html`<t-confirm question=${t("director.stop_ask")} consequence=${t("director.stop_means")}
        @confirm=${() => void this.control({ action: "stop" })} @cancel=${() => (this.asking = "")}></t-confirm>`;
    }
    if (this.asking !== "jump") return nothing;
    return jumpForm(view, this.jumpText, (written) => (this.jumpText = written), this.hand);
  }

  private timeLine(view: RehearsalView, names: Names, connection: Connection): TemplateResult {
    const now_ms = this.scenarioNow(view);
    const whole = this.whole ?? view.run.state === "ended";
    const range = timeRange(view, now_ms, whole);
    const { marks, bars } = within(range, eventMarks(view, names), taskBars(view.tasks));
    return html`<section class="panel time ${view.run.state}">
      <div class="heading"><button aria-pressed=${whole} @click=${() => (this.whole = !whole)}>${whole ? t("director.near") : t("director.whole")} <kbd>Z</kbd></button>
        <span>${t("director.legend")}</span>${this.links(view.run.space, connection)}</div>
      <t-timeline seekable .marks=${marks} .bars=${bars} .now=${this.scene?.at_ms ?? now_ms} .range=${range}
        @seek=${(event: CustomEvent<number>) => this.seek(event.detail, view)}></t-timeline>
    </section>`;
  }

  private links(space: string, connection: Connection): TemplateResult {
    return html`<nav class="row push">
      <span>${t("director.trainee_pages")}</span>
      ${TRAINEE_PAGES.map((page) => html`<a href="/${page}?space=${encodeURIComponent(space)}" target="_blank" rel="noopener">${t(`home.${page}`)}</a>`)}
      <a href="/rehearsal">${t("director.list")}</a>
      <t-age .live=${this.live} .clock=${connection.clock}></t-age>
    </nav>`;
  }

  private pictures(view: RehearsalView, names: Names): TemplateResult {
    const marks = this.scene === null ? this.rows("marks") : rowsOf(this.scene, "marks");
    const place = this.mainSituation()?.place ?? null;
    return html`<div class="seen">
        ${this.scene === null
          ? html`<div></div>`
          : html`<p class="moment" role="status">${icon("history")} ${t("director.moment", { time: format.clock(this.scene.at_ms) })}
              <button @click=${this.backToNow}>${t("director.back")} <kbd>Esc</kbd></button></p>`}
        <t-map .data=${this.mapData} .fences=${this.rows("fences")} .focusOn=${place} .around=${surroundings(place)} .mark=${this.place}
          ?picking=${this.picking} @pick=${this.onPick}></t-map>
      </div>
      <div class="below">
        <section class="panel" tabindex="0" aria-label=${t("director.who_did")}>${doneList(marks, unitNames(this.rows("units"), this.rows("retired")), this.who)}</section>
        <section class="panel" tabindex="0" aria-label=${t("director.told")}>${toldList(view.told, view.told_total, names)}</section>
      </div>`;
  }

  private palette(view: RehearsalView): TemplateResult {
    return html`<rehearsal-palette .options=${this.options(view)} .place=${this.place} .busy=${this.sending} .failure=${this.injectFailure}
      .success=${this.injected} @inject=${this.onInject} @close=${this.closePalette}
      @picking=${(event: CustomEvent<boolean>) => (this.picking = event.detail)}></rehearsal-palette>`;
  }

  private options(view: RehearsalView): Options {
    const byName = (a: { readonly label: string }, b: { readonly label: string }): number => a.label.localeCompare(b.label, "zh-CN", { numeric: true });
    const named = (rows: Iterable<{ readonly id: string; readonly name: string }>) => [...rows].map(({ id, name }) => ({ id, label: name })).sort(byName);
    const units = [...this.rows("units").values()].filter((row) => row.order !== "");
    return {
      cameras: named(this.rows("cameras").values()),
      units: named(units),
      tasks: view.tasks.filter((task) => task.opened_ms !== null && task.done_ms === null).map((task) => ({ id: task.key, label: inLanguage(task.title) })),
      phases: (this.rows("plans").get(view.run.plan)?.definition.phases ?? []).map((phase) => ({ id: phase.id, label: inLanguage(phase.title) })),
    };
  }

  private readonly onInject = async (event: CustomEvent<{ event: object; words: string }>): Promise<void> => {
    this.sending = true;
    this.injectFailure = "";
    this.injected = "";
    try {
      await this.connection?.api.post(`${this.path}/inject`, event.detail.event);
      this.injected = t("inject.done", { what: event.detail.words });
      this.place = null;
      await this.look();
    } catch (error) {
      this.injectFailure = describe(error);
    }
    this.sending = false;
  };

  private readonly onPick = (event: CustomEvent<Picked>): void => {
    this.place = event.detail;
    this.picking = false;
  };

  private readonly closePalette = (): void => {
    this.injecting = false;
    this.picking = false;
    this.place = null;
    this.injected = "";
    this.injectFailure = "";
  };

  /** Before now: the screen of that moment. After now: a jump, once it is confirmed. */
  private seek(at_ms: number, view: RehearsalView): void {
    const now_ms = this.scenarioNow(view);
    if (at_ms <= now_ms || view.run.state === "ended") void this.scenes.want(Math.min(at_ms, now_ms));
    else if (this.mayDirect()) this.hand.askJump(offset(at_ms - view.run.starts_ms));
  }

  private readonly onTask = (event: CustomEvent<string>): void => {
    const task = this.view?.tasks.find((each) => each.key === event.detail);
    const at_ms = task?.done_ms ?? task?.due_ms;
    if (at_ms != null && this.view !== null) void this.scenes.want(Math.min(at_ms, this.scenarioNow(this.view)));
  };

  private readonly backToNow = (): void => {
    this.scenes.drop();
    this.scene = null;
  };

  private readonly hand: Hand = {
    do: (control) => void this.control(control),
    askJump: (written) => {
      this.jumpText = written;
      this.asking = "jump";
    },
    askStop: () => (this.asking = "stop"),
    inject: () => (this.injecting ? this.closePalette() : (this.injecting = true)),
    cancel: () => (this.asking = ""),
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (this.view === null || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.escape();
    const target = event.composedPath()[0];
    if (target instanceof Element && target.matches("input, textarea, select, button, a")) return;
    if (this.press(event.key, this.view)) event.preventDefault();
  };

  private escape(): void {
    if (this.picking) this.picking = false;
    else if (this.asking !== "") this.asking = "";
    else if (this.injecting) this.closePalette();
    else this.backToNow();
  }

  private press(key: string, view: RehearsalView): boolean {
    if (key === "z" || key === "Z") {
      this.whole = !(this.whole ?? view.run.state === "ended");
      return true;
    }
    return this.mayDirect() && speedKey(key, view, this.hand);
  }
}
