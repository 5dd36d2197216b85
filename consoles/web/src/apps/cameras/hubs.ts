/** The hubs of the site and what is connected to each: edge agents and GB/T 28181 devices. For administrators. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import { duration } from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { panel } from "./styles";

/** The hub that is asked asks the others. */
const OTHERS_MS = 20_000;

interface Hub {
  readonly number: number;
  readonly url: string;
  readonly own: boolean;
  readonly away: boolean;
  readonly unheard_ms: number | null;
  readonly has: Readonly<Record<string, number>>;
}

interface Agent {
  readonly id: string;
  readonly up: boolean;
  readonly hub: string;
  readonly told: boolean;
  readonly release: string;
  readonly cameras: readonly string[];
  readonly behind: number;
}

interface Device {
  readonly device: string;
  readonly online: boolean;
  readonly waiting: boolean;
  readonly reason: string;
  readonly name: string;
  readonly hub: string;
  readonly channels: readonly unknown[];
}

interface Devices {
  readonly devices: readonly Device[];
  readonly away: readonly string[];
}

const NO_DEVICES: Devices = { devices: [], away: [] };

@customElement("t-hubs")
export class HubsPanel extends View {
  static override styles = [
    shared,
    panel,
    css`
      li button {
        justify-self: start;
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  @state() private hubs: readonly Hub[] = [];
  @state() private agents: readonly Agent[] | null = null;
  @state() private devices: Devices = NO_DEVICES;
  @state() private asking: Hub | null = null;
  @state() private takenOut = "";
  @state() private refusal = "";
  private asked = false;

  protected override updated(): void {
    if (this.api === null || this.asked) return;
    this.asked = true;
    void this.load(this.api);
  }

  override render(): TemplateResult {
    const { api, agents, devices } = this;
    if (api === null) return html``;
    return html`<h2>${t("hubs.title")} <button type="button" @click=${() => void this.load(api)}>${icon("search")} ${t("hubs.refresh")}</button></h2>
      ${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.takenOut === "" ? nothing : html`<p>${icon("check")} ${t("hubs.taken_out", { url: this.takenOut })}</p>`}</div>
      ${this.hubs.length === 0 ? nothing : html`<h3>${t("hubs.hubs")}</h3><ul>${this.hubs.map((hub) => this.hub(api, hub))}</ul>`}
      <h3>${t("hubs.agents")}</h3>
      ${agents === null ? html`<t-state kind="loading"></t-state>` : agents.length === 0 ? html`<p>${t("hubs.agents_none")}</p>` : html`<ul>${agents.map(agentLine)}</ul>`}
      <h3>${t("hubs.devices")}</h3>
      ${devices.away.length === 0 ? nothing : html`<p class="bad">${icon("alert")} ${t("hubs.no_answer", { hubs: devices.away.join(" ") })}</p>`}
      ${devices.devices.length === 0 ? html`<p>${t("hubs.devices_none")}</p>` : html`<ul>${devices.devices.map(deviceLine)}</ul>`}`;
  }

  private hub(api: Api, hub: Hub): TemplateResult {
    const { url, own, away, unheard_ms, has } = hub;
    const unreached = url.startsWith("unadvertised:");
    const standing = away ? t("hubs.away", { span: duration(unheard_ms ?? 0) }) : unheard_ms === null ? t("hubs.silent") : unreached ? t("hubs.unreached") : t("hubs.up");
    return html`<li>
      <span>${url}${own ? html` <span class="quiet">${t("hubs.this")}</span>` : nothing}</span>
      ${standingOf(standing, away || unreached)}
      <span class="quiet">${t("hubs.has", { agents: has["agent"] ?? 0, devices: has["gb28181"] ?? 0, recorded: has["recorded"] ?? 0, publishers: has["whip"] ?? 0 })}</span>
      ${this.asking?.number === hub.number
        ? html`<t-confirm question=${t("hubs.take_out_question", { url })} consequence=${t("hubs.take_out_consequence")} @cancel=${() => (this.asking = null)} @confirm=${() => void this.takeOut(api, hub)}></t-confirm>`
        : !own && (away || unheard_ms === null)
          ? html`<button type="button" aria-label=${t("hubs.take_out_of", { url })} @click=${() => (this.asking = hub)}>${icon("close")} ${t("hubs.take_out")}</button>`
          : nothing}
    </li>`;
  }

  private async load(api: Api): Promise<void> {
    try {
      const [hubs, agents, devices] = await Promise.all([
        api.get<{ hubs: readonly Hub[] }>("/api/v1/hubs/states"),
        api.get<readonly Agent[]>("/api/v1/agents", OTHERS_MS),
        api.get<Devices>("/api/v1/gb28181/devices", OTHERS_MS),
      ]);
      [this.hubs, this.agents, this.devices] = [hubs.hubs, agents, devices];
      this.refusal = "";
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private async takeOut(api: Api, { number, url }: Hub): Promise<void> {
    this.asking = null;
    this.takenOut = "";
    try {
      await api.delete(`/api/v1/hubs/${number}`);
      this.takenOut = url;
    } catch (error) {
      this.refusal = describe(error);
      return;
    }
    await this.load(api);
  }
}

function agentLine({ id, up, hub, told, release, cameras, behind }: Agent): TemplateResult {
  const more = [t("hubs.cameras", { n: cameras.length }), ...(release === "" ? [] : [release]), ...(behind === 0 ? [] : [t("hubs.behind", { n: behind })])];
  return html`<li>
    <span>${id}</span>
    ${standingOf(!told ? t("hubs.untold") : up ? t("hubs.online") : t("hubs.offline"), !up || !told)}
    ${where(hub, up)}<span class="quiet">${more.join(" · ")}</span>
  </li>`;
}

function deviceLine({ device, online, waiting, reason, name, hub, channels }: Device): TemplateResult {
  const standing = online ? t("hubs.online") : waiting ? t("hubs.waiting") : reason === "" ? t("hubs.offline") : t("hubs.offline_because", { reason });
  return html`<li>
    <span>${device}${name === "" ? nothing : html` <span class="quiet">${name}</span>`}</span>
    ${standingOf(standing, !online)}
    ${where(hub, online)}<span class="quiet">${t("hubs.channels", { n: channels.length })}</span>
  </li>`;
}

function where(hub: string, there: boolean): TemplateResult | typeof nothing {
  return hub === "" ? nothing : html`<span class="quiet">${t(there ? "hubs.at" : "hubs.was_at", { hub })}</span>`;
}

function standingOf(words: string, bad: boolean): TemplateResult {
  return html`<span class=${bad ? "bad" : "quiet"}>${bad ? icon("alert") : icon("check")} ${words}</span>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "t-hubs": HubsPanel;
  }
}
