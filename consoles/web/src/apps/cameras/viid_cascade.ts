/** GA/T 1400: lower systems that are told our watch list, and what they told of it. For administrators. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { clock, dateWithYear } from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { WaitingPanel } from "../panel";
import { viidForm } from "./viid_form";

interface ShownCascade {
  readonly cascade: { readonly peer: string; readonly url: string; readonly title: string };
  readonly ended: boolean;
  readonly state: {
    readonly up: boolean | null;
    readonly reason: string;
    readonly told_ms: number;
    readonly agreed: number;
    readonly in_force: number | null;
    readonly waiting: number;
    readonly refused: number;
    readonly refused_reason: string;
    readonly left: Readonly<Record<string, number>>;
  };
  readonly notices: { readonly matched: number; readonly unmatched: number; readonly refused: number };
}

@customElement("t-viid-cascade")
export class ViidCascadePanel extends WaitingPanel {
  static override styles = [...WaitingPanel.styles, viidForm];

  @state() private cascades: readonly ShownCascade[] = [];
  @state() private receives = true;

  override render(): TemplateResult | typeof nothing {
    if (this.api === null) return nothing;
    return html`<h3>${t("viid_cascade.title")} ${this.refresh()}</h3>
      <p class="quiet">${t("viid_cascade.what")}</p>
      ${this.outcome()}
      ${this.cascades.length === 0 ? html`<p>${t("viid_cascade.none")}</p>` : html`<ul>${repeat(this.cascades, ({ cascade }) => cascade.peer, (each) => this.cascade(each))}</ul>`}
      ${this.receives ? this.form() : html`<p class="bad">${icon("alert")} ${t("viid_lower.no_way_back")}</p>`}`;
  }

  private cascade({ cascade, ended, state, notices }: ShownCascade): TemplateResult {
    const bad = state.up === false;
    const since = state.told_ms === 0 ? "" : ` · ${t("viid_cascade.at", { at: `${dateWithYear(state.told_ms)} ${clock(state.told_ms)}` })}`;
    const how = bad ? t("viid_cascade.down", { reason: state.reason }) : ended ? t("viid_cascade.ending") : t("viid_cascade.counts", { agreed: state.agreed, waiting: state.waiting }) + (state.in_force === null ? "" : ` · ${t("viid_cascade.in_force", { n: state.in_force })}`);
    const left = Object.entries(state.left).map(([why, n]) => t("viid_cascade.left", { n, why: word("viid_left", why) }));
    return html`<li>
      <span>${cascade.title}</span>
      <span class="quiet">${cascade.peer} · ${cascade.url}</span>
      <span class=${bad ? "bad" : "quiet"}>${icon(bad ? "alert" : "check")} ${how}${since}</span>
      ${state.refused === 0 ? nothing : html`<span class="bad">${icon("alert")} ${t("viid_cascade.refused", { n: state.refused, reason: state.refused_reason })}</span>`}
      ${left.length === 0 ? nothing : html`<span class="quiet">${left.join(" · ")}</span>`}
      <span class="quiet">${t("viid_cascade.notices", notices)}</span>
      ${ended
        ? nothing
        : html`<span class="row">
            <button type="button" aria-label=${t("viid_cascade.again_of", { title: cascade.title })} @click=${() => void this.asks(t("viid_cascade.asked_again"), (api) => api.post(`/api/v1/viid/cascades/${cascade.peer}/again`, {}))}>${t("viid_cascade.again")}</button>
            <button type="button" aria-label=${t("viid_cascade.end_of", { title: cascade.title })} @click=${() => void this.asks(t("viid_cascade.ended"), (api) => api.delete(`/api/v1/viid/cascades/${cascade.peer}`))}>${t("viid_cascade.end")}</button>
          </span>`}
    </li>`;
  }

  private form(): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => void this.begin(event)}>
      <label>${t("viid_lower.peer")}<input name="peer" required pattern="[0-9]{20}" inputmode="numeric" autocomplete="off" /></label>
      <label>${t("viid_lower.url")}<input name="url" required type="url" placeholder="http://10.0.0.9:8120" autocomplete="off" /></label>
      <label>${t("viid_lower.name")}<input name="title" required maxlength="100" autocomplete="off" /></label>
      <button class="primary">${t("viid_cascade.begin")}</button>
    </form>`;
  }

  private async begin(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const said = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    await this.asks(t("viid_cascade.begun"), async (api) => {
      await api.post("/api/v1/viid/cascades", { peer: said("peer"), url: said("url"), title: said("title") });
      form.reset();
    });
  }

  protected override async fetch(api: Api): Promise<void> {
    const { cascades, receive_at } = await api.get<{ readonly cascades: readonly ShownCascade[]; readonly receive_at: string }>("/api/v1/viid/cascades");
    this.cascades = cascades;
    this.receives = receive_at !== "";
  }

  protected override isWaiting(): boolean {
    return this.cascades.some(({ ended, state }) => ended || state.up === null || state.waiting > 0);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-viid-cascade": ViidCascadePanel;
  }
}
