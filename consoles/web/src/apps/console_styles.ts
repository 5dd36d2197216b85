/** Styles that all consoles share: frame, panels, the bar of trouble, the watermark of a rehearsal. */

import { css } from "lit";

export const consoleStyles = css`
  /* What is hidden for readers aloud stands free: held here, or each one in a list that scrolls makes the page itself longer. */
  :host {
    position: relative;
    height: 100vh;
    height: 100dvh;
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
  /* Paper has no scroll bars: all of a list goes on it, over as many sheets as that takes. */
  @media print {
    :host {
      height: auto;
      min-height: 100vh;
      overflow: visible;
    }
    .panel {
      overflow: visible;
    }
  }
  .heading {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
    color: var(--text-2);
    font-size: var(--t1);
  }
  .heading .number {
    margin-left: auto;
    color: var(--text);
  }
  .trouble {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2) var(--s4);
    background: var(--raised) var(--hatch);
    font-weight: 650;
  }
  .meanwhile {
    font-weight: 400;
  }
  .rehearsal {
    position: fixed;
    inset: 0;
    z-index: 100;
    pointer-events: none;
    overflow: hidden;
    border: calc(4px * var(--scale)) solid var(--rehearsal);
    display: grid;
    grid-template-columns: repeat(4, 1fr);
    place-items: center;
    color: var(--rehearsal);
    font-size: calc(64px * var(--scale));
    font-weight: 800;
    letter-spacing: 0.2em;
  }
  .rehearsal span {
    transform: rotate(-24deg);
    opacity: 0.1;
    white-space: nowrap;
  }
`;
