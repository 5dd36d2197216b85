/** How reads now are laid out: map, stream, and the one that is looked at. */

import { css } from "lit";

export const nowStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) clamp(280px, 19vw, 380px) clamp(360px, 27vw, 560px);
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
  .stream {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    overflow: hidden;
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s2);
    padding: var(--s2);
    border-bottom: var(--hair) solid var(--line);
  }
  .filters label {
    flex: 1 1 100%;
  }
  .filters button {
    flex: 1;
    padding: 0 var(--s2);
  }
  .filters button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
  }
  .waiting {
    padding: var(--s1) var(--s3);
    font-size: var(--t1);
    background: var(--accent-dim);
  }
  .waiting.none {
    background: none;
    color: var(--text-2);
  }
  .lines {
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .pick {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    justify-items: start;
    width: 100%;
    padding: var(--s2) var(--s3);
    border: none;
    border-bottom: var(--hair) solid var(--line);
    border-radius: 0;
    background: none;
    text-align: left;
    gap: 2px var(--s2);
  }
  .pick:focus-visible {
    outline-offset: -2px;
  }
  .pick[aria-current="true"] {
    background: var(--accent-dim);
  }
  .pick.watched {
    border-left: 3px solid var(--accent);
  }
  .pick .second {
    grid-column: 1 / -1;
    max-width: 100%;
    color: var(--text-2);
    font-size: var(--t1);
  }
  .pick .second b {
    color: var(--text);
  }
  t-map {
    border-radius: var(--radius);
  }
`;
