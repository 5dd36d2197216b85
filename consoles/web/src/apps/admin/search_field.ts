/** The field above a list of the administration that shows of it what has these words. */

import { html, type TemplateResult } from "lit";
import { valueOf } from "../../components/typing";

export function searchField(label: string, words: string, change: (words: string) => void): TemplateResult {
  return html`<input type="search" aria-label=${label} placeholder=${label} .value=${words} @input=${(event: Event) => change(valueOf(event))} />`;
}
