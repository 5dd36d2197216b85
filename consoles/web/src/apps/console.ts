/** The base of the consoles: signs on, mirrors the tables its person may see, draws anew when they change. */

import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { icon } from "../components/icons";
import "../components/marks";
import "../components/states";
import { EverySecond, View } from "../components/view";
import * as format from "../i18n/format";
import { t } from "../i18n/i18n";
import { Problem, UnreachableError } from "../sync/api";
import { browserApi, connect, toLogin, type Connection } from "../sync/connect";
import type { LiveState } from "../sync/live";
import type { Actor, Subscription, TableName } from "../sync/protocol";
import type { Tables } from "../wire";
import "./page_tools";
import type { Subjects } from "./picture";
import { whoWords } from "./who";

/** Which world this page shows, from its address: `live`, or a rehearsal. */
export function spaceOfPage(): string {
  return new URLSearchParams(location.search).get("space") ?? "live";
}

export abstract class Console extends View {
  @state() protected live: LiveState | null = null;
  @state() protected actor: Actor | null = null;
  @state() private failure: "" | "offline" | "no_right" = "";
  protected connection: Connection | null = null;
  protected readonly space = spaceOfPage();
  protected readonly second = new EverySecond(this);

  /** What to mirror; null where this person has no business here. */
  protected abstract tablesOf(actor: Actor): Subscription | null;
  protected abstract page(connection: Connection): TemplateResult;
  /** Rows have changed; called before the page is drawn. */
  protected changed(_tables: ReadonlySet<string>, _connection: Connection): void {}

  /** How old what the page shows is before anything came from the hub, ms; infinite where nobody knows, null where it shows nothing. */
  protected shownAge_ms(): number | null {
    return null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.space !== "live") document.documentElement.dataset["rehearsal"] = "";
    void this.signOn();
  }

  override render(): TemplateResult {
    if (this.failure === "no_right") return this.noRight();
    if (this.failure !== "") return html`<t-state kind=${this.failure}></t-state>`;
    if (this.connection === null) return html`<t-state kind="loading"></t-state>`;
    return html`${this.page(this.connection)}${this.space === "live" ? nothing : watermark()}`;
  }

  /** Whoever has no business here finds the way to where they have some, and out. */
  private noRight(): TemplateResult {
    return html`<div role="main" style="grid-column: 1 / -1"><t-state kind="no_right"></t-state><page-tools named .actor=${this.actor} .api=${browserApi()}></page-tools></div>`;
  }

  /** The hub's time now, in whole seconds: nothing on a screen needs to be drawn anew more often for time alone. */
  protected now_ms(): number {
    return Math.floor((this.connection?.clock.now_ms() ?? Date.now()) / 1_000) * 1_000;
  }

  protected rows<N extends TableName>(table: N): ReadonlyMap<string, Tables[N]> {
    return this.connection?.store.rows(table) ?? new Map<string, Tables[N]>();
  }

  /** Where the subjects of alarms are looked up. */
  protected subjects(): Subjects {
    return {
      units: this.rows("units"),
      cameras: this.rows("cameras"),
      orders: this.rows("orders"),
      tasks: this.rows("tasks"),
      approvals: this.rows("approvals"),
    };
  }

  /** Who did something, by the name people know. */
  protected readonly who = (id: string): string => whoWords(id, (each) => this.connection?.people.name(each) ?? each, this.rows("units"));

  protected async whoIsThere(): Promise<Actor | null> {
    return browserApi().session();
  }

  protected onSignedOut(): void {
    toLogin();
  }

  /** A bar for what is wrong with the connection; nothing while it is well. */
  protected trouble(): TemplateResult | typeof nothing {
    const live = this.live;
    if (live === null || (live.phase === "live" && live.accepting)) return nothing;
    if (live.phase === "refused") return html`<t-state kind="no_right" text=${live.refusal?.detail ?? ""}></t-state>`;
    const age_ms = this.connection?.clock.age_ms() ?? null;
    if (age_ms === null) return html`<t-state kind="loading"></t-state>`;
    const age = format.age(age_ms);
    if (live.phase === "offline") return html`<p class="trouble" role="alert">${icon("offline")} ${t("state.offline")} · ${t("age.offline", { age })} <span class="meanwhile">${t("state.offline_means")}</span></p>`;
    const words = live.accepting ? t("state.stale", { age }) : `${t("state.readonly")} · ${t("age.stale", { age })}`;
    return html`<p class="trouble" role="alert">${icon("alert")} ${words} <span class="meanwhile">${t(live.accepting ? "state.stale_means" : "state.readonly_means")}</span></p>`;
  }

  private async signOn(): Promise<void> {
    try {
      this.actor = await this.whoIsThere();
    } catch (error) {
      if (!(error instanceof UnreachableError || error instanceof Problem)) throw error;
      this.failure = "offline";
      setTimeout(() => {
        this.failure = "";
        void this.signOn();
      }, 3_000);
      return;
    }
    if (this.actor === null) {
      this.onSignedOut();
      return;
    }
    const tables = this.tablesOf(this.actor);
    if (tables === null) {
      this.failure = "no_right";
      return;
    }
    this.connection = connect(tables, (live) => this.take(live), this.space, () => this.onSignedOut(), () => this.requestUpdate(), this.shownAge_ms(), this.actor.id);
    this.connection.store.listen((changed) => {
      if (this.connection !== null) this.changed(changed, this.connection);
      this.requestUpdate();
    });
    this.requestUpdate();
  }

  private take(live: LiveState): void {
    this.live = live;
    // Somebody gave this person another name or unit meanwhile.
    if (live.actor !== null) this.actor = live.actor;
    if (!live.fits && sessionStorage.getItem("triune.reloaded") !== live.release) {
      // Once per release: if it still does not fit after that, going on is better than reloading for ever.
      sessionStorage.setItem("triune.reloaded", live.release);
      location.reload();
    }
  }
}

/** Over everything, catching nothing: nobody may take a rehearsal for the real thing, or the other way round. */
function watermark(): TemplateResult {
  return html`<div class="rehearsal" aria-label=${t("rehearsal.banner")} role="note">
    ${Array.from({ length: 12 }, () => html`<span aria-hidden="true">${t("rehearsal.banner")}</span>`)}
  </div>`;
}
