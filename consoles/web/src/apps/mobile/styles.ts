/** How the terminal is laid out beyond what all pages in the hand share: gloves, rain, the big step and SOS under the thumb. */

import { css } from "lit";

export const appStyles = css`
  :host {
    grid-template-rows: auto minmax(0, 1fr) auto auto;
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
  .bar.recalled {
    background: var(--raised);
    font-size: 16px;
  }
  main.flush {
    padding: 0;
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
