/** A number plate as it looks on the road: its colours, and the colour in a word too; how sure each character is. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { t, word } from "../i18n/i18n";
import { shared, View } from "./view";

/** A character below this is shown as unsure. */
export const UNSURE = 0.9;

@customElement("t-plate")
export class PlateBadge extends View {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-block;
        vertical-align: middle;
        white-space: nowrap;
      }
      .plate {
        display: inline-flex;
        align-items: baseline;
        gap: 0.35em;
        padding: 0 0.4em;
        border: max(1px, 0.07em) solid #fff;
        border-radius: 0.2em;
        font-weight: 650;
        letter-spacing: 0.04em;
        line-height: 1.45;
        color: #fff;
        background: #2b3540;
      }
      .tag {
        font-size: 0.72em;
        font-weight: 450;
        letter-spacing: 0;
      }
      .blue {
        background: #174ea6;
      }
      .yellow {
        background: #f2c230;
        border-color: #10151b;
        color: #10151b;
      }
      .green {
        background: linear-gradient(#d9f5e4, #4fc98a);
        border-color: #10151b;
        color: #10151b;
      }
      .yellow_green {
        background: linear-gradient(90deg, #f2c230 2.1em, #6fd39d 2.1em);
        border-color: #10151b;
        color: #10151b;
      }
      .white {
        background: #f3f6fa;
        border-color: #10151b;
        color: #10151b;
      }
      .black {
        background: #05070a;
      }
      .unsure {
        text-decoration: underline dotted;
        text-underline-offset: 0.15em;
      }
    `,
  ];

  @property() plate = "";
  /** As `PlateColour`; empty where it is not told. */
  @property() colour = "";
  /** As `PlateKind`; said beside the plate unless it is an ordinary one. */
  @property() kind = "ordinary";
  /** 0…1 for each character; those that are unsure are underlined. */
  @property({ attribute: false }) confidences: readonly number[] = [];

  override render(): TemplateResult {
    const colour = this.colour === "" ? "" : word("plate_colour", this.colour);
    const kind = this.kind === "ordinary" || this.kind === "" ? "" : word("plate_kind", this.kind);
    return html`<span class="plate ${this.colour}"><span class="text">${this.characters()}</span>${colour + kind === "" ? nothing : html`<span class="tag">${colour} ${kind}</span>`}</span>`;
  }

  private characters(): TemplateResult[] {
    return [...this.plate].map((character, at) => {
      const unsure = (this.confidences[at] ?? 1) < UNSURE;
      return unsure ? html`<span class="unsure" title=${t("plate.unsure")}>${character}</span>` : html`${character}`;
    });
  }
}

/** What was read, character by character, each with how sure it is; `expected` marks where a watched plate differs. */
@customElement("t-plate-reading")
export class PlateReading extends View {
  static override styles = [
    shared,
    css`
      table {
        border-collapse: collapse;
      }
      td,
      th {
        padding: 0 0.3em;
        text-align: center;
        font-variant-numeric: tabular-nums;
      }
      .character {
        font-size: 1.25em;
        font-weight: 650;
      }
      .unsure,
      .differs {
        background: var(--hatch);
      }
      .differs {
        outline: max(1px, calc(2px * var(--scale))) solid var(--accent);
        outline-offset: -2px;
      }
      .quiet {
        font-size: 0.85em;
      }
      th {
        text-align: left;
        font-weight: 400;
        padding-left: 0;
      }
    `,
  ];

  @property() plate = "";
  @property({ attribute: false }) confidences: readonly number[] = [];
  /** The entry that it was taken for, a plate or a pattern; empty where there is none. */
  @property() expected = "";

  override render(): TemplateResult {
    const read = [...this.plate];
    const expected = [...this.expected];
    const comparable = expected.length === read.length && !this.expected.includes("*");
    const differs = (at: number): boolean => comparable && expected[at] !== "?" && expected[at] !== read[at];
    return html`<table>
      <caption class="sr">${t("plate.reading")}</caption>
      <tbody>
        <tr><th class="quiet" scope="row">${t("plate.read")}</th>${read.map((character, at) => html`<td class="character ${differs(at) ? "differs" : ""}">${character}</td>`)}</tr>
        ${this.confidences.length === read.length
          ? html`<tr><th class="quiet" scope="row">${t("plate.sure")}</th>${this.confidences.map((each) => html`<td class="quiet ${each < UNSURE ? "unsure" : ""}">${Math.round(each * 100)}%</td>`)}</tr>`
          : nothing}
        ${comparable && this.expected !== this.plate
          ? html`<tr><th class="quiet" scope="row">${t("plate.watched")}</th>${expected.map((character, at) => html`<td class=${differs(at) ? "differs" : "quiet"}>${character}</td>`)}</tr>`
          : nothing}
      </tbody>
    </table>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "t-plate": PlateBadge;
    "t-plate-reading": PlateReading;
  }
}
