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
