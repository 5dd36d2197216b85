/** GA/T 1400: what we subscribed to at lower systems, and their devices as cameras here. For administrators. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { clock, dateWithYear } from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow } from "../../wire";
import { allOf, WaitingPanel } from "../panel";
import { viidForm } from "./viid_form";

interface ShownLower {
  readonly lower: { readonly id: string; readonly peer: string; readonly url: string; readonly title: string; readonly resources: readonly string[] };
  readonly leased_ms: number;
  readonly ended: boolean;
  readonly state: { readonly up: boolean | null; readonly reason: string; readonly devices: number };
  readonly passages: number;
}

interface ShownDevice {
  readonly device: { readonly id: string; readonly kind: "ape" | "tollgate"; readonly name: string; readonly lat: number | null; readonly lon: number | null };
  readonly peer: string;
  readonly camera: string;
}

/** So many are adopted by one request. */
const AT_ONCE = 200;
/** So many are listed at once; the others are found by typing part of a name or id. */
const LISTED = 100;

@customElement("t-viid-lower")
export class ViidLowerPanel extends WaitingPanel {
  static override styles = [
    ...WaitingPanel.styles,
    viidForm,
    css`
      label.pick {
        display: flex;
        align-items: center;
        gap: var(--s2);
        color: var(--text);
      }
      label.pick input {
        width: auto;
        min-height: 0;
        accent-color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) cameras: ReadonlyMap<string, CameraRow> = new Map();
  @state() private lowers: readonly ShownLower[] = [];
  @state() private devices: readonly ShownDevice[] = [];
  @state() private receives = true;
  @state() private picked: ReadonlySet<string> = new Set();
  @state() private words = "";

  override render(): TemplateResult | typeof nothing {
    if (this.api === null) return nothing;
    return html`<h3>${t("viid_lower.title")} ${this.refresh()}</h3>
      ${this.outcome()}
      ${this.lowers.length === 0 ? html`<p>${t("viid_lower.none")}</p>` : html`<ul>${repeat(this.lowers, ({ lower }) => lower.id, (each) => this.lower(each))}</ul>`}
      ${this.receives ? this.form() : html`<p class="bad">${icon("alert")} ${t("viid_lower.no_way_back")}</p>`}
      <h3>${t("viid_lower.devices")}</h3>
      ${this.devices.length === 0 ? html`<p>${t("viid_lower.devices_none")}</p>` : this.catalogue()}`;
  }

  private lower({ lower, leased_ms, ended, state, passages }: ShownLower): TemplateResult {
    const until = leased_ms === 0 ? t("viid_lower.never") : t("viid_lower.until", { at: `${dateWithYear(leased_ms)} ${clock(leased_ms)}` });
    const bad = state.up === false;
    const how = ended ? t("viid_lower.ending") : bad ? t("viid_lower.down", { reason: state.reason }) : until;
    return html`<li>
      <span>${lower.title}</span>
      <span class="quiet">${lower.peer} · ${lower.url}${lower.resources[0] === lower.peer ? "" : ` · ${lower.resources.join(" ")}`}</span>
      <span class=${bad ? "bad" : "quiet"}>${icon(bad ? "alert" : "check")} ${how}</span>
      <span class="quiet">${t("viid_lower.counts", { n: passages, devices: state.devices })}${state.reason === "" || bad ? "" : ` · ${state.reason}`}</span>
      ${ended
        ? nothing
        : html`<span class="row">
            <button type="button" @click=${() => void this.asks(t("viid_lower.asked_again"), (api) => api.post(`/api/v1/viid/lowers/${lower.id}/again`, {}))}>${t("viid_lower.again")}</button>
            <button type="button" aria-label=${t("viid_lower.end_of", { title: lower.title })} @click=${() => void this.asks(t("viid_lower.ended"), (api) => api.delete(`/api/v1/viid/lowers/${lower.id}`))}>${t("viid_lower.end")}</button>
          </span>`}
    </li>`;
  }

  private form(): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => void this.subscribe(event)}>
      <label>${t("viid_lower.peer")}<input name="peer" required pattern="[0-9]{20}" inputmode="numeric" autocomplete="off" /></label>
      <label>${t("viid_lower.url")}<input name="url" required type="url" placeholder="http://10.0.0.9:8120" autocomplete="off" /></label>
      <label>${t("viid_lower.name")}<input name="title" required maxlength="100" autocomplete="off" /></label>
      <label>${t("viid_lower.resources")}<input name="resources" pattern="[0-9 ,]*" autocomplete="off" /></label>
      <button class="primary">${t("viid_lower.subscribe")}</button>
    </form>`;
  }

