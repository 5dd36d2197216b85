/** What a page in the hand makes heard and felt: what is new, not what stood there when it was opened. */

import type { SoundName, Sounds } from "../../media/sounds";

/** Which of those that call for somebody are new since the last look. */
export class Newcomers {
  private known: ReadonlySet<string> | null = null;

  /** Take those that are there now, all of them; true where one was not there before. */
  take(ids: Iterable<string>): boolean {
    const before = this.known;
    this.known = new Set(ids);
    return before !== null && [...this.known].some((id) => !before.has(id));
  }
}

export function ring(sounds: Pick<Sounds, "play">, sound: SoundName, pattern: number[]): void {
  sounds.play(sound);
  if ("vibrate" in navigator) navigator.vibrate(pattern);
}
