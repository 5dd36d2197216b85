/** The registers that violations are judged by (依据登记): what is in force, and forms to register another version. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { EndRule, Request } from "../../wire";
import "./rule_regions";
import "./rule_restriction";
import "./rule_section";
import { listedRules, type ListedRule } from "./rules_words";
import { VehiclesTab } from "./shared";

type Register = EndRule["register"];
const REGISTERS: readonly Register[] = ["sections", "restrictions", "regions"];
const NEW = { sections: "rules.new_section", restrictions: "rules.new_restriction", regions: "rules.new_regions" } as const;

@customElement("review-rules")
export class ReviewRules extends VehiclesTab {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(240px, 20rem) minmax(0, 1fr);
        gap: var(--s2);
        min-height: 0;
      }
      .panel {
        background: var(--panel);
        border-radius: var(--radius);
        padding: var(--s3);
        overflow: auto;
        min-height: 0;
        display: grid;
        align-content: start;
        gap: var(--s3);
      }
      h2 {
        font-weight: 650;
      }
      li button {
        width: 100%;
        display: grid;
        justify-content: start;
        justify-items: start;
        white-space: normal;
        text-align: left;
        padding: var(--s1) var(--s2);
      }
      button[aria-current="true"] {
        border-color: var(--accent);
      }
      form.stop {
        display: flex;
        gap: var(--s2);
      }
    `,
  ];

  @state() private register: Register = "sections";
  @state() private chosen: string | null = null;
  @state() private refusal = "";
  @state() private said = "";

  override render(): TemplateResult {
    return html`<nav class="panel" aria-label=${t("rules.title")}>${REGISTERS.map((register) => this.group(register))}</nav>
      <section class="panel" aria-label=${t(`rules.${this.register}`)}>
        ${this.said === "" ? nothing : html`<p role="status">${icon("check")} ${this.said}</p>`}
        ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
        ${this.chosen === null ? html`<t-state kind="empty" text=${t("rules.choose")}></t-state>` : html`${this.formOf(this.register, this.chosen)}${this.stop()}`}
      </section>`;
  }

  private listed(register: Register): readonly ListedRule[] {
    return listedRules(this.rows(register).values(), (id) => this.rows("cameras").get(id)?.name ?? id, this.now_ms);
  }

  private group(register: Register): TemplateResult {
    const current = (id: string): string => (this.register === register && this.chosen === id ? "true" : "false");
    return html`<h2>${t(`rules.${register}`)}</h2>
      <ul>${this.listed(register).map((rule) => html`<li><button aria-current=${current(rule.id)} @click=${() => this.choose(register, rule.id)}><span>${rule.name}</span>
        <span class="quiet">${t("rules.version", { version: rule.version, from: format.moment(rule.from_ms, this.now_ms) })}${rule.ended ? ` · ${t("rules.ended")}` : rule.expired ? ` · ${t("rules.expired")}` : ""}</span></button></li>`)}</ul>
      <button aria-current=${current("")} @click=${() => this.choose(register, "")}>${icon("plus")} ${t(NEW[register])}</button>`;
  }

  private choose(register: Register, id: string): void {
    [this.register, this.chosen, this.refusal, this.said] = [register, id, "", ""];
  }

  private formOf(register: Register, id: string): TemplateResult {
    const cameras = [...this.rows("cameras").values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
    const ask = (event: CustomEvent<Request>): void => void this.ask(event.detail);
    switch (register) {
      case "sections":
        return html`<rule-section rule=${id} .cameras=${cameras} .version=${this.rows("sections").get(id)?.versions[0] ?? null} @ask=${ask}></rule-section>`;
      case "restrictions":
        return html`<rule-restriction rule=${id} .cameras=${cameras} .fences=${[...this.rows("fences").values()]} .version=${this.rows("restrictions").get(id)?.versions[0] ?? null} @ask=${ask}></rule-restriction>`;
      case "regions":
        return html`<rule-regions rule=${id} .cameras=${cameras} .version=${this.rows("regions").get(id)?.versions[0] ?? null} @ask=${ask}></rule-regions>`;
    }
  }

  private stop(): TemplateResult | typeof nothing {
    const standing = this.listed(this.register).find((rule) => rule.id === this.chosen && !rule.ended);
    if (standing === undefined) return nothing;
    return html`<form class="stop" @submit=${(event: Event) => this.end(event, standing.id)}>
      <input name="why" required maxlength="500" aria-label=${t("rules.stop_why")} placeholder=${t("rules.stop_why")} autocomplete="off" /><button>${t("rules.stop")}</button></form>`;
  }

  private end(event: Event, rule: string): void {
    event.preventDefault();
    const why = String(new FormData(event.target as HTMLFormElement).get("why") ?? "").trim();
    if (why !== "") void this.ask({ request: "end_violation_rule", register: this.register, rule, why });
  }

  private async ask(request: Request): Promise<void> {
    [this.refusal, this.said] = ["", ""];
    try {
      const answer = await this.connection?.api.request(request);
      if (answer !== undefined) [this.chosen, this.said] = [answer.subject, t("rules.saved")];
    } catch (error) {
      this.refusal = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "review-rules": ReviewRules;
  }
}
