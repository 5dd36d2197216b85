/** What every page does first: tokens, language, and putting its one element into the body. */

import "../components/tokens.css";
import { language, setLanguage } from "../i18n/i18n";

export function show(tag: string): HTMLElement {
  setLanguage(language());
  const element = document.createElement(tag);
  document.body.replaceChildren(element);
  return element;
}
