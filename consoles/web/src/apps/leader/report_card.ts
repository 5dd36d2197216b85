/** A report upward: to whom, about what, by when; and the word that it was made. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { inLanguage } from "../desk/commands_plans";
import { hashOf } from "../tabs";
import { goingWords, type Leading } from "./context";
import { isFinishing, type Upward } from "./picture";

@customElement("leader-report")
export class ReportCard extends View {
  static override styles = [
    shared,
    css`
      article {
        display: grid;
        gap: var(--s2);
        padding: var(--s4);
        border-radius: var(--radius);
        background-color: var(--panel);
      }
      .late {
        background-image: var(--hatch);
      }
      h2 {
        font-size: 20px;
        font-weight: 700;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      a {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-height: 44px;
        text-decoration: none;
      }
      article > button {
        min-height: 56px;
        font-size: 18px;
        font-weight: 650;
      }
    `,
  ];

  @property({ attribute: false }) leading: Leading | null = null;
  @property({ attribute: false }) report: Upward | null = null;
  @state() private asking = false;
  @state() private failure = "";

  override render(): TemplateResult {
    const { leading, report } = this;
    if (leading === null || report === null) return html``;
    const { activation, planned, task, to, due_ms } = report;
    const done = task?.state === "done";
    const left_ms = due_ms - leading.now_ms;
    const situation = leading.store.rows("situations").get(activation.situation);
    return html`<article class=${!done && left_ms < 0 ? "late" : ""}>
      <h2>${icon(done ? "check" : "send")} ${inLanguage(planned.title)}</h2>
      <p>${t("leader.to", { who: word("authority", to) })}
        ${done
          ? html`· ${t("leader.reported_by", { time: format.moment(task.done_ms ?? leading.now_ms, leading.now_ms), name: leading.who(task.done_by) })}`
          : html`· <b class="number">${t(left_ms < 0 ? "time.late" : "time.left", { span: format.duration(Math.abs(left_ms)) })}</b> · ${t("leader.report_due", { time: format.moment(due_ms, leading.now_ms) })}`}</p>
      ${situation === undefined ? nothing : html`<a href=${hashOf("open", situation.id)}><t-level level=${situation.level}></t-level> ${situation.title}</a>`}
      <p class="quiet">${inLanguage(activation.definition.title)}</p>
      ${done ? nothing : this.step(leading, report)}
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.failure}</p>`}
    </article>`;
  }

  private step(leading: Leading, { planned, task }: Upward): TemplateResult {
    if (task === null) return html`<p class="quiet">${icon("clock")} ${t("leader.report_blocked")}</p>`;
    if (isFinishing(leading.underWay, task.id)) return html`<p role="status">${icon("clock")} ${goingWords(leading, t("leader.reported"))}</p>`;
    if (task.approval !== "" && leading.store.rows("approvals").get(task.approval)?.state !== "granted") return html`<p class="quiet">${icon("lock")} ${t("leader.report_unapproved")}</p>`;
    if (!leading.fresh) return html`<p class="quiet">${icon("clock")} ${t("leader.not_now")}</p>`;
    if (!this.asking) return html`<button @click=${() => (this.asking = true)}>${t("leader.reported")}</button>`;
    return html`<t-confirm tapped question=${t("leader.report_done", { what: inLanguage(planned.title) })} consequence=${t("leader.report_consequence")}
      @cancel=${() => (this.asking = false)} @confirm=${() => void this.finish(leading, task.id)}></t-confirm>`;
  }

  private async finish(leading: Leading, task: string): Promise<void> {
    this.asking = false;
    this.failure = "";
    try {
      await leading.ask({ request: "finish_task", task });
    } catch (error) {
      this.failure = describe(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "leader-report": ReportCard;
  }
}
