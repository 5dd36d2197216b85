/** What time it is at the hub, and how old the picture is, judged from the `now_ms` of what it sends. */

import { Since, type Time } from "./time";

/** No word from the hub for this long and the picture is called stale. */
export const STALE_AFTER_MS = 3_000;
/** Two clocks drift apart by no more than this share of the time (200 ppm, more than any quartz). */
const DRIFT = 0.0002;
/** Of a virtual clock: how far apart two words are that tell its speed, how fast it may be, how long it runs on unheard. */
const RATE_SPAN_MS = 500;
const FASTEST = 120;
const AHEAD_MOST_MS = 1_500;

export class ServerClock {
  private readonly time: Time;
  private readonly virtual: boolean;
  private offset_ms: number | null = null;
  private last: { readonly now_ms: number; readonly steady_ms: number } | null = null;
  /** When the picture was last known to be whole. */
  private whole: Since | null = null;
  private rate = 1;
  private behind_ms = 0;

  /** A rehearsal's clock is `virtual`: it runs at any speed, stands still and jumps, so it is followed from word to word. */
  constructor(time: Time, virtual = false) {
    this.time = time;
    this.virtual = virtual;
  }

  /** What the screen shows was kept on this machine: it was whole `age_ms` ago, an infinite time where nobody knows. */
  recall(age_ms: number): void {
    this.whole = new Since(this.time, age_ms);
  }

  /** A new connection, perhaps to another hub: only now may the hub's time go back. What comes late never turns it back. */
  restart(): void {
    this.offset_ms = null;
  }

  /** Take the hub's time from a message that has just come in; `whole` where nothing older is still to be brought up to date. */
  observe(now_ms: number, whole = true): void {
    const steady_ms = this.time.steady_ms();
    if (this.virtual) this.follow(now_ms, steady_ms);
    else this.hear(now_ms, steady_ms);
    if (whole) this.whole = new Since(this.time, this.late_ms());
  }

  private hear(now_ms: number, steady_ms: number): void {
    const offset_ms = now_ms - steady_ms;
    const drift_ms = this.last === null ? 0 : (steady_ms - this.last.steady_ms) * DRIFT;
    this.offset_ms = this.offset_ms === null ? offset_ms : Math.max(this.offset_ms - drift_ms, offset_ms);
    this.last = { now_ms, steady_ms };
  }

  /** The hub says how long rows for this console have been waiting at its side. */
  behind(behind_ms: number): void {
    this.behind_ms = behind_ms;
  }

  /** The hub's time now. The message that travelled fastest says it best. */
  now_ms(): number {
    if (this.last === null) return this.time.wall_ms();
    const steady_ms = this.time.steady_ms();
    if (this.virtual) return this.last.now_ms + Math.min(steady_ms - this.last.steady_ms, AHEAD_MOST_MS) * this.rate;
    return steady_ms + (this.offset_ms ?? this.last.now_ms - this.last.steady_ms);
  }

  /** How long the last word was on its way, beyond the fastest of this connection. */
  late_ms(): number {
    if (this.last === null || this.offset_ms === null || this.virtual) return 0;
    return Math.max(0, this.offset_ms - (this.last.now_ms - this.last.steady_ms));
  }

  /** How old what the screen shows is; null before it was first whole. Frames that queued on the way count as old too. */
  age_ms(): number | null {
    return this.whole === null ? null : this.behind_ms + this.whole.span_ms();
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
