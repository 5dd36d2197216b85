/** How one picture on a screen looks: live, old, frozen, down, being turned. */

import { css } from "lit";

export const tileStyles = css`
  :host {
    position: relative;
    background: #000;
    overflow: hidden;
    min-width: 0;
    min-height: 0;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    container-type: size;
    font-size: var(--t1);
    user-select: none;
  }
  @media print {
    :host {
      --text: var(--on-picture);
      --text-2: var(--on-picture);
    }
  }
  :host(:focus-visible) {
    outline: max(2px, calc(2px * var(--scale))) solid var(--accent);
    outline-offset: -2px;
  }
  :host([over]) {
    border-color: var(--accent);
  }
  :host([over])::after {
    content: "";
    position: absolute;
    inset: 0;
    z-index: 6;
    background: rgb(76 194 224 / 25%);
    pointer-events: none;
  }
  .stage {
    position: absolute;
    inset: 0;
    overflow: hidden;
  }
  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    transform-origin: 0 0;
  }
  .old video.live {
    filter: grayscale(1) brightness(0.55);
  }
  .head {
    position: absolute;
    z-index: 3;
    inset: 0 0 auto;
    display: flex;
    align-items: center;
    flex-wrap: wrap;
    gap: 0 var(--s2);
    padding: 0 14em 0 var(--s2);
    overflow: hidden;
    background: rgb(11 15 20 / 82%);
  }
  .head .name {
    font-weight: 600;
  }
  /* Under the name, so that both are read from afar. */
  .sent {
    position: absolute;
    z-index: 3;
    left: 0;
    top: 1.55em;
    max-width: 100%;
    padding: 0 var(--s2);
    color: var(--accent);
    background: rgb(11 15 20 / 82%);
  }
  .head .far {
    color: var(--text-2);
    min-width: 0;
  }
  .age {
    position: absolute;
    z-index: 3;
    right: 0;
    top: 0;
    padding: 0 var(--s2);
    color: var(--text-2);
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .age > span + span {
    margin-left: 0.5em;
  }
  .age.late {
    color: var(--text);
    background: rgb(11 15 20 / 82%) var(--hatch);
  }
  /* What was must not be taken for what is. */
  :host([replaying])::after {
    content: "";
    position: absolute;
    inset: 0;
    z-index: 2;
    pointer-events: none;
    border: calc(3px * var(--scale)) dashed var(--accent);
  }
  .age.replaying {
    top: 1.9em;
    left: 50%;
    right: auto;
    bottom: auto;
    transform: translateX(-50%);
    font-weight: 650;
  }
  /* Where both do not fit beside each other the name goes first: it stands alone, and the age in the other corner. */
  @container (max-width: 27em) {
    .head {
      padding-right: var(--s2);
    }
    .age {
      top: auto;
      bottom: 0;
      background: rgb(11 15 20 / 82%);
    }
  }
  .head .pin {
    color: var(--accent);
    flex: none;
  }
  /* It gives way to nothing: a share of a pixel less would cut its last letters. */
  .head .name {
    flex: none;
    max-width: 100%;
  }
  /* Neighbours on one road differ in their last letters only: there a second line, not three dots. */
  @container (max-width: 19em) {
    .head .name {
      flex: 0 1 auto;
      line-height: 1.25;
      white-space: normal;
    }
    .age {
      font-size: 0.85em;
    }
    .age .word {
      display: none;
    }
    /* The name and why it is dark need the room: how far off that is, is read on the tiles that see something. */
    .cover.bad {
      padding-top: 2.6em;
    }
    .cover.bad ~ .head .far > :not(.sr) {
      display: none;
    }
  }
  .cover {
    position: absolute;
    z-index: 2;
    inset: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: safe center;
    gap: 0.15em;
    padding: 1.6em var(--s2) 0;
    text-align: center;
    color: var(--text-2);
    overflow-wrap: anywhere;
  }
  .cover.bad {
    color: var(--text);
    background: repeating-linear-gradient(45deg, rgb(11 15 20 / 55%) 0 10px, rgb(169 181 195 / 38%) 10px 14px);
    outline: calc(3px * var(--scale)) dashed var(--text);
    outline-offset: calc(-3px * var(--scale));
  }
  /* What is seen may be live after all: it stays clear, and can be enlarged as any other. */
  .cover.doubt {
    justify-content: flex-end;
    padding-bottom: 2.4em;
    color: var(--text);
    outline: calc(3px * var(--scale)) dashed var(--text);
    outline-offset: calc(-3px * var(--scale));
    pointer-events: none;
  }
  .cover.doubt p {
    background: rgb(11 15 20 / 82%) var(--hatch);
  }
  .cover.doubt .title {
    font-size: 1em;
    font-variant-numeric: tabular-nums;
  }
  .cover p {
    flex: none;
    max-width: 100%;
    padding: 0 0.5em;
    border-radius: var(--radius);
  }
  .cover.bad p {
    background: rgb(11 15 20 / 88%);
  }
  .cover .title {
    font-size: 1.25em;
    font-weight: 650;
  }
  .cover .why {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .cover > .icon {
    width: 1.8em;
    height: 1.8em;
  }
  /* Where there is little room: that it is down, and what that means. */
  @container (max-height: 10em) {
    .cover > .icon,
    .cover.doubt .why,
    .cover .why ~ .why {
      display: none;
    }
    .cover .why {
      -webkit-line-clamp: 2;
    }
  }
  .far .short {
    display: none;
  }
  /* Rank and distance tell the order of the tiles: they stay where all of it does not fit. */
  @container (max-width: 28em) {
    .far .plain {
      display: none;
    }
    .far .short {
      display: inline;
    }
  }
  .foot {
    position: absolute;
    z-index: 4;
    inset: auto 0 0;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px;
    padding: 2px;
    background: rgb(11 15 20 / 96%);
    opacity: 0;
    transition: opacity var(--motion);
  }
  :host(:hover) .foot,
  :host(:focus-within) .foot,
  :host(:focus) .foot,
  .foot.stays {
    opacity: 1;
  }
  .foot button {
    min-height: 28px;
    padding: 0 clamp(2px, 0.35em, 6px);
    border-color: transparent;
    background: none;
  }
  .foot button:hover {
    background: var(--line);
  }
  .foot button[aria-pressed="true"] {
    color: var(--accent);
  }
  .foot .said {
    padding: 0 var(--s2);
    color: var(--text);
  }
  .said.stays {
    position: absolute;
    z-index: 5;
    left: 0;
    right: 0;
    bottom: 34px;
    padding: var(--s1) var(--s2);
    background: rgb(11 15 20 / 88%);
  }
  .empty {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    padding: var(--s2);
    text-align: center;
    color: var(--text-2);
    background: var(--panel);
  }
`;
