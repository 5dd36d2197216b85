/** Search of sightings (查询): the query with its reason, what was found, and where it was on the map. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { refusalWords } from "../../components/refusals";
import { saveFile } from "../../components/saving";
import "../../components/states";
import type { Screening } from "../../components/video/context";
import { mayLookUpPlates } from "../../components/video/plate_lane";
import { maySendToWall } from "../../components/video/wall";
import { PageKeys, shared } from "../../components/view";
import { t } from "../../i18n/i18n";
import "../../map/element";
import type { Picked } from "../../map/element";
import type { MapPath } from "../../map/paths";
import { NO_DATA, type MapData } from "../../map/picture";
import type { Pin } from "../../map/pins";
import type { Pressed } from "../../map/symbols_layer";
import { Problem } from "../../sync/api";
import type { Place, Sighting } from "../../wire";
import { Kept } from "../kept";
import { asked, bodyOf, emptyForm, lastTime, missing, MOST_CORNERS, type Form, type What } from "./search_ask";
import "./search_chosen";
import type { Chosen } from "./search_chosen";
import "./search_form";
import type { SearchForm } from "./search_form";
import { foundView, type Answer } from "./search_found";
import { pathsOf, pinsOf, placesOf } from "./search_places";
import "./search_queries";
import { keyOf } from "./search_results";
import { searchStyles } from "./search_styles";
import "./search_track";
import type { TrackView } from "./search_track";
import type { Clones, Companions, Export, FirstTime, Found, Frequent, Left, Track } from "./search_wire";
import { VehiclesTab } from "./shared";

/** Going through much takes the hub a while. */
const TIMEOUT_MS = 60_000;

@customElement("vehicles-search")
export class VehiclesSearch extends VehiclesTab {
  static override styles = [shared, searchStyles];

  @state() private form: Form = emptyForm(0);
  @state() private answer: Answer | null = null;
  @state() private chosen: Sighting | null = null;
  @state() private left: Left | null = null;
  @state() private busy = false;
  @state() private failure = "";
  @state() private said = "";
  @state() private drawing = false;
  @state() private stop = 0;
  /** How much of the leg after the stop has gone by while the track is played. */
  @state() private along = 0;
  @query("vehicles-search-form") private formView!: SearchForm | null;
  @query("vehicles-track") private trackView!: TrackView | null;
  @query("vehicles-chosen") private chosenView!: Chosen | null;
  private readonly mapData = new Kept(["cameras", "stations"], () => this.data());
  private paths: readonly MapPath[] = [];
  private pins: readonly Pin[] = [];
  private places: readonly Place[] = [];
  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  override connectedCallback(): void {
    super.connectedCallback();
    this.form = emptyForm(Date.now());
  }

