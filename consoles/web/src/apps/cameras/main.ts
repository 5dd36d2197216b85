/** Adopting cameras: found or typed in, tried hop by hop, put on the map with direction and field of view. For administrators. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { answerWords } from "../../components/answer_words";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import "../../components/secret_sheet";
import { valueOf } from "../../components/typing";
import { meaningOf } from "../../components/video/reasons";
import "../../components/video/diagnosis";
import { PageKeys, shared } from "../../components/view";
import { t, word } from "../../i18n/i18n";
import "../../map/element";
import type { Picked } from "../../map/element";
import { bearing_deg } from "../../map/geography";
import { NO_DATA, type MapData } from "../../map/picture";
import type { Pressed } from "../../map/symbols_layer";
import { placeOf } from "../../map/typed";
import type { Connection } from "../../sync/connect";
import type { Actor, Subscription } from "../../sync/protocol";
import type { CameraRow, Place } from "../../wire";
import { Console } from "../console";
import { consoleStyles } from "../console_styles";
import { Kept } from "../kept";
import { show } from "../page";
import "../page_tools";
import "./hubs";
import "./policy";
import { adopt, attempt, bearingWords, EMPTY, enrolled, find, formOf, missing, PUBLISHES, turned, type Form, type Found, type Tried } from "./adoption";
import { newKey, publishers, publishingText, type Publishing } from "./publishing";
import { camerasStyles } from "./styles";
import "./viid";

const TABLES = { cameras: {}, stations: {}, fences: {} } as const satisfies Subscription;

/** A recorder has many cameras at one address; so many are named. */
const KNOWN_NAMED = 3;
/** So many enrolled cameras are listed at once; the others are found by typing part of a name. */
const LISTED = 200;

@customElement("app-cameras")
export class CamerasConsole extends Console {
  static override styles = [shared, consoleStyles, camerasStyles];

  @state() private found: readonly Found[] | null = null;
  @state() private problems: readonly string[] = [];
  @state() private form: Form = EMPTY;
  @state() private tried: Tried | null = null;
  @state() private picking: "" | "place" | "direction" = "";
  @state() private busy: "" | "finding" | "trying" | "saving" = "";
  @state() private words = "";
  @state() private said = "";
  @state() private refusal = "";
  /** Enrolled cameras that publish; and what has to be told of the one whose key was made just now. */
  @state() private publishing: ReadonlySet<string> = new Set();
  @state() private told: { readonly name: string; readonly publishing: Publishing } | null = null;
  @state() private renewing = false;
  @state() private lookAt: Place | null = null;
  private readonly mapData = new Kept(["cameras", "stations"], () => this.data());

  protected tablesOf(actor: Actor): Subscription | null {
    return actor.roles.includes("administrator") ? TABLES : null;
  }

  private data(): MapData {
    return { ...NO_DATA, cameras: this.rows("cameras"), stations: this.rows("stations"), chosen: new Set([this.form.camera]) };
  }

  protected readonly pageKeys = new PageKeys(this, (event) => this.onKey(event));

  protected override updated(): void {
    if (this.connection !== null && this.found === null && this.busy === "") void this.search(this.connection);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.picking = "";
  };

  protected page(connection: Connection): TemplateResult {
    return html`<header>
        <h1 class="grow">${t("home.cameras")}</h1>
        <span class="quiet">${this.actor?.name ?? ""}</span>
        <t-age .live=${this.live} .clock=${connection.clock}></t-age>
        <page-tools here="cameras" .actor=${this.actor} .api=${connection.api}></page-tools>
      </header>
      <div role="region" aria-label=${t("age.live", { age: "" })}>${this.trouble()}</div>
      <main>
        <section class="panel list" aria-label=${t("adopt.found")}>${this.lists(connection)}</section>
        <section class="panel work">${this.work(connection)}${this.form.camera === "" ? nothing : html`<t-diagnosis class="below" .api=${connection.api} camera=${this.form.camera}></t-diagnosis>`}${this.policy(connection)}</section>
        ${this.map(connection)}
      </main>`;
  }

