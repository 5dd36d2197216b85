/** How the tab of review is laid out: the queue, the pictures large beside each other, the calculation and the keys. */

import { css } from "lit";

export const reviewStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(220px, 16rem) minmax(0, 1fr) minmax(280px, 24rem);
    grid-template-rows: auto minmax(0, 1fr);
    gap: var(--s2);
    height: 100%;
  }
  review-rules {
    grid-column: 1 / -1;
  }
  .counts {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s4);
    align-items: baseline;
    padding: 0 var(--s2);
  }
  .counts strong {
    font-size: var(--t3);
  }
  .panel {
    background: var(--panel);
    border-radius: var(--radius);
    padding: var(--s2);
    min-height: 0;
    min-width: 0;
    overflow: auto;
  }
  .queue li {
    display: block;
  }
  .queue button {
    width: 100%;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    justify-items: start;
    gap: 0 var(--s2);
    padding: var(--s1) var(--s2);
    background: none;
    border-color: transparent;
    text-align: left;
  }
  .queue button[aria-current="true"] {
    border-color: var(--accent);
    background: var(--raised);
  }
  .queue button > :nth-child(even) {
    justify-self: end;
  }
  .queue .decided {
    color: var(--text-2);
  }
  .pictures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
    align-items: start;
    gap: var(--s2);
    --crop: calc(88px * var(--scale));
  }
  .pictures.zoomed {
    --crop: calc(260px * var(--scale));
  }
  figure {
    display: grid;
    gap: var(--s1);
    min-width: 0;
  }
  figcaption {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
  }
  figcaption .number {
    white-space: normal;
    text-align: left;
  }
  nav.panel {
    display: flex;
    flex-direction: column;
  }
  .lacking {
    grid-column: 1 / -1;
  }
  .steps {
    margin-top: auto;
    display: grid;
    grid-template-columns: 1fr 1fr;
    position: sticky;
    bottom: calc(-1 * var(--s2));
    background: var(--panel);
  }
  .speed {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 var(--s3);
  }
  .undo {
    min-height: 0;
  }
  summary {
    cursor: pointer;
  }
  video {
    width: 100%;
    background: var(--page);
    border-radius: var(--radius);
  }
  .side {
    display: grid;
    grid-template-rows: minmax(0, 1fr) auto;
    gap: var(--s2);
    overflow: hidden;
  }
  .facts {
    overflow: auto;
    display: grid;
    align-content: start;
    gap: var(--s2);
  }
  h2 {
    font-weight: 650;
  }
  ol {
    display: grid;
    gap: var(--s1);
    padding-left: 1.6em;
    list-style: decimal;
  }
  ol li {
    list-style: inherit;
  }
  .big {
    font-size: var(--t4);
    font-weight: 650;
  }
  .hash {
    overflow-wrap: anywhere;
    font-size: var(--t1);
  }
  .keys {
    display: grid;
    gap: var(--s2);
    border-top: var(--hair) solid var(--line);
    padding-top: var(--s2);
  }
  .keys .row {
    flex-wrap: wrap;
  }
  .keys .row > button {
    flex: 1;
  }
  .reasons {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: var(--s1);
  }
  .reasons button {
    justify-content: flex-start;
  }
  .warning {
    background-image: var(--hatch);
    padding: 0 var(--s2);
    border-radius: var(--radius);
  }
  @media (max-width: 1000px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: auto;
      height: auto;
    }
  }
`;
