/** Small marks: the level with its numeral, the state of a unit with its shape, the age of the picture. */

import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import * as format from "../i18n/format";
import { t, word } from "../i18n/i18n";
import type { LiveState } from "../sync/live";
import type { ServerClock } from "../sync/server_clock";
import type { Level, UnitState } from "../wire";
import { NUMERALS, strokeOf, UNIT_COLOURS, UNIT_SHAPES } from "./shapes";
import { EverySecond, shared, View } from "./view";

@customElement("t-level")
export class LevelMark extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        white-space: nowrap;
      }
      .mark {
        display: inline-flex;
        align-items: center;
        justify-content: center;
        min-width: 1.75em;
        height: 1.45em;
        padding: 0 0.3em;
        border-radius: var(--radius);
        color: var(--page);
        font-weight: 750;
        letter-spacing: 0.02em;
      }
    `,
  ];

  @property({ type: Number }) level: Level = 4;
  /** Also say the level's name. */
  @property({ type: Boolean }) named = false;

  override render(): TemplateResult {
    const name = word("level", String(this.level));
    return html`<span class="mark" style="background:var(--level-${this.level})" title=${name}
        ><span aria-hidden="true">${NUMERALS[this.level]}</span><span class="sr">${NUMERALS[this.level]} ${name}</span></span
      >${this.named ? html`<span aria-hidden="true">${name}</span>` : nothing}`;
  }
}

@customElement("t-unit-state")
export class UnitStateMark extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        white-space: nowrap;
      }
      svg {
        width: 1.15em;
        height: 1.15em;
        flex: none;
      }
    `,
  ];

  @property() state: UnitState = "free";
  @property({ type: Boolean }) named = false;

  override render(): TemplateResult {
    const name = word("unit_state", this.state);
    const shape = UNIT_SHAPES[this.state];
    const colour = UNIT_COLOURS[this.state];
    const stroke = strokeOf(this.state);
    return html`<svg viewBox="0 0 24 24" role="img" aria-label=${name}>
        ${svg`<path d=${shape.path} fill=${shape.filled ? colour : "none"} stroke=${shape.filled ? "none" : colour}
          stroke-width=${stroke.width} stroke-dasharray=${stroke.dash.join(" ")}></path>`}</svg
      >${this.named ? html`<span aria-hidden="true">${name}</span>` : nothing}`;
  }
}

/** How old the picture is. Quiet while it is live; says in words, hatched, when it is not. */
@customElement("t-age")
export class AgeBadge extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-block;
        white-space: nowrap;
      }
      .badge {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        padding: 0 var(--s2);
        border-radius: var(--radius);
        color: var(--text-2);
      }
      .dot {
        width: 0.6em;
        height: 0.6em;
        border-radius: 50%;
        background: var(--free);
      }
      .bad {
        color: var(--text);
        font-weight: 650;
        background-color: var(--raised);
        background-image: var(--hatch);
        outline: var(--hair) solid var(--text);
      }
      .bad .dot {
        background: none;
        border-radius: 0;
        border: 0.14em solid currentcolor;
      }
    `,
  ];

  @property({ attribute: false }) live: Pick<LiveState, "phase" | "accepting"> | null = null;
  /** Of a part of the page: read by whoever comes to it, not announced each second beside the page's own. */
  @property({ type: Boolean }) inner = false;
  @property({ attribute: false }) clock: Pick<ServerClock, "age_ms"> | null = null;
  @state() private age_ms: number | null = null;
  private readonly second = new EverySecond(this);

  protected override willUpdate(_changed: PropertyValues): void {
    void this.second;
    this.age_ms = this.clock?.age_ms() ?? null;
  }

  override render(): TemplateResult {
    const phase = this.live?.phase ?? "connecting";
    const good = phase === "live" && this.live?.accepting === true;
    return html`<span class="badge ${good ? "" : "bad"}" role="status" aria-live=${good || this.inner ? "off" : "polite"}
      ><span class="dot"></span><span>${this.words(phase)}</span></span
    >`;
  }

  private words(phase: LiveState["phase"]): string {
    if (this.age_ms === null || phase === "connecting") return t("age.connecting");
    const age = format.age(this.age_ms);
    if (phase === "live") return t(this.live?.accepting === true ? "age.live" : "age.stale", { age });
    return phase === "stale" ? t("age.stale", { age }) : t("age.offline", { age });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-level": LevelMark;
    "t-unit-state": UnitStateMark;
    "t-age": AgeBadge;
  }
}