  protected override firstUpdated(): void {
    this.form = emptyForm(this.now_ms || Date.now());
    this.readAddress();
    void this.load();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("detail") && this.hasUpdated) this.readAddress();
    if (["form", "answer", "chosen", "stop", "along", "drawing"].some((name) => (changed as Map<PropertyKey, unknown>).has(name))) this.place();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("active") && this.active) void this.formView?.begin();
  }

  private place(): void {
    const cameras = this.rows("cameras");
    this.paths = pathsOf(this.form, this.answer, this.stop, cameras);
    this.pins = pinsOf(this.answer, this.stop, cameras, this.along);
    const places = placesOf(this.answer, this.chosen, cameras);
    if (places.length > 0) this.places = places;
  }

  private readAddress(): void {
    const { plate, reason, case: about } = asked(this.detail);
    if (plate === "") return;
    this.form = { ...this.form, plate, ...(reason === "" ? {} : { reason }), ...(about === "" ? {} : { case: about }) };
  }

  private data(): MapData {
    const chosen = new Set([this.chosen?.camera ?? "", ...(this.form.where === "cameras" ? this.form.cameras : [])]);
    return { ...NO_DATA, cameras: this.rows("cameras"), stations: this.rows("stations"), chosen };
  }

  override render(): TemplateResult {
    const { connection, form } = this;
    if (connection === null) return html``;
    // Administrators look after queries and make none.
    if (!this.maySearch()) return html`<section class="panel found all" aria-label=${t("queries.label")}>${this.queries()}</section>`;
    const cameras = this.rows("cameras");
    const first = this.places[0] ?? null;
    return html`<section class="panel" aria-label=${t("search.form")}>
        <vehicles-search-form .form=${form} .fences=${this.rows("fences")} .cameras=${cameras} .left=${this.left} .now_ms=${this.now_ms} ?busy=${this.busy} ?drawing=${this.drawing}
          @form=${this.onForm} @ask=${() => void this.ask()} @draw=${(event: CustomEvent<boolean>) => this.draw(event.detail)}></vehicles-search-form>
        ${this.has("duty_leader", "administrator") ? html`<div class="keys"><button @click=${() => this.showQueries()}>${icon("eye")} ${t("search_what.queries")} <kbd>Q</kbd></button></div>` : nothing}
      </section>
      <section class="panel found" aria-label=${t("search.results")} @choose=${this.onChoose} @stop=${this.onStop} @along=${(event: CustomEvent<number>) => (this.along = event.detail)}>${this.found()}</section>
      <div class="side">
        <t-map .data=${this.mapData.get(connection.store, `${this.chosen?.camera ?? ""} ${form.where} ${form.cameras.join(" ")}`)} .fences=${this.rows("fences")} .paths=${this.paths} .pins=${this.pins}
          .focusOn=${first} .around=${this.places.slice(1)} ?picking=${this.drawing} pickText=${t("search.drawing")} @pick=${this.onPick} @press=${this.onPress}></t-map>
        <section class="panel" aria-label=${t("search.detail")}>
          <vehicles-chosen .passage=${this.chosen} .cameras=${cameras} .screening=${this.screening()} @track=${this.onTrack} @companions=${this.onCompanions} @close=${() => (this.chosen = null)}></vehicles-chosen>
        </section>
      </div>`;
  }

  private found(): TemplateResult {
    const { answer } = this;
    if (this.busy) return html`<t-state kind="loading"></t-state>`;
    const failure = this.failure === "" ? nothing : html`<t-state kind="error" text=${this.failure}></t-state>`;
    if (answer?.is === "queries") return html`${failure}${this.queries()}`;
    if (answer === null) return html`${failure === nothing ? html`<t-state kind="hint" text=${t("search.nothing_asked")}></t-state>` : failure}`;
    const more = answer.is === "search" && answer.next !== null;
    return html`${failure}
      ${answer.is === "search"
        ? html`<div class="head"><span role="status">${t("search.count", { n: answer.found.length })}${more ? "+" : ""}</span><span class="grow"></span>
            ${more ? html`<button @click=${() => void this.nextPage()}>${t("search.more")} <kbd>N</kbd></button>` : nothing}
            ${this.has("commander", "duty_leader") ? html`<button @click=${() => void this.export()}>${icon("evidence")} ${t("search.export")} <kbd>E</kbd></button>` : nothing}
            ${this.said === "" ? nothing : html`<span class="quiet" role="status">${this.said}</span>`}</div>`
        : nothing}
      ${foundView(answer, this.chosen, this.rows("cameras"), this.now_ms)}`;
  }

  private queries(): TemplateResult {
    return html`<vehicles-queries .api=${this.connection?.api ?? null} .cameras=${this.rows("cameras")} .who=${this.who} .now_ms=${this.now_ms}></vehicles-queries>`;
  }

  private maySearch(): boolean {
    return this.has("camera_watch", "dispatcher", "commander", "duty_leader");
  }

  private screening(): Screening | null {
    const { connection, actor } = this;
    if (connection === null || actor === null) return null;
    return { api: connection.api, now_ms: this.now_ms, situation: null, alarms: this.rows("alarms"), hits: this.rows("hits"), mayWall: maySendToWall(actor), mayLookUp: mayLookUpPlates(actor), who: this.who };
  }

  // asking

  private async ask(what: What = this.form.what): Promise<void> {
    this.draw(false);
    this.chosen = null;
    const lacks = missing(this.form);
    if (lacks !== null) {
      this.failure = t(`search.missing_${lacks}`);
      return;
    }
    if (this.form.last_h > 0) this.form = { ...this.form, ...lastTime(this.form.last_h, this.now_ms) };
    const body = bodyOf({ ...this.form, what }, this.rows("fences"));
    const plate = String(body["plate"] ?? "").toUpperCase();
    await this.attempt(async () => {
      this.said = "";
      if (what === "search") this.take({ is: "search", body, ...shown(await this.post<Found>("search", body)) });
      else if (what === "track") this.take({ is: "track", track: await this.post<Track>("track", body) });
      else if (what === "companions") this.take({ is: "companions", plate, ...(await this.post<Companions>("companions", body)) });
      else if (what === "first_time") this.take({ is: "first_time", ...(await this.post<FirstTime>("first_time", body)) });
      else if (what === "clones") this.take({ is: "clones", ...(await this.post<Clones>("clones", body)) });
      else this.take({ is: "frequent", ...(await this.post<Frequent>("frequent", body)) });
    });
  }

  private take(answer: Answer): void {
    this.stop = 0;
    this.answer = answer;
  }

  private async nextPage(): Promise<void> {
    const { answer } = this;
    if (answer?.is !== "search" || answer.next === null) return;
    await this.attempt(async () => {
      const page = shown(await this.post<Found>("search", { ...answer.body, cursor: answer.next }));
      this.answer = { ...answer, found: [...answer.found, ...page.found], next: page.next };
    });
  }

  private async export(): Promise<void> {
    const { answer } = this;
    if (answer?.is !== "search" || !this.has("commander", "duty_leader")) return;
    await this.attempt(async () => {
      const file = await this.post<Export>("export", answer.body);
      saveFile(file.file_name, new Blob([file.csv], { type: "text/csv" }));
      this.said = t("search.exported", { name: file.file_name });
    });
  }

  private async post<T extends { readonly left: number }>(path: string, body: object): Promise<T> {
    const api = this.connection?.api;
    if (api === undefined) throw new Problem(503, "unavailable", "");
    const answered = await api.post<T>(api.inSpace(`/api/v1/sightings/${path}`), body, TIMEOUT_MS);
    if (this.left !== null) this.left = { ...this.left, left: answered.left };
    return answered;
  }

  /** Do something that asks the hub, and say in words why it did not work. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = "";
    try {
      await work();
    } catch (error) {
      const tooMuch = error instanceof Problem && error.code === "too_large";
      this.failure = tooMuch ? t("search.too_much", { detail: refusalWords(error.detail) || error.detail }) : describe(error);
      void this.load();
    } finally {
      this.busy = false;
    }
  }

  private async load(): Promise<void> {
    if (!this.maySearch()) return;
    try {
      this.left = (await this.connection?.api.get<Left>("/api/v1/queries/left")) ?? null;
    } catch (error) {
      describe(error); // how many are left is told with the next answer too
    }
  }

  private showQueries(): void {
    if (this.has("duty_leader", "administrator")) this.answer = { is: "queries" };
  }

  // what is pressed

  private readonly onForm = (event: CustomEvent<Form>): void => {
    this.form = event.detail;
    if (this.form.where !== "drawn") this.draw(false);
  };

  private draw(on: boolean): void {
    if (on && !this.drawing) this.form = { ...this.form, where: "drawn", area: [] };
    this.drawing = on;
  }

  private readonly onPick = (event: CustomEvent<Picked>): void => {
    const { lon, lat } = event.detail;
    if (this.form.area.length < MOST_CORNERS) this.form = { ...this.form, area: [...this.form.area, [lon, lat]] };
  };

  /** A camera pressed on the map comes in, or goes out again, while cameras are chosen. */
  private readonly onPress = (event: CustomEvent<Pressed>): void => {
    const { table, id } = event.detail;
    if (table !== "cameras" || this.form.where !== "cameras") return;
    const { cameras } = this.form;
    this.form = { ...this.form, cameras: cameras.includes(id) ? cameras.filter((each) => each !== id) : [...cameras, id] };
  };

  private readonly onChoose = (event: CustomEvent<string>): void => {
    const { answer } = this;
    if (answer?.is === "search") this.chosen = answer.found.find((one) => keyOf(one) === event.detail) ?? null;
    // Of cars that were found, Enter looks up the way.
    else if (answer !== null && answer.is !== "track" && answer.is !== "queries") this.follow(event.detail.split(" ")[0] ?? "", "track");
  };

  private readonly onStop = (event: CustomEvent<number>): void => {
    this.stop = event.detail;
    if (this.answer?.is === "track") this.chosen = this.answer.track.stops[event.detail] ?? null;
  };

  private readonly onTrack = (event: CustomEvent<string>): void => this.follow(event.detail, "track");
  private readonly onCompanions = (event: CustomEvent<string>): void => this.follow(event.detail, "companions");

  /** Ask for a car's way or company, everywhere, with the reason and time that stand in the form. */
  private follow(plate: string, what: What): void {
    this.form = { ...this.form, plate, what, where: "" };
    void this.ask();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.active || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (this.drawing && this.drawKey(event.key)) event.preventDefault();
    else if (!(target instanceof Element && target.matches("input, textarea, select, t-playback")) && this.key(event, target)) event.preventDefault();
  };

  private drawKey(key: string): boolean {
    if (key === "Backspace") this.form = { ...this.form, area: this.form.area.slice(0, -1) };
    else if (key === "Enter" || key === "Escape") this.draw(false);
    else return false;
    return true;
  }

  private key(event: KeyboardEvent, target: EventTarget | undefined): boolean {
    const onButton = target instanceof Element && target.matches("button, a");
    if (this.answer?.is === "track" && !(onButton && event.key === " ") && this.trackView?.press(event.key) === true) return true;
    const plate = this.chosen?.plate;
    switch (event.key.toLowerCase()) {
      case "/":
        void this.formView?.begin();
        return true;
      case "d":
        this.draw(!this.drawing);
        return true;
      case "n":
        void this.nextPage();
        return true;
      case "e":
        void this.export();
        return true;
      case "q":
        this.showQueries();
        return true;
      case "r":
        this.chosenView?.replay();
        return true;
      case "t":
      case "c":
        if (plate !== undefined) this.follow(plate, event.key.toLowerCase() === "t" ? "track" : "companions");
        return plate !== undefined;
      case "escape":
        this.chosen = null;
        return true;
      default:
        return false;
    }
  }
}

function shown(page: Found): { readonly found: readonly Sighting[]; readonly next: string | null } {
  return { found: page.sightings, next: page.next };
}

declare global {
  interface HTMLElementTagNameMap {
    "vehicles-search": VehiclesSearch;
  }
}
