/** The right of the desk under its map: recommended units with why, then units, cameras, fences, watch list, messages. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/table";
import type { Column } from "../../components/table";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { CAMERA_TYPE, type Screening } from "../../components/video/context";
import { meaningOf } from "../../components/video/reasons";
import "../../components/video/tile";
import { sentBy, WALL } from "../../components/video/wall";
import type { CameraRow, FenceRow, MessageRow, Recommendation, UnitRow, WatchRow } from "../../wire";
import { consoleStyles } from "../console_styles";
import { positionAge_ms } from "../picture";
import { untilText } from "../vehicles/watch_words";
import { whyWords, type Desk } from "./context";
import { mayLookUpPatrols } from "./past/wire";

const TABS = ["recommended", "units", "cameras", "fences", "watches", "messages"] as const;
export type Tab = (typeof TABS)[number];

/** Tells `fill` with a command line, `look` ({lat, lon}) at a place, `track` (a unit's id), `watch` (a camera's id) and `recordings` ({camera, from_ms}). */
@customElement("desk-side")
export class Side extends View {
  static override styles = [
    shared,
    consoleStyles,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: 100%;
      }
      [role="tablist"] {
        display: flex;
        flex-wrap: wrap;
        border-bottom: var(--hair) solid var(--line);
      }
      [role="tab"] {
        border: none;
        border-radius: 0;
        background: none;
        color: var(--text-2);
        padding: 0 clamp(var(--s1), 0.6vw, var(--s3));
      }
      [role="tab"][aria-selected="true"] {
        color: var(--text);
        box-shadow: inset 0 -2px var(--accent);
      }
      .content {
        overflow: auto;
        scrollbar-color: var(--line) transparent;
      }
      t-table {
        height: 100%;
      }
      .option {
        display: grid;
        grid-template-columns: 1.6em minmax(2.6em, max-content) minmax(0, 1fr) auto auto;
        gap: var(--s2);
        align-items: center;
        padding: var(--s1) var(--s3);
        border-bottom: var(--hair) solid var(--line);
      }
      .option b {
        font-weight: 650;
      }
      .camera {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: 100%;
      }
      .camera t-tile {
        aspect-ratio: 16 / 9;
        max-height: 240px;
      }
      .drag {
        cursor: grab;
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @property({ attribute: false }) screening: Screening | null = null;
  @property() tab: Tab = "recommended";
  @state() private camera = "";

  override render(): TemplateResult {
    const desk = this.desk;
    if (desk === null) return html``;
    return html`<div role="tablist" @keydown=${this.onKey}>
        ${TABS.map(
          (tab) => html`<button role="tab" id=${tab} aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1} @click=${() => (this.tab = tab)}>${t(`side.${tab}`)}</button>`,
        )}
      </div>
      <div class="content" role="tabpanel" aria-labelledby=${this.tab}>${this.content(desk)}</div>`;
  }

  /** Show a camera's picture, as when it was pressed on the map. */
  play(camera: string): void {
    this.tab = "cameras";
    this.camera = camera;
  }

  private content(desk: Desk): TemplateResult {
    switch (this.tab) {
      case "recommended":
        return this.recommended(desk);
      case "units":
        return html`<t-table label=${t("side.units")} .columns=${this.unitColumns(desk)} .rows=${desk.store.rows("units")} sortBy="name" @choose=${this.onUnit}></t-table>`;
      case "cameras":
        return this.cameras(desk);
      case "fences":
        return html`<t-table label=${t("side.fences")} .columns=${fenceColumns()} .rows=${desk.store.rows("fences")} sortBy="name" @choose=${this.onFence}></t-table>`;
      case "watches":
        return html`<t-table label=${t("side.watches")} .columns=${watchColumns(desk)} .rows=${desk.store.rows("watches")} sortBy="state"></t-table>`;
      case "messages":
        return html`<t-table label=${t("side.messages")} .columns=${messageColumns(desk)} .rows=${desk.store.rows("messages")} sortBy="at"></t-table>`;
    }
  }

  private recommended(desk: Desk): TemplateResult {
    if (desk.situation === null) return html`<t-state kind="hint" text=${t("wrong.no_situation")}></t-state>`;
    if (desk.situation.place === null) return html`<t-state kind="hint" text=${t("side.no_place")}></t-state>`;
    if (desk.recommended.length === 0) return html`<t-state kind="hint" text=${t("side.none_free")}></t-state>`;
    return html`${desk.recommended.map((each, index) => this.option(desk, each, index))}`;
  }

  private option(desk: Desk, each: Recommendation, index: number): TemplateResult {
    const unit = desk.store.rows("units").get(each.unit);
    const name = unit?.name ?? each.unit;
    return html`<div class="option">
      <span>${index < 9 ? html`<kbd>${index + 1}</kbd>` : nothing}</span>
      <b>${name}</b>
      <span class="quiet">${whyWords(each.why)} · ${word("unit_kind", unit?.kind ?? "")}</span>
      <span class="number">${format.distance(each.distance_m)}<br /><span class="quiet">${t("side.arrival", { span: format.duration(each.arrival_s * 1_000) })}</span></span>
      <button @click=${() => this.tell("fill", `D ${name} `)}>${t("side.send")}</button>
    </div>`;
  }

