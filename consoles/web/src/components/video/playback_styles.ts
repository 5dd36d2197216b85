/** How the playback of recordings looks. */

import { css } from "lit";

export const playbackStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto auto auto auto;
    gap: var(--s2);
    height: 100%;
    padding: var(--s2);
    font-size: var(--t1);
  }
  .picture {
    position: relative;
    background: #000;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    overflow: hidden;
  }
  @media print {
    .picture {
      --text: var(--on-picture);
      --text-2: var(--on-picture);
    }
  }
  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .when {
    position: absolute;
    left: 0;
    top: 0;
    padding: 0 var(--s3);
    background: rgb(11 15 20 / 85%);
    font-size: var(--t3);
    font-weight: 600;
  }
  .note {
    position: absolute;
    left: 50%;
    top: 50%;
    transform: translate(-50%, -50%);
    padding: var(--s1) var(--s3);
    background: rgb(11 15 20 / 88%);
  }
  .note.low {
    top: auto;
    bottom: 0;
    transform: translateX(-50%);
  }
  .row {
    flex-wrap: wrap;
  }
  .row input,
  .row select {
    width: auto;
  }
  h2 {
    font-size: var(--t2);
    font-weight: 650;
  }
  .banner.device {
    position: absolute;
    right: 0;
    top: 0;
  }
  .banner {
    padding: 0 var(--s2);
    background: var(--hatch);
    border: var(--hair) solid var(--line);
  }
  t-clips {
    position: absolute;
    inset: 0;
    background: var(--panel);
  }
  details.gaps ol {
    max-height: 9em;
    overflow: auto;
    display: grid;
  }
  details.gaps button {
    justify-content: flex-start;
    min-height: 28px;
    border: none;
    background: none;
    white-space: normal;
    text-align: left;
  }
  summary {
    cursor: pointer;
  }
  .why {
    flex: 1;
    min-width: 10em;
  }
  .hash {
    overflow-wrap: anywhere;
  }
`;
