/** A situation of the record as it was: its time line with a scrubber, the map and the tables at that moment. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../../components/cards";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/table";
import type { Column } from "../../components/table";
import "../../components/timeline";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import "../../map/element";
import { NO_DATA, type MapData } from "../../map/picture";
import type { Api } from "../../sync/api";
import { browserTime } from "../../sync/time";
import type { CameraRow, FenceRow, OrderRow, SituationRow, StationRow, TaskRow } from "../../wire";
import { consoleStyles } from "../console_styles";
import { taskTitle, timeBars, timeMarks } from "../marks";
import { isOpen, ordersOf } from "../picture";
import { doneList } from "./lists";
import { pastFiles, pastFilesStyles } from "./past_files";
import { Latest, pathOfDay, rowsOf, sceneAt, sceneOnMap, surroundings, timeLineOf, type PastLine, type PastSituation, type PastSituations, type Scene } from "./past";
import { lineStyles } from "./styles";

const SHOWN = 200;
/** One step of the keyboard on the scrubber, and one of playing. */
const STEP_MS = 5_000;
const PLAY_EVERY_MS = 500;
/** China has one zone, eight hours ahead. */
const COUNTY_AHEAD_MS = 8 * 3_600_000;

@customElement("rehearsal-replay")
export class Replay extends View {
  static override styles = [
    shared,
    consoleStyles,
    lineStyles,
    pastFilesStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(260px, 340px) minmax(0, 1fr);
        gap: var(--s2);
        height: auto;
        min-height: 0;
      }
      .pick {
        display: block;
        width: 100%;
        min-height: 0;
        padding: 0;
        text-align: left;
        white-space: normal;
        border: none;
        background: none;
      }
      .day {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        align-items: center;
        padding: var(--s2) var(--s3);
      }
      .pick.was {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s1) var(--s2);
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
      }
      .pick.was[aria-current="true"] {
        background: var(--accent-dim);
      }
      .past {
        display: grid;
        grid-template-rows: auto minmax(120px, 20vh) auto minmax(0, 1fr);
        gap: var(--s2);
        min-height: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s4);
        align-items: center;
        padding: var(--s2) var(--s3);
      }
      .head h2 {
        font-size: var(--t3);
        font-weight: 650;
      }
      .at {
        font-size: var(--t4);
        font-weight: 600;
      }
      .scrub {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s3);
        align-items: center;
        padding: 0 var(--s3);
      }
      input[type="range"] {
        padding: 0;
        accent-color: var(--accent);
      }
      .screen {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(340px, 460px);
        gap: var(--s2);
        min-height: 0;
      }
      .tables {
        display: grid;
        grid-template-rows: minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.2fr);
        gap: var(--s2);
        min-height: 0;
      }
      .tables.pictured {
        grid-template-rows: minmax(0, 1fr) minmax(0, 1fr) auto minmax(0, 1.2fr);
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  /** Who did something, by the name people know. */
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  @property({ type: Number }) now = 0;
  @property({ attribute: false }) situations: ReadonlyMap<string, SituationRow> = new Map();
  @property({ type: Boolean }) loaded = false;
  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @property({ attribute: false }) stations: ReadonlyMap<string, StationRow> = new Map();
  @property({ attribute: false }) fences: ReadonlyMap<string, FenceRow> = new Map();
  /** The day whose situations are listed; none for what the tables hold. */
  @state() private day = "";
  @state() private ofDay: PastSituations | null = null;
  @state() private dayFault = "";
  @state() private chosen = "";
  @state() private line: PastLine | null = null;
  /** The newest scene: its tasks are the bars of the time line, whatever moment is looked at. */
  @state() private last: Scene | null = null;
  @state() private scene: Scene | null = null;
  @state() private at_ms = 0;
  @state() private fault = "";
  @state() private playing = false;
  private mapData: MapData = NO_DATA;
  private stopPlaying: (() => void) | null = null;
  private readonly scenes = new Latest<{ readonly id: string; readonly at_ms: number }, Scene>(
    ({ id, at_ms }) => this.fetchScene(id, at_ms),
    (scene, { id }) => {
      if (id === this.chosen) this.scene = scene;
      this.fault = "";
    },
    (error) => (this.fault = describe(error)),
  );

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopPlaying?.();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("scene")) this.mapData = this.scene === null ? NO_DATA : sceneOnMap(this.scene, this.cameras, this.stations);
  }

  override render(): TemplateResult {
    return html`<nav class="panel" aria-label=${t("replay.choose")}>${this.dayField()}${this.day === "" ? this.list() : this.dayList()}</nav>
      <main class="past">${this.past()}</main>`;
  }

  private dayField(): TemplateResult {
    return html`<div class="day">
      <label>${t("replay.day")} <input type="date" max=${isoDay(this.now)} .value=${this.day} @change=${(event: Event) => void this.chooseDay(valueOf(event))} /></label>
      ${this.day === "" ? nothing : html`<button class="bare" @click=${() => void this.chooseDay("")}>${t("replay.recent")}</button>`}
    </div>`;
  }

  private dayList(): TemplateResult {
    const { ofDay } = this;
    if (this.dayFault !== "") return html`<t-state kind="error" text=${this.dayFault}></t-state>`;
    if (ofDay === null) return html`<t-state kind="loading"></t-state>`;
    const rows = ofDay.situations.filter((row) => row.merged_into === "").toReversed();
    return html`<h2 class="heading">${t("replay.choose")}<span class="number">${rows.length}</span></h2>
      ${rows.length === 0 ? html`<t-state kind="hint" text=${t("replay.none_that_day")}></t-state>` : nothing}
      ${repeat(rows, (row) => row.id, (row) => this.ofThatDay(row))}
      ${ofDay.more ? html`<p class="heading">${t("state.too_many", { shown: rows.length, total: `${rows.length}+` })}</p>` : nothing}`;
  }

  private ofThatDay(row: PastSituation): TemplateResult {
    const ended = row.ended_ms === null ? "" : format.duration(row.ended_ms - row.opened_ms);
    return html`<button class="pick was" aria-current=${row.id === this.chosen} @click=${() => void this.choose(row.id)}>
      <t-level level=${row.level} named></t-level><span class="title">${row.title}</span>
      <span class="number quiet">${format.clock(row.opened_ms)}</span><span class="quiet">${ended === "" ? t("replay.not_ended") : t("replay.lasted", { span: ended })}</span>
    </button>`;
  }

  private async chooseDay(day: string): Promise<void> {
    [this.day, this.ofDay, this.dayFault] = [day, null, ""];
    if (day === "") return;
    try {
      const found = await this.api?.get<PastSituations>(pathOfDay(day));
      if (found !== undefined && this.day === day) this.ofDay = found;
    } catch (error) {
      if (this.day === day) this.dayFault = describe(error);
    }
  }

  private list(): TemplateResult {
    const rows = [...this.situations.values()].filter((row) => row.merged_into === "").sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.opened_ms - a.opened_ms);
    const open = rows.filter(isOpen).length;
    return html`<h2 class="heading">${t("replay.choose")}<span class="number">${t("replay.open", { n: open })} · ${t("replay.closed", { n: rows.length - open })}</span></h2>
      ${!this.loaded ? html`<t-state kind="loading"></t-state>` : rows.length === 0 ? html`<t-state kind="hint" text=${t("replay.none")}></t-state>` : nothing}
      ${repeat(rows.slice(0, SHOWN), (row) => row.id, (row) => html`<button class="pick" aria-current=${row.id === this.chosen} @click=${() => void this.choose(row.id)}>
        <t-situation .situation=${row} .now=${this.now} ?chosen=${row.id === this.chosen}></t-situation></button>`)}
      ${rows.length > SHOWN ? html`<p class="heading">${t("state.too_many", { shown: SHOWN, total: rows.length })}</p>` : nothing}`;
  }

  private past(): TemplateResult {
    const { line, scene } = this;
    const wrong = this.fault === "" ? nothing : html`<t-state kind="error" text=${this.fault}></t-state>`;
    if (this.chosen === "") return html`<t-state kind="hint" text=${t("replay.prompt")}></t-state>`;
    if (line === null) return html`${this.fault === "" ? html`<t-state kind="loading" text=${t("replay.folding")}></t-state>` : wrong}`;
    const row = scene === null ? undefined : rowsOf(scene, "situations").get(this.chosen);
    const bars = this.last === null ? [] : timeBars(rowsOf(this.last, "tasks"), this.chosen);
    const units = this.last === null ? new Map() : rowsOf(this.last, "units");
    const facts = new Map(line.facts.map((fact) => [fact.id, fact]));
    const range = this.range();
    return html`<div class="panel head">
        ${row === undefined ? nothing : html`<h2><t-level level=${row.level} named></t-level> ${row.title}</h2><span>${word("situation_state", row.state)}</span><span class="quiet">${row.place?.text ?? ""}</span>`}
        <span class="quiet">${icon("history")} ${t("replay.at")}</span><span class="at number">${format.clock(this.at_ms)}</span>
        <span class="quiet">${format.dateWithYear(this.at_ms)}</span>
        ${line.more ? html`<span class="quiet">${t("state.too_many", { shown: line.facts.length, total: `${line.facts.length}+` })}</span>` : nothing}
        ${wrong}
      </div>
      <t-timeline class="panel" seekable .marks=${timeMarks(facts, this.chosen, units)} .bars=${bars} .now=${this.at_ms} .range=${range}
        @seek=${(event: CustomEvent<number>) => this.go(event.detail)}></t-timeline>
      <div class="scrub">
        <button aria-pressed=${this.playing} @click=${this.togglePlaying}>${icon(this.playing ? "pause" : "play")} ${this.playing ? t("director.pause") : t("replay.play")}</button>
        <input type="range" aria-label=${t("replay.scrub")} aria-valuetext=${format.clock(this.at_ms)} min=${line.opened_ms} max=${this.end_ms()} step=${STEP_MS}
          .value=${String(this.at_ms)} @input=${(event: InputEvent) => this.go(Number(valueOf(event)))} />
      </div>
      ${scene === null ? html`<t-state kind="loading" text=${t("replay.loading", { time: format.clock(this.at_ms) })}></t-state>` : this.screen(scene, row)}`;
  }

  private screen(scene: Scene, row: SituationRow | undefined): TemplateResult {
    const files = pastFiles(scene);
    const orders = new Map(ordersOf(rowsOf(scene, "orders"), this.chosen).map((order) => [order.id, order]));
    return html`<div class="screen">
      <t-map .data=${this.mapData} .fences=${this.fences} .focusOn=${row?.place ?? null} .around=${surroundings(row?.place ?? null)}></t-map>
      <div class="tables ${files === nothing ? "" : "pictured"}">
        <section class="panel"><h2 class="heading">${t("situation.orders")}<span class="number">${orders.size}</span></h2>
          <t-table label=${t("situation.orders")} .columns=${orderColumns(scene)} .rows=${orders}></t-table></section>
        <section class="panel"><h2 class="heading">${t("marks.task")}<span class="number">${rowsOf(scene, "tasks").size}</span></h2>
          <t-table label=${t("marks.task")} .columns=${taskColumns(scene.at_ms)} .rows=${rowsOf(scene, "tasks")} sortBy="due"></t-table></section>
        ${files}
        <section class="panel" tabindex="0" aria-label=${t("director.who_did")}>${doneList(rowsOf(scene, "marks"), rowsOf(scene, "units"), this.who)}</section>
      </div>
    </div>`;
  }

  private fetchScene(id: string, at_ms: number): Promise<Scene> {
    if (this.api === null) throw new Error("no connection to ask");
    return sceneAt(this.api, id, at_ms);
  }

  private async choose(id: string): Promise<void> {
    this.stop();
    this.scenes.drop();
    [this.chosen, this.line, this.last, this.scene, this.fault] = [id, null, null, null, ""];
    try {
      const line = this.api === null ? null : await timeLineOf(this.api, id);
      if (line === null || this.chosen !== id) return;
      const last = await this.fetchScene(id, this.until(id, (line.facts.at(-1)?.at_ms ?? line.opened_ms) + 1));
      if (this.chosen !== id) return;
      [this.line, this.last, this.scene, this.at_ms] = [line, last, last, last.at_ms];
    } catch (error) {
      if (this.chosen === id) this.fault = describe(error);
    }
  }

  /** To the last fact; of an open one to now: units go on looking for hours of which nothing else is told. */
  private until(id: string, last_ms: number): number {
    const row = this.situations.get(id);
    return row === undefined || !isOpen(row) ? last_ms : Math.max(last_ms, this.now);
  }

  private end_ms(): number {
    return this.last?.at_ms ?? this.at_ms;
  }

  private range(): readonly [number, number] {
    const from = this.line?.opened_ms ?? 0;
    const span = Math.max(60_000, this.end_ms() - from);
    return [from - span * 0.02, from + span * 1.06];
  }

  private go(at_ms: number): void {
    this.at_ms = Math.round(Math.min(this.end_ms(), Math.max(this.line?.opened_ms ?? 0, at_ms)));
    void this.scenes.want({ id: this.chosen, at_ms: this.at_ms });
  }

  private readonly togglePlaying = (): void => {
    if (this.playing) this.stop();
    else {
      this.playing = true;
      if (this.at_ms >= this.end_ms()) this.go(this.line?.opened_ms ?? 0);
      this.playOn();
    }
  };

  /** Through the whole of it in about a minute, never slower than it was. */
  private playOn(): void {
    this.stopPlaying = browserTime.after(PLAY_EVERY_MS, () => {
      const step_ms = Math.max(PLAY_EVERY_MS, (this.end_ms() - (this.line?.opened_ms ?? 0)) / 120);
      if (!this.scenes.busy) this.go(this.at_ms + step_ms);
      if (this.at_ms < this.end_ms()) this.playOn();
      else this.stop();
    });
  }

  private stop(): void {
    this.stopPlaying?.();
    this.playing = false;
  }
}