  private lists(connection: Connection): TemplateResult {
    const all = [...this.rows("cameras").values()];
    const cameras = enrolled(all, this.words);
    return html`<div class="heading">${t("adopt.found")}
        <button ?disabled=${this.busy === "finding"} @click=${() => void this.search(connection)}>${icon("search")} ${this.busy === "finding" ? t("adopt.finding") : t("adopt.find")}</button></div>
      ${this.problems.map((problem) => html`<p class="problem" role="status">${problem}</p>`)}
      ${this.found === null
        ? html`<t-state kind="loading"></t-state>`
        : this.found.length === 0
          ? html`<t-state kind="empty" text=${t("adopt.found_none")}></t-state>`
          : this.found.map((each) => this.foundLine(each))}
      <button class="pick" aria-current=${this.form.camera === "" && this.form.address === ""} @click=${() => this.begin(EMPTY)}><span>${icon("plus")} ${t("adopt.by_hand")}</span></button>
      <button class="pick" aria-current=${this.form.address === PUBLISHES} @click=${() => this.begin({ ...EMPTY, address: PUBLISHES })}><span>${icon("smartphone")} ${t("publish.begin")}</span></button>
      <h2 class="heading">${t("adopt.enrolled")}<span class="number">${t("adopt.enrolled_count", { n: all.length, down: all.filter(({ state }) => state === "down").length })}</span></h2>
      <label class="words">${t("adopt.words")}<input type="search" .value=${this.words} @input=${(event: Event) => (this.words = valueOf(event))} @keydown=${(event: KeyboardEvent) => this.toList(event)} /></label>
      <div role="group" aria-label=${t("adopt.enrolled")} @keydown=${moveAlong}>${this.cameraLines(cameras)}</div>
      <t-viid .api=${connection.api} .cameras=${all}></t-viid>
      <t-hubs .api=${connection.api}></t-hubs>`;
  }

  private foundLine(each: Found): TemplateResult {
    const n = each.adopted.length;
    const names = each.adopted.slice(0, KNOWN_NAMED).map((id) => this.rows("cameras").get(id)?.name ?? id).join(t("list.comma"));
    return html`<button class="pick" aria-current=${this.form.address === each.address}
      @click=${() => this.begin({ ...EMPTY, address: each.address, name: each.name })}>
      <span class="cut">${each.name || each.address}</span><span class="quiet">${word("adopt_kind", each.kind)}</span>
      <span class="second">${each.address} ${each.told}</span>
      ${n === 0 ? nothing : html`<span class="second">${icon("check")} ${t(n > KNOWN_NAMED ? "adopt.known_more" : "adopt.known", { names, n })}</span>`}
    </button>`;
  }

  /** One stop of the Tab key: arrows go from one to the next. */
  private cameraLines(cameras: readonly CameraRow[]): TemplateResult {
    const shown = cameras.slice(0, LISTED);
    const stop = shown.some(({ id }) => id === this.form.camera) ? this.form.camera : shown[0]?.id;
    return html`${repeat(shown, ({ id }) => id, (camera) => this.cameraLine(camera, camera.id === stop))}
      ${cameras.length > LISTED ? html`<p class="problem">${t("adopt.more", { n: LISTED, all: cameras.length })}</p>` : cameras.length === 0 ? html`<p class="problem">${t("adopt.none_fits")}</p>` : nothing}`;
  }

  private cameraLine(camera: CameraRow, stop: boolean): TemplateResult {
    const meaning = meaningOf(camera.reason);
    return html`<button class="pick" tabindex=${stop ? 0 : -1} aria-current=${this.form.camera === camera.id} @click=${() => this.change(camera)}>
      <span class="cut">${camera.name}</span><span class="quiet">${word("camera_state", camera.state)}</span>
      ${meaning === "" ? nothing : html`<span class="second means">${meaning}</span>`}
      ${camera.reason === "" ? nothing : html`<span class="second">${camera.reason}</span>`}
    </button>`;
  }

