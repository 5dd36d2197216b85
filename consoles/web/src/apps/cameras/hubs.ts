/** The hubs of the site and what is connected to each: edge agents, GB/T 28181 devices, disks of recordings. For administrators. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { clock, dateWithYear } from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { adoptedOf, agentLine, deviceLine, hubStanding, NO_DEVICES, refusedLine, silentLine, standingOf, type Agent, type Devices, type Hub } from "./connected";
import { diskLines } from "./disks";
import { allOf, Panel } from "../panel";
import { OTHERS_MS, roomsOf, type HubRoom, type Rooms } from "./recording";
import { diskStyles } from "./styles";

/** One that was taken out, by a person, by a command, or by the hubs themselves once its time was over. */
interface TakenOut {
  readonly url: string;
  readonly who: string;
  readonly why: string;
  readonly at_ms: number;
  readonly heard_ms: number;
}

interface Hubs {
  readonly hubs: readonly Hub[];
  readonly taken_out: readonly TakenOut[];
}

@customElement("t-hubs")
export class HubsPanel extends Panel {
  static override styles = [
    ...Panel.styles,
    diskStyles,
    css`
      li button {
        justify-self: start;
      }
    `,
  ];

  @state() private hubs: Hubs = { hubs: [], taken_out: [] };
  @state() private agents: readonly Agent[] | null = null;
  @state() private devices: Devices = NO_DEVICES;
  @state() private rooms: Rooms | null = null;
  @state() private asking: Hub | null = null;

  override render(): TemplateResult {
    const { agents, devices } = this;
    const { hubs, taken_out } = this.hubs;
    if (this.api === null) return html``;
    return html`<h2>${t("hubs.title")} ${this.refresh()}</h2>
      ${this.outcome()}
      ${hubs.length === 0 ? nothing : html`<h3>${t("hubs.hubs")}</h3><ul>${repeat(hubs, ({ number }) => number, (hub) => this.hub(hub))}</ul>`}
      ${taken_out.length === 0 ? nothing : html`<h3>${t("hubs.gone")}</h3><ul>${taken_out.map((each) => takenOutLine(each, hubs.some(({ url }) => url === each.url)))}</ul>`}
      <h3>${t("hubs.agents")}</h3>
      ${agents === null ? html`<t-state kind="loading"></t-state>` : agents.length === 0 ? html`<p>${t("hubs.agents_none")}</p>` : html`<ul>${agents.map(agentLine)}</ul>`}
      <h3>${t("hubs.devices")}</h3>
      ${devices.away.length === 0 ? nothing : html`<p class="bad">${icon("alert")} ${t("hubs.no_answer", { hubs: devices.away.join(" ") })}</p>`}
      ${devices.devices.length === 0 ? html`<p>${t("hubs.devices_none")}</p>` : html`<ul>${repeat(devices.devices, ({ device }) => device, (device) => deviceLine(device, adoptedOf(device, devices.cameras)))}</ul>`}
      ${devices.silent.length === 0 ? nothing : html`<ul>${devices.silent.map(silentLine)}</ul>`}
      ${devices.refused.length === 0 ? nothing : html`<h3>${t("hubs.refused")}</h3><ul>${devices.refused.map(refusedLine)}</ul>`}
      ${this.disks()}`;
  }

  /** Of all hubs and agents, under whose they are. */
  private disks(): TemplateResult | typeof nothing {
    const { rooms } = this;
    const having = (this.agents ?? []).filter(({ disks }) => disks.length > 0);
    if (rooms === null && having.length === 0) return nothing;
    return html`<h3>${t("disk.title")}</h3>
      ${rooms === null || rooms.away.length === 0 ? nothing : html`<p class="bad">${icon("alert")} ${t("room.away", { hubs: rooms.away.join(" ") })}</p>`}
      <ul>${rooms?.hubs.map(disksOfHub)}${having.map(({ id, up, disks }) => html`<li>
        <span>${t("disk.of_agent", { agent: id })}${up ? nothing : html` <span class="bad">${icon("alert")} ${t("disk.as_before")}</span>`}</span>${diskLines(disks, !up)}</li>`)}</ul>`;
  }

  private hub(hub: Hub): TemplateResult {
    const { url, own, away, unheard_ms, has } = hub;
    const { words, bad } = hubStanding(hub);
    return html`<li>
      <span>${url}${own ? html` <span class="quiet">${t("hubs.this")}</span>` : nothing}</span>
      ${standingOf(words, bad)}
      <span class="quiet">${t("hubs.has", { agents: has["agent"] ?? 0, devices: has["gb28181"] ?? 0, recorded: has["recorded"] ?? 0, publishers: has["whip"] ?? 0 })}</span>
      ${this.asking?.number === hub.number
        ? html`<t-confirm question=${t("hubs.take_out_question", { url })} consequence=${t("hubs.take_out_consequence")} @cancel=${() => (this.asking = null)} reason=${t("hubs.take_out_why")} @confirm=${(event: CustomEvent<string>) => void this.takeOut(hub, event.detail)}></t-confirm>`
        : !own && (away || unheard_ms === null)
          ? html`<button type="button" aria-label=${t("hubs.take_out_of", { url })} @click=${() => (this.asking = hub)}>${icon("close")} ${t("hubs.take_out")}</button>`
          : nothing}
    </li>`;
  }

  protected override fetch(api: Api): Promise<void> {
    return allOf(
      api.get<Hubs>("/api/v1/hubs/states").then((hubs) => void (this.hubs = hubs)),
      api.get<readonly Agent[]>("/api/v1/agents", OTHERS_MS).then((agents) => void (this.agents = agents)),
      api.get<Devices>("/api/v1/gb28181/devices", OTHERS_MS).then((devices) => void (this.devices = devices)),
      roomsOf(api).then((rooms) => void (this.rooms = rooms)),
    );
  }

  private async takeOut({ number, url }: Hub, why: string): Promise<void> {
    this.asking = null;
    await this.does(t("hubs.taken_out", { url }), (api) => api.delete(`/api/v1/hubs/${number}?why=${encodeURIComponent(why)}`));
  }
}

function takenOutLine({ url, who, why, at_ms, heard_ms }: TakenOut, isBack: boolean): TemplateResult {
  const itself = who === "hub";
  return html`<li>
    <span>${url}${isBack ? html` <span class="quiet">${t("hubs.gone_back")}</span>` : nothing}</span>
    <span>${t("hubs.gone_by", { who: itself ? t("hubs.gone_itself") : who, at: at(at_ms) })}</span>
    <span>${t("hubs.gone_why", { why: itself ? t("hubs.gone_time") : why })}</span>
    <span class="quiet">${t("hubs.gone_heard", { at: at(heard_ms) })}</span>
  </li>`;
}

function at(at_ms: number): string {
  return `${dateWithYear(at_ms)} ${clock(at_ms)}`;
}

/** A hub of a release before these tells of all its disks as one. */
function disksOfHub(room: HubRoom): TemplateResult {
  return html`<li><span>${room.hub || t("disk.of_hub")}${room.records ? html` <strong>${t("room.records")}</strong>` : nothing}</span>${diskLines(room.disks.length > 0 ? room.disks : [room])}</li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "t-hubs": HubsPanel;
  }
}
