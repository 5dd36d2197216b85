/** How the desk is laid out at 1920×1080, and below it on smaller screens. */

import { css } from "lit";

export const deskStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto minmax(0, 1fr) auto;
    gap: var(--s2);
    padding: var(--s2);
  }
  header {
    display: grid;
    grid-template-columns: minmax(320px, 1fr) auto;
    gap: var(--s4);
    align-items: center;
  }
  .status {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 0 var(--s3);
    white-space: nowrap;
  }
  .status button.bare {
    padding: 0 var(--s1);
  }
  .status b {
    font-weight: 650;
    font-size: var(--t3);
  }
  .columns {
    display: grid;
    grid-template-columns: clamp(250px, 18vw, 400px) minmax(0, 1fr) clamp(320px, 31vw, 720px);
    gap: var(--s2);
    min-height: 0;
  }
  .columns > * {
    min-height: 0;
    min-width: 0;
  }
  .middle {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    overflow: hidden;
  }
  .middle > [role="tablist"] {
    display: flex;
    align-items: center;
    border-bottom: var(--hair) solid var(--line);
  }
  .middle [role="tab"] {
    min-height: 28px;
    border: none;
    border-radius: 0;
    background: none;
    color: var(--text-2);
  }
  .middle [role="tab"][aria-selected="true"] {
    color: var(--text);
    box-shadow: inset 0 -2px var(--accent);
  }
  .middle .keys {
    margin-left: auto;
    padding: 0 var(--s2);
  }
  .work {
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
    min-height: 0;
  }
  .work[hidden] {
    display: none;
  }
  t-screens {
    padding: var(--s1);
  }
  .right {
    display: grid;
    grid-template-rows: minmax(0, 1fr) minmax(0, 0.9fr);
    gap: var(--s2);
  }
  .ticker {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s5);
    height: calc(1.45em + 2 * var(--s1));
    overflow: hidden;
    white-space: nowrap;
    padding: var(--s1) var(--s3);
    font-size: var(--t1);
    color: var(--text-2);
  }
  .ticker time {
    color: var(--text);
  }
`;