  private work(connection: Connection): TemplateResult {
    const { form } = this;
    const lacking = missing(form);
    return html`<form @submit=${(event: Event) => void this.save(event, connection)}>
      ${this.said === "" ? nothing : html`<p class="done" role="status">${icon("check")} ${this.said}</p>`}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      ${this.told === null ? nothing : html`<t-secret once=${t("publish.once")} label=${t("publish.sheet", { name: this.told.name })} text=${publishingText(this.told.name, this.told.publishing, location.origin)}></t-secret>`}
      ${form.address === PUBLISHES ? publishes() : form.camera === "" ? this.access(connection) : this.publishing.has(form.camera) ? this.key(connection) : html`<details><summary>${t("adopt.new_access")}</summary>${this.access(connection)}</details>`}
      ${this.place()}
      <button class="primary" ?disabled=${lacking.length > 0 || this.busy !== ""}>${form.camera === "" ? t("adopt.adopt") : t("action.save")}</button>
      ${lacking.length === 0 ? nothing : html`<p class="quiet">${t("adopt.lacking", { what: lacking.join(t("list.comma")) })}</p>`}
    </form>`;
  }

  private policy(connection: Connection): TemplateResult | typeof nothing {
    const cameras = this.rows("cameras");
    const camera = cameras.get(this.form.camera);
    if (camera === undefined) return nothing;
    return html`<t-recording-policy .api=${connection.api} .camera=${camera} .cameras=${[...cameras.values()]}></t-recording-policy>`;
  }

  private access(connection: Connection): TemplateResult {
    const { form } = this;
    return html`<fieldset>
      <legend>${form.camera === "" ? `1 ${t("adopt.access")}` : t("adopt.new_access")}</legend>
      ${form.camera === "" ? nothing : html`<p class="wide quiet">${t("adopt.new_access_about")}</p>`}
      <label class="wide">${t("adopt.address")}
        <input .value=${form.address} spellcheck="false" maxlength="500" placeholder="rtsp:// onvif:// 192.168.1.64" @input=${(event: Event) => this.set({ address: valueOf(event) })} /></label>
      <label>${t("adopt.user")}<input .value=${form.user} autocomplete="off" maxlength="200" @input=${(event: Event) => this.set({ user: valueOf(event) })} /></label>
      <label>${t("adopt.password")}<input type="password" .value=${form.password} autocomplete="new-password" maxlength="200" @input=${(event: Event) => this.set({ password: valueOf(event) })} /></label>
      ${(this.tried?.profiles.length ?? 0) < 2
        ? nothing
        : html`<label class="wide">${t("adopt.profile")}
            <select @change=${(event: Event) => this.set({ profile: valueOf(event) })}>
              ${this.tried?.profiles.map((each) => html`<option value=${each.token} ?selected=${each.token === (form.profile || this.tried?.profile)}>${each.name || each.token} ${each.codec} ${each.width}×${each.height} ${each.fps}</option>`)}
            </select></label>`}
      <div class="wide row"><button type="button" ?disabled=${form.address.trim() === "" || this.busy !== ""} @click=${() => void this.trial(connection)}>${icon("video")} ${this.busy === "trying" ? t("adopt.trying") : t("adopt.try")}</button>
        <span class="quiet">${t("adopt.sealed")}</span></div>
      ${this.tried === null ? nothing : html`<div class="wide">${trialOf(this.tried)}</div>`}
    </fieldset>`;
  }

  private key(connection: Connection): TemplateResult {
    return html`<fieldset>
      <legend>${t("publish.title")}</legend>
      ${this.renewing
        ? html`<t-confirm class="wide" question=${t("publish.renew")} consequence=${t("publish.renew_consequence")} @cancel=${() => (this.renewing = false)} @confirm=${() => void this.renew(connection)}></t-confirm>`
        : html`<div class="wide row"><button type="button" ?disabled=${this.busy !== ""} @click=${() => (this.renewing = true)}>${icon("lock")} ${t("publish.renew")}</button>
            <span class="quiet">${t("publish.sealed")}</span></div>`}
    </fieldset>`;
  }

