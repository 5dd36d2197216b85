/** The mobile terminal: one order with one next step, map, query, evidence, SOS; works without a network by waiting. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../../components/cards";
import { icon, type IconName } from "../../components/icons";
import "../../components/sos";
import { describe } from "../../components/problems";
import { sosWords, type SosState } from "../../components/sos";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { language, setLanguage, t, word } from "../../i18n/i18n";
import "../../map/element";
import { NO_DATA, type MapData } from "../../map/picture";
import { Sounds } from "../../media/sounds";
import { UnreachableError, Problem, type Api } from "../../sync/api";
import { toLogin, uuid, type Connection } from "../../sync/connect";
import { OutboxFullError, type Draft, type Entry, type Outbox } from "../../sync/outbox";
import type { Actor, Subscription, TableName } from "../../sync/protocol";
import { browserTime } from "../../sync/time";
import type { OrderRow, PositionRow, Request, SituationRow, UnitRow } from "../../wire";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { refusedBar } from "../hand/bars";
import { Newcomers, ring } from "../hand/hearing";
import { outboxOf, SamePerson } from "../hand/outbox";
import { handStyles } from "../hand/styles";
import "../own_password";
import { show } from "../page";
import { reached_ms } from "../picture";
import { aboutRequest } from "./about";
import { positionWords, recalledBar } from "./bars";
import "./big_step";
import "./evidence_tab";
import type { Shot } from "./evidence_tab";
import { Feedback, feedbackRequest } from "./feedback";
import { install } from "./install";
import { ageOf, Keeper, recall, type Kept } from "./kept";
import { feedbackForm, orderCard, type FeedbackDraft } from "./order_card";
import { PositionReporter } from "./position";
import "./query_tab";
import { Recalls } from "./recalls";
import { anewOf, currentOrder, progressOf, type Step } from "./steps";
import { appStyles, mobileStyles } from "./styles";

const TABLES = {
  orders: {}, situations: {}, alarms: {}, evidence: {}, units: {}, positions: {}, stations: {}, fences: {}, sos: {},
} as const satisfies Subscription; // prettier-ignore
const TABS = { orders: "orders", map: "map", query: "search", evidence: "camera" } as const satisfies Record<string, IconName>;
type Tab = keyof typeof TABS;
const SHIFT_MS = 8 * 3_600_000;

@customElement("app-mobile")
export class Mobile extends Console {
  static override styles = [shared, consoleStyles, handStyles, appStyles, mobileStyles];

  @state() private tab: Tab = "orders";
  @state() private waiting: readonly Entry[] = [];
  @state() private signedOut = false;
  /** Which order is about to be refused. */
  @state() private refusing = "";
  @state() private full = false;
  @state() private leaving = "";
  private outbox: Outbox | null = null;
  private reporter: PositionReporter | null = null;
  private readonly sounds = new Sounds();
  private readonly newcomers = new Newcomers();
  private readonly feedback = new Feedback(this.space, () => this.requestUpdate());
  private readonly recalls = new Recalls(this.space);
  private readonly person = new SamePerson();
  /** The sequence number at which the centre had the last SOS of this page. */
  private raised_seq = 0;
  /** Of live work only: nothing of a rehearsal is ever opened with. */
  private readonly kept: Kept | null = this.space === "live" ? recall() : null;
  private readonly keeper = new Keeper(browserTime);
  private mapData: MapData = NO_DATA;
  /** Where this unit was when the map first knew: the way there is in view with it, and the view stays. */
  private self: readonly PositionRow[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", () => void this.sounds.allow(), { once: true });
    void install();
  }

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.includes("officer") ? TABLES : null;
  }

  protected override async whoIsThere(): Promise<Actor | null> {
    try {
      const actor = await super.whoIsThere();
      this.person.told();
      return actor;
    } catch (error) {
      if (this.kept !== null && (error instanceof UnreachableError || (error instanceof Problem && error.passing))) return this.kept.actor;
      throw error;
    }
  }

  protected override shownAge_ms(): number | null {
    const kept = this.keptOf("orders");
    return kept === null ? null : ageOf(kept, browserTime.wall_ms());
  }

  protected override onSignedOut(): void {
    if (this.waiting.length === 0 && this.outbox === null) toLogin();
    else this.signedOut = true;
  }

  protected override changed(tables: ReadonlySet<string>, connection: Connection): void {
    if (tables.has("orders")) this.hear(connection);
    this.mapData = this.data();
    if (this.self.length === 0) this.self = [this.rows("positions").get(this.actor?.unit ?? "")].flatMap((row) => row ?? []);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.connection === null || this.actor === null) return;
    this.outbox ??= this.makeOutbox(this.connection, this.actor);
    this.reporter ??= new PositionReporter(this.connection.api, () => this.requestUpdate());
    this.reporter.set(this.onDuty());
    if (this.live?.phase === "live" && this.space === "live") this.keeper.keep(this.actor, this.connection);
  }

  private makeOutbox({ api }: Connection, actor: Actor): Outbox {
    return outboxOf(this.space, {
      sender: api,
      actor: () => (this.signedOut ? null : actor.id),
      confirm: () => this.isStillThere(api, actor),
      onSent: ({ request }, { seq }) => {
        if (request === "raise_sos") this.raised_seq = seq;
      },
      onChange: (now) => (this.waiting = now.filter((entry) => entry.actor === actor.id)),
    });
  }

  private async isStillThere(api: Api, actor: Actor): Promise<boolean> {
    const there = await this.person.isThere(api, actor);
    if (!there) this.signedOut = true;
    return there;
  }

  /** What is shown of a table until it comes: this person's, of when the terminal last heard of it. */
  private keptOf(table: TableName): Kept | null {
    return this.connection?.store.loaded(table) === true || this.kept?.actor.id !== this.actor?.id ? null : this.kept;
  }

  private orders(): ReadonlyMap<string, OrderRow> {
    const kept = this.keptOf("orders");
    return kept === null ? this.rows("orders") : new Map(kept.orders.map((row) => [row.id, row]));
  }

  private situationOf(order: OrderRow | null): SituationRow | undefined {
    if (order === null) return undefined;
    return this.rows("situations").get(order.situation) ?? this.keptOf("situations")?.situations.find((row) => row.id === order.situation);
  }

  private readonly titleOf = (order: OrderRow): string => this.situationOf(order)?.title ?? order.text;

  private unit(): UnitRow | null {
    return this.rows("units").get(this.actor?.unit ?? "") ?? this.keptOf("units")?.unit ?? null;
  }

  private onDuty(): boolean {
    const unit = this.unit();
    return unit !== null && unit.state !== "off";
  }

  private data(): MapData {
    const order = currentOrder(this.orders(), this.actor?.unit ?? "", this.waiting);
    const chosen = new Set([this.actor?.unit ?? "", order?.situation ?? ""]);
    return {
      ...NO_DATA,
      units: this.rows("units"),
      positions: this.rows("positions"),
      situations: this.rows("situations"),
      orders: this.rows("orders"),
      stations: this.rows("stations"),
      alarms: this.rows("alarms"),
      chosen,
    };
  }

  protected page(): TemplateResult {
    const actor = this.actor;
    if (actor === null) return html``;
    const order = currentOrder(this.orders(), actor.unit, this.waiting);
    return html`<header class="bars">${this.bars(actor)}</header>
      <main class=${this.tab === "map" ? "flush" : ""} aria-label=${t(`mobile.${this.tab}`)}>${this.content(order)}
        <mobile-query ?hidden=${this.tab !== "query"} .api=${this.connection?.api ?? null}></mobile-query></main>
      <section class="thumb" aria-label=${t("sos.button")}>${this.bigStep(order)}${this.sos(actor)}</section>
      <nav>
        ${(Object.keys(TABS) as Tab[]).map(
          (tab) => html`<button aria-current=${tab === this.tab ? "page" : "false"} @click=${() => (this.tab = tab)}>${icon(TABS[tab])}<span>${t(`mobile.${tab}`)}</span></button>`,
        )}
      </nav>`;
  }

  private bars(actor: Actor): TemplateResult {
    const waits = this.waiting.filter((entry) => entry.refused === null).length;
    const connected = this.live?.phase === "live";
    const [orders, now_ms] = [this.orders(), this.now_ms()];
    return html`<div class="bar">
        <h1>${this.unit()?.name ?? actor.name}</h1>
        ${this.unit() === null ? nothing : html`<t-unit-state state=${this.unit()?.state ?? "off"} named></t-unit-state>`}
        <span class="grow"></span>
        <t-age .live=${this.live} .clock=${this.connection?.clock ?? null}></t-age>
      </div>
      ${this.positionBar()} ${this.sosBar(actor)}
      ${connected
        ? waits > 0
          ? html`<div class="bar">${icon("send")} ${t("mobile.sending", { n: waits })}</div>`
          : nothing
        : html`<div class="bar offline" role="status">${icon("offline")} <span>${waits > 0 ? t("mobile.waiting", { n: waits }) : t(this.live?.phase === "stale" && !this.live.accepting ? "state.readonly" : "state.offline")}</span></div>`}
      ${this.signedOut
        ? html`<div class="bar offline" role="alert"><span class="grow">${t("mobile.signed_out")}</span><button @click=${() => toLogin()}>${t("mobile.sign_in")}</button></div>`
        : nothing}
      ${this.full ? html`<div class="bar offline" role="alert">${icon("alert")} ${t("mobile.full")}</div>` : nothing}
      ${waits === 0 || this.outbox?.keeping !== false ? nothing : html`<div class="bar offline" role="alert">${icon("alert")} ${t("mobile.unkept")}</div>`}
      ${this.recalls.untold(orders).map((order) => recalledBar(order, this.titleOf(order), anewOf(order, orders, this.waiting), now_ms, () => this.knowRecall(order)))}
      ${this.waiting.filter((entry) => entry.refused !== null).map((entry) => refusedBar(entry, () => void this.outbox?.dismiss(entry.key), aboutRequest(entry.request, orders, this.titleOf, now_ms)))}
      ${[...this.rows("alarms").values()]
        .filter((row) => row.subject === actor.unit && row.kind !== "sos")
        .map((row) => html`<div class="bar">${icon("alert")} <b>${word("alarm", row.kind)}</b> <span class="cut quiet">${row.detail}</span></div>`)}`;
  }

  private positionBar(): TemplateResult {
    const onDuty = this.onDuty();
    const unit = this.actor?.unit ?? "";
    const shift: Request = onDuty ? { request: "end_shift", unit } : { request: "start_shift", unit, until_ms: Math.round(this.now_ms()) + SHIFT_MS };
    return html`<div class="bar">
      ${icon("navigation")} <span class="grow">${positionWords(this.reporter)}</span>
      ${unit === "" ? nothing : html`<button @click=${() => void this.send(shift)}>${onDuty ? t("shift.end") : t("shift.start")}</button>`}
    </div>`;
  }

  private content(order: OrderRow | null): TemplateResult {
    const situation = this.situationOf(order);
    switch (this.tab) {
      case "orders":
        return this.ordersTab(order, situation);
      case "map":
        return html`<t-map .data=${this.mapData} .fences=${this.rows("fences")} .focusOn=${situation?.place ?? this.reporter?.last ?? null} .around=${this.self}></t-map>`;
      case "query":
        return html``; // it stays on the page, whatever is looked at meanwhile: what was found is not paid for twice
      case "evidence":
        return html`<mobile-evidence .order=${order} .situation=${situation ?? null} .rows=${this.rows("evidence")} .waiting=${this.waiting}
          @evidence=${(event: CustomEvent<Shot>) => void this.addEvidence(event.detail)}></mobile-evidence>`;
    }
  }

  private ordersTab(order: OrderRow | null, situation: SituationRow | undefined): TemplateResult {
    if (this.actor?.unit === "") return html`<t-state kind="no_right" text=${t("mobile.no_unit")}></t-state>${this.leave()}`;
    const earlier = [...this.orders().values()].filter((row) => row.id !== order?.id).sort((a, b) => reached_ms(b) - reached_ms(a));
    const now_ms = this.now_ms();
    const draft = order === null ? null : this.feedback.of(order.id);
    return html`${order === null
        ? html`<div class="order"><h2>${t("mobile.no_order")}</h2><p class="quiet">${t("mobile.no_order_about")}</p></div>`
        : html`${orderCard(order, situation, this.who, progressOf(order, this.waiting), this.reporter?.last ?? null, now_ms)}
            ${draft === null ? nothing : feedbackForm(draft, (now) => this.feedback.keep(order.id, now))}
            ${this.refusing === order.id
              ? html`<t-confirm question=${t("mobile.refuse")} reason=${t("mobile.refuse_why")} @cancel=${() => (this.refusing = "")}
                  @confirm=${(event: CustomEvent<string>) => void this.refuse(order, event.detail)}></t-confirm>`
              : progressOf(order, this.waiting).state === "issued"
                ? html`<button class="bare" @click=${() => (this.refusing = order.id)}>${t("mobile.refuse")}</button>`
                : nothing}`}
      ${earlier.length === 0 ? nothing : html`<h3 class="quiet">${t("mobile.earlier")}</h3>`}
      ${earlier.slice(0, 10).map(
        (row) => html`<div class="row"><span class="grow cut">${this.titleOf(row)}</span>
          <span class="quiet">${word("order_state", row.state)} ${format.moment(reached_ms(row), now_ms)}</span></div>`,
      )}
      ${this.leave()}`;
  }

  private leave(): TemplateResult {
    return html`<p class="leave row"><button class="bare" @click=${() => void this.signOut()}>${icon("signOut")} ${t("action.sign_out")}</button>
        <button class="bare" lang=${language() === "zh" ? "en" : "zh"} @click=${() => setLanguage(language() === "zh" ? "en" : "zh")}>${icon("languages")} ${t("action.language")}</button>
        <own-password named .api=${this.connection?.api ?? null} account=${this.actor?.id ?? ""}></own-password></p>
      ${this.leaving === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.leaving}</p>`}`;
  }

  private bigStep(order: OrderRow | null): TemplateResult {
    if (order === null) return html`<span class="calm">${t("mobile.no_order")}</span>`;
    const { state, next } = progressOf(order, this.waiting);
    if (next === null) return html`<span class="calm">${t("mobile.no_order")}</span>`;
    const draft = this.feedback.of(order.id);
    const ready = draft === null || draft.result !== "";
    const label = draft === null ? t(`mobile.next.${next}`) : t(ready ? "mobile.send_feedback" : "mobile.choose_result");
    const done = draft === null && state !== "issued" ? word("order_state", state) : "";
    return html`<mobile-step meaning="${order.id} ${next} ${draft === null ? "" : "send"}" label=${label} done=${done} ?ready=${ready}
      @go=${() => void (draft === null ? this.step(order, next) : this.feedBack(order, draft))}></mobile-step>`;
  }

  private sos(actor: Actor): TemplateResult {
    const { state: now, detail } = this.sosState(actor);
    return html`<t-sos compact state=${now} detail=${detail} @sos=${() => void this.raiseSos(actor)}></t-sos>`;
  }

  /** Which it is stands in words above, so that the button never moves. */
  private sosBar(actor: Actor): TemplateResult | typeof nothing {
    const { state: now, detail } = this.sosState(actor);
    if (now === "ready" || now === "none") return nothing;
    return html`<div class="bar offline" role="alert">${icon("siren")} <b>SOS</b> ${sosWords(now, detail)}</div>`;
  }

  private sosState(actor: Actor): { state: SosState; detail: string } {
    if (actor.unit === "") return { state: "none", detail: "" };
    const calls = this.waiting.filter(({ request }) => request.request === "raise_sos");
    const call = calls.find(({ refused }) => refused === null) ?? calls[0];
    if (call?.refused === null) return { state: this.signedOut ? "signed_out" : "trying", detail: "" };
    // Told by the hub, and not in the picture yet: it is through all the same.
    const behind = this.raised_seq > (this.connection?.store.seq ?? 0);
    if (behind || (this.unit()?.sos ?? "") !== "") return { state: "through", detail: "" };
    return call === undefined ? { state: "ready", detail: "" } : { state: "refused", detail: call.refused?.detail ?? "" };
  }

  private async raiseSos(actor: Actor): Promise<void> {
    const here = this.reporter?.last ?? null;
    await this.send({ request: "raise_sos", unit: actor.unit, lat: here?.lat ?? null, lon: here?.lon ?? null }, { urgent: true });
  }

  private async step(order: OrderRow, step: Step): Promise<void> {
    if (step === "fed_back") {
      this.tab = "orders";
      this.feedback.begin(order.id);
      return;
    }
    await this.send({ request: "step_order", order: order.id, step });
  }

  private async feedBack(order: OrderRow, draft: FeedbackDraft): Promise<void> {
    const request = feedbackRequest(order.id, draft);
    if (request !== null && (await this.send(request))) this.feedback.forget(order.id);
  }

  private async refuse(order: OrderRow, why: string): Promise<void> {
    if (await this.send({ request: "refuse_order", order: order.id, why })) this.refusing = "";
  }

  private async addEvidence({ file, order }: Shot): Promise<void> {
    const here = this.reporter?.last ?? null;
    const place = here === null ? null : ({ lat: here.lat, lon: here.lon, source: "phone", uncertainty_m: here.accuracy_m, datum: "wgs84" } as const);
    const request: Request = {
      request: "fix_evidence", situation: order.situation, order: order.id, sha256: "", media_type: file.type, size: file.size,
      name: file.name.slice(0, 100), taken_ms: Math.round(this.now_ms()), place,
    }; // prettier-ignore
    await this.send(request, { file, path: "/api/v1/blobs" });
  }

  /** Everything goes through the outbox, so that it is safe before it is sent. False where there was no room. */
  private async send(request: Request, more: Pick<Draft, "file" | "path" | "urgent"> = {}): Promise<boolean> {
    if (this.outbox === null || this.actor === null) return false;
    try {
      await this.outbox.add({ key: uuid(), actor: this.actor.id, request, ...more });
      this.full &&= more.urgent === true; // that one needed no room
      return true;
    } catch (error) {
      if (!(error instanceof OutboxFullError)) throw error;
      this.full = true;
      return false;
    }
  }

  private knowRecall(order: OrderRow): void {
    this.recalls.dismiss(order.id);
    this.feedback.forget(order.id);
  }

  /** A new order rings and vibrates, what was there when the page opened does not. A recall does each time until it was heard here. */
  private hear({ store }: Connection): void {
    const orders = store.rows("orders");
    const issued = [...orders.values()].filter((row) => row.state === "issued").map((row) => row.id);
    if (store.loaded("orders") && this.recalls.take(orders, this.actor?.unit ?? "")) ring(this.sounds, "recall", [900]);
    if (this.newcomers.take(issued)) ring(this.sounds, "order", [300, 150, 300]);
  }

  private async signOut(): Promise<void> {
    this.leaving = "";
    try {
      await this.connection?.api.signOut();
    } catch (error) {
      this.leaving = t("sign_out.failed", { why: describe(error) });
      return;
    }
    this.keeper.forget();
    toLogin();
  }
}

show("app-mobile");
