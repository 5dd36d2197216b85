/** Fences (围栏): patrol areas and forbidden areas, listed, seen on the map, drawn, changed and removed. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { MapPath } from "../../map/paths";
import { NO_DATA, type MapData } from "../../map/picture";
import "../../map/ring_drawing";
import type { Corner } from "../../map/typed";
import type { Connection } from "../../sync/connect";
import type { FenceRow, Place, Request, UnitRow } from "../../wire";
import { Kept } from "../kept";
import "./fence_form";
import { area_km2, areaText, sameRing, usersOf } from "./fence_words";
import { searchField } from "./search_field";
import { adminStyles, formStyles } from "./styles";
import { freeId, rowsFound } from "./unit_words";

/** As many as the hub takes. */
const MOST_CORNERS = 2000;

@customElement("admin-fences")
export class AdminFences extends View {
  static override styles = [
    shared,
    adminStyles,
    formStyles,
    css`
      :host {
        grid-template-columns: minmax(0, 0.9fr) clamp(300px, 23vw, 440px) minmax(0, 1.3fr);
      }
      section.drawn {
        grid-template-rows: minmax(0, 1fr);
      }
      .outcome {
        padding: var(--s2) var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ type: Number }) revision = 0;
  @property({ type: Boolean }) active = false;
  @state() private words = "";
  @state() private chosen = "";
  @state() private making = false;
  /** The shape is being drawn or changed: until then no stray press on the map touches it. */
  @state() private drawing = false;
  @state() private corners: readonly Corner[] = [];
  @state() private busy = false;
  @state() private said = "";
  @state() private refusal = "";
  /** Shapes that were drawn and not saved, by their fences; "" is a new one. */
  private readonly unsaved = new Map<string, readonly Corner[]>();
  private readonly mapData = new Kept(["stations"], () => this.data());
  /** Where to look, made anew only for another fence. */
  private looked: { readonly focusOn: Place | null; readonly around: readonly Place[] } = { focusOn: null, around: [] };

  protected override shouldUpdate(changed: Map<PropertyKey, unknown>): boolean {
    return this.active || changed.has("active");
  }

  private data(): MapData {
    return { ...NO_DATA, stations: this.connection?.store.rows("stations") ?? NO_DATA.stations };
  }

  override render(): TemplateResult {
    const { connection } = this;
    if (connection === null) return html``;
    const fences = connection.store.rows("fences");
    const units = connection.store.rows("units");
    const columns = columnsOf(units);
    const found = rowsFound(fences, this.words, ({ name, kind }) => `${name} ${word("fence", kind)}`);
    return html`<section aria-label=${t("admin.fences")}>
        <div class="head">
          ${searchField(t("fences.find"), this.words, (words) => (this.words = words))}
          <button type="button" class="primary" @click=${() => this.begin(null, true)}>${icon("plus")} ${t("fences.new")}</button>
        </div>
        <div class="scroll"><t-table label=${t("admin.fences")} .columns=${columns} .rows=${found} sortBy="name" chosen=${this.chosen} @choose=${(event: CustomEvent<string>) => this.begin(fences.get(event.detail) ?? null, false)}><t-state kind="hint" text=${t(fences.size === 0 ? "fences.none" : "units.none_fits")}></t-state></t-table></div>
      </section>
      <section aria-label=${t("fences.one")}><div>${this.outcome()}</div><div class="scroll">${this.work(fences, units)}</div></section>
      <section class="drawn" aria-label=${t("fences.map")}>${this.map(connection, fences)}</section>`;
  }

  private outcome(): TemplateResult {
    return html`${this.refusal === "" ? "" : html`<p class="bad" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.said === "" ? "" : html`<p class="outcome">${icon("check")} ${this.said}</p>`}</div>`;
  }

  private work(fences: ReadonlyMap<string, FenceRow>, units: ReadonlyMap<string, UnitRow>): TemplateResult {
    const fence = fences.get(this.chosen) ?? null;
    if (!this.making && fence === null) return html`<t-state kind="hint" text=${t("fences.choose")}></t-state>`;
    const row = this.making ? "" : this.chosen;
    return html`<div class="work" @save=${(event: CustomEvent<Request>) => void this.save(event.detail)} @redraw=${() => (this.drawing = true)} @revert=${() => this.revert(fence)}><h2>${this.making ? t("fences.new") : fence?.name}</h2>
      ${keyed(row, html`<fence-form row=${row} .taken=${fences} free=${freeId("f", fences.keys())} ?busy=${this.busy} .fence=${this.making ? null : fence} .corners=${this.corners}
        .users=${usersOf(row, units)} ?drawing=${this.drawing} ?redrawn=${fence !== null && !sameRing(fence.ring, this.corners)}></fence-form>`)}</div>`;
  }

  /** All fences, the chosen one over the others. */
  private map({ store }: Connection, fences: ReadonlyMap<string, FenceRow>): TemplateResult {
    const data = this.mapData.get(store);
    if (!this.drawing) {
      const path: MapPath = { points: this.corners.map(([lon, lat]) => ({ lon, lat })), closed: true, dashed: false, strong: true };
      return html`<t-map .data=${data} .fences=${fences} .focusOn=${this.looked.focusOn} .around=${this.looked.around} .paths=${this.chosen === "" ? [] : [path]}></t-map>`;
    }
    return html`<ring-drawing .data=${data} .fences=${fences} .focusOn=${this.looked.focusOn} .around=${this.looked.around} .corners=${this.corners} most=${MOST_CORNERS}
      @ring=${(event: CustomEvent<readonly Corner[]>) => (this.corners = event.detail)}></ring-drawing>`;
  }

  private begin(fence: FenceRow | null, making: boolean): void {
    this.keepUnsaved();
    const row = fence?.id ?? "";
    const drawn = making || fence !== null ? this.unsaved.get(row) : undefined;
    [this.chosen, this.making, this.drawing, this.corners, this.said, this.refusal] = [row, making, making || drawn !== undefined, drawn ?? fence?.ring ?? [], "", ""];
    const [first = null, ...around] = (fence?.ring ?? []).map(([lon, lat]): Place => ({ lat, lon, text: "", source: "map", uncertainty_m: null }));
    this.looked = { focusOn: first, around };
  }

  /** A look at another fence loses nothing that was drawn. */
  private keepUnsaved(): void {
    const saved = this.connection?.store.rows("fences").get(this.chosen)?.ring;
    if (this.making || (saved !== undefined && !sameRing(saved, this.corners))) this.unsaved.set(this.chosen, this.corners);
    else this.unsaved.delete(this.chosen);
  }

  private revert(fence: FenceRow | null): void {
    [this.drawing, this.corners] = [false, fence?.ring ?? []];
  }

  private async save(request: Request): Promise<void> {
    const { connection } = this;
    if (connection === null || this.busy) return;
    [this.busy, this.said, this.refusal] = [true, "", ""];
    const name = connection.store.rows("fences").get(this.chosen)?.name ?? "";
    try {
      const { subject } = await connection.api.request(request);
      this.unsaved.delete(this.chosen);
      if (request.request === "remove_fence") [this.chosen, this.drawing, this.corners] = ["", false, []];
      else [this.chosen, this.making, this.drawing] = [subject, false, false];
      this.said = request.request === "remove_fence" ? t("fences.removed", { name }) : t("units.saved");
    } catch (error) {
      this.refusal = describe(error);
    } finally {
      this.busy = false;
    }
  }
}

function columnsOf(units: ReadonlyMap<string, UnitRow>): readonly Column<FenceRow>[] {
  const users = (fence: FenceRow): number => usersOf(fence.id, units).length;
  return [
    { id: "name", title: t("column.name"), cell: ({ name }) => name, sort: ({ name }) => name },
    { id: "kind", title: t("column.kind"), cell: ({ kind }) => word("fence", kind), sort: ({ kind }) => kind },
    { id: "units", title: t("fences.units"), number: true, cell: (fence) => String(users(fence)), sort: users },
    { id: "size", title: t("fences.size"), number: true, cell: ({ ring }) => areaText(ring), sort: ({ ring }) => area_km2(ring) },
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-fences": AdminFences;
  }
}
