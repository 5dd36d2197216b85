/** How the leader's page is laid out beyond what all pages in the hand share. */

import { css } from "lit";

export const leaderStyles = css`
  :host {
    grid-template-rows: auto minmax(0, 1fr) auto;
    max-width: 640px;
    margin: 0 auto;
  }
  nav button {
    position: relative;
  }
  nav .badge {
    position: absolute;
    top: 4px;
    left: calc(50% + 18px);
    min-width: 22px;
    padding: 0 5px;
    border-radius: 11px;
    background: var(--text);
    color: var(--page);
    font-weight: 700;
    line-height: 20px;
  }
  nav .badge.overdue {
    outline: 2px dashed var(--text);
    outline-offset: 2px;
  }
  .trouble {
    flex-wrap: wrap;
    gap: 0 var(--s2);
  }
  .meanwhile {
    flex: 1 1 100%;
  }
  .heading {
    padding: var(--s3) 0 var(--s1);
    font-size: 14px;
  }
  .calm {
    padding: 40px var(--s4);
    text-align: center;
  }
  .calm h2 {
    font-size: 20px;
    font-weight: 650;
  }
  a.touch,
  a.back {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    min-height: 44px;
    padding-right: var(--s3);
    text-decoration: none;
  }
  .numbers {
    display: grid;
    grid-template-columns: repeat(4, 1fr);
    gap: var(--s2);
  }
  .numbers div {
    display: grid;
    justify-items: center;
    padding: var(--s2);
    border-radius: var(--radius);
    background: var(--panel);
  }
  .numbers dd {
    font-size: 28px;
    font-weight: 700;
  }
  .waiting {
    display: flex;
    align-items: center;
    gap: var(--s2);
  }
  .waiting > :last-child {
    margin-left: auto;
  }
  .card {
    display: grid;
    gap: var(--s1);
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--panel);
    color: var(--text);
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  .title {
    display: flex;
    align-items: baseline;
    gap: var(--s2);
    font-size: 18px;
    overflow-wrap: anywhere;
  }
  .about {
    display: grid;
    gap: var(--s1);
  }
  .about .title {
    flex-wrap: wrap;
    font-size: 20px;
  }
  .line {
    display: flex;
    align-items: center;
    gap: var(--s3);
    min-height: 44px;
    padding: var(--s1) 0;
    border-top: 1px solid var(--line);
    overflow-wrap: anywhere;
  }
  .line.late {
    padding: var(--s1) var(--s2);
  }
  /* A long name leaves how far it is and since when a line of their own: beside it they stood over each other. */
  .line.unit {
    flex-wrap: wrap;
    gap: 0 var(--s3);
  }
  .line.unit b {
    max-width: calc(100% - 40px);
  }
  .line.unit .grow {
    flex: 1 0 auto;
  }
  .note {
    display: grid;
    padding: var(--s2) 0;
    border-top: 1px solid var(--line);
  }
  .written {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
`;
