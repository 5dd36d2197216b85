/** How the forms look by which other GA/T 1400 systems are named. */

import { css } from "lit";

export const viidForm = css`
  form {
    display: grid;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
  }
  label {
    display: grid;
    gap: 2px;
    color: var(--text-2);
    font-size: var(--t1);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
`;
