/** The base of every element: speaks the chosen language, knows the time once a second, shares one sheet of styles. */

import { css, LitElement, type CSSResultGroup, type ReactiveController, type ReactiveControllerHost } from "lit";
import { onLanguage } from "../i18n/i18n";

export const shared = css`
  :host {
    display: block;
    box-sizing: border-box;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
    padding: 0;
    font-weight: inherit;
    font-size: inherit;
    list-style: none;
  }
  .icon {
    display: inline-flex;
    flex: none;
    width: 1.15em;
    height: 1.15em;
    vertical-align: -0.2em;
  }
  .icon svg {
    width: 100%;
    height: 100%;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    font-variant-numeric: inherit;
  }
  button,
  a.button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    min-height: var(--target);
    padding: 0 var(--s3);
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    white-space: nowrap;
    cursor: pointer;
    touch-action: manipulation;
  }
  /* Only under the pointer: one that can be used again is to be read at once, not dark on dark first. */
  button:hover,
  a.button:hover {
    background: var(--line);
    transition: background var(--motion);
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--page);
    font-weight: 650;
  }
  button.primary:hover {
    background: #74d2ea;
  }
  button.bare {
    background: none;
    border-color: transparent;
  }
  button[disabled] {
    color: var(--quiet);
    background: none;
    border-style: dashed;
    cursor: not-allowed;
  }
  input,
  select,
  textarea {
    width: 100%;
    min-height: var(--target);
    padding: var(--s1) var(--s2);
    border: var(--hair) solid var(--edge);
    border-radius: var(--radius);
    background: var(--page);
  }
  textarea {
    resize: vertical;
  }
  ::placeholder {
    color: var(--quiet);
    opacity: 1;
  }
  :focus-visible {
    outline: max(2px, calc(2px * var(--scale))) solid var(--accent);
    outline-offset: 1px;
  }
  a {
    color: var(--accent);
  }
  a.button {
    color: inherit;
    text-decoration: none;
  }
  .quiet {
    color: var(--text-2);
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .row {
    display: flex;
    align-items: center;
    gap: var(--s2);
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .cut {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .stale {
    background-image: var(--hatch);
  }
  .error {
    color: var(--text);
    border-left: 3px solid var(--accent);
    padding-left: var(--s2);
  }
  kbd {
    font: inherit;
    font-size: 0.85em;
    padding: 0 0.35em;
    border: var(--hair) solid var(--line);
    border-radius: var(--radius);
    color: var(--text-2);
  }
  .primary kbd {
    color: inherit;
    border-color: currentcolor;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

export class View extends LitElement {
  static override styles: CSSResultGroup = shared;

  private stopLanguage: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stopLanguage = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopLanguage?.();
  }

  /** Tell the page; crosses shadow borders. */
  protected tell<T>(name: string, detail: T): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

const hosts = new Set<ReactiveControllerHost>();
let timer: ReturnType<typeof setInterval> | null = null;

/** Draws its host anew each second: all relative times on a page change together. */
export class EverySecond implements ReactiveController {
  private readonly host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost) {
    this.host = host;
    host.addController(this);
  }

  hostConnected(): void {
    hosts.add(this.host);
    timer ??= setInterval(() => {
      for (const host of hosts) host.requestUpdate();
    }, 1_000);
  }

  hostDisconnected(): void {
    hosts.delete(this.host);
    if (hosts.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }
}

/** Has its host hear each key that is pressed on the page, wherever the focus is, while the host is in it. */
export class PageKeys implements ReactiveController {
  private readonly onKey: (event: KeyboardEvent) => void;

  constructor(host: ReactiveControllerHost, onKey: (event: KeyboardEvent) => void) {
    this.onKey = onKey;
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("keydown", this.onKey);
  }

  hostDisconnected(): void {
    document.removeEventListener("keydown", this.onKey);
  }
}
