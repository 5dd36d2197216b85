/** GA/T 1400: which camera each device is, who is registered, and what is told to whom. For administrators. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { clock, dateWithYear } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import { Panel } from "../panel";
import "./viid_cascade";
import "./viid_lower";

interface Device {
  readonly device: string;
  readonly camera: string;
  readonly peer: string;
  readonly heard_ms: number;
  readonly refused: number;
}

interface Order {
  readonly id: string;
  readonly peer: string;
  readonly title: string;
  readonly pattern?: string;
}

/** As `GET /api/v1/viid` tells it; `server_id` is empty where the hub does not speak GA/T 1400. */
interface Shown {
  readonly server_id: string;
  readonly peers: readonly { readonly id: string; readonly host: string }[];
  readonly refused: readonly { readonly id: string; readonly host: string; readonly why: string }[];
  readonly devices: readonly Device[];
  readonly subscriptions: readonly { readonly subscription: Order; readonly state: string }[];
  readonly dispositions: readonly { readonly disposition: Order; readonly state: string }[];
  readonly uppers: readonly { readonly id: string; readonly up: boolean; readonly reason: string }[];
  readonly senders: readonly { readonly receiver: string; readonly up: boolean | null; readonly reason: string }[];
  readonly waiting: Readonly<Record<string, number>>;
}

@customElement("t-viid")
export class ViidPanel extends Panel {
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @state() private shown: Shown | null = null;

  override render(): TemplateResult {
    const { shown, api } = this;
    if (api === null || shown === null || shown.server_id === "") return this.outcome();
    return html`<h2>${t("viid.title")} ${this.refresh()}</h2>
      <p>${t("viid.own", { id: shown.server_id })}</p>
      ${this.outcome()}
      <h3>${t("viid.devices")}</h3>
      ${shown.devices.length === 0 ? html`<p>${t("viid.devices_none")}</p>` : html`<ul>${repeat(shown.devices, ({ device }) => device, (each) => this.device(each))}</ul>`}
      <h3>${t("viid.systems")}</h3>
      ${this.systems(shown)}
      <h3>${t("viid.orders")}</h3>
      ${this.orders(shown)}
      <t-viid-lower .api=${api} .cameras=${new Map(this.cameras.map((each) => [each.id, each]))}></t-viid-lower>
      <t-viid-cascade .api=${api}></t-viid-cascade>`;
  }

  private device({ device, camera, peer, heard_ms, refused }: Device): TemplateResult {
    const when = heard_ms === 0 ? t("viid.never") : `${dateWithYear(heard_ms)} ${clock(heard_ms)}`;
    return html`<li>
      <span>${device}</span>
      <span class="quiet">${peer === "" ? when : t("viid.by", { peer, when })}</span>
      ${camera === "" ? html`<span class="bad">${icon("alert")} ${t("viid.waits", { n: refused })}</span>` : nothing}
      <label class="quiet">${t("viid.is")}
        <select aria-label=${t("viid.of", { device })} @change=${(event: Event) => void this.assign(device, valueOf(event))}>
          <option value="" ?selected=${camera === ""}>${t("viid.none")}</option>
          ${this.cameras.map((each) => html`<option value=${each.id} ?selected=${each.id === camera}>${each.name}</option>`)}
        </select></label>
    </li>`;
  }

  private systems(shown: Shown): TemplateResult {
    const lines = [
      ...shown.uppers.map(({ id, up, reason }) => line(id, t("viid.upper"), up ? t("viid.upper_up") : t("viid.upper_down", { reason }), !up)),
      ...shown.peers.map(({ id, host }) => line(id, host, t("viid.registered"), false)),
      ...shown.refused.map(({ id, host, why }) => line(id, host, t("viid.refused", { why }), true)),
    ];
    return lines.length === 0 ? html`<p>${t("viid.systems_none")}</p>` : html`<ul>${lines}</ul>`;
  }

  private orders(shown: Shown): TemplateResult {
    const lines = [
      ...shown.subscriptions.map(({ subscription, state }) => this.order(shown, "subscription", subscription, state, t("viid.subscription"))),
      ...shown.dispositions.map(({ disposition, state }) => this.order(shown, "disposition", disposition, state, t("viid.disposition", { pattern: disposition.pattern ?? "" }))),
    ];
    return lines.length === 0 ? html`<p>${t("viid.orders_none")}</p>` : html`<ul>${lines}</ul>`;
  }

  private order(shown: Shown, kind: string, { id, peer, title }: Order, state: string, what: string): TemplateResult {
    const receiver = `${kind}/${peer}/${id}`;
    const n = shown.waiting[receiver] ?? 0;
    const own = [receiver, `catalogue/${peer}/${id}`];
    const failing = shown.senders.find((each) => own.includes(each.receiver) && each.up === false);
    const words = [word("viid_state", state), ...(n === 0 ? [] : [t("viid.waiting", { n })]), ...(failing ? [t("viid.failing", { reason: failing.reason })] : [])];
    return line(`${what} ${title}`, peer, words.join(" · "), failing !== undefined);
  }

  protected override async fetch(api: Api): Promise<void> {
    this.shown = await api.get<Shown>("/api/v1/viid");
  }

  private async assign(device: string, camera: string): Promise<void> {
    await this.does(t("viid.saved", { device }), (api) => api.put(`/api/v1/viid/devices/${encodeURIComponent(device)}`, { camera }));
  }
}

function line(name: string, second: string, told: string, bad: boolean): TemplateResult {
  return html`<li><span>${name}</span><span class="quiet">${second}</span><span class=${bad ? "bad" : "quiet"}>${bad ? icon("alert") : icon("check")} ${told}</span></li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "t-viid": ViidPanel;
  }
}
