/** The director's hand on the clock: pause, speed, next event, jump; buttons and keys for each. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import { valueOf } from "../../components/typing";
import { t } from "../../i18n/i18n";
import { comingBefore, offset, readOffset, SPEEDS, speedWords, stepSpeed } from "./lines";
import type { Control, RehearsalView, RunInfo } from "./wire";

/** What the controls ask of the page. */
export interface Hand {
  do(control: Control): void;
  /** Ask for the time of a jump, `written` proposed. */
  askJump(written: string): void;
  askStop(): void;
  /** Open or close the palette. */
  inject(): void;
  cancel(): void;
}

export function clockControls(view: RehearsalView, hand: Hand): TemplateResult {
  const { run } = view;
  const stop = html`<button @click=${() => hand.askStop()}>${icon("close")} ${t("director.stop")}</button>`;
  if (run.state === "ended" || run.state === "preparing") return html`<div class="controls">${stop}</div>`;
  return html`<div class="controls" @click=${letGo}>
    <button class="primary" @click=${() => hand.do(pauseOrResume(run))}>
      ${run.state === "paused" ? html`${icon("play")} ${t("director.resume")}` : html`${icon("pause")} ${t("director.pause")}`} <kbd>␣</kbd></button>
    <div class="speeds" role="group" aria-label=${t("director.speed")}>
      ${SPEEDS.map((speed) => html`<button aria-pressed=${speed === run.speed} @click=${() => hand.do({ action: "speed", speed })}>${speedWords(speed)}</button>`)}
    </div>
    <span class="quiet"><kbd>−</kbd> <kbd>+</kbd></span>
    <button ?disabled=${view.next.length === 0} @click=${() => toNext(view, hand)}>${icon("forward")} ${t("director.next")} <kbd>N</kbd></button>
    <button @click=${() => hand.askJump(proposal(view))}>${t("director.jump")} <kbd>J</kbd></button>
    <button @click=${() => hand.inject()}>${icon("plus")} ${t("director.inject")} <kbd>I</kbd></button>
    ${stop}
  </div>`;
}

/** After a click the keys belong to the page again, so that space pauses and does not press the button once more. */
function letGo(event: MouseEvent): void {
  if (event.detail > 0 && event.target instanceof Element) event.target.closest("button")?.blur();
}

function pauseOrResume(run: RunInfo): Control {
  return { action: run.state === "paused" ? "resume" : "pause" };
}

function toNext(view: RehearsalView, hand: Hand): void {
  const next = view.next[0];
  if (next !== undefined) hand.do({ action: "jump", to_s: Math.max(0, next.at_ms - view.run.starts_ms) / 1_000 });
}

function proposal(view: RehearsalView): string {
  return offset((view.next[0]?.at_ms ?? view.run.ends_ms) - view.run.starts_ms);
}

/** True where the key was one of the director's. */
export function speedKey(key: string, view: RehearsalView, hand: Hand): boolean {
  const { run } = view;
  if (run.state !== "running" && run.state !== "paused") return false;
  if (key === " ") hand.do(pauseOrResume(run));
  else if (key === "+" || key === "=") hand.do({ action: "speed", speed: stepSpeed(run.speed, 1) });
  else if (key === "-" || key === "−") hand.do({ action: "speed", speed: stepSpeed(run.speed, -1) });
  else if (key === "n" || key === "N") toNext(view, hand);
  else if (key === "j" || key === "J") hand.askJump(proposal(view));
  else if (key === "i" || key === "I") hand.inject();
  else return false;
  return true;
}

/** Where to, and what that means; Enter does it. */
export function jumpForm(view: RehearsalView, written: string, write: (text: string) => void, hand: Hand): TemplateResult {
  const { starts_ms, ends_ms, now_ms } = view.run;
  const to_s = readOffset(written);
  const at_ms = to_s === null ? null : starts_ms + to_s * 1_000;
  const fits = at_ms !== null && at_ms >= now_ms && at_ms <= ends_ms;
  const jump = (event: SubmitEvent): void => {
    event.preventDefault();
    if (fits && to_s !== null) hand.do({ action: "jump", to_s });
  };
  const means = fits
    ? t("director.jump_means", { time: offset(at_ms - starts_ms), n: comingBefore(view, at_ms) })
    : t("director.jump_wrong", { end: offset(ends_ms - starts_ms) });
  return html`<form class="ask" @submit=${jump}>
    <label class="row">${t("director.jump_to")}
      <input class="jump" autocomplete="off" .value=${written} @input=${(event: InputEvent) => write(valueOf(event))} /></label>
    <span role="status" class=${fits ? "" : "error"}>${fits ? nothing : icon("alert")} ${means}</span>
    <button class="primary" ?disabled=${!fits}>${t("director.jump")} <kbd>Enter</kbd></button>
    <button type="button" @click=${() => hand.cancel()}>${t("action.cancel")} <kbd>Esc</kbd></button>
  </form>`;
}
