/** How the page for adopting cameras is laid out. */

import { css } from "lit";

export const camerasStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    gap: var(--s2);
    padding: var(--s2);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s4);
    padding: 0 var(--s2);
  }
  h1 {
    font-size: var(--t3);
    font-weight: 650;
  }
  main {
    display: grid;
    grid-template-columns: minmax(260px, 22vw) minmax(380px, 30vw) minmax(0, 1fr);
    gap: var(--s2);
    min-height: 0;
  }
  main > * {
    min-height: 0;
  }
  .list button.pick {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    justify-content: stretch;
    width: 100%;
    height: auto;
    padding: var(--s2) var(--s3);
    border: none;
    border-bottom: var(--hair) solid var(--line);
    border-radius: 0;
    background: none;
    text-align: left;
    gap: 0 var(--s2);
  }
  .list button.pick[aria-current="true"] {
    background: var(--accent-dim);
  }
  .list .words {
    padding: var(--s1) var(--s3) var(--s2);
  }
  .list .second {
    grid-column: 1 / -1;
    color: var(--text-2);
    font-size: var(--t1);
    overflow-wrap: anywhere;
    white-space: normal;
  }
  .list .means {
    color: var(--text);
  }
  form {
    display: grid;
    gap: var(--s3);
    padding: var(--s3);
    align-content: start;
  }
  fieldset {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: var(--s2) var(--s3);
    margin: 0;
    padding: var(--s3);
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    min-width: 0;
  }
  legend {
    padding: 0 var(--s2);
    font-weight: 650;
  }
  fieldset .wide {
    grid-column: 1 / -1;
  }
  label {
    display: grid;
    gap: 2px;
    color: var(--text-2);
    font-size: var(--t1);
  }
  label input,
  label select {
    color: var(--text);
    font-size: var(--t2);
  }
  label.check {
    display: flex;
    align-items: center;
    gap: var(--s2);
  }
  label.check input {
    width: auto;
    min-height: 0;
  }
  .below {
    display: block;
    padding: 0 var(--s3) var(--s3);
  }
  .steps li {
    display: grid;
    grid-template-columns: 1.4em 6em minmax(0, 1fr);
    gap: var(--s2);
    padding: 2px 0;
    overflow-wrap: anywhere;
  }
  .steps small {
    font-weight: 400;
    color: var(--text-2);
  }
  summary {
    cursor: pointer;
    padding: var(--s1) 0 var(--s2);
  }
  .steps .failed {
    background: var(--hatch);
    font-weight: 600;
  }
  img {
    width: 100%;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
  }
  .problem {
    padding: var(--s2) var(--s3);
    background: var(--hatch);
    font-size: var(--t1);
    overflow-wrap: anywhere;
  }
  .done {
    padding: var(--s2) var(--s3);
    border-left: 3px solid var(--accent);
    background: var(--raised);
  }
  input[type="range"] {
    padding: 0;
    accent-color: var(--accent);
  }
`;

/** How full a disk is, and how its lines stand under whose it is. */
export const diskStyles = css`
  .fill {
    display: block;
    height: 10px;
    border: var(--hair) solid var(--line);
    background: var(--page);
  }
  .fill span {
    display: block;
    height: 100%;
    background: #51697b;
  }
  .disks li {
    display: grid;
    gap: 2px;
    padding: var(--s1) 0 var(--s1) var(--s3);
    overflow-wrap: anywhere;
    border: none;
  }
  .disks .old {
    background: var(--hatch);
  }
  .bad {
    background: var(--hatch);
    color: var(--text);
  }
`;