  private place(): TemplateResult {
    const { form } = this;
    const where = form.lat === null || form.lon === null ? "" : `${form.lat.toFixed(6)}, ${form.lon.toFixed(6)}`;
    return html`<fieldset>
      <legend>${form.camera === "" ? "2 " : ""}${t("adopt.place")}</legend>
      <label class="wide">${t("adopt.name")}<input .value=${form.name} maxlength="100" @input=${(event: Event) => this.set({ name: valueOf(event) })} /></label>
      <div class="wide row">
        <button type="button" aria-pressed=${this.picking === "place"} @click=${() => (this.picking = this.picking === "place" ? "" : "place")}>${icon("pin")} ${t("adopt.pick_place")}</button>
      </div>
      <label class="wide">${t("adopt.where")}<input .value=${where} inputmode="text" autocomplete="off" placeholder="29.144000, 113.116000" @change=${(event: Event) => this.setPlace(event)} /></label>
      <div class="wide row">
        <button type="button" ?disabled=${form.lat === null} aria-pressed=${this.picking === "direction"} @click=${() => (this.picking = this.picking === "direction" ? "" : "direction")}>${icon("navigation")} ${t("adopt.pick_direction")}</button>
        <span class="number">${form.bearing_deg}° ${bearingWords(form.bearing_deg)}</span>
      </div>
      <label>${t("adopt.bearing")}<input type="number" min="0" max="359" .value=${String(form.bearing_deg)} @change=${(event: Event) => this.set({ bearing_deg: turned(Number(valueOf(event))) })} /></label>
      <label>${t("adopt.field")}<input type="number" min="1" max="360" .value=${String(form.field_deg)} @change=${(event: Event) => this.set({ field_deg: Number(valueOf(event)) })} /></label>
      <label class="wide">${t("adopt.field_slide")}<input type="range" min="10" max="360" step="5" .value=${String(form.field_deg)} @input=${(event: Event) => this.set({ field_deg: Number(valueOf(event)) })} /></label>
      <label class="wide check"><input type="checkbox" .checked=${form.reads_plates} @change=${(event: Event) => this.set({ reads_plates: (event.target as HTMLInputElement).checked })} />${t("adopt.plates")}</label>
    </fieldset>`;
  }

  private map(connection: Connection): TemplateResult {
    const { lat, lon, bearing_deg: bearing, field_deg } = this.form;
    const view = lat === null || lon === null ? null : { lat, lon, bearing_deg: bearing, field_deg };
    return html`<t-map .data=${this.mapData.get(connection.store, this.form.camera)} .fences=${this.rows("fences")} .focusOn=${this.lookAt} .view=${view} ?picking=${this.picking !== ""}
      pickText=${this.picking === "direction" ? t("adopt.pick_direction_how") : t("adopt.pick_place_how")}
      @pick=${(event: CustomEvent<Picked>) => this.onPick(event.detail)} @press=${(event: CustomEvent<Pressed>) => this.onPress(event.detail)}></t-map>`;
  }

  private onPick(picked: Picked): void {
    const { lat, lon } = this.form;
    if (this.picking === "place") {
      this.set({ lat: picked.lat, lon: picked.lon });
      // Closer, so that a direction can be pointed at.
      this.lookAt = { lat: picked.lat, lon: picked.lon, text: picked.near, source: "map", uncertainty_m: null };
      this.picking = "direction";
      return;
    }
    if (lat !== null && lon !== null) this.set({ bearing_deg: turned(bearing_deg({ lat, lon }, picked)) });
    this.picking = "";
  }

  private onPress({ table, id }: Pressed): void {
    const camera = table === "cameras" ? this.rows("cameras").get(id) : undefined;
    if (camera !== undefined) this.change(camera);
  }

