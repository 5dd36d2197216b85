/** Stations, units and their devices (单位与终端): listed as the tables stream them, enrolled and changed, and devices' tokens. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { icon } from "../../components/icons";
import "../../components/secret_sheet";
import "../../components/states";
import "../../components/table";
import { t } from "../../i18n/i18n";
import "../../map/element";
import type { Picked } from "../../map/element";
import { NO_DATA, type MapData } from "../../map/picture";
import type { Pressed } from "../../map/symbols_layer";
import type { Api } from "../../sync/api";
import type { Connection } from "../../sync/connect";
import type { Answer } from "../../sync/api";
import type { DeviceRow, DeviceTokens, MadeToken, Place, Request } from "../../wire";
import { Kept } from "../kept";
import { Panel } from "../panel";
import "./device_form";
import "./device_token";
import "./station_form";
import { searchField } from "./search_field";
import { adminStyles, formStyles } from "./styles";
import { isLoopback, tokenSheet } from "./token_sheet";
import "./unit_form";
import { listOf } from "./unit_lists";
import { freeId, KINDS, needsToken, type Kind } from "./unit_words";
import "./retire_one";

/** What ids begin with that the page proposes; a device's is its own. */
const PREFIX: Readonly<Record<Kind, string>> = { stations: "st", units: "u", devices: "" };

@customElement("admin-units")
export class AdminUnits extends Panel {
  static override styles = [
    ...Panel.styles,
    adminStyles,
    formStyles,
    css`
      t-secret {
        margin: var(--s3);
      }
      t-map {
        border-radius: var(--radius);
      }
    `,
  ];

  @property({ attribute: false }) connection: Connection | null = null;
  @property({ type: Number }) now_ms = 0;
  /** Grows with each change of rows. */
  @property({ type: Number }) revision = 0;
  @property({ type: Boolean }) active = false;
  @state() private kind: Kind = "units";
  @state() private words = "";
  @state() private chosen = "";
  @state() private making = false;
  @state() private picking = false;
  @state() private picked: Picked | null = null;
  @state() private busy = false;
  /** Which devices have a token; null until that was told. */
  @state() private tokens: DeviceTokens["devices"] | null = null;
  @state() private secret: { readonly device: string; readonly text: string } | null = null;
  private readonly mapData = new Kept(["stations", "units", "positions"], () => this.data());

  protected override shouldUpdate(changed: Map<PropertyKey, unknown>): boolean {
    return this.active || changed.has("active");
  }

  /** What is told once does not wait on a screen that somebody left. */
  protected override willUpdate(): void {
    if (!this.active) this.secret = null;
  }

  protected override async fetch(api: Api): Promise<void> {
    this.tokens = (await api.get<DeviceTokens>("/api/v1/devices/tokens")).devices;
  }

  private data(): MapData {
    const store = this.connection?.store;
    if (store === undefined) return NO_DATA;
    return { ...NO_DATA, stations: store.rows("stations"), units: store.rows("units"), positions: store.rows("positions"), chosen: new Set([this.chosen]) };
  }

  override render(): TemplateResult {
    const { connection, kind } = this;
    if (connection === null) return html``;
    const { columns, rows, all } = listOf(kind, connection.store, this.words, this.now_ms, this.tokens);
    return html`<section aria-label=${t(`units.${kind}`)}>
        <div class="head">
          <div class="row" role="group" aria-label=${t("units.which")}>${KINDS.map((each) => html`<button type="button" aria-pressed=${each === kind} @click=${() => this.turn(each)}>${t(`units.${each}`)}</button>`)}</div>
          ${searchField(t("units.find"), this.words, (words) => (this.words = words))}
          <button type="button" class="primary" @click=${() => this.begin("", true)}>${icon("plus")} ${t(`units.new_${kind}`)}</button>${kind === "devices" ? this.refresh() : nothing}
        </div>
        <div class="scroll"><t-table label=${t(`units.${kind}`)} .columns=${columns} .rows=${rows} sortBy="name" chosen=${this.chosen} @choose=${(event: CustomEvent<string>) => this.begin(event.detail, false)}><t-state kind="hint" text=${t(all === 0 ? `units.none_${kind}` : "units.none_fits")}></t-state></t-table></div>
      </section>
      <section aria-label=${t("units.one")}><div>${this.outcome()}${this.sheet()}</div><div class="scroll">${this.work(connection)}</div></section>
      <section>${this.mapHead()}${this.map(connection)}</section>`;
  }

  private sheet(): TemplateResult | typeof nothing {
    if (this.secret === null) return nothing;
    const { device, text } = this.secret;
    const once = isLoopback(location.hostname) ? `${t("units.token_once")}${t("list.semicolon")}${t("units.token_here", { host: location.host })}` : t("units.token_once");
    return html`<t-secret once=${once} label=${t("units.token_sheet", { device })} text=${text}></t-secret>`;
  }

