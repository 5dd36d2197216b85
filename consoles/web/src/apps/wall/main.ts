/** The wall: the county's situations, the one in focus, its cameras and time line; no mouse, read from afar. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../../components/alike_alarms";
import "../../components/cards";
import { icon } from "../../components/icons";
import "../../components/timeline";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import "../../map/element";
import "../../components/picture";
import "../../components/video/screens";
import type { Screens } from "../../components/video/screens";
import { sentBy, WALL } from "../../components/video/wall";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import type { ApprovalRow, HitRow, OrderRow, PositionRow, SituationRow } from "../../wire";
import { AlikeAlarms, type AlarmCard } from "../alike";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { Kept } from "../kept";
import { DRAWN, mapDataOf } from "../map_data";
import { answerWords, timeBars, timeMarks } from "../marks";
import { unitNames } from "../named";
import { show } from "../page";
import { alarmRate, alarmsInOrder, approvalsOf, isActiveOrder, numbersOf, openSituations, ordersOf, reached_ms, subjectOf, unitsAt, waitingApprovals } from "../picture";
import { nextFocus, NO_FOCUS, type Focus } from "./focus";
import { hitShown, ofAnother } from "./hit";
import { roomOf, wallScale } from "./scale";
import { screensOf, withSent, type WallScreens } from "./screens";
import { wallStyles } from "./styles";

const TABLES = {
  calls: {}, situations: {}, orders: {}, units: {}, retired: {}, positions: {}, stations: {}, fences: {}, cameras: {}, alarms: {}, hits: {}, tasks: {},
  approvals: {}, cases: {}, links: {}, focus: {}, screens: {}, sos: {},
} as const satisfies Subscription; // prettier-ignore
/** So many stand whole on two lines each; of more the words are cut rather than the alarms. */
const ROOMY_ALARMS = 3;
const MOST_ALARMS = 8;
const MAY = new Set<Actor["roles"][number]>(["wall", "dispatcher", "commander", "duty_leader", "director", "call_taker"]);
const CARDS = 12;

@customElement("app-wall")
export class Wall extends Console {
  static override styles = [shared, consoleStyles, wallStyles];

  @state() private inFocus: Focus = NO_FOCUS;
  @state() private scale = 1;

  /** Ids of the cameras whose pictures are shown now. */
  @state() private cameras: readonly string[] = [];
  @query("t-screens") private screens!: Screens | null;
  /** The screen of cameras that goes on its tour. */
  private touring: Screens | null = null;
  private around: readonly PositionRow[] = [];
  private readonly room = roomOf(location.search);
  private readonly asked = screensOf(location.search);

  override connectedCallback(): void {
    super.connectedCallback();
    this.rescale();
    addEventListener("resize", this.rescale);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("resize", this.rescale);
  }

