/** Who is behind an account id: the hub's directory of names, asked again when an id turns up that it did not hold, and now and then. */

import { Problem, UnreachableError } from "./api";
import type { Time } from "./time";

/** Least time between two questions. */
export const ASK_EVERY_MS = 10_000;
/** A person may have another name by now: known ones are asked about again after this long, where they are shown. */
export const OLD_AFTER_MS = 300_000;
/** Ids remembered as nobody's: devices, services, parts that a script plays. */
const MOST_STRANGERS = 1_000;

export interface PeopleOptions {
  readonly ask: () => Promise<Readonly<Record<string, string>>>;
  readonly time: Time;
  /** Names have come: draw them. */
  readonly onChange: () => void;
}

export class People {
  private readonly options: PeopleOptions;
  private names: ReadonlyMap<string, string> = new Map();
  private readonly wanted = new Set<string>();
  private readonly strangers = new Set<string>();
  private asked_ms = -Infinity;
  private waiting = false;

  constructor(options: PeopleOptions) {
    this.options = options;
  }

  /** The person's name; the id itself while nobody is known by it. */
  name(id: string): string {
    const name = this.names.get(id);
    if (name !== undefined) {
      if (this.options.time.steady_ms() - this.asked_ms >= OLD_AFTER_MS) this.askWhenAllowed();
      return name;
    }
    if (id !== "" && !this.strangers.has(id) && this.wanted.size < MOST_STRANGERS) {
      this.wanted.add(id);
      this.askWhenAllowed();
    }
    return id;
  }

  /** Ask now, or as soon as the last question is old enough. */
  askWhenAllowed(): void {
    if (this.waiting) return;
    this.waiting = true;
    const { time } = this.options;
    time.after(Math.max(0, this.asked_ms + ASK_EVERY_MS - time.steady_ms()), () => {
      this.asked_ms = time.steady_ms();
      void this.ask();
    });
  }

  private async ask(): Promise<void> {
    const wanted = [...this.wanted];
    try {
      this.names = new Map(Object.entries(await this.options.ask()));
    } catch (error) {
      this.waiting = false;
      // Without names screens show ids; the next drawing asks again.
      if (error instanceof Problem || error instanceof UnreachableError) return;
      throw error;
    }
    this.waiting = false;
    for (const id of wanted) {
      this.wanted.delete(id);
      if (!this.names.has(id)) this.remember(id);
    }
    this.options.onChange();
  }

  private remember(id: string): void {
    for (const oldest of this.strangers) {
      if (this.strangers.size < MOST_STRANGERS) break;
      this.strangers.delete(oldest);
    }
    this.strangers.add(id);
  }
}
