/** GA/T 1400: which camera each device is, who is registered, and what is told to whom. For administrators. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { shared, View } from "../../components/view";
import { clock, dateWithYear } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import { panel } from "./styles";
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
export class ViidPanel extends View {
  static override styles = [shared, panel];

  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @state() private shown: Shown | null = null;
  @state() private said = "";
  @state() private refusal = "";
  private asked = false;

  protected override updated(): void {
    if (this.api === null || this.asked) return;
    this.asked = true;
    void this.load(this.api);
  }

  override render(): TemplateResult {
    const { shown, api } = this;
    if (api === null || shown === null || shown.server_id === "") return html`${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${this.refusal}</p>`}`;
    return html`<h2>${t("viid.title")} <button type="button" @click=${() => void this.load(api)}>${icon("search")} ${t("viid.refresh")}</button></h2>
      <p>${t("viid.own", { id: shown.server_id })}</p>
      ${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.said === "" ? nothing : html`<p>${icon("check")} ${this.said}</p>`}</div>
      <h3>${t("viid.devices")}</h3>
      ${shown.devices.length === 0 ? html`<p>${t("viid.devices_none")}</p>` : html`<ul>${shown.devices.map((each) => this.device(api, each))}</ul>`}
      <h3>${t("viid.systems")}</h3>
      ${this.systems(shown)}
      <h3>${t("viid.orders")}</h3>
      ${this.orders(shown)}
      <t-viid-lower .api=${api} .cameras=${new Map(this.cameras.map((each) => [each.id, each]))}></t-viid-lower>`;
  }

  private device(api: Api, { device, camera, peer, heard_ms, refused }: Device): TemplateResult {
    const when = heard_ms === 0 ? t("viid.never") : `${dateWithYear(heard_ms)} ${clock(heard_ms)}`;
    return html`<li>
      <span>${device}</span>
      <span class="quiet">${peer === "" ? when : t("viid.by", { peer, when })}</span>
      ${camera === "" ? html`<span class="bad">${icon("alert")} ${t("viid.waits", { n: refused })}</span>` : nothing}
      <label class="quiet">${t("viid.is")}
        <select aria-label=${t("viid.of", { device })} @change=${(event: Event) => void this.assign(api, device, (event.target as HTMLSelectElement).value)}>
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
    const sender = shown.senders.find((each) => each.receiver === receiver);
    const failing = sender?.up === false;
    const words = [word("viid_state", state), ...(n === 0 ? [] : [t("viid.waiting", { n })]), ...(failing ? [t("viid.failing", { reason: sender.reason })] : [])];
    return line(`${what} ${title}`, peer, words.join(" · "), failing);
  }

  private async load(api: Api): Promise<void> {
    try {
      this.shown = await api.get<Shown>("/api/v1/viid");
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private async assign(api: Api, device: string, camera: string): Promise<void> {
    this.said = "";
    try {
      await api.put(`/api/v1/viid/devices/${encodeURIComponent(device)}`, { camera });
      this.said = t("viid.saved", { device });
    } catch (error) {
      this.refusal = describe(error);
      return;
    }
    await this.load(api);
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
