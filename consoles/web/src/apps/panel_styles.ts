/** How a panel looks: sections with lists, and what is wrong or old in hatching. */

import { css } from "lit";

/** One within another is old by itself. */
export const panel = css`
  :host {
    background-color: var(--panel);
  }
  :host([data-old]) {
    background-image: var(--hatch);
  }
  h2,
  h3,
  .keys {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
    font-weight: 650;
  }
  h3,
  li {
    border-top: var(--hair) solid var(--line);
  }
  li {
    display: grid;
    gap: 2px;
    padding: var(--s2) var(--s3);
    overflow-wrap: anywhere;
  }
  .quiet,
  p {
    color: var(--text-2);
    font-size: var(--t1);
  }
  summary,
  dl {
    color: var(--text-2);
    font-size: var(--t1);
  }
  summary {
    cursor: pointer;
  }
  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 2px var(--s3);
    padding: var(--s1) 0;
  }
  dd {
    color: var(--text);
  }
  p {
    padding: var(--s2) var(--s3);
  }
  .bad {
    background: var(--hatch);
    color: var(--text);
  }
`;
