/** The login page. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { shared, View } from "../../components/view";
import { language, setLanguage, t } from "../../i18n/i18n";
import { Problem } from "../../sync/api";
import { browserApi } from "../../sync/connect";
import { homesOf, isPhone } from "../homes";
import { show } from "../page";

@customElement("app-login")
export class Login extends View {
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
      form {
        width: min(360px, 100%);
        display: grid;
        gap: var(--s4);
      }
      h1 {
        font-size: var(--t4);
        font-weight: 650;
      }
      .name {
        color: var(--text-2);
      }
      label {
        display: grid;
        gap: var(--s1);
        color: var(--text-2);
      }
      input {
        font-size: var(--t3);
        color: var(--text);
      }
      .notice {
        color: var(--text-2);
        font-size: var(--t1);
      }
      .foot {
        justify-content: space-between;
      }
    `,
  ];

  @state() private busy = false;
  @state() private failure = "";
  @state() private caps = false;
  private readonly api = browserApi(() => undefined);

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  override render(): TemplateResult {
    return html`<main>
      <form @submit=${this.submit} @keyup=${this.onKey}>
        <header>
          <p class="name">${t("app.name")}</p>
          <h1>${t("app.county")}</h1>
        </header>
        <label>${t("login.name")}<input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" /></label>
        <label>${t("login.password")}<input name="password" type="password" autocomplete="current-password" required maxlength="256" /></label>
        ${this.caps ? html`<p class="notice">${t("login.caps")}</p>` : nothing}
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("login.busy") : t("login.title")}</button>
        <div class="row foot">
          <p class="notice">${t("login.notice")}</p>
          <button type="button" class="bare" @click=${() => setLanguage(language() === "zh" ? "en" : "zh")}>${t("action.language")}</button>
        </div>
      </form>
    </main>`;
  }

  private onKey(event: KeyboardEvent): void {
    this.caps = event.getModifierState("CapsLock");
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.failure = "";
    try {
      const actor = await this.api.signIn(String(form.get("name")), String(form.get("password")));
      location.assign(safeNext() ?? `/${homesOf(actor, isPhone())[0] ?? ""}`);
    } catch (error) {
      this.failure = words(error);
      this.busy = false;
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLInputElement>("input[type=password]")?.select();
    }
  }
}

function words(error: unknown): string {
  if (error instanceof Problem && error.status === 401) return t("login.wrong");
  if (error instanceof Problem && error.status === 429) return t("login.wait");
  return describe(error);
}

/** Where to go afterwards (a browser that was sent here kept the part of the page), only ever on this site: a link must not be able to send people elsewhere. */
function safeNext(): string | null {
  const next = new URLSearchParams(location.search).get("next");
  if (next === null) return null;
  const url = new URL(next, location.origin);
  return url.origin === location.origin && next.startsWith("/") && url.pathname !== "/login" ? url.pathname + url.search + (url.hash || location.hash) : null;
}

show("app-login");
