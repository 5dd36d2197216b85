/** How the call form is laid out: dense, one look, no scrolling at 1080 lines. */

import { css } from "lit";

export const callPanelStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    overflow: auto;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 var(--s4);
    padding: var(--s3) var(--s4);
    border-bottom: var(--hair) solid var(--line);
  }
  .dialled {
    font-size: var(--t4);
    font-weight: 700;
  }
  .caller {
    font-size: var(--t4);
    font-variant-numeric: tabular-nums;
  }
  .gone {
    flex-basis: 100%;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s3);
  }
  form {
    flex: 1;
    display: flex;
    flex-direction: column;
    gap: var(--s3);
    padding: var(--s3) var(--s4);
  }
  label,
  fieldset {
    display: grid;
    gap: var(--s1);
    color: var(--text-2);
    font-size: var(--t1);
    border: none;
    margin: 0;
    padding: 0;
    align-content: start;
  }
  legend {
    padding: 0;
    margin-bottom: var(--s1);
  }
  label input,
  label textarea,
  label select {
    color: var(--text);
    font-size: var(--t2);
  }
  /* Three beside each other, fewer where the text is large. */
  .questions,
  .opening {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(max(8em, (100% - 2 * var(--s3)) / 3), 1fr));
    gap: var(--s2) var(--s3);
    align-items: end;
  }
  .wide {
    grid-column: 1 / -1;
  }
  .where {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: var(--s2) var(--s3);
  }
  .where label {
    flex: 0 0 110px;
  }
  .where label.wide {
    flex: 1 1 18em;
  }
  .where > ul,
  .where > p {
    flex-basis: 100%;
  }
  .words,
  .located {
    color: var(--text);
  }
  .offered {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
  fieldset {
    display: block;
  }
  .level {
    padding: 0 var(--s1);
    margin-right: var(--s1);
    background: none;
  }
  .level[aria-pressed="true"] {
    outline: 2px solid var(--accent);
    outline-offset: 0;
  }
  .duplicates {
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  .candidate,
  .none {
    padding: var(--s2) var(--s3);
    border-top: var(--hair) solid var(--line);
  }
  .ending {
    padding: var(--s2) var(--s4);
    border-top: var(--hair) solid var(--line);
  }
`;