  private readonly rescale = (): void => {
    this.scale = wallScale(this.room, innerHeight);
    document.documentElement.style.setProperty("--scale", String(this.scale));
  };

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.some((role) => MAY.has(role)) ? TABLES : null;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    // Time alone can end a focus, so this is judged each second too.
    if (this.connection !== null) this.look();
  }

  private look(): void {
    const situations = this.rows("situations");
    const before = this.inFocus;
    const focus = nextFocus(before, situations, this.rows("focus").get("wall"), this.now_ms());
    if (focus.situation !== before.situation) {
      this.connection?.live.subscribe(focus.situation === "" ? TABLES : { ...TABLES, marks: { situation: focus.situation } });
    }
    this.inFocus = focus;
    if (focus !== before) this.around = [];
    // Only once for each focus: the view must not follow every step of a unit.
    if (this.around.length === 0) this.around = this.onTheirWay(focus.situation);
  }

  protected override updated(): void {
    const { screens } = this;
    if (screens === this.touring || this.asked.tour_s === null || screens === null || this.rows("cameras").size === 0) return;
    this.touring = screens;
    screens.tourOfAll(this.asked.tour_s);
  }

  private onTheirWay(situation: string): PositionRow[] {
    return ordersOf(this.rows("orders"), situation).flatMap((order) => {
      const position = isActiveOrder(order) ? this.rows("positions").get(order.unit) : undefined;
      return position === undefined ? [] : [position];
    });
  }

  private readonly mapData = new Kept(DRAWN, (store) => mapDataOf(store, [this.inFocus.situation, ...this.cameras]));
  private readonly marks = new Kept(["marks", "units", "retired"], () => timeMarks(this.rows("marks"), this.inFocus.situation, unitNames(this.rows("units"), this.rows("retired"))));
  private readonly bars = new Kept(["tasks"], () => timeBars(this.rows("tasks"), this.inFocus.situation));

  protected page(connection: Connection): TemplateResult {
    if (!connection.store.loaded("situations")) return html`<header>${this.trouble()}</header><t-state kind="loading"></t-state>`;
    const focus = this.inFocus.situation;
    const row = this.rows("situations").get(focus);
    const screens = withSent(this.asked, this.rows("screens").get(WALL));
    const hit = hitShown(this.rows("hits"), this.rows("alarms"), this.rows("situations"), focus);
    return html`${this.top(connection)}
      <section aria-label=${t("age.live", { age: "" })}>${this.trouble()}${this.linksDown()}</section>
      <main class="middle">
        <section class="panel list" aria-label=${t("wall.situations")}>${this.list()}</section>
        <section class="panel focus">
          ${row === undefined ? html`<t-state kind="empty" text=${t("wall.calm")}></t-state>` : this.focusHead(row)}
          ${screens.large ? this.pictures(row, screens) : this.map(connection, row)}
        </section>
        <div class="right">
          ${screens.large ? html`<section class="beside">${this.map(connection, row)}</section>` : nothing}
          ${hit === null ? nothing : this.hitPicture(hit)}
          ${screens.large ? nothing : this.pictures(row, hit === null || screens.layout !== 5 ? screens : { ...screens, layout: 4 })}
          ${row === undefined ? nothing : this.sent(row)}
        </div>
      </main>
      <footer class="bottom">
        <t-timeline .marks=${this.marks.get(connection.store, focus)} .bars=${this.bars.get(connection.store, focus)} .now=${this.now_ms()}></t-timeline>
        <section class="panel alarms" aria-label=${t("wall.alarms")}>${this.alarms()}</section>
      </footer>`;
  }

  private top(connection: Connection): TemplateResult {
    const now_ms = this.now_ms();
    const numbers = numbersOf(this.rows("calls"), this.rows("situations"), this.rows("units"), this.rows("orders"), now_ms);
    return html`<header>
      <h1>${t("app.county")}</h1>
      <span class="clock number">${format.clock(now_ms)}</span>
      <span class="quiet cut date">${format.fullDate(now_ms)}</span>
      <div class="numbers">
        <span>${t("wall.waiting")}<b class=${numbers.longestWait_ms > 15_000 ? "late" : ""}>${numbers.waiting}</b>
          ${numbers.waiting > 0 ? html`<span class="quiet">${format.duration(numbers.longestWait_ms)}</span>` : nothing}</span>
        ${numbers.abandoned === 0 ? nothing : html`<span>${t("wall.abandoned")}<b>${numbers.abandoned}</b></span>`}
        <span class="row">${t("wall.open")} ${([1, 2, 3, 4] as const).map((level) => html`<t-level level=${level}></t-level><b>${numbers.open[level]}</b>`)}</span>
        <span>${t("wall.free")}<b>${numbers.free}</b><span class="quiet">/${numbers.onDuty}</span></span>
        ${numbers.signed_ms === null ? nothing : html`<span>${t("wall.signed")}<b>${format.duration(numbers.signed_ms)}</b></span>`}
      </div>
      <t-age .live=${this.live} .clock=${connection.clock}></t-age>
    </header>`;
  }

  private linksDown(): TemplateResult | typeof nothing {
    const down = [...this.rows("links").values()].filter((link) => link.state === "down").map((link) => word("link", link.id));
    if (down.length === 0) return nothing;
    return html`<p class="down">${icon("offline")} ${t("wall.links_down", { names: down.join(" · ") })}</p>`;
  }

  private list(): TemplateResult {
    const open = openSituations(this.rows("situations"));
    const shown = open.slice(0, CARDS);
    const units = unitsAt(this.rows("orders"));
    const pinned = this.rows("focus").get("wall");
    const now_ms = this.now_ms();
    return html`<h2 class="heading">${t("wall.situations")}<span class="number">${open.length}</span></h2>
      ${this.toDecide()}
      <div class="cards">
        ${open.length === 0 ? html`<t-state kind="empty" text=${t("wall.calm")}></t-state>` : nothing}
        ${repeat(
          shown,
          (row) => row.id,
          (row) =>
            html`<t-situation .situation=${row} .now=${now_ms} .units=${units.get(row.id) ?? 0} ?chosen=${row.id === this.inFocus.situation}
              pinned=${pinned?.situation === row.id ? this.who(pinned.by) : ""}></t-situation>`,
        )}
      </div>`;
  }

  /** How many approvals wait, of whatever is going on, and the one that is due first. */
  private toDecide(): TemplateResult | typeof nothing {
    const waiting = waitingApprovals(this.rows("approvals"));
    const [first] = waiting;
    if (first === undefined) return nothing;
    return html`<p class="to-decide ${first.due_ms < this.now_ms() ? "late" : ""}">${icon("lock")} ${t("wall.to_decide")} <b>${waiting.length}</b>
      <span class="number">${this.until(first.due_ms)}</span><span class="quiet words">${first.item}</span></p>`;
  }

  private focusHead(row: SituationRow): TemplateResult {
    const now_ms = this.now_ms();
    const waiting = [...this.rows("approvals").values()].filter((each) => each.situation === row.id && each.state === "waiting").length;
    const units = unitsAt(this.rows("orders")).get(row.id) ?? 0;
    return html`<div class="focus-head">
      <h2><t-level level=${row.level} named></t-level><span class="words">${row.title}</span></h2>
      <span>${word("situation_state", row.state)}</span>
      <span>${format.duration(now_ms - row.opened_ms)} <span class="quiet">${format.instant(row.opened_ms, now_ms)}</span></span>
      <span class="quiet">${row.place?.text || (row.place === null ? t("situation.no_place") : "")}</span>
      ${units > 0 ? html`<span>${t("wall.orders", { n: units })}</span>` : nothing}
      ${waiting > 0 ? html`<span>${icon("clock")} ${t("wall.approvals", { n: waiting })}</span>` : nothing}
      ${row.case === "" ? nothing : html`<span class="quiet">${t("situation.case", { id: row.case })}</span>`}
      ${this.inFocus.by === "" ? nothing : html`<span class="pin">${icon("pinned")} ${t("wall.pinned", { name: this.who(this.inFocus.by) })}</span>`}
    </div>`;
  }

  private map(connection: Connection, row: SituationRow | undefined): TemplateResult {
    return html`<t-map still .data=${this.mapData.get(connection.store, `${this.inFocus.situation} ${this.cameras.join(" ")}`)} .fences=${this.rows("fences")}
      .focusOn=${row?.place ?? null} .around=${this.around} .scale=${this.scale}></t-map>`;
  }

  /** What desks sent and the cameras near the one in focus; in the column a plate hit stands over them in place of the large one. */
  private pictures(row: SituationRow | undefined, { large, layout, fixed }: WallScreens): TemplateResult {
    return html`<t-screens bare idle role="region" aria-label=${t("video.live")} class=${layout === 5 ? "tall" : large ? "fill" : "wide"} .cameras=${this.rows("cameras")}
      .place=${row?.place ?? null} about=${row?.id ?? ""} .tiles=${layout} .fixed=${fixed} .sent=${sentBy(this.rows("screens").get(WALL), this.who)}
      .now=${this.now_ms()} @shown=${(event: CustomEvent<readonly string[]>) => (this.cameras = event.detail)}></t-screens>`;
  }

  /** What still needs a leader's word for the one in focus, who was called to it and how far they are, what was decided. */
  private sent(row: SituationRow): TemplateResult | typeof nothing {
    const approvals = approvalsOf(this.rows("approvals"), row.id);
    const orders = ordersOf(this.rows("orders"), row.id);
    if (approvals.length === 0 && orders.length === 0) return nothing;
    const isWaiting = (each: ApprovalRow): boolean => each.state === "waiting";
    return html`<ul class="panel sent">
      ${approvals.filter(isWaiting).map((each) => this.approval(each))} ${orders.map((order) => this.order(order))}
      ${approvals.filter((each) => !isWaiting(each)).map((each) => this.approval(each))}
    </ul>`;
  }

  private approval(row: ApprovalRow): TemplateResult {
    const waiting = row.state === "waiting";
    return html`<li class=${waiting && row.due_ms < this.now_ms() ? "late" : ""}>${icon("lock")}<span class="words">${row.item}</span>
      ${waiting
        ? html`<span class="number">${this.until(row.due_ms)}</span>`
        : html`<span>${word("approval_state", row.state)}</span><span class="number quiet">${this.who(row.decided_by)}</span>`}</li>`;
  }

  private order(row: OrderRow): TemplateResult {
    const unit = this.rows("units").get(row.unit);
    const answer = answerWords(row.result, row.feedback);
    return html`<li class=${row.overdue && row.state === "issued" ? "late" : ""}>
      <t-unit-state state=${unit?.state ?? "off"}></t-unit-state><span class="grow cut">${unit?.name ?? row.unit}</span>
      <span>${word("order_state", row.state)}</span><span class="number quiet">${format.duration(this.now_ms() - reached_ms(row))}</span>
      ${answer === "" ? nothing : html`<span class="words answer">${answer}</span>`}</li>`;
  }

  private until(due_ms: number): string {
    const left_ms = due_ms - this.now_ms();
    return left_ms < 0 ? t("time.late", { span: format.duration(-left_ms) }) : t("time.left", { span: format.duration(left_ms) });
  }

  private hitPicture(hit: HitRow): TemplateResult {
    const other = ofAnother(hit, this.rows("situations"), this.inFocus.situation);
    return html`<figure class="hit">
      ${hit.picture === "" ? nothing : html`<t-picture src="/api/v1/blobs/${hit.picture}" alt=${hit.plate}></t-picture>`}
      ${hit.plate_picture === "" ? nothing : html`<t-picture class="plate-picture" src="/api/v1/blobs/${hit.plate_picture}" alt=${t("scene.plate")}></t-picture>`}
      <figcaption>
        <span class="plate">${hit.plate}</span>
        <span>${word("alarm", "plate_hit")}</span>
        ${other === "" ? nothing : html`<b class="other">${other}</b>`}
        ${hit.how === "exact" ? nothing : html`<span>${word("hit_how", hit.how)}${hit.how === "look_alike" ? ` ${Math.round(hit.score * 100)}%` : ""}</span>`}
        <span class="quiet">${this.rows("cameras").get(hit.camera)?.name ?? hit.camera} ${format.instant(hit.seen_ms, this.now_ms())}
          ${hit.heading_deg === null ? nothing : html`→ ${word("bearing", String(Math.round(hit.heading_deg / 45) % 8))}`}</span>
        ${hit.ahead[0] === undefined ? nothing : html`<span class="quiet">${t("hit.next", { place: this.rows("cameras").get(hit.ahead[0].camera)?.name ?? hit.ahead[0].camera })}</span>`}
      </figcaption>
    </figure>`;
  }

  private alarms(): TemplateResult {
    const now_ms = this.now_ms();
    const rows = this.rows("alarms");
    const raised = alarmsInOrder(rows).filter((row) => row.state === "raised");
    const cards = new AlikeAlarms().arrange(raised);
    return html`<h2 class="heading">${t("wall.alarms")}<span class="quiet">${t("wall.alarm_rate", { n: alarmRate(rows, now_ms) })}</span>
        <span class="number">${raised.length}</span></h2>
      ${raised.length === 0
        ? html`<t-state kind="empty" text=${t("wall.alarms_none")}></t-state>`
        : html`<div class="cards">
            ${repeat(cards.slice(0, MOST_ALARMS), ({ key }) => key, (card) => this.alarm(card, cards.length <= ROOMY_ALARMS))}
          </div>`}`;
  }

  private alarm({ key, rows }: AlarmCard, roomy: boolean): TemplateResult {
    const [row] = rows;
    const subjects = this.subjects();
    if (key === row.id) return html`<t-alarm quiet ?roomy=${roomy} .alarm=${row} subject=${subjectOf(row, subjects)} .now=${this.now_ms()}></t-alarm>`;
    return html`<t-alike-alarms quiet ?roomy=${roomy} .alarms=${rows} .names=${rows.map((each) => subjectOf(each, subjects))}
      about=${this.rows("situations").get(row.situation)?.title ?? ""} .now=${this.now_ms()}></t-alike-alarms>`;
  }
}

show("app-wall");
