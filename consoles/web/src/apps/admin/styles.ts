/** How the tabs of the administration page with a list, what is chosen of it and a map or more lists are laid out, and their forms. */

import { css } from "lit";

export const adminStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) clamp(340px, 26vw, 480px) minmax(0, 1fr);
    gap: var(--s2);
    height: 100%;
    background: none;
  }
  section {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
    background: var(--panel);
    border-radius: var(--radius);
  }
  :host([data-old]) section.asked {
    background-image: var(--hatch);
  }
  .scroll {
    min-height: 0;
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
  }
  .head input[type="search"] {
    flex: 1;
    min-width: 8em;
    width: auto;
  }
  button[aria-pressed="true"] {
    background: var(--accent-dim);
    border-color: var(--accent);
  }
`;

export const formStyles = css`
  .work {
    display: grid;
    align-content: start;
    gap: var(--s3);
    padding: var(--s3);
  }
  .work h2,
  .work p {
    padding: 0;
    border: none;
  }
  .work h2 {
    display: block;
    font-size: var(--t3);
  }
  form {
    display: grid;
    gap: var(--s3);
    align-content: start;
  }
  label,
  fieldset {
    display: grid;
    gap: var(--s1);
    min-width: 0;
    color: var(--text-2);
    font-size: var(--t1);
  }
  label input,
  label select,
  label textarea {
    color: var(--text);
    font-size: var(--t2);
  }
  fieldset {
    margin: 0;
    padding: var(--s2) var(--s3);
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  legend {
    padding: 0 var(--s1);
  }
  label.tick {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 28px;
    color: var(--text);
    font-size: var(--t2);
  }
  label.tick input {
    width: auto;
    min-height: 0;
  }
  .ticks {
    grid-template-columns: repeat(auto-fill, minmax(9em, 1fr));
    gap: 0 var(--s3);
  }
  .ticks legend {
    grid-column: 1 / -1;
  }
  .pair {
    display: grid;
    grid-template-columns: 1fr 1fr;
    align-items: end;
    gap: var(--s3);
  }
  .keys {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .work .keys,
  .work > div {
    padding: 0;
  }
  .work .bad,
  .bad {
    padding: var(--s2) var(--s3);
    background: var(--hatch);
    color: var(--text);
  }
`;