  private catalogue(): TemplateResult {
    const words = this.words.trim().toLowerCase();
    const fits = this.devices.filter(({ device, peer }) => `${device.id} ${device.name} ${peer}`.toLowerCase().includes(words));
    const open = fits.filter(({ device, camera }) => camera === "" && device.lat !== null).map(({ device }) => device.id);
    const picked = [...this.picked];
    return html`<div class="keys">
        <label>${t("viid_lower.find")}<input type="search" .value=${this.words} @input=${(event: Event) => (this.words = valueOf(event))} /></label>
        <span class="row">
          <button type="button" ?disabled=${open.length === 0} @click=${() => (this.picked = new Set(open.slice(0, AT_ONCE)))}>${t("viid_lower.pick_all", { n: Math.min(open.length, AT_ONCE) })}</button>
          <button type="button" class="primary" ?disabled=${picked.length === 0} @click=${() => void this.adopt(picked)}>${t("viid_lower.adopt", { n: picked.length })}</button>
        </span>
      </div>
      <ul>${repeat(fits.slice(0, LISTED), ({ device }) => device.id, (each) => this.device(each))}</ul>
      ${fits.length > LISTED ? html`<p>${t("viid_lower.more", { n: LISTED, all: fits.length })}</p>` : nothing}`;
  }

  private device({ device, peer, camera }: ShownDevice): TemplateResult {
    const place = device.lat === null || device.lon === null ? t("viid_lower.no_place") : `${device.lat.toFixed(5)}, ${device.lon.toFixed(5)}`;
    const is = camera === "" ? t("viid.none") : t("viid_lower.is", { name: this.cameras.get(camera)?.name ?? camera });
    return html`<li>
      <label class="pick"><input type="checkbox" .checked=${this.picked.has(device.id)} ?disabled=${device.lat === null} @change=${() => this.pick(device.id)} /> ${device.name}</label>
      <span class="quiet">${t(`viid_lower.${device.kind}`)} ${device.id} · ${t("viid_lower.of", { peer })}</span>
      <span class="quiet">${place} · ${is}</span>
    </li>`;
  }

  private pick(id: string): void {
    const picked = new Set(this.picked);
    if (!picked.delete(id) && picked.size < AT_ONCE) picked.add(id);
    this.picked = picked;
  }

  private async subscribe(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const said = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    const resources = said("resources").split(/[\s,]+/).filter((each) => each !== "");
    await this.asks(t("viid_lower.subscribed"), async (api) => {
      await api.post("/api/v1/viid/lowers", { peer: said("peer"), url: said("url"), title: said("title"), resources });
      form.reset();
    });
  }

  private async adopt(devices: readonly string[]): Promise<void> {
    await this.asks("", async (api) => {
      const { adopted, left } = await api.put<{ readonly adopted: Readonly<Record<string, string>>; readonly left: Readonly<Record<string, string>> }>("/api/v1/viid/catalogue", { devices });
      this.picked = new Set();
      this.said = t("viid_lower.adopted", { n: Object.keys(adopted).length });
      const refused = Object.entries(left).map(([id, why]) => `${id}: ${why}`);
      if (refused.length > 0) this.refusal = refused.join("; ");
    });
  }

  protected override async fetch(api: Api): Promise<void> {
    await allOf(
      api.get<{ readonly lowers: readonly ShownLower[]; readonly receive_at: string }>("/api/v1/viid/lowers").then(({ lowers, receive_at }) => {
        this.lowers = lowers;
        this.receives = receive_at !== "";
      }),
      api.get<{ readonly devices: readonly ShownDevice[] }>("/api/v1/viid/catalogue").then(({ devices }) => void (this.devices = devices)),
    );
  }

  protected override isWaiting(): boolean {
    return this.lowers.some(({ ended, state }) => ended || state.up === null);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-viid-lower": ViidLowerPanel;
  }
}
