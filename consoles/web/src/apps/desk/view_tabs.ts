/** What the middle of the desk shows: the work, the cameras, or the past. */

import { html, type TemplateResult } from "lit";
import { t } from "../../i18n/i18n";

export type MiddleView = "work" | "video" | "past";

const TITLES = { work: "screens.work", video: "screens.title", past: "past.tab" } as const;

/** `watched` is how many cameras are shown; arrows go from one tab to the next. */
export function viewTabs(views: readonly MiddleView[], shown: MiddleView, watched: number, choose: (view: MiddleView) => void): TemplateResult {
  const step = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = views[(views.indexOf(shown) + by + views.length) % views.length];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    const tabs = event.currentTarget as HTMLElement;
    choose(next);
    tabs.querySelectorAll<HTMLElement>('[role="tab"]')[views.indexOf(next)]?.focus();
  };
  return html`<div role="tablist" aria-label=${t("screens.title")} @keydown=${step}>
    ${views.map(
      (view) => html`<button role="tab" aria-selected=${view === shown} tabindex=${view === shown ? 0 : -1} @click=${() => choose(view)}>
        ${t(TITLES[view])}${view === "video" && watched > 0 ? ` ${watched}` : ""}</button>`,
    )}
    <span class="quiet keys"><kbd>V</kbd></span>
  </div>`;
}