  private work({ store }: Connection): TemplateResult {
    const { kind, chosen, making, busy } = this;
    if (!making && !store.rows(kind).has(chosen)) return html`<t-state kind="hint" text=${t("units.choose")}></t-state>`;
    const row = making ? "" : chosen;
    const taken = store.rows(kind);
    const free = kind === "devices" ? "" : freeId(PREFIX[kind], [...taken.keys(), ...[...store.rows("retired").values()].map(({ was }) => was)]);
    const title = making ? t(`units.new_${kind}`) : kind === "devices" ? row : (store.rows(kind).get(row)?.name ?? row);
    const device = store.rows("devices").get(row) ?? null;
    const form =
      kind === "stations"
        ? html`<station-form row=${row} .taken=${taken} free=${free} ?busy=${busy} .station=${store.rows("stations").get(row) ?? null} .picked=${this.picked}></station-form>`
        : kind === "units"
          ? html`<unit-form row=${row} .taken=${taken} free=${free} ?busy=${busy} .unit=${store.rows("units").get(row) ?? null} .stations=${byName(store.rows("stations"))} .fences=${byName(store.rows("fences"))}></unit-form>`
          : html`<device-form row=${row} .taken=${taken} free=${free} ?busy=${busy} .device=${device} .units=${byName(store.rows("units"))}></device-form>`;
    // Another one's form begins anew; the same one's keeps what is typed while rows come in.
    return html`<div class="work" @save=${(event: CustomEvent<Request>) => void this.save(event.detail)}><h2>${title}</h2>${keyed(`${kind}/${row}`, form)}
      ${kind !== "devices" || device === null ? nothing : html`<device-token .device=${device} ?issued=${this.tokens?.[device.id]?.issued === true} ?busy=${busy} @issue=${() => void this.issue(device)} @revoke=${() => void this.revoke(device.id)}></device-token>`}
      ${making ? nothing : html`<retire-one kind=${kind} row=${row} name=${title} ?busy=${busy}></retire-one>`}
    </div>`;
  }

  private mapHead(): TemplateResult {
    const isPlaced = this.kind === "stations" && (this.making || this.chosen !== "");
    return html`<div class="head">${isPlaced
      ? html`<button type="button" aria-pressed=${this.picking} @click=${() => (this.picking = !this.picking)}>${icon("pin")} ${t("adopt.pick_place")}</button>`
      : html`<span class="quiet">${t("units.map")}</span>`}</div>`;
  }

  private map({ store }: Connection): TemplateResult {
    return html`<t-map .data=${this.mapData.get(store, this.chosen)} .fences=${store.rows("fences")} .focusOn=${this.place(store)} ?picking=${this.picking} pickText=${t("units.pick")}
      @pick=${(event: CustomEvent<Picked>) => ([this.picked, this.picking] = [event.detail, false])} @press=${(event: CustomEvent<Pressed>) => this.press(event.detail)}></t-map>`;
  }

  /** Where to look: where what is chosen is, or what its unit was seen at last. */
  private place(store: Connection["store"]): Place | null {
    const { kind, chosen } = this;
    const unit = kind === "devices" ? (store.rows("devices").get(chosen)?.unit ?? "") : chosen;
    const row = this.making ? undefined : kind === "stations" ? store.rows("stations").get(chosen) : store.rows("positions").get(unit);
    return row === undefined ? null : this.stood(`${kind}/${chosen}`, row);
  }

  /** Looked at once when it is chosen: a car that drives on does not drag the map along. */
  private stood(key: string, { lat, lon }: { readonly lat: number; readonly lon: number }): Place {
    if (this.looked.key !== key) this.looked = { key, place: { lat, lon, text: "", source: "map", uncertainty_m: null } };
    return this.looked.place;
  }
  private looked: { readonly key: string; readonly place: Place } = { key: "", place: { lat: 0, lon: 0, text: "", source: "map", uncertainty_m: null } };

  private press({ table, id }: Pressed): void {
    if (table !== "stations" && table !== "units") return;
    this.turn(table);
    this.begin(id, false);
  }

  private turn(kind: Kind): void {
    if (kind === this.kind) return;
    [this.kind, this.words] = [kind, ""];
    this.begin("", false);
  }

  private begin(chosen: string, making: boolean): void {
    [this.chosen, this.making, this.secret, this.picked, this.picking, this.said, this.refusal] = [chosen, making, null, null, false, "", ""];
  }

  private async save(request: Request): Promise<void> {
    if (request.request.startsWith("retire_")) return this.retire(request);
    await this.once(async (api) => {
      const { subject }: Answer = await api.request(request);
      [this.chosen, this.making, this.picked, this.picking] = [subject, false, null, false];
    }, t("units.saved"));
  }

  private async retire(request: Request): Promise<void> {
    const [name] = [this.connection?.store.rows(this.kind).get(this.chosen)].map((row) => (row !== undefined && "name" in row ? row.name : this.chosen));
    await this.once(async (api) => {
      await api.request(request);
      this.begin("", false);
    }, t("retire.done", { name: name ?? "" }));
  }

  /** One that registers gets another by itself then, and needs nobody to type this one. */
  private async issue({ id, kind }: DeviceRow): Promise<void> {
    const shown = needsToken(kind);
    await this.once(async (api) => {
      const { token } = await api.post<MadeToken>(`/api/v1/devices/${encodeURIComponent(id)}/token`, {});
      if (shown) this.secret = { device: id, text: tokenSheet(kind, id, token, location.origin) };
    }, t(shown ? "units.token_issued" : "units.token_allowed", { device: id }));
  }

  private async revoke(device: string): Promise<void> {
    await this.once((api) => api.delete(`/api/v1/devices/${encodeURIComponent(device)}/token`), t("units.token_revoked", { device }));
  }

  /** Do it, and nothing else meanwhile. */
  private async once(work: (api: Api) => Promise<unknown>, done: string): Promise<void> {
    if (this.busy) return;
    [this.busy, this.secret] = [true, null];
    try {
      await this.does(done, work);
    } finally {
      this.busy = false;
    }
  }
}

function byName<R extends { readonly name: string }>(rows: ReadonlyMap<string, R>): R[] {
  return [...rows.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }));
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-units": AdminUnits;
  }
}
