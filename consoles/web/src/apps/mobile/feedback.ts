/** What an officer is about to feed back, by its order: another order may come meanwhile, and what was typed stays with the first. */

import { recorded } from "../../i18n/i18n";
import type { Request } from "../../wire";
import type { FeedbackDraft } from "./order_card";

const NOTHING: FeedbackDraft = { result: "", text: "" };

/** What is sent of it; null until a result is chosen. */
export function feedbackRequest(order: string, { result, text }: FeedbackDraft): Request | null {
  return result === "" ? null : { request: "feed_back", order, result: recorded(`mobile.result.${result}`), text };
}

export class Feedback {
  /** Begins what is stored. A rehearsal has orders of the same numbers. */
  private readonly stored: string;
  private readonly onChange: () => void;
  private open: { readonly order: string; readonly draft: FeedbackDraft } | null = null;

  constructor(space: string, onChange: () => void) {
    this.stored = space === "live" ? "triune.feedback." : `triune.feedback.${space}.`;
    this.onChange = onChange;
  }

  /** The draft of an order whose form is open; null for any other. */
  of(order: string): FeedbackDraft | null {
    return this.open?.order === order ? this.open.draft : null;
  }

  /** Open the form with what was typed before. */
  begin(order: string): void {
    const kept = JSON.parse(localStorage.getItem(this.stored + order) ?? "null") as FeedbackDraft | null;
    this.open = { order, draft: kept ?? NOTHING };
    this.onChange();
  }

  keep(order: string, draft: FeedbackDraft): void {
    this.open = { order, draft };
    localStorage.setItem(this.stored + order, JSON.stringify(draft));
    this.onChange();
  }

  forget(order: string): void {
    localStorage.removeItem(this.stored + order);
    if (this.open?.order === order) this.open = null;
    this.onChange();
  }
}
