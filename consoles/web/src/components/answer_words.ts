/** What the hub answers on the screens of cameras, in words: what is refused, else what keeps the picture from coming. Pure. */

import { refusalWords } from "./refusals";
import { meaningOf } from "./video/reasons";

/** Empty where neither knows the sentence: then its own words have to do. */
export function answerWords(told: string): string {
  return refusalWords(told) || meaningOf(told);
}
