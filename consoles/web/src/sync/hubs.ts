/** Where the hub may be reached: this page's own origin first, then the others that the hub has told of. */

export class Hubs {
  private readonly own: string;
  private all: readonly string[];
  private at = 0;

  constructor(own: string) {
    this.own = own;
    this.all = [own];
  }

  /** Origin of the hub that is used now. */
  get current(): string {
    return this.all[this.at] ?? this.own;
  }

  /** What to put before a path: nothing for the page's own origin. */
  get base(): string {
    return this.current === this.own ? "" : this.current;
  }

  get count(): number {
    return this.all.length;
  }

  /** Take in the origins of all hubs; the one in use stays in use, also where it is not among them. */
  learn(origins: readonly string[]): void {
    const now = this.current;
    this.all = [...new Set([this.own, ...origins, now])];
    this.at = this.all.indexOf(now);
  }

  /** Go on to the next one, round and round. */
  next(): void {
    this.at = (this.at + 1) % this.all.length;
  }
}
