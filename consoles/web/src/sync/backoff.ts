/** How long to wait before trying again: doubling, capped, with full jitter, so a restarted hub is not met by everyone at once. */

export const BACKOFF_FIRST_MS = 250;
export const BACKOFF_MOST_MS = 8_000;

/** `attempt` counts from 0; `random` is in 0…1. Never less than half of the first wait, so a failing hub is not hammered. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling_ms = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(Math.max(BACKOFF_FIRST_MS / 2, ceiling_ms * random));
}
