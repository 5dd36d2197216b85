/** The duty leader's phone: what waits for a decision, what is open, what is reported upward. One hand, and calm. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon, type IconName } from "../../components/icons";
import { StableOrder } from "../../components/stable_order";
import { shared } from "../../components/view";
import { t } from "../../i18n/i18n";
import { Sounds } from "../../media/sounds";
import { UnreachableError, type Api } from "../../sync/api";
import { uuid, type Connection } from "../../sync/connect";
import { OutboxFullError, type Entry, type Outbox } from "../../sync/outbox";
import type { Actor, Subscription } from "../../sync/protocol";
import type { Request } from "../../wire";
import { mayDecide } from "../approvals/deciders";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { refusedBar } from "../hand/bars";
import { Newcomers, ring } from "../hand/hearing";
import { outboxOf, SamePerson } from "../hand/outbox";
import { handStyles } from "../hand/styles";
import { show } from "../page";
import "../page_tools";
import { waitingApprovals } from "../picture";
import { goTo, whereIs } from "../tabs";
import { approvalsTab } from "./approvals_tab";
import type { Leading } from "./context";
import { openTab } from "./open_tab";
import { reportsDue, underWay, type Told } from "./picture";
import { reportsTab } from "./reports_tab";
import { situationPage } from "./situation";
import { leaderStyles } from "./styles";

const TABLES = {
  calls: {}, situations: {}, orders: {}, units: {}, retired: {}, activations: {}, tasks: {}, approvals: {}, marks: { situation: "-" },
} as const satisfies Subscription; // prettier-ignore
const TABS = { approvals: "check", open: "orders", reports: "send" } as const satisfies Record<string, IconName>;
type Tab = keyof typeof TABS;
const TAB_NAMES = Object.keys(TABS) as Tab[];
const LEADERS: ReadonlySet<Actor["roles"][number]> = new Set(["duty_leader", "commander"]);

@customElement("app-leader")
export class Leader extends Console {
  static override styles = [shared, consoleStyles, handStyles, leaderStyles];

  @state() private tab: Tab = "approvals";
  /** The situation that is looked at, by its address. */
  @state() private chosen = "";
  @state() private waiting: readonly Entry[] = [];
  @state() private full = false;
  private told: readonly Told[] = [];
  private outbox: Outbox | null = null;
  private readonly person = new SamePerson();
  private readonly sounds = new Sounds();
  private readonly newcomers = new Newcomers();
  private readonly order = new StableOrder();
  /** The approval whose question was opened last: while it waits nothing moves under the finger. */
  private asking = "";

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.onHash);
    document.addEventListener("pointerdown", () => void this.sounds.allow(), { once: true });
    this.onHash();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.onHash);
  }

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.some((role) => LEADERS.has(role)) ? TABLES : null;
  }

  protected override async whoIsThere(): Promise<Actor | null> {
    const actor = await super.whoIsThere();
    this.person.told();
    return actor;
  }

  private readonly onHash = (): void => {
    const { tab, detail } = whereIs(location.hash, TAB_NAMES);
    this.tab = tab === "" ? "approvals" : tab;
    this.chosen = this.tab === "open" ? detail : "";
    this.asking = "";
    this.look();
  };

  /** The time line of the one that is looked at, and of no other: a phone's network is narrow. */
  private look(): void {
    this.connection?.live.subscribe(this.chosen === "" ? TABLES : { ...TABLES, marks: { situation: this.chosen } });
    this.renderRoot?.querySelector("main")?.scrollTo(0, 0);
  }

  protected override changed(_tables: ReadonlySet<string>, { store }: Connection): void {
    this.told = this.told.filter(({ seq }) => seq > store.seq);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    const { connection, actor } = this;
    if (connection === null || actor === null) return;
    if (this.outbox === null) {
      this.outbox = this.makeOutbox(connection, actor);
      this.look();
    }
    this.hear(connection, actor);
  }

  /** What is drawn for the first time is heard with it. */
  private hear({ store }: Connection, actor: Actor): void {
    if (!store.loaded("approvals")) return;
    const mine = waitingApprovals(store.rows("approvals")).filter((row) => mayDecide(actor, row));
    if (this.newcomers.take(mine.map(({ id }) => id))) ring(this.sounds, "order", [300, 150, 300]);
  }

  private makeOutbox({ api }: Connection, actor: Actor): Outbox {
    return outboxOf(this.space, {
      sender: api,
      actor: () => actor.id,
      confirm: () => this.isStillThere(api, actor),
      onSent: (request, { seq }) => (this.told = [...this.told, { request, seq }]),
      onChange: (now) => (this.waiting = now.filter((entry) => entry.actor === actor.id)),
    });
  }

  private async isStillThere(api: Api, actor: Actor): Promise<boolean> {
    const there = await this.person.isThere(api, actor);
    if (!there) this.onSignedOut();
    return there;
  }

  private leading(connection: Connection, actor: Actor): Leading {
    const { store } = connection;
    return {
      store,
      actor,
      now_ms: this.now_ms(),
      situation: this.chosen === "" ? null : (store.rows("situations").get(this.chosen) ?? null),
      fresh: this.live?.phase === "live" && this.live.accepting,
      underWay: underWay(this.waiting, this.told, store.seq),
      who: this.who,
      ask: (request) => this.send(actor, request),
    };
  }

  protected page(connection: Connection): TemplateResult {
    const { actor } = this;
    if (actor === null) return html``;
    const leading = this.leading(connection, actor);
    return html`<header class="bars">${this.bars(connection, actor, leading)}</header>
      <main aria-label=${t(`leader.${this.tab}`)} @choose=${(event: CustomEvent<{ id: string }>) => goTo("open", event.detail.id)}
        @asking=${(event: CustomEvent<string>) => (this.asking = event.detail)}>
        ${this.content(leading)}
        <p class="leave row"><page-tools here="leader" .actor=${actor} .api=${connection.api}></page-tools></p>
      </main>
      <nav aria-label=${t("home.leader")}>${TAB_NAMES.map((tab) => this.tabButton(tab, leading))}</nav>`;
  }

  private content(leading: Leading): TemplateResult {
    switch (this.tab) {
      case "approvals":
        return approvalsTab(leading, this.order, leading.store.rows("approvals").get(this.asking)?.state === "waiting");
      case "open":
        return this.chosen === "" ? openTab(leading) : situationPage(leading);
      case "reports":
        return reportsTab(leading);
    }
  }

  private tabButton(tab: Tab, { store, actor, now_ms }: Leading): TemplateResult {
    const dues_ms =
      tab === "approvals"
        ? waitingApprovals(store.rows("approvals")).filter((row) => mayDecide(actor, row)).map(({ due_ms }) => due_ms)
        : tab === "reports"
          ? reportsDue(store.rows("activations"), store.rows("tasks")).map(({ due_ms }) => due_ms)
          : [];
    const n = dues_ms.length;
    const overdue = dues_ms.some((due_ms) => due_ms < now_ms);
    return html`<button aria-current=${tab === this.tab ? "page" : "false"} @click=${() => goTo(tab)}>
      ${icon(TABS[tab])}<span>${t(`leader.${tab}`)}</span>${n === 0 ? nothing : html`<span class="badge ${overdue ? "overdue" : ""}">${n}</span>`}</button>`;
  }

  private bars(connection: Connection, actor: Actor, { fresh }: Leading): TemplateResult {
    const waits = this.waiting.filter((entry) => entry.refused === null).length;
    return html`<div class="bar"><h1 class="cut">${actor.name}</h1><span class="grow"></span>
        <t-age .live=${this.live} .clock=${connection.clock}></t-age></div>
      ${fresh
        ? waits === 0 ? nothing : html`<div class="bar" role="status">${icon("send")} ${t("leader.sending", { n: waits })}</div>`
        : html`${this.trouble()}${waits === 0 ? nothing : html`<div class="bar offline" role="status">${icon("send")} <span>${t("leader.waiting", { n: waits })}</span></div>`}`}
      ${this.full ? html`<div class="bar offline" role="alert">${icon("alert")} ${t("mobile.full")}</div>` : nothing}
      ${waits === 0 || this.outbox?.keeping !== false ? nothing : html`<div class="bar offline" role="alert">${icon("alert")} ${t("mobile.unkept")}</div>`}
      ${this.waiting.filter((entry) => entry.refused !== null).map((entry) => refusedBar(entry, () => void this.outbox?.dismiss(entry.key), this.aboutWords(entry.request)))}`;
  }

  /** What was not taken, by the name under which it stands here. */
  private aboutWords(request: Request): string {
    if (request.request === "decide_approval") {
      return t("will.do", { verb: t(request.granted ? "approvals.grant" : "approvals.refuse"), what: this.rows("approvals").get(request.approval)?.item ?? request.approval });
    }
    if (request.request === "finish_task") return `${t("leader.reported")} ${this.rows("tasks").get(request.task)?.title ?? request.task}`;
    return request.request === "note_situation" ? request.text : "";
  }

  /** Everything goes through the outbox: with one key until it is known what became of it, also past a reload (R878). */
  private async send(actor: Actor, request: Request): Promise<void> {
    try {
      await this.outbox?.add({ key: uuid(), actor: actor.id, request });
      this.full = false;
    } catch (error) {
      if (!(error instanceof OutboxFullError)) throw error;
      this.full = true;
      throw new UnreachableError(error.message);
    }
  }
}

show("app-leader");
