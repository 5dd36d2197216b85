/** How the watch list is laid out: the list, and beside it an entry, a form or a file. */

import { css } from "lit";

export const watchesStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) clamp(420px, 38vw, 760px);
    gap: var(--s2);
    height: 100%;
    overflow: hidden;
  }
  .panel {
    background: var(--panel);
    border-radius: var(--radius);
    min-width: 0;
    min-height: 0;
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .list {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    overflow: hidden;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2);
    border-bottom: var(--hair) solid var(--line);
  }
  .bar input {
    flex: 1 1 12em;
    width: auto;
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
  }
`;

/** Of what stands beside the list. */
export const sideStyles = css`
  :host {
    padding: var(--s3);
  }
  section,
  form {
    display: grid;
    gap: var(--s3);
  }
  h2 {
    font-size: var(--t3);
    font-weight: 650;
  }
  h3 {
    font-weight: 650;
    color: var(--text-2);
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: var(--s1) var(--s3);
  }
  dt {
    color: var(--text-2);
  }
  dd {
    overflow-wrap: anywhere;
  }
  .keys {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    align-items: center;
  }
  label,
  fieldset {
    display: grid;
    gap: var(--s1);
    min-width: 0;
  }
  fieldset {
    border: none;
    margin: 0;
    padding: 0;
  }
  legend,
  label > span {
    color: var(--text-2);
    padding: 0;
  }
  label.tick {
    grid-template-columns: auto minmax(0, 1fr);
    align-items: center;
    gap: var(--s2);
  }
  label.tick input {
    width: auto;
    min-height: 0;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(11em, 1fr));
    gap: var(--s3);
  }
  .segments {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .cameras {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(11em, 1fr));
    gap: var(--s1) var(--s3);
    max-height: 12em;
    overflow: auto;
    padding: var(--s2);
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  .hit {
    display: grid;
    grid-template-columns: minmax(0, 12em) minmax(0, 1fr);
    gap: var(--s2) var(--s3);
    padding: var(--s3) 0;
    border-top: var(--hair) solid var(--line);
  }
  .hit.none {
    color: var(--text-2);
  }
  .hit t-picture {
    display: block;
    width: 100%;
    border-radius: var(--radius);
    background: var(--page);
  }
  .pictures {
    display: grid;
    gap: var(--s2);
    align-content: start;
  }
  .told {
    display: grid;
    gap: var(--s1);
    align-content: start;
    overflow-wrap: anywhere;
  }
  .reject {
    grid-column: 1 / -1;
    display: grid;
    gap: var(--s2);
    padding: var(--s3);
    background: var(--raised);
    border-radius: var(--radius);
  }
  .done {
    padding-left: var(--s2);
    border-left: 3px solid var(--accent);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: var(--t1);
  }
  th {
    text-align: left;
    font-weight: 400;
    color: var(--text-2);
  }
  td,
  th {
    padding: var(--s1) var(--s2);
    border-top: var(--hair) solid var(--line);
    vertical-align: top;
    overflow-wrap: anywhere;
  }
  .scroll {
    max-height: 40vh;
    overflow: auto;
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
  }
`;
