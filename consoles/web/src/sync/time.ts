/** The one place of the pages that reads a clock or sets a timer; tests hand in their own. */

export interface Time {
  /** Wall time of this machine, ms since 1970; may jump. */
  wall_ms(): number;
  /** Time since some start, ms; never jumps. */
  steady_ms(): number;
  /** Run once after `delay_ms`; the answer cancels it. */
  after(delay_ms: number, run: () => void): () => void;
  random(): number;
}

export const browserTime: Time = {
  wall_ms: () => Date.now(),
  steady_ms: () => performance.now(),
  after: (delay_ms, run) => {
    const id = setTimeout(run, delay_ms);
    return () => clearTimeout(id);
  },
  random: () => Math.random(),
};

/** How long ago something was, of which it was heard `late_ms` afterwards. */
export class Since {
  private readonly time: Time;
  private readonly steady_ms: number;
  private readonly wall_ms: number;

  constructor(time: Time, late_ms = 0) {
    this.time = time;
    this.steady_ms = time.steady_ms() - late_ms;
    this.wall_ms = time.wall_ms() - late_ms;
  }

  /** The steady clock of some browsers stands while the machine sleeps; the wall clock does not. */
  span_ms(): number {
    return Math.max(this.time.steady_ms() - this.steady_ms, this.time.wall_ms() - this.wall_ms);
  }
}
