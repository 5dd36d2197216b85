/** What stands at the end of every page's header: the way to the person's other pages, the language, the own password, and out. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { describe } from "../components/problems";
import { shared, View } from "../components/view";
import { language, setLanguage, t } from "../i18n/i18n";
import type { Api } from "../sync/api";
import { toLogin } from "../sync/connect";
import type { Actor } from "../sync/protocol";
import { HOME_ICONS, homesOf, type Home } from "./homes";
import "./own_password";

@customElement("page-tools")
export class PageTools extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: flex;
        flex: none;
        align-items: center;
        gap: var(--s1);
        white-space: nowrap;
      }
      a {
        display: inline-flex;
        flex: none;
        align-items: center;
        justify-content: center;
        gap: var(--s1);
        min-width: var(--target);
        min-height: var(--target);
        text-decoration: none;
      }
      span.name {
        display: none;
      }
      :host([named]) {
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        padding: 0 var(--s3);
      }
      :host([named]) span.name {
        display: inline;
      }
      button.bare {
        padding: 0 var(--s1);
        min-width: var(--target);
      }
      .failed {
        position: absolute;
        z-index: 50;
        right: 0;
        top: 100%;
        padding: var(--s2) var(--s3);
        background: var(--raised);
      }
      @media (min-width: 1600px) {
        a span.name {
          display: inline;
        }
      }
    `,
  ];

  @property({ attribute: false }) actor: Actor | null = null;
  @property({ attribute: false }) api: Api | null = null;
  /** With names beside the icons at any width: where nothing else stands on the page. */
  @property({ type: Boolean, reflect: true }) named = false;
  /** The page it stands on: no way leads there. */
  @property() here: Home | "" = "";
  @state() private failure = "";

  override render(): TemplateResult {
    const others = this.actor === null ? [] : homesOf(this.actor).filter((home) => home !== this.here);
    return html`${others.map((home) => html`<a href="/${home}" title=${t(`home.${home}`)} aria-label=${t(`home.${home}`)}>${icon(HOME_ICONS[home])}<span class="name" aria-hidden="true">${t(`home.${home}`)}</span></a>`)}
      <button class="bare" lang=${language() === "zh" ? "en" : "zh"} @click=${() => setLanguage(language() === "zh" ? "en" : "zh")}>${t("action.language")}</button>
      <own-password .api=${this.api} account=${this.actor?.id ?? ""}></own-password>
      <button class="bare" aria-label=${t("action.sign_out")} title=${t("action.sign_out")} @click=${() => void this.leave()}>${icon("signOut")}${this.named ? html` ${t("action.sign_out")}` : nothing}</button>
      ${this.failure === "" ? nothing : html`<p class="error failed" role="alert">${icon("alert")} ${this.failure}</p>`}`;
  }

  private async leave(): Promise<void> {
    this.failure = "";
    try {
      await this.api?.signOut();
      toLogin();
    } catch (error) {
      this.failure = t("sign_out.failed", { why: describe(error) });
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-tools": PageTools;
  }
}
