/** One thing after the other, until one has to wait: then again after a while that grows, or when told that it may be worth it. */

import { backoffMs } from "./backoff";
import type { Time } from "./time";

/** What became of a step: one thing is done, one has to wait, or there is none. */
export type Outcome = "done" | "waits" | "idle";

export class Lane {
  private readonly time: Time;
  private readonly step: () => Promise<Outcome>;
  private running = false;
  private again = false;
  private attempt = 0;
  private stopTimer: (() => void) | null = null;

  constructor(time: Time, step: () => Promise<Outcome>) {
    this.time = time;
    this.step = step;
  }

  /** Try now. */
  kick(): void {
    this.attempt = 0;
    this.go();
  }

  private go(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    this.again = true;
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      while (this.again) {
        this.again = false;
        for (let outcome = await this.step(); outcome !== "idle"; outcome = await this.step()) {
          if (outcome === "waits") {
            this.wait();
            break;
          }
          this.attempt = 0;
        }
      }
    } catch (error) {
      this.wait();
      throw error;
    } finally {
      this.running = false;
    }
  }

  private wait(): void {
    this.stopTimer?.();
    this.stopTimer = this.time.after(backoffMs(this.attempt, this.time.random()), () => this.go());
    this.attempt += 1;
  }
}
