/** How the hub is (运行状况): a line for each part, looked at every few seconds while it is seen. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon, type IconName } from "../../components/icons";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { Hub } from "../cameras/connected";
import { allOf, Panel } from "../panel";
import { healthLines, summary, type Line, type Standing } from "./health_lines";
import type { Health } from "./health_wire";

const LOOK_MS = 5_000;
const ICONS: Readonly<Record<Standing, IconName>> = { good: "check", degraded: "alert", wrong: "ban", idle: "clock", unset: "info" };

@customElement("admin-health")
export class AdminHealth extends Panel {
  static override styles = [
    ...Panel.styles,
    css`
      :host {
        height: 100%;
        overflow: auto;
        border-radius: var(--radius);
        scrollbar-color: var(--line) transparent;
        scrollbar-width: thin;
      }
      .all {
        display: flex;
        align-items: center;
        gap: var(--s2);
        margin: 0 var(--s3);
        padding: var(--s2) var(--s3);
        color: var(--text);
        font-size: var(--t3);
        font-weight: 650;
      }
      .all.degraded,
      .all.wrong {
        background: var(--raised) var(--hatch);
      }
      .all.wrong {
        outline: var(--hair) solid var(--text);
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: var(--s2) var(--s3);
        border-top: var(--hair) solid var(--line);
        text-align: left;
        vertical-align: top;
        font-weight: 400;
        overflow-wrap: anywhere;
      }
      thead th {
        border-top: none;
        color: var(--text-2);
        font-size: var(--t1);
        white-space: nowrap;
      }
      tbody th {
        font-weight: 650;
      }
      td.standing {
        white-space: nowrap;
      }
      tr.degraded td,
      tr.degraded th,
      tr.wrong td,
      tr.wrong th {
        background: var(--raised);
      }
      tr.degraded td.standing,
      tr.wrong td.standing {
        background: var(--raised) var(--hatch);
        font-weight: 650;
      }
      tr.wrong td.standing {
        outline: var(--hair) solid var(--text);
        outline-offset: -3px;
      }
      .good .standing,
      .idle .standing,
      .unset .standing,
      .good .is,
      .idle .is,
      .unset .is,
      .figures {
        color: var(--text-2);
      }
      .figures {
        font-size: var(--t1);
        font-variant-numeric: tabular-nums;
      }
      td p {
        padding: 0;
        color: inherit;
        font-size: inherit;
      }
      .todo {
        font-weight: 650;
      }
      .unset .todo {
        font-weight: 400;
      }
      .fill {
        display: inline-block;
        width: 96px;
        height: 8px;
        margin-left: var(--s2);
        border: var(--hair) solid var(--line);
        background: var(--page);
      }
      .fill span {
        display: block;
        height: 100%;
        background: #51697b;
      }
    `,
  ];

  /** The hub's time in whole seconds. */
  @property({ type: Number }) now_ms = 0;
  @state() private health: Health | null = null;
  @state() private hubs: readonly Hub[] = [];

  protected override pace_ms(): number {
    return LOOK_MS;
  }

  protected override fetch(api: Api): Promise<void> {
    return allOf(
      api.get<Health>("/api/v1/health").then((health) => void (this.health = health)),
      api.get<{ readonly hubs: readonly Hub[] }>("/api/v1/hubs/states").then(({ hubs }) => void (this.hubs = hubs)),
    );
  }

  override render(): TemplateResult {
    const { health } = this;
    return html`<h2>${t("health.title")} ${this.refresh()}</h2>
      ${this.outcome()}
      ${health === null ? this.nothingYet() : this.told(health)}`;
  }

  private told(health: Health): TemplateResult {
    const lines = healthLines(health, this.hubs, Math.max(this.now_ms, health.now_ms));
    const all = summary(health, lines);
    return html`<p class="all ${all.standing}" role="status">${icon(ICONS[all.standing])} ${all.text}</p>
      <table aria-label=${t("health.title")}>
        <thead><tr><th scope="col">${t("health.standing")}</th><th scope="col">${t("health.part")}</th><th scope="col">${t("health.what")}</th><th scope="col">${t("health.figures")}</th></tr></thead>
        <tbody>${repeat(lines, ({ id }) => id, lineOf)}</tbody>
      </table>
      <p>${t("health.more")} <a href="/cameras">${t("home.cameras")}</a></p>`;
  }
}

function lineOf({ part, standing, is, todo, figures, full }: Line): TemplateResult {
  return html`<tr class=${standing}>
    <td class="standing">${icon(ICONS[standing])} ${t(`standing.${standing}`)}</td>
    <th scope="row">${part}</th>
    <td class="is">${is.map((each) => html`<p>${each}${full === undefined ? nothing : html`<span class="fill" aria-hidden="true"><span style="width:${full}%"></span></span>`}</p>`)}
      ${todo.map((what) => html`<p class="todo">${t("health.todo", { what })}</p>`)}</td>
    <td class="figures">${figures.join(" · ")}</td>
  </tr>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-health": AdminHealth;
  }
}
