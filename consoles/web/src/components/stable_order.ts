/** Keeps a list from moving under a hand: while held, what is there stays where it is and what is new goes to the end. */

import type { LitElement } from "lit";

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

/** Whether somebody points at an element, which is drawn anew as that changes. */
export class UnderPointer {
  held = false;

  constructor(host: LitElement) {
    for (const kind of ["pointerenter", "pointerleave"] as const)
      host.addEventListener(kind, () => {
        this.held = kind === "pointerenter";
        host.requestUpdate();
      });
  }
}
