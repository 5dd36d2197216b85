/** How pages that are held in one hand are laid out: bars above, what is worked on, tabs under the thumb; targets of 44 px and more. */

import { css } from "lit";

export const handStyles = css`
  :host {
    --target: 48px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    font-size: 16px;
    padding: env(safe-area-inset-top) 0 env(safe-area-inset-bottom);
  }
  h1 {
    font-weight: 700;
  }
  /* However many there are, what is worked on, the next step and SOS stay in reach. */
  .bars {
    max-height: 45dvh;
    overflow-y: auto;
    background: var(--panel);
    font-size: 14px;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 36px;
    padding: var(--s1) var(--s4);
  }
  .bar + .bar {
    border-top: 1px solid var(--line);
  }
  .bar button {
    min-height: 44px;
  }
  .bar.offline {
    background: var(--raised) var(--hatch);
  }
  main {
    overflow: auto;
    padding: var(--s3) var(--s4);
  }
  main > .leave {
    margin-top: 40px;
  }
  main > * + * {
    margin-top: var(--s3);
  }
  .late {
    background: var(--hatch);
    padding: var(--s1) var(--s2);
  }
  nav {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: 1fr;
    background: var(--panel);
    border-top: 1px solid var(--line);
  }
  nav button {
    flex-direction: column;
    gap: 2px;
    min-height: 56px;
    border: none;
    border-radius: 0;
    background: none;
    color: var(--text-2);
    font-size: 14px;
  }
  nav button[aria-current="page"] {
    color: var(--accent);
  }
  nav .icon {
    width: 22px;
    height: 22px;
  }
`;
