/** Changing the own password (修改密码): a key in the header of every page, and the form behind it. Calls and alarms stay in reach meanwhile. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { describe } from "../components/problems";
import { shared, View } from "../components/view";
import { t } from "../i18n/i18n";
import type { Api } from "../sync/api";
import type { OwnPassword } from "../wire";
import { faultOf, LEAST_CHARS, MOST_CHARS } from "./password_words";

@customElement("own-password")
export class OwnPasswordButton extends View {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: inline-block;
        white-space: normal;
      }
      button.bare {
        padding: 0 var(--s1);
        min-width: var(--target);
      }
      dialog {
        position: absolute;
        z-index: 60;
        inset: calc(100% + var(--s1)) 0 auto auto;
        width: min(400px, calc(100vw - 2 * var(--s4)));
        margin: 0;
        padding: var(--s4);
        border: var(--hair) solid var(--accent);
        border-radius: var(--radius);
        background: var(--panel);
        color: var(--text);
      }
      @media (max-width: 700px) {
        :host(:not([named])) dialog {
          position: fixed;
          inset: auto var(--s4) var(--s4);
        }
      }
      /* On the terminal in the page itself: the call for help is never covered. */
      :host([named]) {
        display: contents;
      }
      :host([named]) dialog {
        position: static;
        order: 1;
        width: 100%;
      }
      form {
        display: grid;
        gap: var(--s3);
      }
      h2 {
        font-size: var(--t3);
        font-weight: 650;
      }
      label {
        display: grid;
        gap: var(--s1);
        color: var(--text-2);
      }
      label input {
        color: var(--text);
      }
      .row {
        flex-wrap: wrap;
        justify-content: flex-end;
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  /** The account, by which a browser keeps its password. */
  @property() account = "";
  /** Its name beside the key, and the form in the page instead of over it. */
  @property({ type: Boolean, reflect: true }) named = false;
  @state() private open = false;
  @state() private busy = false;
  @state() private done = false;
  @state() private failure = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  override render(): TemplateResult {
    const name = t("password.title");
    return html`<button type="button" class="bare" aria-label=${name} title=${name} aria-expanded=${this.open} @click=${() => (this.open ? this.dialog.close() : void this.begin())}>${icon("key")}${this.named ? html` ${name}` : nothing}</button>
      <dialog aria-label=${name} @close=${() => (this.open = false)} @keydown=${(event: KeyboardEvent) => this.onKey(event)}>${this.open ? (this.done ? this.told() : this.form()) : nothing}</dialog>`;
  }

  private form(): TemplateResult {
    const field = (name: string, label: string, complete: "current-password" | "new-password"): TemplateResult =>
      html`<label>${label}<input type="password" name=${name} required autocomplete=${complete} /></label>`;
    return html`<form @submit=${(event: SubmitEvent) => void this.change(event)}>
      <h2>${t("password.title")}</h2>
      <input hidden name="account" autocomplete="username" .value=${this.account} />
      ${field("old", t("password.old"), "current-password")}${field("fresh", t("password.new"), "new-password")}${field("again", t("password.again"), "new-password")}
      <p class="quiet">${t("password.how", { least: LEAST_CHARS, most: MOST_CHARS })}</p>
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
      <div class="row"><button type="button" @click=${() => this.dialog.close()}>${t("action.cancel")} <kbd>Esc</kbd></button>
        <button class="primary" ?disabled=${this.busy}>${t(this.busy ? "password.changing" : "password.change")}</button></div>
    </form>`;
  }

  private told(): TemplateResult {
    return html`<p role="status">${icon("check")} ${t("password.changed")}</p>
      <div class="row"><button type="button" class="primary" @click=${() => this.dialog.close()}>${t("action.close")}</button></div>`;
  }

  /** Keys of the page are not meant while its person is here. */
  private onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.dialog.close();
  }

  private async begin(): Promise<void> {
    [this.open, this.done, this.failure] = [true, false, ""];
    await this.updateComplete;
    this.dialog.show();
  }

  private async change(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.api === null || this.busy) return;
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "");
    this.failure = faultOf(text("old"), text("fresh"), text("again"));
    if (this.failure !== "") return;
    this.busy = true;
    try {
      const body: OwnPassword = { old: text("old"), new: text("fresh") };
      await this.api.put("/api/v1/session/password", body);
      this.done = true;
      await this.updateComplete;
      this.dialog.querySelector("button")?.focus();
    } catch (error) {
      this.failure = describe(error);
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "own-password": OwnPasswordButton;
  }
}