/** 2026-11-21, the day it is in the county. */
function isoDay(at_ms: number): string {
  return new Date(at_ms + COUNTY_AHEAD_MS).toISOString().slice(0, 10);
}

function orderColumns(scene: Scene): readonly Column<OrderRow>[] {
  const units = rowsOf(scene, "units");
  const time = (at_ms: number | null): string => (at_ms === null ? "–" : format.clock(at_ms));
  return [
    { id: "unit", title: t("inject.unit"), cell: (row) => html`<t-unit-state state=${units.get(row.unit)?.state ?? "off"}></t-unit-state> ${units.get(row.unit)?.name ?? row.unit}` },
    { id: "state", title: t("marks.result"), cell: (row) => word("order_state", row.state) },
    { id: "issued", title: word("fact", "order_issued"), number: true, cell: (row) => time(row.issued_ms) },
    { id: "signed", title: word("fact", "order_signed"), number: true, cell: (row) => time(row.signed_ms) },
    { id: "arrived", title: word("fact", "order_arrived"), number: true, cell: (row) => time(row.arrived_ms) },
  ];
}

function taskColumns(at_ms: number): readonly Column<TaskRow>[] {
  return [
    { id: "task", title: t("marks.task"), cell: (row) => html`<span style="white-space:normal">${taskTitle(row)}</span>` },
    { id: "due", title: t("marks.planned"), number: true, sort: (row) => row.due_ms, cell: (row) => format.clock(row.due_ms).slice(0, 5) },
    {
      id: "state",
      title: t("marks.result"),
      cell: (row) => {
        const late_ms = row.state === "dropped" ? 0 : (row.done_ms ?? at_ms) - row.due_ms;
        const late = late_ms > 0 ? t("time.late", { span: format.duration(late_ms) }) : "";
        return html`<span class=${late_ms > 0 ? "stale" : ""}>${word("task_state", row.state)} ${late}</span>`;
      },
    },
  ];
}
