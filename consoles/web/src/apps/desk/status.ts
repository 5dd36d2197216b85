/** What the desk says at its edges: who waits and what rings above, what happened last below. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { Sounds } from "../../media/sounds";
import type { CallRow } from "../../wire";
import type { lastHappenings } from "../picture";

/** Calls that wait, the longest first, alarms that nobody took, and whether they are heard. No number of calls where none are sent (null): there is no knowing. */
export function waitingStatus(waiting: readonly CallRow[] | null, raised: number, sounds: Sounds, now_ms: number, toggle: () => void): TemplateResult {
  const { muted, blocked } = sounds;
  return html`${waiting === null ? nothing : html`<span>${icon("ringing")} <b>${waiting.length}</b> ${waiting[0] === undefined ? nothing : format.duration(now_ms - waiting[0].arrived_ms)}</span>`}
    <span>${icon("bell")} <b>${raised}</b></span>
    <button class="bare" aria-pressed=${muted} aria-label=${muted ? t("action.unmute") : t("action.mute")}
      title=${blocked ? t("sound.blocked") : muted ? t("sound.off") : t("sound.on")} @click=${toggle}>${icon(muted || blocked ? "muted" : "sound")}</button>`;
}

export function ticker(facts: ReturnType<typeof lastHappenings>, now_ms: number): TemplateResult {
  return html`<footer class="panel ticker" aria-label=${t("timeline.now")}>
    ${repeat(facts, (fact) => fact.key, (fact) => html`<span><time>${format.instant(fact.at_ms, now_ms)}</time> ${word("fact", fact.kind)} ${fact.text}</span>`)}
  </footer>`;
}
