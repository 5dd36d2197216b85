/** How the past looks on the desk: hatched around, so that it is taken for now by nobody. */

import { css } from "lit";

export const pastStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(160px, 1.5fr) auto minmax(96px, 1fr);
    min-height: 0;
    overflow: hidden;
  }
  :host([hidden]) {
    display: none;
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s3);
    padding: var(--s1) var(--s3);
    background: var(--hatch);
  }
  .banner b {
    font-weight: 650;
    font-size: var(--t3);
  }
  .banner button {
    margin-left: auto;
    min-height: 28px;
  }
  .frame {
    position: relative;
    display: grid;
    min-height: 0;
    padding: 8px;
  }
  .frame t-map {
    outline: 2px dashed var(--text-2);
    outline-offset: 2px;
  }
  /* Over all of it, and in nobody's way, as everything that is old. */
  .frame::after {
    content: "";
    position: absolute;
    inset: 0;
    background: var(--hatch);
    pointer-events: none;
  }
  form {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1) var(--s2);
    padding: var(--s1) var(--s3);
  }
  form label {
    display: flex;
    align-items: center;
    gap: var(--s1);
    color: var(--text-2);
    white-space: nowrap;
  }
  form select,
  form input {
    width: auto;
    min-height: 28px;
    color: var(--text);
  }
  form button {
    min-height: 28px;
    padding: 0 var(--s2);
  }
  form .why {
    flex: 1 1 10em;
  }
  form .why input {
    flex: 1;
    min-width: 6em;
  }
  [aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent-dim);
  }
  .controls {
    display: grid;
    gap: var(--s1);
    padding: var(--s1) var(--s3);
    border-bottom: var(--hair) solid var(--line);
  }
  .controls .row {
    flex-wrap: wrap;
    gap: var(--s1) var(--s2);
  }
  .controls button {
    min-height: 28px;
    padding: 0 var(--s2);
  }
  .moment {
    min-width: 15em;
    font-size: var(--t3);
    font-weight: 600;
    text-align: left;
  }
  @media (max-width: 1600px) {
    .controls .keys {
      display: none;
    }
  }
  .scrub {
    position: relative;
  }
  .scrub input {
    width: 100%;
    min-height: 20px;
    padding: 0;
    accent-color: var(--accent);
  }
  .lane {
    position: relative;
    height: 8px;
    margin: 0 8px;
    background: var(--accent-dim);
  }
  .lane span {
    position: absolute;
    top: 0;
    bottom: 0;
    min-width: 2px;
  }
  .lane .gap {
    background: var(--hatch), var(--page);
  }
  .lane .stop {
    background: var(--quiet);
  }
  .lane .call {
    background: var(--text);
  }
  .list {
    min-height: 0;
    overflow: auto;
    scrollbar-color: var(--line) transparent;
    scrollbar-width: thin;
  }
  .about {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s3);
    padding: var(--s1) var(--s3);
    color: var(--text-2);
    font-size: var(--t1);
  }
  .about button {
    min-height: 28px;
    padding: 0 var(--s2);
    color: var(--text);
  }
  .about [role="status"] {
    order: 1;
    flex: 1 1 100%;
    overflow-wrap: anywhere;
    user-select: text;
  }
  .about b {
    color: var(--text);
    font-weight: 650;
  }
  .mark {
    display: grid;
    grid-template-columns: 6.5em 3em minmax(11em, auto) minmax(0, 1fr);
    gap: var(--s2);
    width: 100%;
    min-height: 26px;
    padding: 0 var(--s3);
    border: none;
    border-top: var(--hair) solid var(--line);
    border-radius: 0;
    background: none;
    text-align: left;
    justify-content: start;
    justify-items: start;
  }
  .mark[aria-current="true"] {
    background: var(--accent-dim);
  }
  .mark.gap {
    background-image: var(--hatch);
  }
  t-table {
    height: auto;
  }
`;
