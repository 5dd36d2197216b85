/** What is recorded of a camera, or a group of them, for how long, and whether the disk has room for it. For administrators. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { Looks } from "../../components/looks";
import { describe } from "../../components/problems";
import { valueOf } from "../../components/typing";
import { shared, View } from "../../components/view";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { CameraRow, Hours } from "../../wire";
import { daysKept, daysOf, gigabytes, isWhole, mebibytes, minuteOf, MODES, NIGHT, OTHERS_MS, policyOf, rateOf, roomsOf, setPolicy, timeOf, type HubRoom, type Policy, type Rooms } from "./recording";
import type { Agent } from "./connected";
import { diskLines } from "./disks";
import { allOf } from "../panel";
import { camerasStyles, diskStyles } from "./styles";

const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

@customElement("t-recording-policy")
export class RecordingPolicyForm extends View {
  static override styles = [
    shared,
    camerasStyles,
    diskStyles,
    css`
      :host {
        display: block;
        padding: 0;
      }
      .days {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s3);
      }
      .times {
        display: grid;
        grid-template-columns: 1fr 1fr auto;
        gap: var(--s2);
        align-items: end;
        padding-bottom: var(--s2);
        border-bottom: var(--hair) solid var(--line);
      }
      .times .days {
        grid-column: 1 / -1;
      }
      .others {
        max-height: 10em;
        overflow: auto;
        border: var(--hair) solid var(--line);
        padding: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) camera: CameraRow | null = null;
  @property({ attribute: false }) cameras: readonly CameraRow[] = [];
  @state() private policy: Policy | null = null;
  @state() private others: ReadonlySet<string> = new Set();
  @state() private rooms: Rooms | null = null;
  @state() private agents: readonly Agent[] = [];
  @state() private said = "";
  @state() private refusal = "";
  @state() private saving = false;
  private of = "";
  private readonly looks = new Looks(this, () => this.look(), () => this.api !== null);

  protected override willUpdate(_changed: PropertyValues<this>): void {
    if (this.camera === null || this.camera.id === this.of) return;
    this.of = this.camera.id;
    this.policy = policyOf(this.camera);
    this.others = new Set();
    this.said = this.refusal = "";
  }

  protected override updated(): void {
    if (this.api !== null && this.looks.isFirst) void this.firstLook();
  }

  override render(): TemplateResult {
    const { camera, policy } = this;
    if (camera === null || policy === null) return html``;
    return html`<form @submit=${(event: Event) => void this.save(event)}>
      ${this.said === "" ? nothing : html`<p class="done" role="status">${icon("check")} ${this.said}</p>`}
      ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <fieldset>
        <legend>${t("policy.title")} · ${camera.name}</legend>
        <label>${t("policy.mode")}
          <select @change=${(event: Event) => this.set({ mode: valueOf(event) as Policy["mode"] })}>
            ${MODES.map((mode) => html`<option value=${mode} ?selected=${mode === policy.mode}>${word("policy_mode", mode)}</option>`)}
          </select></label>
        <label>${t("policy.keep_days")}
          <input type="number" min="1" max="3650" .value=${String(policy.keep_days)} @change=${(event: Event) => this.set({ keep_days: within(valueOf(event), 1, 3650) })} /></label>
        <label>${t("policy.quota")}
          <input type="number" min="0" step="any" .value=${String(gigabytes(policy.quota_mib))} @change=${(event: Event) => this.set({ quota_mib: mebibytes(Number(valueOf(event))) })} /></label>
        ${policy.mode === "scheduled" ? this.schedule(policy) : nothing}
        ${policy.mode === "event" ? this.aroundEvents(policy) : nothing}
        <div class="wide ${this.looks.old ? "stale" : ""}">${this.room(policy)}</div>
        ${this.group(camera)}
        <div class="wide"><button class="primary" ?disabled=${this.saving || !isWhole(policy)}>${this.saving ? t("policy.saving") : t("policy.save")}</button>
          ${isWhole(policy) ? nothing : html`<span class="quiet">${t("policy.lacking_time")}</span>`}</div>
      </fieldset>
    </form>`;
  }

  private aroundEvents(policy: Policy): TemplateResult {
    return html`<label>${t("policy.pre")}
        <input type="number" min="0" max="60" .value=${String(policy.pre_s)} @change=${(event: Event) => this.set({ pre_s: within(valueOf(event), 0, 60) })} /></label>
      <label>${t("policy.post")}
        <input type="number" min="1" max="3600" .value=${String(policy.post_s)} @change=${(event: Event) => this.set({ post_s: within(valueOf(event), 1, 3600) })} /></label>`;
  }

  private schedule(policy: Policy): TemplateResult {
    return html`<div class="wide">
      ${policy.schedule.map((hours, i) => html`<div class="times" role="group" aria-label="${t("policy.mode")} ${i + 1}">
        <div class="days">${DAYS.map((day) => html`<label class="check"><input type="checkbox" aria-label=${t("policy.weekday", { day: word("policy_day", String(day)) })} .checked=${hours.days.includes(day)}
          @change=${(event: Event) => this.change(i, { days: withDay(hours.days, day, (event.target as HTMLInputElement).checked) })} />${word("policy_day", String(day))}</label>`)}</div>
        <label>${t("policy.from")}<input type="time" .value=${timeOf(hours.from_min)} @change=${(event: Event) => this.change(i, { from_min: minuteOf(valueOf(event)) })} /></label>
        <label>${t("policy.to")}<input type="time" .value=${timeOf(hours.to_min)} @change=${(event: Event) => this.change(i, { to_min: minuteOf(valueOf(event)) })} /></label>
        <button type="button" aria-label=${t("policy.remove_time", { n: i + 1 })} @click=${() => this.set({ schedule: policy.schedule.filter((_, at) => at !== i) })}>${icon("close")}</button>
      </div>`)}
      <button type="button" @click=${() => this.set({ schedule: [...policy.schedule, NIGHT] })}>${icon("plus")} ${t("policy.add_time")}</button>
    </div>`;
  }

  private room(policy: Policy): TemplateResult {
    const { rooms } = this;
    const agent = this.agents.find(({ cameras }) => cameras.includes(this.of));
    if (agent !== undefined) return roomAtAgent(agent, this.looks.age());
    if (rooms === null) return html`<t-state kind="loading"></t-state>`;
    const part = rooms.capacity_bytes > 0 ? Math.min(100, Math.round((rooms.bytes / rooms.capacity_bytes) * 100)) : 0;
    const own = rooms.cameras.find(({ camera }) => camera === this.of);
    const days = daysKept(rooms);
    const rate = rateOf(rooms);
    const real = daysOf(policy, own, rooms);
    const disks = rooms.hubs.find(({ records }) => records)?.disks ?? [];
    return html`<h3>${t("room.title")} ${this.looks.age()}</h3>
      <div class="fill" role="img" aria-label="${part}%"><span style="width:${part}%"></span></div>
      <p>${t("room.used", { used: format.bytes(rooms.bytes), all: format.bytes(rooms.capacity_bytes), part })}
        ${rooms.locked_bytes > 0 ? html`· ${t("room.locked", { locked: format.bytes(rooms.locked_bytes) })}` : nothing}</p>
      ${rooms.hubs.length < 2 ? nothing : html`<ul>${rooms.hubs.map(hubRoom)}</ul>`}
      ${disks.length < 2 && rooms.reason === "" ? nothing : diskLines(disks)}
      ${rooms.away.length === 0 ? nothing : html`<p class="problem">${icon("alert")} ${t("room.away", { hubs: rooms.away.join(" ") })}</p>`}
      <p>${days === null ? t("room.idle") : t("room.days", { rate: format.bytes(rate), days: daysWords(days) })}</p>
      <p>${own === undefined || own.oldest_ms === null ? t("room.camera_none") : t("room.camera", { used: format.bytes(own.bytes), oldest: format.dateWithYear(own.oldest_ms), rate: format.bytes(own.bytes_per_day) })}</p>
      ${policy.mode === "off" || days === null ? nothing : real < policy.keep_days
        ? html`<p class="problem">${icon("alert")} ${t("room.short", { days: policy.keep_days, real: daysWords(real) })}</p>`
        : html`<p>${icon("check")} ${t("room.enough", { days: policy.keep_days })}</p>`}
      ${rooms.reason === "" || disks.length > 0 ? nothing : html`<p class="problem" role="status">${icon("alert")} ${rooms.reason}</p>`}`;
  }

  private group(camera: CameraRow): TemplateResult | typeof nothing {
    const others = this.cameras.filter(({ id }) => id !== camera.id);
    if (others.length === 0) return nothing;
    return html`<div class="wide"><div class="row"><span class="grow">${t("policy.group_count", { n: this.others.size + 1 })}</span>
        <button type="button" @click=${() => (this.others = new Set(others.map(({ id }) => id)))}>${t("policy.all")}</button>
        <button type="button" @click=${() => (this.others = new Set())}>${t("policy.only_this")}</button></div>
      <div class="others" role="group" aria-label=${t("policy.group")} tabindex="0">${others.map(({ id, name, recording }) => html`<label class="check">
        <input type="checkbox" .checked=${this.others.has(id)} @change=${(event: Event) => this.toggle(id, (event.target as HTMLInputElement).checked)} />${name}
        <span class="quiet">${word("policy_mode", recording.mode ?? "off")}</span></label>`)}</div></div>`;
  }

  private set(part: Partial<Policy>): void {
    if (this.policy !== null) this.policy = { ...this.policy, ...part };
    if (part.mode === "scheduled" && this.policy?.schedule.length === 0) this.policy = { ...this.policy, schedule: [NIGHT] };
    this.said = "";
  }

  private change(at: number, part: Partial<Hours>): void {
    this.set({ schedule: this.policy?.schedule.map((hours, i) => (i === at ? { ...hours, ...part } : hours)) ?? [] });
  }

  private toggle(camera: string, on: boolean): void {
    const others = new Set(this.others);
    if (on) others.add(camera);
    else others.delete(camera);
    this.others = others;
  }

  private async look(): Promise<void> {
    const { api } = this;
    if (api === null) return;
    await allOf(
      roomsOf(api).then((rooms) => void (this.rooms = rooms)),
      api.get<readonly Agent[]>("/api/v1/agents", OTHERS_MS).then((agents) => void (this.agents = agents)),
    );
  }

  private async firstLook(): Promise<void> {
    const failure = await this.looks.now();
    if (failure !== null) this.refusal = describe(failure);
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    const { api, policy, of } = this;
    if (api === null || policy === null || !isWhole(policy)) return;
    this.saving = true;
    this.said = this.refusal = "";
    try {
      const cameras = [of, ...this.others];
      await setPolicy(api, cameras, policy);
      this.said = t("policy.saved", { n: cameras.length });
    } catch (error) {
      this.refusal = describe(error);
    } finally {
      this.saving = false;
    }
  }
}

/** What an agent records lies on its own disks: what the hub has room for means nothing there. */
function roomAtAgent({ id, up, disks }: Agent, age: TemplateResult | typeof nothing): TemplateResult {
  return html`<h3>${t("disk.of_agent", { agent: id })} ${age}</h3>
    ${up ? nothing : html`<p class="problem">${icon("alert")} ${t("disk.as_before")}</p>`}
    ${disks.length === 0 ? html`<p>${t("disk.untold")}</p>` : diskLines(disks, !up)}`;
}

/** The room of one hub of several. */
function hubRoom({ hub, records, bytes, capacity_bytes, reason }: HubRoom): TemplateResult {
  const part = capacity_bytes > 0 ? Math.min(100, Math.round((bytes / capacity_bytes) * 100)) : 0;
  return html`<li>${hub} ${records ? html`<strong>${t("room.records")}</strong>` : nothing}
    <span class="quiet">${t("room.used", { used: format.bytes(bytes), all: format.bytes(capacity_bytes), part })}</span>
    ${reason === "" ? nothing : html`<span class="problem">${icon("alert")} ${reason}</span>`}</li>`;
}

function within(value: string, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(Number(value) || 0)));
}

function withDay(days: readonly number[], day: number, on: boolean): number[] {
  return DAYS.filter((each) => (each === day ? on : days.includes(each)));
}

function daysWords(days: number): string {
  return days >= 10 ? String(Math.floor(days)) : days.toFixed(1);
}

declare global {
  interface HTMLElementTagNameMap {
    "t-recording-policy": RecordingPolicyForm;
  }
}
