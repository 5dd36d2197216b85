/** A part of a page that no rows come for looks by itself while it is seen, and says how old what it shows is. */

import { html, nothing, type ReactiveController, type TemplateResult } from "lit";
import { Looking, LOOK_EVERY_MS } from "../sync/looking";
import { browserTime } from "../sync/time";
import "./marks";
import { typesIn } from "./typing";
import type { View } from "./view";

const FRESH = { phase: "live", accepting: true } as const;
const OLD = { phase: "stale", accepting: true } as const;

/** Looks only while the page is seen and, once there was a whole answer, the part too; never while somebody types in it. */
export class Looks implements ReactiveController {
  private readonly host: View;
  private readonly looking: Looking;
  private readonly observer = new IntersectionObserver((seen) => (this.seen = seen.at(-1)?.isIntersecting ?? false));
  private seen = false;

  constructor(host: View, ask: () => Promise<void>, may: () => boolean, pace_ms: () => number = () => LOOK_EVERY_MS) {
    this.host = host;
    this.looking = new Looking({ time: browserTime, ask, pace_ms, may: () => may() && this.isSeen() && !typesIn(host), onChange: () => host.requestUpdate() });
    host.addController(this);
  }

  hostConnected(): void {
    this.observer.observe(this.host);
    this.looking.start();
  }

  hostDisconnected(): void {
    this.observer.disconnect();
    this.looking.stop();
  }

  /** Whether it is still to be looked for the first time, on a page that is seen. */
  get isFirst(): boolean {
    return !this.looking.begun && !document.hidden;
  }

  /** Look now; returns why what is shown is not whole, or null. */
  async now(): Promise<unknown> {
    await this.looking.now();
    return this.looking.failure;
  }

  get old(): boolean {
    return this.looking.old();
  }

  /** Nothing before there was an answer. */
  age(): TemplateResult | typeof nothing {
    if (this.looking.age_ms() === null) return nothing;
    return html`<t-age inner .live=${this.old ? OLD : FRESH} .clock=${this.looking}></t-age>`;
  }

  private isSeen(): boolean {
    const unhad = this.looking.age_ms() === null;
    return !document.hidden && (unhad || (this.seen && this.host.offsetHeight > 0));
  }
}
