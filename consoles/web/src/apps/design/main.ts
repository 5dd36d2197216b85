/** The design catalogue: every component in every state, on one page that tests take pictures of. */

import { css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../../components/cards";
import "../../components/command_line";
import type { Command } from "../../components/commands";
import { icon } from "../../components/icons";
import "../../components/marks";
import "../../components/plate";
import "../../components/scene";
import "../../components/secret_sheet";
import { LEVEL_COLOURS, UNIT_COLOURS } from "../../components/shapes";
import "../../components/sos";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import "../../components/timeline";
import { shared, View } from "../../components/view";
import { fit } from "../../i18n/pinyin";
import { language, setLanguage, t, word } from "../../i18n/i18n";
import "../../map/element";
import { NO_DATA } from "../../map/picture";
import { Sounds, TONES, type SoundName } from "../../media/sounds";
import type { LiveState } from "../../sync/live";
import type { Level, UnitRow, UnitState } from "../../wire";
import { show } from "../page";
import { tiles } from "./tiles";
import { vehicles } from "./vehicles";
import { ALARMS, BARS, CAMERAS, MANY_UNITS, MARKS, NOW_MS, POSITIONS, SITUATIONS, UNITS } from "./samples";

const PLATES: readonly (readonly [string, string, string])[] = [
  ["湘F3M586", "blue", "ordinary"], ["湘F0U918", "yellow", "ordinary"], ["湘FD60275", "green", "new_energy_small"], ["湘F12345D", "yellow_green", "new_energy_large"],
  ["湘F0123警", "white", "police"], ["粤Z1234港", "black", "hong_kong_macau"], ["湘F7B20挂", "yellow", "trailer"], ["湘F1A203", "unknown", "ordinary"], ["湘F1A203", "", ""],
]; // prettier-ignore
const UNSURE_READING = [0.99, 0.98, 0.99, 0.71, 0.97, 0.99, 0.99];
const LEVELS: readonly Level[] = [1, 2, 3, 4];
const STATES = Object.keys(UNIT_COLOURS) as UnitState[];
const PHASES: readonly (readonly [LiveState["phase"], number | null])[] = [["live", 420], ["connecting", null], ["stale", 4_200], ["offline", 134_000]];

@customElement("app-design")
export class Design extends View {
  static override styles = [
    shared,
    css`
      :host {
        max-width: 1400px;
        margin: 0 auto;
        padding: var(--s5);
      }
      h1 {
        font-size: var(--t5);
        font-weight: 650;
      }
      h2 {
        font-size: var(--t3);
        font-weight: 650;
        margin: var(--s6) 0 var(--s3);
        padding-bottom: var(--s1);
        border-bottom: var(--hair) solid var(--line);
      }
      .wrap {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s3) var(--s5);
        align-items: center;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(300px, 1fr));
        gap: var(--s3);
        align-items: start;
      }
      .swatch {
        width: 120px;
        font-size: var(--t1);
      }
      .swatch i {
        display: block;
        height: 40px;
        border-radius: var(--radius);
        border: var(--hair) solid var(--line);
      }
      .panel {
        background: var(--panel);
        border-radius: var(--radius);
      }
      .tiles {
        display: grid;
        grid-template-columns: repeat(auto-fill, 320px);
        gap: var(--s3);
      }
      t-tile {
        aspect-ratio: 16 / 9;
      }
      t-tile.small {
        width: 176px;
      }
      t-map {
        height: 480px;
      }
      t-timeline {
        height: 180px;
        background: var(--panel);
      }
      t-table {
        height: 240px;
        background: var(--panel);
      }
    `,
  ];

  @state() private columns: readonly Column<UnitRow>[] = [];
  private readonly sounds = new Sounds();
  private readonly mapData = {
    ...NO_DATA,
    units: UNITS,
    positions: POSITIONS,
    cameras: CAMERAS,
    situations: new Map(SITUATIONS.map((row) => [row.id, row])),
    alarms: new Map(ALARMS.map(({ row }) => [row.id, { ...row, subject: row.id === "a1" ? "u4" : row.subject }])),
    chosen: new Set(["s1", "u3", "c1"]),
  };

  override render(): TemplateResult {
    return html`<main>
      <div class="row">
        <h1 class="grow">${t("design.title")}</h1>
        <button @click=${() => setLanguage(language() === "zh" ? "en" : "zh")}>${icon("languages")} ${t("action.language")}</button>
      </div>
      <p class="quiet">${t("design.about")}</p>
      ${this.tokens()} ${this.marks()} ${this.states()} ${this.cards()} ${this.controls()} ${this.lists()} ${this.pictures()} ${vehicles()}
    </main>`;
  }

  private tokens(): TemplateResult {
    const names = ["page", "panel", "raised", "line", "text", "text-2", "quiet", "accent", "rehearsal"];
    return html`<h2>Tokens</h2>
      <div class="wrap">
        ${names.map((name) => html`<div class="swatch"><i style="background:var(--${name})"></i>${name}</div>`)}
        <div class="swatch"><i style="background:var(--raised) var(--hatch)"></i>stale</div>
        ${Object.entries(LEVEL_COLOURS).map(([level, colour]) => html`<div class="swatch"><i style="background:${colour}"></i>level ${level}</div>`)}
      </div>
      <p style="font-size:var(--t5)">36 岳阳县应急指挥中心 0123456789</p>
      <p style="font-size:var(--t4)">24 岳阳县应急指挥中心 0123456789</p>
      <p style="font-size:var(--t3)">18 岳阳县应急指挥中心 0123456789</p>
      <p style="font-size:var(--t2)">15 岳阳县应急指挥中心 0123456789</p>
      <p style="font-size:var(--t1)">13 岳阳县应急指挥中心 0123456789</p>`;
  }

  private marks(): TemplateResult {
    return html`<h2>t-plate · t-plate-reading · t-scene</h2>
      <div class="wrap">${PLATES.map(([plate, colour, kind]) => html`<t-plate plate=${plate} colour=${colour} kind=${kind}></t-plate>`)}</div>
      <div class="wrap"><t-plate plate="湘F62108" colour="blue" .confidences=${UNSURE_READING}></t-plate>
        <t-plate-reading plate="湘F62108" .confidences=${UNSURE_READING} expected="湘F6Z108"></t-plate-reading><t-scene></t-scene></div>
      <h2>t-level · t-unit-state · t-age</h2>
      <div class="wrap">${LEVELS.map((level) => html`<t-level level=${level} named></t-level>`)}</div>
      <div class="wrap">${STATES.map((each) => html`<t-unit-state state=${each} named></t-unit-state>`)}</div>
      <div class="wrap">
        ${PHASES.map(([phase, age]) => html`<t-age .live=${liveState(phase)} .clock=${{ age_ms: () => age }}></t-age>`)}
      </div>`;
  }

  private states(): TemplateResult {
    return html`<h2>t-state · t-confirm · t-secret</h2>
      <div class="grid">
        ${(["empty", "hint", "loading", "error", "stale", "offline", "no_right"] as const).map(
          (kind) => html`<div class="panel"><t-state kind=${kind} text=${kind === "stale" ? "12 秒" : kind === "error" ? "409 conflict" : ""}></t-state></div>`,
        )}
        <div class="panel"><t-state kind="hint" text=${t("state.too_many", { shown: 100, total: 2_000 })}></t-state></div>
        <t-confirm question="终止预案「危化品运输事故」？" consequence="4 项进行中的任务将取消，不能恢复。" reason="为什么终止"></t-confirm>
        <t-secret once=${t("accounts.once")} label=${t("accounts.sheet", { name: "yue01" })} text=${t("accounts.sheet_text", { name: "yue01", password: "Xq3-example", url: "https://hub.county.example" })}></t-secret>
      </div>`;
  }

  private cards(): TemplateResult {
    return html`<h2>t-alarm · t-situation</h2>
      <div class="grid">
        <div class="panel">
          ${SITUATIONS.map((row, i) => html`<t-situation .situation=${row} .now=${NOW_MS} units=${i === 0 ? 6 : 0} ?chosen=${i === 1} pinned=${i === 0 ? "李娜" : ""}></t-situation>`)}
        </div>
        ${ALARMS.map(({ row, subject }) => html`<t-alarm .alarm=${row} subject=${subject} owner=${row.taken_by} .now=${NOW_MS}></t-alarm>`)}
        <div>${ALARMS.slice(0, 3).map(({ row, subject }) => html`<t-alarm quiet .alarm=${row} subject=${subject} owner=${row.taken_by} .now=${NOW_MS}></t-alarm>`)}</div>
      </div>`;
  }

  private controls(): TemplateResult {
    const commands: Command[] = [
      { verb: "D", names: ["派警", "Dispatch"], takes: "several", plan: (_w, chosen) => ({ will: `派 ${chosen.map((c) => c.label).join("、")}`, run: () => Promise.resolve() }),
        choices: () => [...UNITS.values()].map((unit) => ({ id: unit.id, label: unit.name, names: [], why: word("unit_state", unit.state) })) },
      { verb: "L", names: ["定级", "Level"], takes: "text", plan: ([n]) => fit(n ?? "", ["1", "2", "3", "4"]) === 0 ? { will: `定为 ${n ?? ""} 级`, run: () => Promise.resolve(), consequence: "所有坐席和大屏都会看到。" } : { wrong: "1–4" } },
    ];
    return html`<h2>button · input · t-command · t-sos · sounds</h2>
      <div class="wrap">
        <button class="primary">${icon("phone")} 接警 <kbd>Enter</kbd></button><button>${icon("send")} 派警</button>
        <button class="bare">取消</button><button disabled>不可用</button>
        <input style="width:220px" placeholder=${t("login.name")} aria-label=${t("login.name")} /><select style="width:120px" aria-label=${t("form.level")}><option>II 重大</option></select>
      </div>
      <div style="margin:var(--s3) 0 260px"><t-command .commands=${commands}></t-command></div>
      <div class="wrap">
        ${(["ready", "trying", "signed_out", "through", "refused", "none"] as const).map((each) => html`<t-sos state=${each} detail="单位已离岗"></t-sos>`)}
      </div>
      <div class="wrap">${(Object.keys(TONES) as SoundName[]).map((name) => html`<button @click=${() => void this.sound(name)}>${icon("sound")} ${name}</button>`)}</div>`;
  }

  private lists(): TemplateResult {
    if (this.columns.length === 0) {
      this.columns = [
        { id: "name", title: t("role.officer"), cell: (row) => row.name, sort: (row) => row.name },
        { id: "state", title: "状态", cell: (row) => html`<t-unit-state state=${row.state} named></t-unit-state>`, sort: (row) => row.state },
        { id: "speed", title: "km/h", number: true, cell: (row) => String(POSITIONS.get(row.id)?.speed_kmh ?? ""), sort: (row) => POSITIONS.get(row.id)?.speed_kmh ?? 0 },
      ];
    }
    return html`<h2>t-table · t-timeline</h2>
      <t-table label="units" .columns=${this.columns} .rows=${UNITS} sortBy="name" chosen="u3"></t-table>
      <p></p>
      <t-table label="many" style="height:160px" .columns=${this.columns} .rows=${MANY_UNITS} sortBy="name"></t-table>
      <p></p>
      <t-table label="none" style="height:auto"></t-table>
      <p></p>
      <t-timeline .marks=${MARKS} .bars=${BARS} .now=${NOW_MS}></t-timeline>
      <p></p>
      <t-timeline .now=${NOW_MS}></t-timeline>`;
  }

  private pictures(): TemplateResult {
    return html`<h2>t-map</h2>
      <t-map .data=${this.mapData}></t-map>
      ${tiles()}`;
  }

  private async sound(name: SoundName): Promise<void> {
    await this.sounds.allow();
    this.sounds.play(name);
  }
}

function liveState(phase: LiveState["phase"]): LiveState {
  return { phase, actor: null, space: "live", release: "", fits: true, accepting: true, refusal: null, retry_ms: null };
}

show("app-design");
