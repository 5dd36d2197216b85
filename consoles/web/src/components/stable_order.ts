/** Keeps a list from moving under a hand: while held, what is there stays where it is and what is new goes to the end. */

export class StableOrder {
  private order: readonly string[] = [];

  /** The keys as they are to be shown, given how they would be sorted and whether somebody is pointing at them. */
  arrange(sorted: readonly string[], held: boolean): readonly string[] {
    if (!held) return (this.order = sorted);
    const present = new Set(sorted);
    const kept = this.order.filter((key) => present.delete(key));
    return (this.order = [...kept, ...present]);
  }
}
