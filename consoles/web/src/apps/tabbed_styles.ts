/** How a page of tabs is framed. */

import { css } from "lit";

export const tabbedStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    gap: var(--s2);
    padding: var(--s2);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s3);
    padding: 0 var(--s2);
    min-width: 0;
  }
  h1 {
    font-size: var(--t3);
    font-weight: 650;
    white-space: nowrap;
  }
  [role="tablist"] {
    display: flex;
    flex: 1;
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: none;
  }
  [role="tab"] {
    border: none;
    border-radius: 0;
    background: none;
    color: var(--text-2);
  }
  [role="tab"][aria-selected="true"] {
    color: var(--text);
    font-weight: 650;
    box-shadow: inset 0 -2px var(--accent);
  }
  .keys {
    align-self: center;
    margin-left: var(--s2);
  }
  main,
  #content {
    display: grid;
    grid-template-rows: minmax(0, 1fr);
    min-height: 0;
    min-width: 0;
  }
  #content > * {
    min-height: 0;
    min-width: 0;
    overflow: auto;
  }
`;
