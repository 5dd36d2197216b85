/** How the search tab is laid out: the query, what was found, and the map with the one that is looked at. */

import { css } from "lit";

export const searchStyles = css`
  :host {
    display: grid;
    grid-template-columns: clamp(240px, 17vw, 340px) minmax(0, 1fr) clamp(340px, 28vw, 680px);
    gap: var(--s2);
    height: 100%;
    overflow: hidden;
  }
  :host([hidden]) {
    display: none;
  }
  .panel {
    display: flex;
    flex-direction: column;
    background: var(--panel);
    border-radius: var(--radius);
    min-width: 0;
    min-height: 0;
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .found {
    gap: var(--s2);
    padding: var(--s2);
  }
  .all {
    grid-column: 1 / -1;
  }
  .found > t-table {
    flex: 1;
    min-height: 0;
  }
  .side {
    display: grid;
    grid-template-rows: minmax(0, 2fr) minmax(0, 3fr);
    gap: var(--s2);
    min-width: 0;
    min-height: 0;
  }
  .side t-map {
    border-radius: var(--radius);
  }
  .keys {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    padding: var(--s2);
    border-bottom: var(--hair) solid var(--line);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
  }
`;

export const formStyles = css`
  /* Always in reach: a form that is longer than the screen scrolls under it. */
  form > button.primary {
    position: sticky;
    bottom: 0;
    z-index: 1;
  }
  form > button.primary[disabled] {
    background: var(--panel);
  }
  form {
    display: grid;
    gap: var(--s2);
    padding: var(--s3);
  }
  label {
    display: grid;
    gap: 2px;
    color: var(--text-2);
    font-size: var(--t1);
    min-width: 0;
  }
  label input,
  label select {
    color: var(--text);
    font-size: var(--t2);
    min-width: 0;
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: none;
    min-width: 0;
  }
  legend {
    padding: 0;
    color: var(--text-2);
    font-size: var(--t1);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
  }
  .choice {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    min-height: 28px;
    color: var(--text);
    font-size: var(--t2);
  }
  .choice input {
    width: auto;
    min-height: 0;
    accent-color: var(--accent);
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(110px, 1fr));
    gap: var(--s2);
  }
  .pair:has([type="datetime-local"]) {
    grid-template-columns: minmax(0, 1fr);
  }
  .lasts button,
  .chips button {
    min-height: 28px;
    padding: 0 var(--s2);
  }
  .lasts,
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
  }
  .small {
    font-size: var(--t1);
  }
`;

export const trackStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    gap: var(--s2);
    min-height: 0;
    flex: 1;
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
  }
  ol {
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .stop {
    display: grid;
    grid-template-columns: auto auto minmax(0, 1fr) auto;
    justify-items: start;
    align-items: center;
    gap: var(--s3);
    width: 100%;
    padding: var(--s1) var(--s2);
    border: none;
    border-radius: 0;
    background: none;
    text-align: left;
  }
  .stop:focus-visible {
    outline-offset: -2px;
  }
  .stop[aria-current="true"] {
    background: var(--accent-dim);
  }
  .stop img {
    width: calc(72px * var(--scale));
    height: calc(40px * var(--scale));
    object-fit: cover;
    border-radius: var(--radius);
    background: var(--page);
  }
  .leg {
    margin-left: calc(14px * var(--scale));
    padding: 2px var(--s3);
    border-left: 2px dashed var(--line);
    color: var(--text-2);
    font-size: var(--t1);
  }
  .leg.meant {
    border-left-color: var(--accent);
  }
  .leg.doubtful {
    color: var(--text);
    background: var(--hatch);
  }
`;
