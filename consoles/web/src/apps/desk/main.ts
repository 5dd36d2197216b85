/** The desk: queue, the call or situation being worked on, map and units; everything by keyboard and command line. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import "../../components/command_line";
import type { CommandLine } from "../../components/command_line";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import type { Screening } from "../../components/video/context";
import "../../components/video/screens";
import type { Screens } from "../../components/video/screens";
import { mayLookUpPlates } from "../../components/video/plate_lane";
import { maySendToWall, sentBy, WALL } from "../../components/video/wall";
import { shared } from "../../components/view";
import * as format from "../../i18n/format";
import { language, recorded, setLanguage, t } from "../../i18n/i18n";
import type { Picked } from "../../map/element";
import "../../map/element";
import type { Pressed } from "../../map/symbols_layer";
import { Sounds } from "../../media/sounds";
import { toLogin, type Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import type { AlarmRow, CallRow, Place, PositionRow, Request } from "../../wire";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { Kept } from "../kept";
import { DRAWN, mapDataOf } from "../map_data";
import { show } from "../page";
import "../page_tools";
import { alarmsInOrder, lastHappenings, openSituations, waitingCalls } from "../picture";
import "./call_panel";
import type { CallPanel } from "./call_panel";
import { Advice } from "./advice";
import { Around, NOBODY } from "./around";
import { deskCommands } from "./commands";
import type { Desk } from "./context";
import { dropDrafts } from "./draft";
import { DeskKeys } from "./keys";
import { Meant } from "./meant";
import { allPlaces, loadTownships, type NamedPlace } from "./places";
import "./past/panel";
import type { PastPanel } from "./past/panel";
import { mayLookUpPatrols } from "./past/wire";
import { mineFirst } from "./queue";
import "./queue";
import "./side";
import type { Side } from "./side";
import "./situation_panel";
import { Sounder } from "./sounder";
import { ticker, waitingStatus } from "./status";
import { deskStyles } from "./styles";
import { DESK_TABLES, deskTables } from "./tables";
import { NO_PINS, unitPin, type UnitPinActions } from "./unit_pin";
import { viewTabs, type MiddleView } from "./view_tabs";
import { myCalls, newestOf, spokenOn } from "./whose_calls";

/** Recordings open this long before now. */
const PLAYBACK_MS = 30_000;

interface Chosen {
  readonly table: "calls" | "situations" | "none";
  readonly id: string;
}

@customElement("app-desk")
export class DeskConsole extends Console {
  static override styles = [shared, consoleStyles, deskStyles];

  @state() private chosen: Chosen = { table: "none", id: "" };
  @state() private picking: "call" | "situation" | "" = "";
  @state() private lookAt: Place | null = null;
  @state() private refusal = "";
  @state() private view: MiddleView = "work";
  /** Cameras that stand on a tile of this desk. */
  @state() private watched: readonly string[] = [];
  @query("t-screens") private screens!: Screens;
  @query("t-command") private line!: CommandLine;
  @query("desk-call") private callPanel!: CallPanel | null;
  @query("desk-side") private side!: Side;
  @query("desk-past") private past!: PastPanel;
  /** The unit that was pressed on the map. */
  @state() private pressed = "";
  private readonly around = new Around();
  private near: readonly PositionRow[] = NOBODY;
  private readonly sounds = new Sounds();
  private readonly sounder = new Sounder(this.sounds);
  private readonly advice = new Advice(() => this.requestUpdate());
  private resumed = false;
  private townships: readonly NamedPlace[] = [];
  private readonly mapData = new Kept(DRAWN, (store) => mapDataOf(store, [this.chosen.id, ...this.watched]));
  private readonly places = new Kept(["stations", "cameras"], () => allPlaces(this.townships, this.rows("stations"), this.rows("cameras")));
  private tables: Subscription = DESK_TABLES;
  private readonly commands = deskCommands(() => this.desk(), {
    open: (call) => this.open(call),
    signOut: () => this.signOut(),
    switchLanguage: () => this.switchLanguage(),
    query: (plate, reason) => this.advice.query(this.desk(), plate, reason),
    track: (unit, reason) => this.onPast((past) => past.openTrack(unit, reason)),
    present: (reason) => this.onPast((past) => past.openPresent(reason)),
    video: {
      show: (cameras) =>
        void this.onScreens((screens) => {
          cameras.forEach((camera) => screens.show(camera));
          screens.focusOn(cameras.at(-1) ?? "");
        }),
      layout: (n) => void this.onScreens((screens) => screens.setLayout(n)),
      tour: (seconds) => void this.onScreens((screens) => screens.tourOfAll(seconds)),
      shown: () => this.watched,
      sendLayout: () => this.screens.sendLayout(),
      playback: (camera) => void this.onScreens((screens) => screens.openPlayback(camera, this.now_ms() - PLAYBACK_MS)),
    },
  });

