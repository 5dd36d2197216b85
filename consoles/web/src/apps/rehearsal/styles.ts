/** How the rehearsal console is laid out: 1920×1080 first, narrower columns below. */

import { css } from "lit";

export const tabStyles = css`
  .tabs {
    display: flex;
    gap: var(--s1);
  }
  .tabs [role="tab"] {
    border: none;
    border-radius: 0;
    background: none;
    color: var(--text-2);
    padding: 0 var(--s3);
  }
  .tabs [role="tab"][aria-selected="true"] {
    color: var(--text);
    box-shadow: inset 0 -2px var(--accent);
  }
`;

/** Lists of lines with a time in front. */
export const lineStyles = css`
  .lines {
    font-size: var(--t1);
  }
  .lines li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 0 var(--s3);
    padding: var(--s1) var(--s3);
    border-top: var(--hair) solid var(--line);
  }
  .lines time {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .lines .second {
    grid-column: 2 / -1;
    color: var(--text-2);
  }
  .lines .refused {
    background: var(--hatch);
  }
  .lines .wrap {
    overflow-wrap: anywhere;
  }
`;

export const directorStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto auto minmax(0, 1fr);
    gap: var(--s2);
    padding: var(--s3);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s4);
  }
  header h1 {
    font-size: var(--t3);
    font-weight: 650;
    min-width: 0;
  }
  .sign {
    color: var(--rehearsal);
    font-weight: 750;
  }
  .clock {
    font-size: var(--t4);
    font-weight: 600;
  }
  .state {
    font-weight: 650;
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    align-items: center;
  }
  .speeds {
    display: flex;
  }
  .speeds button {
    border-radius: 0;
    margin-left: -1px;
    min-width: 44px;
    padding: 0 var(--s2);
  }
  .speeds button[aria-pressed="true"] {
    background: var(--accent-dim);
    border-color: var(--accent);
    position: relative;
  }
  .push {
    margin-left: auto;
  }
  .ask {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s3);
    align-items: center;
    padding: var(--s2) var(--s3);
    background: var(--raised);
    border: var(--hair) solid var(--accent);
    border-radius: var(--radius);
  }
  .ask input {
    width: 7em;
  }
  .time {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    overflow: hidden;
    height: max(190px, 26vh);
  }
  /* Then it is the evaluation, and every task wants its line. */
  .time.ended {
    height: max(310px, 34vh);
  }
  .time .heading {
    flex-wrap: wrap;
    padding: var(--s1) var(--s3);
  }
  .time .heading nav {
    gap: var(--s3);
  }
  .time .heading button {
    min-height: 26px;
    font-size: var(--t1);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(280px, 380px) minmax(0, 1fr) minmax(400px, 560px);
    gap: var(--s2);
    min-height: 0;
  }
  .columns > * {
    min-height: 0;
    min-width: 0;
  }
  .middle {
    display: grid;
    grid-template-rows: minmax(0, 1.25fr) minmax(0, 1fr);
    gap: var(--s2);
  }
  .below {
    display: grid;
    grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr);
    gap: var(--s2);
    min-height: 0;
  }
  .seen {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    min-height: 0;
    overflow: hidden;
  }
  .moment {
    display: flex;
    align-items: center;
    gap: var(--s3);
    padding: var(--s1) var(--s3);
    background: var(--raised) var(--hatch);
    font-weight: 650;
  }
  .total {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 var(--s4);
    padding: 0 var(--s3) var(--s3);
  }
  .total b {
    font-size: var(--t5);
    font-weight: 700;
    line-height: 1.15;
  }
  .total span b {
    font-size: var(--t3);
    margin-left: var(--s1);
  }
  h2.heading {
    position: sticky;
    top: 0;
    background: var(--panel);
    z-index: 1;
  }
  @media (max-width: 1600px) {
    .columns {
      grid-template-columns: 280px minmax(0, 1fr) 400px;
    }
  }
`;
