/** What time it is at the hub, and how old the picture is, judged from the `now_ms` of what it sends. */

import type { Time } from "./time";

/** No word from the hub for this long and the picture is called stale. */
export const STALE_AFTER_MS = 3_000;
const WINDOW = 30;
const CLOCK_JUMP_MS = 5_000;
/** Of a virtual clock: how far apart two words are that tell its speed, how fast it may be, how long it runs on unheard. */
const RATE_SPAN_MS = 500;
const FASTEST = 120;
const AHEAD_MOST_MS = 1_500;

export class ServerClock {
  private readonly time: Time;
  private readonly virtual: boolean;
  private offsets_ms: number[] = [];
  private last: { readonly now_ms: number; readonly steady_ms: number } | null = null;
  private rate = 1;
  private behind_ms = 0;

  /** A rehearsal's clock is `virtual`: it runs at any speed, stands still and jumps, so it is followed from word to word. */
  constructor(time: Time, virtual = false) {
    this.time = time;
    this.virtual = virtual;
  }

  /** Take the hub's time from a message that has just come in. */
  observe(now_ms: number): void {
    const steady_ms = this.time.steady_ms();
    if (this.virtual) {
      this.follow(now_ms, steady_ms);
      return;
    }
    this.last = { now_ms, steady_ms };
    const offset_ms = now_ms - steady_ms;
    const previous_ms = this.offsets_ms.at(-1);
    if (previous_ms !== undefined && Math.abs(offset_ms - previous_ms) > CLOCK_JUMP_MS) this.offsets_ms = [];
    this.offsets_ms.push(offset_ms);
    if (this.offsets_ms.length > WINDOW) this.offsets_ms.shift();
  }

  /** The hub says how long rows for this console have been waiting at its side. */
  behind(behind_ms: number): void {
    this.behind_ms = behind_ms;
  }

  /** The hub's time now. The message that travelled fastest, of the last thirty, says it best. */
  now_ms(): number {
    if (this.last === null) return this.time.wall_ms();
    const steady_ms = this.time.steady_ms();
    if (this.virtual) return this.last.now_ms + Math.min(steady_ms - this.last.steady_ms, AHEAD_MOST_MS) * this.rate;
    return steady_ms + Math.max(...this.offsets_ms);
  }

  /** How old what the screen shows is; null before the first word. Frames that queued on the way count as old too. */
  age_ms(): number | null {
    if (this.last === null) return null;
    const silent_ms = this.time.steady_ms() - this.last.steady_ms;
    return this.behind_ms + (this.virtual ? silent_ms : Math.max(silent_ms, this.now_ms() - this.last.now_ms));
  }

  /** True before the first word too: a screen that never heard from the hub shows nothing one may trust. */
  stale(): boolean {
    const age_ms = this.age_ms();
    return age_ms === null || age_ms > STALE_AFTER_MS;
  }

  private follow(now_ms: number, steady_ms: number): void {
    const { last } = this;
    const span_ms = last === null ? 0 : steady_ms - last.steady_ms;
    // Words that come close together say little about the speed; what they say of the time still counts.
    if (last !== null && span_ms >= RATE_SPAN_MS) {
      const rate = (now_ms - last.now_ms) / span_ms;
      this.rate = rate >= 0 && rate <= FASTEST ? rate : 0;
    }
    if (last === null || span_ms >= RATE_SPAN_MS || now_ms < last.now_ms) this.last = { now_ms, steady_ms };
  }
}
