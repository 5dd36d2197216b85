/** The field in which a note about the situation is typed. What is typed stays with its situation until the hub has it. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Request } from "../../wire";
import { spaceOfPage } from "../console";
import type { Desk } from "./context";
import { failureOf } from "./failure";
import { afterSaving, keepNote, loadNote, noteKey } from "./note_drafts";

/** What the field needs of the page it stands on. */
export type Noting = Pick<Desk, "actor" | "situation"> & { ask(request: Request): Promise<unknown> };

@customElement("desk-note")
export class NoteField extends View {
  static override styles = [
    shared,
    css`
      form {
        padding: var(--s2) var(--s4);
        border-top: var(--hair) solid var(--line);
      }
      :host([large]) form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--s2);
        padding: var(--s2) 0;
        border: none;
      }
      .error {
        grid-column: 1 / -1;
        margin-bottom: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) desk: Noting | null = null;
  /** In the hand: with a button beside it. */
  @property({ type: Boolean, reflect: true }) large = false;
  @state() private text = "";
  @state() private failure = "";
  private about = "";
  /** Notes on their way to the hub: a second Enter must not write one twice. */
  private readonly saving = new Set<string>();

  protected override willUpdate(_changed: PropertyValues): void {
    const about = this.aboutNow();
    if (about === this.about) return;
    this.about = about;
    this.text = loadNote(about);
    this.failure = "";
  }

  override render(): TemplateResult {
    return html`<form @submit=${this.save}>
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
      <input autocomplete="off" .value=${live(this.text)} placeholder=${t("situation.note")} aria-label=${t("situation.note")} @input=${this.onInput} />
      ${this.large ? html`<button>${t("leader.note_save")}</button>` : nothing}
    </form>`;
  }

  private aboutNow(): string {
    return noteKey(spaceOfPage(), this.desk?.actor.id ?? "", this.desk?.situation?.id ?? "");
  }

  private readonly onInput = (event: InputEvent): void => this.put(this.about, valueOf(event));

  private put(about: string, text: string): void {
    keepNote(about, text);
    if (about === this.about) this.text = text;
  }

  private readonly save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { about, desk, text } = this;
    const situation = desk?.situation ?? null;
    const sending = `${about} ${text}`;
    if (desk === null || situation === null || text.trim() === "" || this.saving.has(sending)) return;
    this.saving.add(sending);
    this.failure = "";
    try {
      await desk.ask({ request: "note_situation", situation: situation.id, text: text.trim() });
      this.put(about, afterSaving(loadNote(about), text));
    } catch (error) {
      this.failure = failureOf(situation, this.desk?.situation ?? null, describe(error));
    } finally {
      this.saving.delete(sending);
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-note": NoteField;
  }
}
