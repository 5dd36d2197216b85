/** Hubs and what is connected to them, line by line: edge agents, GB/T 28181 devices, and those of them that were refused or do not tell. No page element here. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import { answerWords } from "../../components/answer_words";
import { clock, dateWithYear, duration } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { standing, type Disk } from "./disks";

/** A hub of the site, as `GET /api/v1/hubs/states` tells it; one that is alone is in no list. */
export interface Hub {
  readonly number: number;
  readonly url: string;
  readonly own: boolean;
  readonly away: boolean;
  readonly unheard_ms: number | null;
  readonly has: Readonly<Record<string, number>>;
}

/** How a hub is, as the others know it. */
export function hubStanding({ url, away, unheard_ms }: Hub): { readonly words: string; readonly bad: boolean } {
  const unreached = url.startsWith("unadvertised:");
  const words = away ? t("hubs.away", { span: duration(unheard_ms ?? 0) }) : unheard_ms === null ? t("hubs.silent") : unreached ? t("hubs.unreached") : t("hubs.up");
  return { words, bad: away || unreached };
}

export interface Agent {
  readonly id: string;
  readonly up: boolean;
  readonly since_ms: number;
  readonly hub: string;
  readonly told: boolean;
  readonly release: string;
  readonly cameras: readonly string[];
  readonly behind: number;
  readonly no_plates: string;
  readonly disks: readonly Disk[];
}

export interface Device {
  readonly device: string;
  readonly online: boolean;
  readonly waiting: boolean;
  readonly reason: string;
  readonly name: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly address: string;
  readonly version: string;
  readonly heard_ms: number;
  readonly catalogue: string;
  readonly last_invite: { readonly words: string } | null;
  readonly hub: string;
  readonly agent: string;
  readonly channels: readonly { readonly channel: string }[];
}

/** As `GET /api/v1/gb28181/devices` tells it. */
export interface Devices {
  readonly devices: readonly Device[];
  readonly cameras: readonly { readonly address: string; readonly camera: string }[];
  readonly refused: readonly { readonly device: string; readonly host: string; readonly at_ms: number; readonly why: string; readonly hub: string; readonly agent: string }[];
  readonly silent: readonly { readonly agent: string; readonly hub: string; readonly why: string }[];
  readonly away: readonly string[];
}

export const NO_DEVICES: Devices = { devices: [], cameras: [], refused: [], silent: [], away: [] };

export function agentLine({ id, up, since_ms, hub, told, release, cameras, behind, no_plates, disks }: Agent): TemplateResult {
  const ill = disks.flatMap((disk, at) => (standing(disk) === "bad" ? [at + 1] : []));
  const more = [t("hubs.cameras", { n: cameras.length }), ...(release === "" ? [] : [release]), ...(behind === 0 ? [] : [t("hubs.behind", { n: behind })])];
  const is = !told ? t("hubs.untold") : release === "" ? t("hubs.never") : t(up ? "hubs.online_since" : "hubs.offline_since", { at: when(since_ms) });
  return html`<li>
    <span>${id}</span>
    ${standingOf(is, !up || !told)} ${where("", hub, up)}<span class="quiet">${more.join(" · ")}</span>
    ${no_plates === "" ? nothing : html`<span class="bad">${icon("alert")} ${t("hubs.no_plates", { why: no_plates })}</span>`}
    ${ill.length === 0 ? nothing : html`<span class="bad">${icon("alert")} ${t("hubs.disks_ill", { n: ill.join(t("list.comma")) })}</span>`}
  </li>`;
}

export function deviceLine(device: Device, adopted: number): TemplateResult {
  const { device: id, online, waiting, reason, name, hub, agent, channels } = device;
  const meaning = answerWords(reason);
  const is = online ? t("hubs.online") : waiting ? t("hubs.waiting") : reason === "" ? t("hubs.offline") : t("hubs.offline_because", { reason: meaning || reason });
  return html`<li>
    <span>${id}${name === "" ? nothing : html` <span class="quiet">${name}</span>`}</span>
    ${standingOf(is, !online)} ${where(agent, hub, online)}<span class="quiet">${t("hubs.channels", { n: channels.length, adopted })}</span>
    <details><summary>${t("hubs.details")}<span class="sr"> ${id}</span></summary>${details(device)}</details>
  </li>`;
}

/** How many of a device's channels are cameras here. */
export function adoptedOf({ device, agent }: Device, cameras: Devices["cameras"]): number {
  const start = `${agent === "" ? "" : `edge://${agent}/`}gb28181://${device}/`;
  return cameras.filter(({ address, camera }) => camera !== "" && address.startsWith(start)).length;
}

export function refusedLine({ device, host, at_ms, why, hub, agent }: Devices["refused"][number]): TemplateResult {
  return html`<li>
    <span>${device} <span class="quiet">${host}</span></span>
    ${standingOf(word("gb_refused", why), true)} ${where(agent, hub, true)}<span class="quiet">${when(at_ms)}</span>
  </li>`;
}

export function silentLine({ agent, hub, why }: Devices["silent"][number]): TemplateResult {
  const meaning = answerWords(why);
  return html`<li>
    <span>${t("hubs.silent_agent", { agent })}</span>
    ${standingOf(meaning || why, true)} ${where("", hub, true)}${meaning === "" ? nothing : html`<span class="quiet">${why}</span>`}
  </li>`;
}

function details({ reason, manufacturer, model, address, version, heard_ms, catalogue, last_invite }: Device): TemplateResult {
  const told: readonly (readonly [string, string])[] = [
    [t("hubs.make"), `${manufacturer} ${model}`.trim()],
    [t("hubs.address"), address],
    [t("hubs.version"), version],
    [t("hubs.heard"), heard_ms === 0 ? "" : when(heard_ms)],
    [t("hubs.catalogue"), catalogue],
    [t("hubs.last_invite"), last_invite?.words ?? ""],
    [t("hubs.its_words"), reason],
  ];
  return html`<dl>${told.filter(([, value]) => value !== "").map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function when(at_ms: number): string {
  return `${dateWithYear(at_ms)} ${clock(at_ms)}`;
}

/** By which agent, and at which hub of several. */
function where(agent: string, hub: string, there: boolean): TemplateResult | typeof nothing {
  const parts = [...(agent === "" ? [] : [t("hubs.behind_agent", { agent })]), ...(hub === "" ? [] : [t(there ? "hubs.at" : "hubs.was_at", { hub })])];
  return parts.length === 0 ? nothing : html`<span class="quiet">${parts.join(" · ")}</span>`;
}

export function standingOf(words: string, bad: boolean): TemplateResult {
  return html`<span class=${bad ? "bad" : "quiet"}>${bad ? icon("alert") : icon("check")} ${words}</span>`;
}
