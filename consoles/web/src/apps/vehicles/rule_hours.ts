/** Times of the week, as many as are needed: weekdays, from, to. Tells `hours` with each change. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import type { Hours } from "../../wire";
import { minuteOf, timeOf } from "./rules_words";

const DAYS = [1, 2, 3, 4, 5, 6, 7];
/** As many as the hub takes. */
const MOST = 16;

@customElement("rule-hours")
export class RuleHours extends View {
  static override styles = [
    shared,
    css`
      fieldset {
        display: grid;
        gap: var(--s1);
        margin: 0;
        border: var(--hair) solid var(--line);
        border-radius: var(--radius);
      }
      .row {
        flex-wrap: wrap;
      }
      .tick {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
      }
      .tick input {
        width: auto;
        min-height: 0;
      }
    `,
  ];

  @property({ attribute: false }) hours: readonly Hours[] = [];

  override render(): TemplateResult {
    return html`<fieldset><legend>${t("rules.hours")}</legend>
      ${this.hours.map((each, at) => this.line(each, at))}
      ${this.hours.length >= MOST ? nothing : html`<div class="row"><button type="button" @click=${() => this.say([...this.hours, { days: [1, 2, 3, 4, 5], from_min: 420, to_min: 540 }])}>${icon("plus")} ${t("rules.add_hours")}</button></div>`}
    </fieldset>`;
  }

  private line(hours: Hours, at: number): TemplateResult {
    const change = (part: Partial<Hours>): void => this.say(this.hours.map((each, nth) => (nth === at ? { ...each, ...part } : each)));
    const minute = (event: Event): number => minuteOf(valueOf(event));
    const toggled = (day: number): number[] => DAYS.filter((each) => hours.days.includes(each) !== (each === day));
    return html`<div class="row" role="group" aria-label=${t("rules.hours_nth", { n: at + 1 })}>
      ${DAYS.map((day) => html`<label class="tick"><input type="checkbox" .checked=${hours.days.includes(day)} @change=${() => change({ days: toggled(day) })} />${word("weekday", String(day))}</label>`)}
      <label class="tick">${t("rules.from")}<input type="time" required .value=${timeOf(hours.from_min)} @change=${(event: Event) => change({ from_min: minute(event) })} /></label>
      <label class="tick">${t("rules.to")}<input type="time" required .value=${timeOf(hours.to_min % 1440)} @change=${(event: Event) => change({ to_min: minute(event) })} /></label>
      ${hours.to_min > hours.from_min ? nothing : html`<span class="quiet">${t("rules.next_day")}</span>`}
      <button type="button" class="bare" aria-label=${t("rules.remove_hours", { n: at + 1 })} @click=${() => this.say(this.hours.filter((_, nth) => nth !== at))}>${icon("close")}</button>
    </div>`;
  }

  private say(hours: readonly Hours[]): void {
    this.hours = hours;
    this.tell<readonly Hours[]>("hours", hours);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rule-hours": RuleHours;
  }
}
