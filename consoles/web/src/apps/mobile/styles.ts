/** How the terminal is laid out: one hand, gloves, rain. Targets of 44 px and more, the big step and SOS under the thumb. */

import { css } from "lit";

export const appStyles = css`
  :host {
    --target: 48px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr) auto auto;
    font-size: 16px;
    padding: env(safe-area-inset-top) 0 env(safe-area-inset-bottom);
  }
`;

export const tabStyles = css`
  :host {
    display: grid;
    gap: var(--s3);
    align-content: start;
  }
`;

export const mobileStyles = css`
  h1 {
    font-weight: 700;
  }
  .bars {
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
  .bar.recalled {
    background: var(--raised);
    font-size: 16px;
  }
  .bar.offline {
    background: var(--raised) var(--hatch);
  }
  main {
    overflow: auto;
    padding: var(--s3) var(--s4);
  }
  main.flush {
    padding: 0;
  }
  main > .leave {
    margin-top: 40px;
  }
  main > * + * {
    margin-top: var(--s3);
  }
  .order {
    background: var(--panel);
    border-radius: var(--radius);
    padding: var(--s4);
  }
  .order h2 {
    font-size: 22px;
    font-weight: 700;
    line-height: 1.3;
    margin: var(--s2) 0;
    overflow-wrap: anywhere;
  }
  .order .place {
    font-size: 18px;
    margin: var(--s2) 0;
  }
  .order .text {
    color: var(--text);
    margin: var(--s3) 0;
    white-space: pre-wrap;
  }
  .steps {
    display: grid;
    grid-template-columns: repeat(4, 1fr);
    gap: var(--s1);
    margin-top: var(--s4);
    font-size: 14px;
    text-align: center;
    color: var(--text-2);
  }
  .steps li {
    border-top: 4px solid var(--line);
    padding-top: var(--s1);
  }
  .steps .done {
    border-top-color: var(--accent);
    color: var(--text);
  }
  .steps .unsent {
    border-top-style: dashed;
  }
  .late {
    background: var(--hatch);
    padding: var(--s1) var(--s2);
  }
  .thumb {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 88px;
    gap: var(--s3);
    align-items: center;
    padding: var(--s2) var(--s4);
    background: var(--panel);
    border-top: 1px solid var(--line);
  }
  .thumb .calm {
    color: var(--text-2);
    font-size: 14px;
  }
  nav {
    display: grid;
    grid-template-columns: repeat(4, 1fr);
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
  form {
    display: grid;
    gap: var(--s3);
  }
  label {
    display: grid;
    gap: var(--s1);
    color: var(--text-2);
  }
  label input,
  label textarea {
    font-size: 18px;
    color: var(--text);
  }
  .choices {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: var(--s2);
  }
  .choices button[aria-pressed="true"] {
    outline: 3px solid var(--accent);
  }
  t-map {
    height: 100%;
  }
  .shots {
    display: grid;
    grid-template-columns: repeat(3, 1fr);
    gap: var(--s2);
  }
  .shots label {
    place-items: center;
    align-content: center;
    min-height: 88px;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    color: var(--text);
  }
  .shots .icon {
    width: 28px;
    height: 28px;
  }
  .shots input {
    position: absolute;
    width: 1px;
    min-height: 0;
    height: 1px;
    opacity: 0;
  }
  .files li {
    display: grid;
    grid-template-columns: 72px minmax(0, 1fr) auto;
    gap: var(--s3);
    align-items: center;
    padding: var(--s2) 0;
    border-bottom: 1px solid var(--line);
  }
  .files t-picture {
    width: 72px;
    height: 54px;
  }
  .leave {
    flex-wrap: wrap;
  }
`;
