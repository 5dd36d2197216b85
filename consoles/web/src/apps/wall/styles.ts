/** How the wall is laid out: one picture, read from afar, everything sized by the one scale. */

import { css } from "lit";

export const wallStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto minmax(0, 1fr) calc(168px * var(--scale));
    gap: var(--s2);
    padding: var(--s2);
    cursor: none;
    font-size: var(--t2);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s2) var(--s4);
    padding: 0 var(--s2);
    white-space: nowrap;
    overflow: hidden;
  }
  header h1 {
    font-weight: 650;
    font-size: var(--t3);
  }
  .clock {
    font-size: calc(21px * var(--scale));
    font-weight: 600;
  }
  .numbers {
    display: flex;
    align-items: center;
    gap: var(--s4);
    flex: 1 1 0;
    justify-content: flex-end;
    min-width: max-content;
  }
  .down {
    padding: 0 var(--s2);
    color: var(--text-2);
    font-size: var(--t1);
  }
  .numbers b {
    font-weight: 650;
    font-size: calc(20px * var(--scale));
    margin-left: var(--s1);
  }
  .numbers .late {
    background: var(--hatch);
    padding: 0 var(--s1);
  }
  .middle {
    display: grid;
    grid-template-columns: calc(268px * var(--scale)) minmax(0, 1fr) calc(284px * var(--scale));
    gap: var(--s2);
    min-height: 0;
  }
  .list {
    display: flex;
    flex-direction: column;
    overflow: hidden;
  }
  /* Only whole cards are shown: what has no room wraps into a column that nobody sees. */
  .list .cards {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-flow: column wrap;
    overflow: hidden;
  }
  .list .cards > * {
    width: 100%;
  }
  .focus {
    display: grid;
    /* However long the title is: a map wider than what is seen of it has its middle, the place of the situation, out of sight. */
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr);
    overflow: hidden;
  }
  .focus-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s4);
    padding: var(--s2) var(--s3);
  }
  .focus-head h2 {
    display: flex;
    align-items: center;
    gap: var(--s3);
    font-size: var(--t4);
    font-weight: 650;
    width: 100%;
    min-width: 0;
  }
  .pin {
    color: var(--accent);
  }
  t-screens {
    font-size: var(--t1);
  }
  t-screens.wide {
    aspect-ratio: 16 / 9;
    height: auto;
  }
  t-screens.tall {
    aspect-ratio: 8 / 9;
    height: auto;
  }
  /* Nothing stands below: names and ages get room of their own over and under the pictures. */
  t-screens.tall:last-child {
    aspect-ratio: 8 / 12;
    max-height: 100%;
  }
  t-screens.fill {
    padding: 0 var(--s2) var(--s2);
  }
  .beside {
    display: grid;
    flex: 1 1 0;
    min-height: 34%;
  }
  /* The map beside the cameras has what these leave it. */
  .beside ~ .sent {
    flex: 0 1 auto;
    min-height: 0;
  }
  .hit {
    position: relative;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    background: var(--panel);
    overflow: hidden;
  }
  .hit t-picture {
    height: calc(104px * var(--scale));
  }
  .hit t-picture.plate-picture {
    position: absolute;
    right: 0;
    top: 0;
    max-width: 50%;
    height: calc(44px * var(--scale));
    border: var(--hair) solid var(--line);
  }
  .hit figcaption {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
    align-items: baseline;
    padding: var(--s1) var(--s3);
  }
  .hit .other {
    overflow-wrap: anywhere;
  }
  .plate {
    font-size: var(--t4);
    font-weight: 700;
    letter-spacing: 0.04em;
  }
  .bottom {
    display: grid;
    grid-template-columns: minmax(0, 1fr) calc(400px * var(--scale));
    gap: var(--s2);
    min-height: 0;
  }
  .bottom t-timeline {
    background: var(--panel);
    border-radius: var(--radius);
  }
  .alarms {
    display: flex;
    flex-direction: column;
    overflow: hidden;
  }
  .alarms .cards {
    flex: 1;
    overflow: hidden;
    min-height: 0;
    display: flex;
    flex-flow: column wrap;
    align-content: start;
    gap: var(--s1);
    margin: 0 var(--s2);
    font-size: var(--t1);
  }
  .alarms .cards > * {
    width: 100%;
  }
  header .date {
    flex: 0 100 auto;
    min-width: 0;
  }
  .right {
    display: flex;
    flex-direction: column;
    gap: var(--s2);
    min-height: 0;
    overflow: hidden;
  }
  .sent {
    flex: 1;
    overflow: hidden;
    display: flex;
    flex-flow: column wrap;
    font-size: var(--t2);
  }
  .sent li {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
    align-items: center;
    width: 100%;
    padding: var(--s1) var(--s3);
  }
  /* Two lines: what is to be decided, or what was found there, says nothing when it is cut after three words. */
  .words {
    flex: 1 1 10em;
    min-width: 0;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
    line-height: 1.25;
  }
  .sent .number {
    margin-left: auto;
  }
  .sent .answer {
    flex: 1 1 100%;
    color: var(--text-2);
  }
  .to-decide {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s2);
    padding: var(--s1) var(--s3) var(--s2);
    border-bottom: var(--hair) solid var(--line);
  }
  .to-decide .number {
    margin-left: auto;
  }
  .to-decide .words {
    flex: 1 1 100%;
  }
  .to-decide.late,
  .sent .late {
    background: var(--hatch);
  }
`;