  private readonly meant = new Meant<AlarmRow>();
  private readonly keys = new DeskKeys({
    ready: () => this.connection !== null,
    leave: () => this.leave(),
    toLine: () => this.line.focus(),
    step: (by) => this.step(by),
    answerFirst: () => this.answerFirst(),
    offerUnit: (index) => this.offerUnit(index),
    takeFirst: (at_ms) => this.takeFirst(at_ms),
    swapView: () => (this.view = this.view === "video" ? "work" : "video"),
    sendLayout: () => this.view === "video" && (void this.screens.sendLayout(), true),
    past: (key) => this.view === "past" && this.past.press(key),
  });

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.allowSound);
    document.addEventListener("keydown", this.keys.onKey);
    this.addEventListener("entered", (event) => this.keys.entered(event.timeStamp));
    document.addEventListener("pointerdown", this.allowSound);
    void loadTownships().then((found) => (this.townships = found));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.allowSound);
    document.removeEventListener("keydown", this.keys.onKey);
    document.removeEventListener("pointerdown", this.allowSound);
  }

  protected tablesOf(actor: Actor): Subscription | null {
    this.tables = deskTables(actor) ?? DESK_TABLES;
    // Who only watches cameras begins with them; so does the second screen of a desk.
    if (!("calls" in this.tables) || new URLSearchParams(location.search).get("view") === "video") this.view = "video";
    return deskTables(actor);
  }

  protected override changed(tables: ReadonlySet<string>): void {
    if (tables.has("calls") && this.connection?.store.loaded("calls")) dropDrafts(this.rows("calls"));
    this.advice.stale(tables);
    if (tables.has("calls")) this.resume();
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.connection === null) return;
    this.sounder.hear(this.rows("calls"), this.rows("alarms"));
    const desk = this.desk();
    this.advice.ask(desk);
    this.near = this.around.see(desk);
  }

  private desk(): Desk {
    if (this.connection === null || this.actor === null) throw new Error("the desk is not connected");
    const { store, api } = this.connection;
    const call = this.chosen.table === "calls" ? (store.rows("calls").get(this.chosen.id) ?? null) : null;
    const situation = this.chosen.table === "situations" ? (store.rows("situations").get(this.chosen.id) ?? null) : null;
    return {
      store,
      api,
      actor: this.actor,
      now_ms: this.now_ms(),
      call: call ?? (this.chosen.table === "calls" ? null : newestOf(this.mine())),
      situation: situation ?? store.rows("situations").get(call?.situation ?? "") ?? null,
      recommended: this.advice.recommended,
      candidates: this.advice.candidates,
      who: this.who,
      ask: (request) => api.request(request),
      choose: (table, id) => this.choose({ table, id }),
    };
  }

  /** Once, after the page has come: back to the call on which somebody still speaks. Nobody chose it by hand, so the keys stay the page's: Enter answers. */
  private resume(): void {
    if (this.resumed || !(this.connection?.store.loaded("calls") ?? false)) return;
    this.resumed = true;
    const call = spokenOn(this.mine());
    if (call !== null && this.chosen.table === "none") this.put({ table: "calls", id: call.id });
  }

  private mine(): readonly CallRow[] {
    return myCalls(this.rows("calls"), this.actor?.id ?? "");
  }

  private choose(chosen: Chosen): void {
    this.put(chosen);
    if (chosen.table === "calls") void this.updateComplete.then(() => this.callPanel?.focus());
  }

  private put(chosen: Chosen): void {
    this.chosen = chosen;
    this.picking = "";
    const situation = chosen.table === "situations" ? chosen.id : (this.rows("calls").get(chosen.id)?.situation ?? "");
    this.connection?.live.subscribe(situation === "" || !("marks" in this.tables) ? this.tables : { ...this.tables, marks: { situation } });
    const place = chosen.table === "situations" ? this.rows("situations").get(chosen.id)?.place : this.rows("calls").get(chosen.id)?.place;
    if (place != null) this.lookAt = place;
  }

  protected page(connection: Connection): TemplateResult {
    const desk = this.desk();
    const mark = this.chosen.table === "calls" ? (desk.call?.place ?? null) : (desk.situation?.place ?? null);
    return html`${this.top(connection)}
      <div role="region" aria-label=${t("age.live", { age: "" })}>${this.trouble()}${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}</div>
      <main class="columns" @fill=${(event: CustomEvent<string>) => this.line.fill(event.detail)} @choose=${this.onChoose}
        @watchall=${(event: CustomEvent<readonly string[]>) => void this.onScreens((screens) => event.detail.forEach((camera) => screens.show(camera)))}
        @track=${(event: CustomEvent<string>) => this.unitActions.track(event.detail)} @present=${() => void this.onPast((past) => past.openPresent())}
        @pick=${this.onPick} @look=${(event: CustomEvent<Place>) => (this.lookAt = event.detail)}>
        <desk-queue .desk=${desk} .subjects=${this.subjects()} @answer=${(event: CustomEvent<string>) => void this.answer(event.detail)}
          @take=${(event: CustomEvent<string>) => this.takeAlarm(event.detail)}
          @takeall=${(event: CustomEvent<readonly string[]>) => void this.takeAll(event.detail, event.timeStamp)}
          @clear=${(event: CustomEvent<string>) => this.act({ request: "clear_alarm", alarm: event.detail, why: recorded("cmd.clear") })}
          @shelve=${(event: CustomEvent<{ id: string; minutes: number; why: string }>) =>
            this.act({ request: "shelve_alarm", alarm: event.detail.id, minutes: event.detail.minutes, why: event.detail.why })}></desk-queue>
        ${this.middle(desk)}
        <div class="right">
          <t-map .data=${this.mapData.get(connection.store, `${this.chosen.id} ${this.watched.join(" ")}`)} .fences=${this.rows("fences")} .focusOn=${this.lookAt} .around=${this.looksAt(desk.situation?.place) ? this.near : NOBODY} .pins=${this.pressed === "" ? NO_PINS : unitPin(desk, this.pressed, this.unitActions)} .mark=${mark} ?picking=${this.picking !== ""}
            @press=${this.onPress} @dragstart=${this.onDragCamera}></t-map>
          <section class="panel"><desk-side .desk=${desk} .tab=${"calls" in this.tables ? "recommended" : "cameras"} .screening=${this.screening(desk)} @dragstart=${this.onDragCamera}
            @watch=${(event: CustomEvent<string>) => void this.onScreens((screens) => screens.show(event.detail))}
            @recordings=${(event: CustomEvent<{ camera: string; from_ms: number }>) => void this.onScreens((screens) => screens.openPlayback(event.detail.camera, event.detail.from_ms))}></desk-side></section>
        </div>
      </main>
      ${ticker(lastHappenings(this.rows("calls"), this.rows("situations"), this.rows("orders"), this.rows("alarms"), this.subjects(), this.who, 14), this.now_ms())}`;
  }

  private top(connection: Connection): TemplateResult {
    const raised = this.raised();
    this.meant.shown(raised, performance.now());
    return html`<header>
      <h1 class="sr">${t("home.desk")}</h1>
      <t-command .commands=${this.commands} @refused=${(event: CustomEvent<string>) => (this.refusal = event.detail)}></t-command>
      <div class="status">
        <span class="quiet">${this.actor?.name ?? ""}</span>
        ${waitingStatus("calls" in this.tables ? waitingCalls(this.rows("calls")) : null, raised.length, this.sounds, this.now_ms(), this.toggleSound)}
        <span class="number">${format.clock(this.now_ms())}</span>
        <t-age .live=${this.live} .clock=${connection.clock}></t-age>
        <page-tools here="desk" .actor=${this.actor} .api=${connection.api}></page-tools>
      </div>
    </header>`;
  }

  /** The call or situation being worked on, or its cameras: the one that is not seen keeps what was typed and chosen. */
  private middle(desk: Desk): TemplateResult {
    const video = this.view === "video";
    const { situation } = desk;
    const views: readonly MiddleView[] = mayLookUpPatrols(desk.actor) || this.view === "past" ? ["work", "video", "past"] : ["work", "video"];
    return html`<section class="panel middle">
      ${viewTabs(views, this.view, this.watched.length, (view) => (this.view = view))}
      <desk-past ?hidden=${this.view !== "past"} ?asleep=${this.view !== "past"} .desk=${desk} .fences=${this.rows("fences")} @live=${() => (this.view = "work")}></desk-past>
      <div class="work" ?hidden=${this.view !== "work"}>${this.work(desk)}</div>
      <t-screens ?hidden=${!video} ?asleep=${!video} .cameras=${this.rows("cameras")} .place=${situation?.place ?? null} about=${situation?.id ?? ""} aboutTitle=${situation?.title ?? ""}
        .screening=${this.screening(desk)} .sent=${sentBy(this.rows("screens").get(WALL), this.who)} .now=${this.now_ms()} @shown=${(event: CustomEvent<readonly string[]>) => (this.watched = event.detail)}></t-screens>
    </section>`;
  }

  private looksAt(place: Place | null | undefined): boolean {
    return place != null && this.lookAt?.lat === place.lat && this.lookAt.lon === place.lon;
  }

  private screening(desk: Desk): Screening {
    const { api, now_ms, situation } = desk;
    return { api, now_ms, situation, alarms: this.rows("alarms"), hits: this.rows("hits"), mayWall: maySendToWall(desk.actor), mayLookUp: mayLookUpPlates(desk.actor), who: this.who };
  }

  private async onScreens(run: (screens: Screens) => void): Promise<void> {
    this.view = "video";
    await this.updateComplete;
    run(this.screens);
  }

  private async onPast(run: (past: PastPanel) => void): Promise<void> {
    [this.view, this.pressed] = ["past", ""];
    await this.updateComplete;
    run(this.past);
  }

  private readonly unitActions: UnitPinActions = {
    track: (unit) => void this.onPast((past) => past.openTrack(unit)),
    close: () => (this.pressed = ""),
  };

  /** One step back: out of what was begun, from the past to now, from what was pressed on the map. */
  private leave(): void {
    if (this.picking !== "") this.picking = "";
    else if (this.view === "past" && !this.past.leave()) this.view = "work";
    else this.pressed = "";
  }

  /** A camera is taken up: the screen it may be dropped on comes forward. Only once the drag has begun, or the browser ends it. */
  private readonly onDragCamera = (): void => {
    setTimeout(() => (this.view = "video"));
  };

  private work(desk: Desk): TemplateResult {
    if (this.chosen.table === "calls" && desk.call !== null) {
      return html`<desk-call .desk=${desk} .places=${this.places.get(desk.store, String(this.townships.length))}></desk-call>`;
    }
    if (desk.situation !== null) return html`<desk-situation .desk=${desk}></desk-situation>`;
    return html`<t-state kind="hint" text=${t("desk.nothing_chosen")}></t-state><p class="heading">${t("desk.keys")}</p>`;
  }

  private readonly onChoose = (event: CustomEvent<Chosen | string>): void => {
    if (typeof event.detail !== "string") this.choose(event.detail);
  };

  private readonly onPick = (event: CustomEvent<Picked | null>): void => {
    if (event.detail === null) {
      this.picking = this.chosen.table === "calls" ? "call" : "situation";
      return;
    }
    const { lat, lon, near } = event.detail;
    const place = { lat, lon, text: near, source: "map", datum: "wgs84" } as const;
    const { situation } = this.desk();
    if (this.picking === "call") void this.callPanel?.locate(place);
    else if (situation !== null) this.act({ request: "locate_situation", situation: situation.id, place });
    this.picking = "";
  };

  private readonly onPress = (event: CustomEvent<Pressed>): void => {
    const { table, id } = event.detail;
    if (table === "situations") this.choose({ table, id });
    else if (table === "cameras" && this.view === "video") this.screens.show(id);
    else if (table === "cameras") this.side.play(id);
    else if (table === "units") {
      const unit = this.rows("units").get(id);
      this.pressed = id;
      if (unit !== undefined && this.desk().situation !== null) this.line.fill(`D ${unit.name} `);
    }
  };

  private async answer(call: string): Promise<void> {
    await this.trying(async () => {
      await this.connection?.api.request({ request: "answer_call", call });
      this.choose({ table: "calls", id: call });
    });
  }

  private answerFirst(): boolean {
    const first = waitingCalls(this.rows("calls"))[0];
    if (first === undefined) return false;
    void this.answer(first.id);
    return true;
  }

  /** Open a situation from what was written down about a call, which is looked at for that. */
  private async open(call: string): Promise<void> {
    if (this.chosen.id !== call) this.choose({ table: "calls", id: call });
    await this.updateComplete;
    await this.callPanel?.updateComplete;
    await this.callPanel?.open();
  }

  private act(request: Request): void {
    void this.trying(() => this.connection?.api.request(request) ?? Promise.resolve());
  }

  private async trying(run: () => Promise<unknown>): Promise<void> {
    this.refusal = "";
    try {
      await run();
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private readonly allowSound = (): void => {
    // A modifier key alone is no press in the browser's eyes.
    if (this.sounds.blocked && navigator.userActivation.isActive) void this.sounds.allow().then(() => this.requestUpdate());
  };

  private readonly switchLanguage = (): void => setLanguage(language() === "zh" ? "en" : "zh");

  private async signOut(): Promise<void> {
    await this.trying(async () => {
      await this.connection?.api.signOut();
      toLogin();
    });
  }

  private readonly toggleSound = (): void => {
    this.sounds.set(!this.sounds.muted, this.sounds.volume);
    this.requestUpdate();
  };

  private offerUnit(index: number): boolean {
    const each = this.advice.recommended[index];
    if (each === undefined || this.desk().situation === null) return false;
    this.line.fill(`D ${this.rows("units").get(each.unit)?.name ?? each.unit} `);
    return true;
  }

  private raised(): AlarmRow[] {
    return alarmsInOrder(this.rows("alarms")).filter((row) => row.state === "raised");
  }

  private takeFirst(at_ms: number): boolean {
    const alarm = this.meant.at(this.raised(), at_ms);
    if (alarm !== undefined) this.takeAlarm(alarm.id);
    return alarm !== undefined;
  }

  /** Those that were there to be seen (R978), each by itself: one that somebody else has taken meanwhile keeps no other back. */
  private async takeAll(ids: readonly string[], at_ms: number): Promise<void> {
    const failures: string[] = [];
    for (const alarm of this.meant.seen(ids, at_ms)) {
      await this.trying(() => this.connection?.api.request({ request: "take_alarm", alarm }) ?? Promise.resolve());
      if (this.refusal !== "") failures.push(this.refusal);
    }
    this.refusal = failures[0] ?? "";
  }

  /** Take an alarm; that of a watched car comes up beside its picture at once. */
  private takeAlarm(id: string): void {
    const alarm = this.rows("alarms").get(id);
    this.act({ request: "take_alarm", alarm: id });
    if (alarm?.kind !== "plate_hit" || alarm.situation === "") return;
    this.choose({ table: "situations", id: alarm.situation });
    this.view = "work";
  }

  private step(by: number): void {
    const ids = mineFirst(openSituations(this.rows("situations")), this.desk()).map((row) => row.id);
    const next = ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(this.chosen.id) + by))];
    if (next !== undefined) this.choose({ table: "situations", id: next });
  }
}

show("app-desk");
