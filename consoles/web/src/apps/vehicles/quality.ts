/** Reading quality of each camera (读牌质量): what is read now beside what is usual, the last day, and pictures then and now. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import { mayLookUpPlates } from "../../components/video/plate_lane";
import { maySendToWall } from "../../components/video/wall";
import "../../components/video/tile";
import { shared } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import { confidence, lastDay, perHour, strangerShare, unreadShare, type CameraHours, type CameraQuality } from "./quality_numbers";
import "./quality_chart";
import { goTo } from "../tabs";
import { VehiclesTab } from "./shared";

/** The hub counts up once a minute. */
const LOOK_MS = 60_000;

@customElement("vehicles-quality")
export class VehiclesQuality extends VehiclesTab {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) clamp(420px, 38vw, 760px);
        gap: var(--s2);
        height: 100%;
      }
      .panel {
        background: var(--panel);
        border-radius: var(--radius);
        overflow: auto;
        min-height: 0;
        scrollbar-color: var(--line) transparent;
        scrollbar-width: thin;
      }
      .heading {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: var(--s2) var(--s3);
        color: var(--text-2);
        font-size: var(--t1);
      }
      .worse {
        font-weight: 650;
      }
      .detail {
        display: grid;
        align-content: start;
        gap: var(--s3);
        padding: var(--s3);
      }
      .notice {
        padding: var(--s2) var(--s3);
        border-left: 3px solid var(--accent);
        background: var(--raised);
      }
      h2 {
        font-size: var(--t3);
        font-weight: 650;
      }
      .pictures {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: var(--s2);
      }
      .pictures img,
      t-tile {
        width: 100%;
        aspect-ratio: 16 / 9;
        object-fit: cover;
        border-radius: var(--radius);
        background: var(--page);
      }
      figcaption {
        color: var(--text-2);
        font-size: var(--t1);
      }
    `,
  ];

  @state() private cameras: readonly CameraQuality[] | null = null;
  @state() private hours: CameraHours | null = null;
  @state() private refusal = "";
  private asked_ms = -Infinity;
  private askedFor = "";

  protected override updated(_changed: PropertyValues<this>): void {
    const api = this.connection?.api;
    if (!this.active || api === undefined) return;
    const now_ms = performance.now();
    if (now_ms - this.asked_ms < LOOK_MS && this.askedFor === this.detail) return;
    [this.asked_ms, this.askedFor] = [now_ms, this.detail];
    void this.look(api);
  }

  private async look(api: Api): Promise<void> {
    const chosen = this.detail;
    try {
      this.cameras = (await api.get<{ readonly cameras: readonly CameraQuality[] }>("/api/v1/reading-quality")).cameras;
      if (chosen !== "") {
        const hours = await api.get<CameraHours>(`/api/v1/reading-quality/${encodeURIComponent(chosen)}`);
        if (this.detail === chosen) this.hours = hours;
      }
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  override render(): TemplateResult {
    if (this.cameras === null) return this.refusal === "" ? html`<t-state kind="loading"></t-state>` : html`<t-state kind="error" text=${this.refusal}></t-state>`;
    const rows = new Map(this.cameras.map((each) => [each.camera, each]));
    const stopped = this.cameras.filter(isStopped).length;
    const judged = this.cameras.filter((each) => !isStopped(each));
    const worse = judged.filter(({ judgement }) => isWorse(judgement.why)).length;
    const well = judged.filter(({ judgement }) => judgement.why === "").length;
    return html`<section class="panel" aria-label=${t("quality.cameras")}>
        <div class="heading"><span class="grow">${t("quality.cameras")}</span>${stopped === 0 ? nothing : html`<span class="worse">${icon("alert")} ${t("quality.some_stopped", { n: stopped })}</span>`}${worse === 0 ? nothing : html`<span class="worse">${icon("alert")} ${t("quality.some_worse", { n: worse })}</span>`}<span>${t("quality.others", { well, unknown: judged.length - worse - well })}</span></div>
        ${this.refusal === "" ? nothing : html`<t-state kind="error" text=${this.refusal}></t-state>`}
        <t-table label=${t("quality.cameras")} .columns=${this.columns()} .rows=${rows} sortBy="notice" chosen=${this.detail} @choose=${(event: CustomEvent<string>) => goTo("quality", event.detail)}>
          <t-state kind="hint" text=${t("quality.none")}></t-state></t-table>
      </section>
      <section class="panel" aria-label=${t("quality.detail")}>${this.chosen(rows.get(this.detail))}</section>`;
  }

  private columns(): Column<CameraQuality>[] {
    const name = (row: CameraQuality): string => this.rows("cameras").get(row.camera)?.name ?? row.camera;
    return [
      { id: "notice", title: t("quality.notice"), cell: (row) => noticeCell(row), sort: (row) => (isStopped(row) ? -1 : isWorse(row.judgement.why) ? 0 : row.judgement.why === "" ? 1 : 2) * 1000 + (row.judgement.percent ?? 500) },
      { id: "name", title: t("column.name"), cell: name, sort: name },
      { id: "rate", title: t("quality.per_hour"), number: true, cell: (row) => number(perHour(row.now)), sort: (row) => perHour(row.now) ?? -1 },
      { id: "percent", title: t("quality.share_usual"), number: true, cell: (row) => (row.judgement.percent === null ? "—" : `${row.judgement.percent}%`), sort: (row) => row.judgement.percent ?? Infinity },
      { id: "unread", title: t("quality.unread"), number: true, cell: (row) => share(unreadShare(row.now)), sort: (row) => -(unreadShare(row.now) ?? -1) },
      { id: "sure", title: t("quality.sure"), number: true, cell: (row) => share(confidence(row.now)), sort: (row) => confidence(row.now) ?? Infinity },
      { id: "strangers", title: t("quality.strangers"), number: true, cell: (row) => share(strangerShare(row.now)), sort: (row) => -(strangerShare(row.now) ?? -1) },
    ];
  }

  private chosen(row: CameraQuality | undefined): TemplateResult {
    if (row === undefined) return html`<t-state kind="hint" text=${t("quality.choose")}></t-state>`;
    const camera = this.rows("cameras").get(row.camera);
    const hours = this.hours?.camera === row.camera ? this.hours : null;
    return html`<div class="detail">
      <h2>${camera?.name ?? row.camera}</h2>
      ${isStopped(row)
        ? html`<p class="notice">${icon("alert")} <b>${t("quality.stopped")}</b><br />${t("quality.stopped_to_do")}<br /><span class="quiet">${row.no_plates}</span></p>`
        : isWorse(row.judgement.why)
        ? html`<p class="notice">${icon("alert")} <b>${word("reading_why", row.judgement.why ?? "")}</b>${row.judgement.percent === null ? "" : ` · ${t("quality.of_usual", { percent: row.judgement.percent })}`}
            <br />${t("quality.to_do")}</p>`
        : html`<p class="quiet">${row.judgement.why === "" ? t("quality.well") : row.usual === null ? t("quality.unknown_days") : t("quality.unknown")}</p>`}
      <div class="pictures">
        <figure><figcaption>${t("quality.then")}</figcaption>${this.example(row.camera, "then", hours?.then ?? false)}</figure>
        <figure><figcaption>${t("quality.now")}</figcaption>${this.example(row.camera, "now", hours?.now ?? false)}</figure>
        <figure><figcaption>${t("quality.live")}</figcaption>${this.live(camera)}</figure>
      </div>
      ${hours === null ? html`<t-state kind="loading"></t-state>` : this.charts(hours)}
    </div>`;
  }

  private charts(hours: CameraHours): TemplateResult {
    const now_ms = this.now_ms;
    return html`<vehicles-quality-chart label=${t("quality.per_hour")} .bars=${lastDay(hours.hours, perHour, now_ms)} .words=${whole}></vehicles-quality-chart>
      <vehicles-quality-chart label=${t("quality.unread")} .bars=${lastDay(hours.hours, unreadShare, now_ms)} .words=${percent} top="1"></vehicles-quality-chart>
      <vehicles-quality-chart label=${t("quality.sure")} .bars=${lastDay(hours.hours, confidence, now_ms)} .words=${percent} top="1"></vehicles-quality-chart>
      <p class="quiet">${t("quality.legend")}</p>`;
  }

  private example(camera: string, which: "then" | "now", there: boolean): TemplateResult {
    if (!there) return html`<t-state kind="hint" text=${t("scene.none")}></t-state>`;
    // Named by the minute, so that it is asked for anew as the numbers are.
    return html`<img src="/api/v1/reading-quality/${encodeURIComponent(camera)}/${which}.jpg?at=${Math.floor(this.now_ms / LOOK_MS)}" alt=${t(`quality.${which}`)} />`;
  }

  private live(camera: CameraRow | undefined): TemplateResult {
    const { connection, actor } = this;
    if (camera === undefined || connection === null || actor === null) return html`<t-state kind="empty"></t-state>`;
    const screening = { api: connection.api, now_ms: this.now_ms, situation: null, alarms: this.rows("alarms"), hits: this.rows("hits"), mayWall: maySendToWall(actor), mayLookUp: mayLookUpPlates(actor), who: this.who };
    return html`<t-tile .camera=${this.active ? camera : null} .screening=${screening} .now=${this.now_ms}></t-tile>`;
  }
}

function isWorse(why: CameraQuality["judgement"]["why"]): boolean {
  return why !== null && why !== "";
}

/** Its plates are read by nobody at present: no reader starts, for want of a model or otherwise. */
function isStopped(row: CameraQuality): boolean {
  return (row.no_plates ?? "") !== "";
}

function noticeCell(row: CameraQuality): TemplateResult {
  const { judgement } = row;
  if (isStopped(row)) return html`<b>${icon("alert")} ${t("quality.stopped_short")}</b>`;
  if (isWorse(judgement.why)) return html`<b>${icon("alert")} ${word("reading_short", judgement.why ?? "")}</b>`;
  return judgement.why === "" ? html`${icon("check")} ${t("quality.usual")}` : html`<span class="quiet">${t("quality.cannot_say")}</span>`;
}

function number(value: number | null): string {
  return value === null ? "—" : whole(value);
}

function whole(value: number): string {
  return String(Math.round(value));
}

function share(value: number | null): string {
  return value === null ? "—" : percent(value);
}

function percent(value: number): string {
  return `${Math.round(value * 100)}%`;
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-quality": VehiclesQuality;
  }
}
