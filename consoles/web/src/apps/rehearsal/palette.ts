/** The inject palette: choose a kind of event, fill in its few fields, let it happen now. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { Picked } from "../../map/element";
import { uuid } from "../../sync/connect";
import { eventOf, INJECTS, STEPS, type Field, type InjectKind, type Source } from "./injects";

const KINDS = Object.keys(INJECTS) as InjectKind[];
const ROLES = ["commander", "dispatcher", "call_taker", "duty_leader", "officer", "camera_watch"] as const;
const SERVICES = ["110", "119", "122"] as const;
const LINKS = ["case", "approval", "sms", "upstream"] as const;

export interface Option {
  readonly id: string;
  readonly label: string;
}

/** Choices that come from the rehearsal's own tables. */
export type Options = Readonly<Record<"cameras" | "tasks" | "phases" | "units", readonly Option[]>>;

/** Tells `inject` with the event, `picking` (a place is wanted: true or false) and `close`. */
@customElement("rehearsal-palette")
export class Palette extends View {
  static override styles = [
    shared,
    css`
      :host {
        padding: var(--s3);
      }
      .kinds {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
        margin: var(--s2) 0 var(--s3);
      }
      .kinds button {
        min-height: 28px;
        padding: 0 var(--s2);
        font-size: var(--t1);
      }
      .kinds button[aria-pressed="true"] {
        border-color: var(--accent);
        background: var(--accent-dim);
      }
      form {
        display: grid;
        gap: var(--s2);
      }
      label,
      .field {
        display: grid;
        grid-template-columns: minmax(5em, auto) minmax(0, 1fr);
        gap: var(--s2);
        align-items: center;
      }
      label > span:first-child,
      .field > span:first-child {
        color: var(--text-2);
      }
    `,
  ];

  @property({ attribute: false }) options: Options = { cameras: [], tasks: [], phases: [], units: [] };
  @property({ attribute: false }) place: Picked | null = null;
  @property({ type: Boolean }) busy = false;
  @property() failure = "";
  @property() success = "";
  @state() private kind: InjectKind = "inject";
  @state() private unpicked = false;

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>(".kinds button")?.focus();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("success") && this.success !== "") this.renderRoot.querySelector("form")?.reset();
  }

  override render(): TemplateResult {
    return html`<div class="row"><span class="grow">${t("inject.title")}</span>
        <button class="bare" aria-label=${t("action.close")} @click=${() => this.tell("close", null)}>${icon("close")} <kbd>Esc</kbd></button></div>
      <div class="kinds" role="group" aria-label=${t("inject.title")}>
        ${KINDS.map((kind) => html`<button aria-pressed=${kind === this.kind} @click=${() => this.choose(kind)}>${word("script_event", kind)}</button>`)}
      </div>
      <form @submit=${this.send}>
        ${INJECTS[this.kind].map((field) => this.field(field))}
        ${this.unpicked && this.place === null ? html`<p class="error" role="alert">${t("inject.unpicked")}</p>` : nothing}
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
        ${this.success === "" || this.busy ? nothing : html`<p role="status">${icon("check")} ${this.success}</p>`}
        <button class="primary" ?disabled=${this.busy}>${icon("send")} ${t("director.inject")}</button>
      </form>`;
  }

  private field(field: Field): TemplateResult {
    const label = html`<span>${t(field.label)}</span>`;
    if (field.type === "place") {
      return html`<div class="field">${label}<button type="button" @click=${() => this.tell("picking", true)}>${icon("pin")}
        ${this.place === null ? t("inject.pick") : this.place.near || `${this.place.lat}, ${this.place.lon}`}</button></div>`;
    }
    if (field.type === "text") {
      return html`<label>${label}<input name=${field.name} maxlength="500" autocomplete="off" ?required=${field.optional !== true} /></label>`;
    }
    const options = this.choicesOf(field.from ?? "roles");
    return html`<label>${label}<select name=${field.name} required>
      ${options.map((option) => html`<option value=${option.id}>${option.label}</option>`)}
    </select></label>`;
  }

  private choicesOf(source: Source): readonly Option[] {
    switch (source) {
      case "roles":
        return ROLES.map((id) => ({ id, label: word("role", id) }));
      case "services":
        return SERVICES.map((id) => ({ id, label: word("service", id) }));
      case "links":
        return LINKS.map((id) => ({ id, label: word("link", id) }));
      case "steps":
        return STEPS.map((id) => ({ id, label: word("unit_step", id) }));
      case "granted":
        return [
          { id: "yes", label: t("inject.yes") },
          { id: "no", label: t("inject.no") },
        ];
      default:
        return this.options[source];
    }
  }

  private choose(kind: InjectKind): void {
    this.kind = kind;
    this.unpicked = false;
    this.renderRoot.querySelector("form")?.reset();
    if (INJECTS[kind].every((field) => field.type !== "place")) this.tell("picking", false);
  }

  private send(event: SubmitEvent): void {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, String(value)]));
    const place = this.place === null ? null : { lat: this.place.lat, lon: this.place.lon, text: this.place.near };
    const made = eventOf(this.kind, values, place, `director-${uuid().slice(0, 8)}`);
    this.unpicked = made === null;
    if (made !== null) this.tell("inject", { event: made, words: word("script_event", this.kind) });
  }
}
