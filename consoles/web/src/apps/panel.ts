/** What the panels of technicians' pages share: the hub is asked at once, again while they are seen, and when somebody says so; how old what they show is is told. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { icon } from "../components/icons";
import { Looks } from "../components/looks";
import "../components/states";
import { describe } from "../components/problems";
import { shared, View } from "../components/view";
import { t } from "../i18n/i18n";
import type { Api } from "../sync/api";
import { LOOK_EVERY_MS } from "../sync/looking";
import { panel } from "./panel_styles";

export abstract class Panel extends View {
  static override styles = [shared, panel];

  @property({ attribute: false }) api: Api | null = null;
  /** What was done, and what was refused, in the words of whoever looks. */
  @state() protected said = "";
  @state() protected refusal = "";
  /** Why a look that somebody asked for was not whole; of others age and hatch tell. */
  @state() private unseen = "";
  @state() private loading = false;
  private doing = 0;
  private readonly looks = new Looks(this, () => this.look(), () => this.api !== null && this.doing === 0, () => this.pace_ms());

  /** Ask the hub for what is shown. What it raises is told; what was shown before stays. */
  protected abstract fetch(api: Api): Promise<void>;

  /** How long after one look the next is due. */
  protected pace_ms(): number {
    return LOOK_EVERY_MS;
  }

  protected override updated(_changed: PropertyValues<this>): void {
    this.toggleAttribute("data-old", this.looks.old);
    if (this.api !== null && this.looks.isFirst) void this.load();
  }

  protected async look(): Promise<void> {
    if (this.api === null) return;
    await this.fetch(this.api);
    this.unseen = "";
  }

  private async load(): Promise<void> {
    this.loading = true;
    const failure = await this.looks.now();
    this.unseen = failure === null ? "" : describe(failure);
    this.loading = false;
  }

  /** Do something, say that it was done or why it was not, and show how things are then. */
  protected async does(done: string, work: (api: Api) => Promise<unknown>): Promise<void> {
    if (this.api === null) return;
    this.said = this.refusal = "";
    this.doing += 1;
    try {
      await work(this.api);
      if (done !== "") this.said = done;
    } catch (error) {
      this.refusal = describe(error);
      return;
    } finally {
      this.doing -= 1;
    }
    await this.load();
  }

  /** How old what is shown is, and the button that asks anew; while it does so it stays where the keyboard is. */
  protected refresh(): TemplateResult {
    const again = (): void => {
      this.refusal = "";
      void this.load();
    };
    return html`<span class="row">${this.looks.age()}<button type="button" aria-busy=${this.loading} @click=${again}>${icon("search")} ${t(this.loading ? "panel.refreshing" : "panel.refresh")}</button></span>`;
  }

  /** In the place of what never came: why is told by `outcome`. */
  protected nothingYet(): TemplateResult | typeof nothing {
    return this.unseen === "" ? html`<t-state kind="loading"></t-state>` : nothing;
  }

  protected outcome(): TemplateResult {
    return html`${[this.refusal, this.unseen].map((why) => (why === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${why}</p>`))}
      <div role="status">${this.said === "" ? nothing : html`<p>${icon("check")} ${this.said}</p>`}</div>`;
  }
}

/** So often it is looked again at what others take a moment for, so far apart. */
const LOOKS = 5;
const LOOK_MS = 1_500;

/** A panel of what other systems are asked for: that takes them a moment, so after something was asked for it is looked at again soon. */
export abstract class WaitingPanel extends Panel {
  private left = 0;

  /** Whether something that was asked for is still on its way. */
  protected abstract isWaiting(): boolean;

  protected override pace_ms(): number {
    return this.left > 0 && this.isWaiting() ? LOOK_MS : super.pace_ms();
  }

  /** As `does`, of what takes another system a moment. */
  protected async asks(done: string, work: (api: Api) => Promise<unknown>): Promise<void> {
    this.left = 1 + LOOKS;
    await this.does(done, work);
  }

  protected override look(): Promise<void> {
    this.left -= 1;
    return super.look();
  }
}

/** Take what each asked brings as soon as it comes; raise why one did not once all are over, so that it hides none of the others. */
export async function allOf(...asked: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(asked)).find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
