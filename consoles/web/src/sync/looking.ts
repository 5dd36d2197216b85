/** What is asked for again and again because no rows of it come: when to look, and how old what was found is. */

import { Since, type Time } from "./time";

/** How often it is looked at what is seen. */
export const LOOK_EVERY_MS = 10_000;
/** What is older than this is no longer taken for what is so now. */
export const OLD_AFTER_MS = 60_000;
/** How often it is asked whether a look is due. */
const TICK_MS = 500;

export interface LookingOptions {
  readonly time: Time;
  /** Ask the hub for all of it; what it raises is why it is not whole. */
  readonly ask: () => Promise<void>;
  /** Whether to look by itself now: not unseen, not while somebody is at it. */
  readonly may: () => boolean;
  /** How long to wait after one look for the next. */
  readonly pace_ms: () => number;
  /** It has become old, or is no longer. */
  readonly onChange: () => void;
}

export class Looking {
  private readonly options: LookingOptions;
  private running: Promise<void> | null = null;
  private wanted = false;
  private ended: Since | null = null;
  /** When the last look that brought all of it began: what came may have been so no later. */
  private whole: Since | null = null;
  private wasOld = false;
  private stopTick: (() => void) | null = null;
  /** Why the last look was not whole; null where it was. */
  failure: unknown = null;

  constructor(options: LookingOptions) {
    this.options = options;
  }

  start(): void {
    this.stop();
    this.stopTick = this.options.time.after(TICK_MS, () => this.tick());
  }

  stop(): void {
    this.stopTick?.();
    this.stopTick = null;
  }

  /** Whether it was ever looked. */
  get begun(): boolean {
    return this.running !== null || this.ended !== null;
  }

  /** Look now. Where a look is under way, once more after that: what was done meanwhile may be missing there. Raises nothing. */
  now(): Promise<void> {
    this.wanted = true;
    this.running ??= this.run();
    return this.running;
  }

  /** Of what was had whole; null before that. */
  age_ms(): number | null {
    return this.whole?.span_ms() ?? null;
  }

  /** Whether what was found last is not to be taken for what is so now. */
  old(): boolean {
    return this.failure !== null || (this.age_ms() ?? 0) > OLD_AFTER_MS;
  }

  private tick(): void {
    this.start();
    const { may, pace_ms } = this.options;
    if (this.running === null && (this.ended === null || this.ended.span_ms() >= pace_ms()) && may()) void this.now();
    this.compare();
  }

  private async run(): Promise<void> {
    const { time, ask } = this.options;
    while (this.wanted) {
      this.wanted = false;
      const begun = new Since(time);
      try {
        await ask();
        [this.whole, this.failure] = [begun, null];
      } catch (error) {
        this.failure = error;
      }
    }
    this.ended = new Since(time);
    this.running = null;
    this.compare();
  }

  private compare(): void {
    if (this.wasOld === this.old()) return;
    this.wasOld = this.old();
    this.options.onChange();
  }
}
