/** What the forms of all registers share: fields, their looks, and from when on a version holds. Each tells `ask`. */

import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { CameraRow, Exemption, Request } from "../../wire";
import { exemptOf, exemptText, instantOf } from "./rules_words";

const formStyles = css`
  form {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr));
    gap: var(--s3);
    align-items: end;
  }
  .whole {
    grid-column: 1 / -1;
  }
  label {
    display: grid;
    gap: var(--s1);
    min-width: 0;
  }
  input {
    min-width: 0;
  }
  fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s3);
    margin: 0;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  .fields > label {
    flex: 1 1 12rem;
  }
  .many {
    max-height: 12rem;
    overflow: auto;
  }
  .tick {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    min-height: var(--target);
  }
  .tick input {
    width: auto;
    min-height: 0;
  }
`;

export abstract class RuleForm extends View {
  static override styles = [shared, formStyles];

  /** Empty for a new one. */
  @property() rule = "";
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @state() protected wrong = "";

  protected ask(request: Request): void {
    this.wrong = "";
    this.dispatchEvent(new CustomEvent<Request>("ask", { detail: request }));
  }

  protected field(name: string, label: string, value: string | number, type = "text", more: { min?: number; max?: number; step?: string } = {}): TemplateResult {
    return html`<label><span>${label}</span><input name=${name} type=${type} required .value=${String(value)} min=${more.min ?? nothing} max=${more.max ?? nothing} step=${more.step ?? nothing} maxlength="100" autocomplete="off" /></label>`;
  }

  protected idField(): TemplateResult | typeof nothing {
    return this.rule === "" ? html`<label><span>${t("rules.id")}</span><input name="id" required maxlength="64" pattern="[\\w.:@\\-〔〕]+" autocomplete="off" /></label>` : nothing;
  }

  protected given(form: FormData): string {
    return this.rule || String(form.get("id") ?? "").trim();
  }

  protected camera(name: string, label: string, chosen: string, choose: (id: string) => void = () => undefined): TemplateResult {
    return html`<label><span>${label}</span><select name=${name} required @change=${(event: Event) => choose(valueOf(event))}><option value=""></option>${this.cameras.map((camera) => html`<option value=${camera.id} ?selected=${camera.id === chosen}>${camera.name}${camera.reads_plates ? "" : ` ${t("rules.reads_none")}`}</option>`)}</select></label>`;
  }

  protected exempt(exempt: readonly Exemption[]): TemplateResult {
    return html`<label class="whole"><span>${t("rules.exempt")}</span><textarea name="exempt" rows="3" .value=${exemptText(exempt)}></textarea></label>`;
  }

  /** The exempt plates that are typed; null, and said so, where a line is none. */
  protected exempted(form: FormData): Exemption[] | null {
    const exempt = exemptOf(String(form.get("exempt") ?? ""));
    if (typeof exempt !== "number") return exempt;
    this.wrong = t("rules.exempt_line", { n: exempt });
    return null;
  }

  protected from(): TemplateResult {
    return html`<label><span>${t("rules.from_when")}</span><input name="from_when" type="datetime-local" /></label>`;
  }

  /** From when on it is to hold; null for now. */
  protected fromMs(form: FormData): number | null {
    return instantOf(String(form.get("from_when") ?? ""));
  }

  protected end(): TemplateResult {
    return html`${this.from()}${this.complaint()}<p class="quiet whole">${t("rules.consequence")}</p><button class="primary">${t("rules.save")}</button>`;
  }

  protected complaint(): TemplateResult | typeof nothing {
    return this.wrong === "" ? nothing : html`<p class="error whole" role="alert">${icon("alert")} ${this.wrong}</p>`;
  }
}