  private unitColumns(desk: Desk): Column<UnitRow>[] {
    const age = (row: UnitRow): number | null => positionAge_ms(desk.store.rows("positions").get(row.id), desk.now_ms);
    return [
      { id: "name", title: t("column.unit"), cell: (row) => row.name, sort: (row) => row.name },
      { id: "state", title: t("column.state"), cell: (row) => html`<t-unit-state state=${row.state} named></t-unit-state>`, sort: (row) => row.state },
      { id: "kind", title: t("column.kind"), cell: (row) => word("unit_kind", row.kind), sort: (row) => row.kind },
      { id: "station", title: t("column.station"), cell: (row) => desk.store.rows("stations").get(row.station)?.name ?? row.station, sort: (row) => row.station },
      { id: "fix", title: t("column.fix"), number: true, cell: (row) => fixWords(age(row)), sort: (row) => age(row) ?? Infinity },
      ...(mayLookUpPatrols(desk.actor) ? [{ id: "track", title: t("past.tab"), cell: this.trackButton }] : []),
    ];
  }

  private readonly trackButton = (row: UnitRow): TemplateResult => {
    const open = (event: Event): void => {
      event.stopPropagation();
      this.tell("track", row.id);
    };
    // Enter is for the button, not for the line that it stands in.
    const enter = (event: KeyboardEvent): void => void (event.key === "Enter" && event.stopPropagation());
    const words = t("past.to_track", { unit: row.name });
    return html`<button class="bare" style="min-height:0;padding:0 4px" aria-label=${words} title=${words} @click=${open} @keydown=${enter}>${icon("history")}</button>`;
  };

  private cameras(desk: Desk): TemplateResult {
    const rows = desk.store.rows("cameras");
    const columns: Column<CameraRow>[] = [
      { id: "name", title: t("column.name"), cell: draggable, sort: (row) => row.name },
      { id: "state", title: t("column.state"), cell: (row) => word("camera_state", row.state), sort: (row) => row.state },
      { id: "reason", title: t("column.reason"), cell: (row) => wrapping([meaningOf(row.reason), row.reason].filter((words) => words !== "").join(" · ")), sort: (row) => row.reason },
    ];
    const camera = rows.get(this.camera);
    return html`<div class="camera">
      ${camera === undefined
        ? html`<span></span>`
        : html`<t-tile .camera=${camera} .screening=${this.screening} .now=${desk.now_ms} sentBy=${sentBy(desk.store.rows("screens").get(WALL), desk.who).get(camera.id) ?? ""} @pin=${() => this.tell("watch", camera.id)} @enlarge=${() => this.tell("watch", camera.id)}
            @playback=${(event: CustomEvent<number>) => this.tell("recordings", { camera: camera.id, from_ms: event.detail })} @remove=${() => (this.camera = "")}></t-tile>`}
      <t-table label=${t("side.cameras")} .columns=${columns} .rows=${rows} sortBy="name" chosen=${this.camera} @choose=${this.onCamera}></t-table>
    </div>`;
  }

  private readonly onUnit = (event: CustomEvent<string>): void => {
    const position = this.desk?.store.rows("positions").get(event.detail);
    if (position !== undefined) this.tell("look", { lat: position.lat, lon: position.lon });
  };

  private readonly onCamera = (event: CustomEvent<string>): void => {
    this.camera = event.detail;
    const camera = this.desk?.store.rows("cameras").get(event.detail);
    if (camera !== undefined) this.tell("look", { lat: camera.lat, lon: camera.lon });
  };

  private readonly onFence = (event: CustomEvent<string>): void => {
    const [lon, lat] = this.desk?.store.rows("fences").get(event.detail)?.ring[0] ?? [];
    if (lon !== undefined && lat !== undefined) this.tell("look", { lat, lon });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length];
    if (next === undefined) return;
    this.tab = next;
    this.renderRoot.querySelector<HTMLElement>(`#${next}`)?.focus();
  };
}

function draggable(row: CameraRow): TemplateResult {
  return html`<span class="drag" draggable="true" @dragstart=${(event: DragEvent) => event.dataTransfer?.setData(CAMERA_TYPE, row.id)}>${row.name}</span>`;
}

function fixWords(age_ms: number | null): string {
  return age_ms === null ? "—" : format.duration(age_ms);
}

function fenceColumns(): Column<FenceRow>[] {
  return [
    { id: "name", title: t("column.name"), cell: (row) => row.name, sort: (row) => row.name },
    { id: "kind", title: t("column.kind"), cell: (row) => word("fence", row.kind), sort: (row) => row.kind },
  ];
}

function watchColumns(desk: Desk): Column<WatchRow>[] {
  return [
    { id: "pattern", title: t("column.pattern"), cell: (row) => row.pattern, sort: (row) => row.pattern },
    { id: "state", title: t("column.state"), cell: (row) => word("watch_state", row.state), sort: (row) => row.state },
    { id: "reason", title: t("column.reason"), cell: (row) => wrapping(row.reason) },
    { id: "hits", title: t("column.hits"), number: true, cell: (row) => String(row.hits), sort: (row) => -row.hits },
    { id: "until", title: t("column.until"), number: true, cell: (row) => untilText(row.until_ms, (at_ms) => format.moment(at_ms, desk.now_ms)), sort: (row) => row.until_ms },
  ];
}

function messageColumns(desk: Desk): Column<MessageRow>[] {
  return [
    { id: "at", title: t("column.at"), cell: (row) => format.instant(row.queued_ms, desk.now_ms), sort: (row) => -row.queued_ms },
    { id: "to", title: t("column.to"), cell: (row) => row.to, sort: (row) => row.to },
    { id: "state", title: t("column.state"), cell: (row) => word("message_state", row.state), sort: (row) => row.state },
    { id: "text", title: t("column.text"), cell: (row) => wrapping(row.text) },
  ];
}

/** Sentences take as many lines as they need; names and numbers stay on one. */
function wrapping(words: string): TemplateResult {
  return html`<span style="white-space:normal">${words}</span>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-side": Side;
  }
}
