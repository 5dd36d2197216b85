/** The start page: goes to the one console of who is signed in, or lets them choose. */

import { css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/states";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import { Problem, UnreachableError } from "../../sync/api";
import { browserApi, toLogin } from "../../sync/connect";
import type { Actor } from "../../sync/protocol";
import { browserTime } from "../../sync/time";
import { homeAtOnce, HOME_ICONS, homesOf, isPhone } from "../homes";
import { show } from "../page";
import "../page_tools";

const RETRY_MS = 3_000;

@customElement("app-index")
export class Index extends View {
  static override styles = [
    shared,
    css`
      :host {
        min-height: 100vh;
        display: grid;
        place-items: center;
        padding: var(--s4);
        --target: 44px;
      }
      main {
        width: min(560px, 100%);
        display: grid;
        gap: var(--s3);
      }
      h1 {
        font-size: var(--t4);
        font-weight: 650;
      }
      a {
        display: flex;
        align-items: center;
        gap: var(--s4);
        padding: var(--s4);
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        color: var(--text);
        text-decoration: none;
      }
      a:hover {
        background: var(--raised);
      }
      a .icon {
        color: var(--accent);
        font-size: var(--t4);
      }
      .title {
        font-size: var(--t3);
        font-weight: 600;
      }
    `,
  ];

  @state() private actor: Actor | null = null;
  @state() private offline = false;
  private readonly api = browserApi();

  protected override firstUpdated(): void {
    void this.look();
  }

  override render(): TemplateResult {
    if (this.offline) return html`<t-state kind="offline"></t-state>`;
    if (this.actor === null) return html`<t-state kind="loading"></t-state>`;
    const homes = homesOf(this.actor);
    return html`<main>
      <p class="quiet">${t("app.county")} · ${this.actor.name}</p>
      <h1>${t("home.title")}</h1>
      ${homes.length === 0 ? html`<t-state kind="no_right" text=${t("home.none")}></t-state>` : ""}
      ${homes.map(
        (home) =>
          html`<a href="/${home}">${icon(HOME_ICONS[home])}
            <span><span class="title">${t(`home.${home}`)}</span><br /><span class="quiet">${t(`home.${home}_about`)}</span></span></a>`,
      )}
      <page-tools .api=${this.api}></page-tools>
    </main>`;
  }

  private async look(): Promise<void> {
    try {
      const actor = await this.api.session();
      this.offline = false;
      if (actor === null) toLogin();
      const home = actor === null ? "" : homeAtOnce(actor, isPhone());
      if (home !== "") location.replace(`/${home}`);
      this.actor = actor;
    } catch (error) {
      if (!(error instanceof UnreachableError || (error instanceof Problem && error.passing))) throw error;
      this.offline = true;
      browserTime.after(RETRY_MS, () => void this.look());
    }
  }
}

show("app-index");
