/** Below the queue: callers who gave up before anybody answered, and calls in other hands that are about nothing yet. Nobody's rows end unseen. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { StableOrder, UnderPointer } from "../../components/stable_order";
import "../../components/states";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CallRow } from "../../wire";
import { consoleStyles } from "../console_styles";
import { abandonedCalls } from "../picture";
import type { Desk } from "./context";
import { othersCalls } from "./whose_calls";

/** So many of each stand open. */
const FEW = 3;
const MOST = 50;
const HOUR_MS = 3_600_000;
const LISTS = ["abandoned", "others"] as const;
type List = (typeof LISTS)[number];

/** Tells `choose` ({table, id}). */
@customElement("desk-others-calls")
export class OthersCalls extends View {
  static override styles = [
    shared,
    consoleStyles,
    css`
      :host {
        height: auto;
        overflow: auto;
      }
      button.line {
        display: flex;
        flex-wrap: wrap;
        justify-content: start;
        gap: 0 var(--s2);
        width: 100%;
        min-height: 28px;
        padding: var(--s1) var(--s3);
        font-size: var(--t1);
        border: none;
        border-top: var(--hair) solid var(--line);
        border-radius: 0;
        background: none;
        text-align: left;
        white-space: normal;
      }
      button.line[aria-current="true"] {
        background: var(--accent-dim);
      }
      button.line:focus-visible {
        outline-offset: -2px;
      }
      .said {
        margin-left: auto;
      }
      .fold {
        padding: 0 var(--s3) var(--s1);
        font-size: var(--t1);
      }
      .fold button {
        min-height: 24px;
      }
    `,
  ];

  @property({ attribute: false }) desk: Desk | null = null;
  @state() private unfolded: ReadonlySet<List> = new Set();
  private calls: Readonly<Record<List, readonly CallRow[]>> = { abandoned: [], others: [] };
  private readonly pointer = new UnderPointer(this);
  private readonly orders = { abandoned: new StableOrder(), others: new StableOrder() } as const;

  protected override willUpdate(): void {
    if (this.desk === null) return;
    const calls = this.desk.store.rows("calls");
    this.calls = { abandoned: abandonedCalls(calls), others: othersCalls(calls, this.desk.actor.id) };
    this.hidden = this.calls.abandoned.length + this.calls.others.length === 0;
  }

  override render(): TemplateResult {
    const { desk } = this;
    return desk === null ? html`` : html`${LISTS.map((list) => this.list(desk, list, this.calls[list]))}`;
  }

  private list(desk: Desk, list: List, calls: readonly CallRow[]): TemplateResult | typeof nothing {
    if (calls.length === 0) return nothing;
    const title = t(`desk.${list}`);
    const rows = desk.store.rows("calls");
    const keys = this.orders[list].arrange(calls.map((row) => row.id), this.pointer.held);
    const [open, rest] = [this.unfolded.has(list), keys.length - FEW];
    return html`<section aria-label=${title}>
      <h2 class="heading">${icon(list === "abandoned" ? "phoneOff" : "phone")} ${title}<span class="number">${calls.length}</span></h2>
      ${repeat(keys.slice(0, open ? MOST : FEW), (key) => key, (key) => line(desk, rows.get(key), () => this.tell("choose", { table: "calls", id: key })))}
      ${open && keys.length > MOST ? html`<t-state kind="hint" text=${t("state.too_many", { shown: MOST, total: keys.length })}></t-state>` : nothing}
      ${rest <= 0
        ? nothing
        : html`<p class="fold row quiet"><span class="grow">${open ? nothing : t("desk.calls_folded", { n: rest })}</span>
            <button aria-expanded=${open} @click=${() => this.fold(list, open)}>${t(open ? "desk.fold" : "desk.alarms_unfold")}</button></p>`}
    </section>`;
  }

  private fold(list: List, open: boolean): void {
    this.unfolded = new Set(LISTS.filter((each) => (each === list ? !open : this.unfolded.has(each))));
  }
}

function line(desk: Desk, row: CallRow | undefined, choose: () => void): TemplateResult | typeof nothing {
  if (row === undefined) return nothing;
  const about = [row.place?.text || row.address, row.subscriber].filter((text) => text !== "").join(" · ");
  return html`<button class="line" aria-current=${desk.call?.id === row.id} title=${about} @click=${choose}>
    <b>${row.dialled}</b><span>${row.caller || "—"}</span><span class="said quiet">${saidOf(desk, row)}</span>
  </button>`;
}

/** When it rang, and how long ago while that is less than an hour; or whose it is, and for how long. */
function saidOf({ now_ms, who }: Desk, row: CallRow): string {
  if (row.state === "abandoned") {
    const ago_ms = now_ms - row.arrived_ms;
    return [format.moment(row.arrived_ms, now_ms), ...(ago_ms < HOUR_MS ? [format.duration(ago_ms)] : [])].join(" ");
  }
  const gone = row.hung_up_ms == null ? [] : [t("call.hung_up")];
  return [t("desk.taken_by", { name: who(row.answered_by) }), ...gone, format.duration(now_ms - (row.hung_up_ms ?? row.answered_ms ?? row.arrived_ms))].join(" · ");
}

declare global {
  interface HTMLElementTagNameMap {
    "desk-others-calls": OthersCalls;
  }
}
