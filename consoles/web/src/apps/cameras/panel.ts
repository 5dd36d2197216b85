/** What the panels of the page of cameras share: the hub is asked once they are there and when somebody says so, and how that went is told. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import { describe } from "../../components/problems";
import { shared, View } from "../../components/view";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import { panel } from "./styles";

export abstract class Panel extends View {
  static override styles = [shared, panel];

  @property({ attribute: false }) api: Api | null = null;
  /** What was done, and what was refused, in the words of whoever looks. */
  @state() protected said = "";
  @state() protected refusal = "";
  @state() private loading = false;
  private asked = false;
  private wanted = false;

  /** Ask the hub for what is shown. What it raises is told; what was shown before stays. */
  protected abstract fetch(api: Api): Promise<void>;

  protected override updated(_changed: PropertyValues<this>): void {
    if (this.api === null || this.asked) return;
    this.asked = true;
    void this.load();
  }

  /** Where it is being asked already, it is asked once more after that: what was done meanwhile may be missing there. */
  protected async load(): Promise<void> {
    this.wanted = this.api !== null;
    if (this.loading) return;
    this.loading = true;
    while (this.api !== null && this.wanted) {
      this.wanted = false;
      try {
        await this.fetch(this.api);
      } catch (error) {
        this.refusal = describe(error);
      }
    }
    this.loading = false;
  }

  /** Do something, say that it was done or why it was not, and show how things are then. */
  protected async does(done: string, work: (api: Api) => Promise<unknown>): Promise<void> {
    if (this.api === null) return;
    this.said = this.refusal = "";
    try {
      await work(this.api);
      if (done !== "") this.said = done;
    } catch (error) {
      this.refusal = describe(error);
      return;
    }
    await this.load();
  }

  /** The button that asks anew; while it does so it stays where the keyboard is. */
  protected refresh(): TemplateResult {
    const again = (): void => {
      this.refusal = "";
      void this.load();
    };
    return html`<button type="button" aria-busy=${this.loading} @click=${again}>${icon("search")} ${t(this.loading ? "panel.refreshing" : "panel.refresh")}</button>`;
  }

  protected outcome(): TemplateResult {
    return html`${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${icon("alert")} ${this.refusal}</p>`}
      <div role="status">${this.said === "" ? nothing : html`<p>${icon("check")} ${this.said}</p>`}</div>`;
  }
}

/** So often it is looked again at what others take a moment for, so far apart. */
const LOOKS = 5;
const LOOK_MS = 1_500;

/** A panel of what other systems are asked for: that takes them a moment, so after something was asked for it is looked at again. */
export abstract class WaitingPanel extends Panel {
  private looks = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** Whether something that was asked for is still on its way. */
  protected abstract isWaiting(): boolean;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forget();
  }

  protected override async load(): Promise<void> {
    this.forget();
    await super.load();
    if (this.timer === null && this.isWaiting() && this.isConnected && this.looks-- > 0) this.timer = setTimeout(() => void this.load(), LOOK_MS);
  }

  /** As `does`, of what takes another system a moment. */
  protected async asks(done: string, work: (api: Api) => Promise<unknown>): Promise<void> {
    this.looks = LOOKS;
    await this.does(done, work);
  }

  private forget(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** Take what each asked brings as soon as it comes; raise why one did not once all are over, so that it hides none of the others. */
export async function allOf(...asked: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(asked)).find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
