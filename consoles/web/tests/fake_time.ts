/** A clock that tests turn by hand. */

import type { Time } from "../src/sync/time";

interface Timer {
  readonly at_ms: number;
  readonly run: () => void;
}

export class FakeTime implements Time {
  now_ms = 0;
  luck = 1;
  /** How long the machine slept: the wall clock went on meanwhile, and nothing else. */
  asleep_ms = 0;
  private readonly timers = new Set<Timer>();

  wall_ms(): number {
    return 1_700_000_000_000 + this.now_ms + this.asleep_ms;
  }

  steady_ms(): number {
    return this.now_ms;
  }

  random(): number {
    return this.luck;
  }

  after(delay_ms: number, run: () => void): () => void {
    const timer = { at_ms: this.now_ms + delay_ms, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Let time pass, running what falls due in its order. */
  pass(span_ms: number): void {
    const end_ms = this.now_ms + span_ms;
    for (;;) {
      let next: Timer | null = null;
      for (const timer of this.timers) if (timer.at_ms <= end_ms && (next === null || timer.at_ms < next.at_ms)) next = timer;
      if (next === null) break;
      this.timers.delete(next);
      this.now_ms = next.at_ms;
      next.run();
    }
    this.now_ms = end_ms;
  }
}