  /** As it was typed, for whoever has no pointer or knows the coordinates. */
  private setPlace(event: Event): void {
    const text = valueOf(event).trim();
    const place = placeOf(text);
    this.refusal = text === "" || place !== null ? "" : t("adopt.where_wrong");
    this.set({ lat: place?.lat ?? null, lon: place?.lon ?? null });
    if (place !== null) this.lookAt = { ...place, text: this.form.name, source: "map", uncertainty_m: null };
  }

  private toList(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>('[role="group"] .pick')?.focus();
  }

  private set(part: Partial<Form>): void {
    this.form = { ...this.form, ...part };
    this.said = "";
  }

  private begin(form: Form): void {
    this.form = form;
    this.tried = null;
    this.said = "";
    this.refusal = "";
    this.picking = "";
    this.told = null;
    this.renewing = false;
  }

  private change(camera: CameraRow): void {
    this.begin(formOf(camera));
    this.lookAt = { lat: camera.lat, lon: camera.lon, text: camera.name, source: "camera", uncertainty_m: null };
  }

  private async search(connection: Connection): Promise<void> {
    this.busy = "finding";
    try {
      this.publishing = await publishers(connection.api);
      const { found, problems } = await find(connection.api);
      this.found = found;
      this.problems = problems;
    } catch (error) {
      this.found = [];
      this.problems = [describe(error)];
    } finally {
      this.busy = "";
    }
  }

  private async trial(connection: Connection): Promise<void> {
    await this.trying("trying", async () => {
      this.tried = null;
      this.tried = await attempt(connection.api, this.form);
    });
  }

  private async save(event: Event, connection: Connection): Promise<void> {
    event.preventDefault();
    if (missing(this.form).length > 0) return;
    await this.trying("saving", async () => {
      const { form } = this;
      const publishing = await adopt(connection.api, form);
      if (form.camera === "") this.begin(EMPTY);
      else [this.form, this.tried] = [{ ...this.form, address: "", user: "", password: "", profile: "" }, null]; // sealed by now
      if (publishing !== null) this.told = { name: form.name, publishing };
      this.said = form.camera === "" ? t("adopt.adopted", { name: form.name }) : t("adopt.changed", { name: form.name });
      if (form.camera === "") this.found = null;
    });
  }

  private async renew(connection: Connection): Promise<void> {
    this.renewing = false;
    await this.trying("saving", async () => {
      const { camera, name } = this.form;
      this.told = { name, publishing: await newKey(connection.api, camera) };
    });
  }

  private async trying(what: "trying" | "saving", run: () => Promise<void>): Promise<void> {
    this.busy = what;
    this.refusal = "";
    this.said = "";
    try {
      await run();
    } catch (error) {
      this.refusal = describe(error);
    } finally {
      this.busy = "";
    }
  }
}

function trialOf(tried: Tried): TemplateResult {
  return html`<ol class="steps">
      ${tried.steps.map((step) => html`<li class=${step.ok ? "" : "failed"}>${icon(step.ok ? "check" : "alert")}<span>${word("adopt_hop", step.hop)}</span>${step.ok ? html`<span>${step.told}</span>` : whyEnded(step.told)}</li>`)}
    </ol>
    ${tried.moves ? html`<p class="quiet">${icon("check")} ${t("adopt.moves")}</p>` : nothing}
    ${tried.picture === null ? nothing : html`<img src="data:image/jpeg;base64,${tried.picture}" alt=${t("adopt.picture")} />`}`;
}

/** What it means and what to do, and then the exact words; these alone where nobody knows better. */
function whyEnded(told: string): TemplateResult {
  const meaning = answerWords(told);
  return html`<span>${t("adopt.failed")} ${meaning || told}${meaning === "" ? nothing : html`<br /><small>${told}</small>`}</span>`;
}

/** Up and down from one line of a list to the next, and to its ends. */
function moveAlong(event: KeyboardEvent): void {
  const lines = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".pick")];
  const at = lines.indexOf(event.target as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  lines[to]?.focus();
}

function publishes(): TemplateResult {
  return html`<fieldset>
    <legend>1 ${t("publish.title")}</legend>
    <p class="wide">${t("publish.about")}</p>
  </fieldset>`;
}

show("app-cameras");
