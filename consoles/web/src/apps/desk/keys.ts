/** Keys of the whole desk: what each means where nothing is typed, and from when on Enter is meant for the page again. */

import { isField, typedInto } from "../../components/typing";

/** A second press of Enter so soon after what the first one did was meant for that (two presses of a hand are up to 0.5 s apart). */
export const ENTER_AGAIN_MS = 500;

/** What Enter does where the focus is: answer a call, that after Escape, or press what is there. */
export type EnterMeans = "answer" | "leave_first" | "press";

export function enterMeans(focused: EventTarget | null | undefined): EnterMeans {
  if (isField(focused)) return "leave_first";
  return isPressed(focused) ? "press" : "answer";
}

/** A button is pressed by Enter and the space bar, whatever else they mean. */
function isPressed(target: EventTarget | null | undefined): boolean {
  return target instanceof Element && target.matches("button, a, tr, [role=tab]");
}

/** What the keys do. Those that tell whether they did something leave the key to the browser where they did not. */
export interface KeyedDesk {
  /** Whether there is anything to press keys for. */
  ready(): boolean;
  /** Out of whatever was begun. */
  leave(): void;
  toLine(): void;
  step(by: 1 | -1): void;
  answerFirst(): boolean;
  offerUnit(index: number): boolean;
  /** The first alarm that was there to be seen, `at_ms` on the clock of events. */
  takeFirst(at_ms: number): boolean;
  swapView(): void;
  sendLayout(): boolean;
  /** A key of what is shown of the past, where that is what is looked at. */
  past(key: string): boolean;
}

export class DeskKeys {
  private readonly desk: KeyedDesk;
  private entered_ms = -Infinity;

  constructor(desk: KeyedDesk) {
    this.desk = desk;
  }

  /** Enter has just done something, `at_ms` on the clock of events. */
  entered(at_ms: number): void {
    this.entered_ms = at_ms;
  }

  /** None works while something is typed, and few while a button has the focus. */
  readonly onKey = (event: KeyboardEvent): void => {
    // While an input method composes Chinese, every key is its own.
    if (event.isComposing) return;
    if (event.key === "Escape") {
      this.desk.leave();
      typedInto(event)?.blur();
    }
    // What something nearer has taken is done: Enter picks a place on the map, and answers no call beside that.
    if (event.defaultPrevented || !this.desk.ready() || event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.desk.step(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const target = event.composedPath()[0];
    // Nothing that is typed begins with it: in an empty field it means the command line as everywhere else.
    if (event.key === "/" && !event.altKey && target instanceof HTMLInputElement && target.value === "" && target.type === "text") {
      event.preventDefault();
      this.desk.toLine();
      return;
    }
    if (event.altKey || typedInto(event) !== null) return;
    const presses = isPressed(target) && (event.key === " " || event.key === "Enter");
    if (!presses && this.desk.past(event.key)) {
      event.preventDefault();
      return;
    }
    // On a button only what means nothing to it: a situation is chosen by one, and its cameras come next.
    if (isPressed(target) && !"/vVW".includes(event.key)) return;
    if (this.press(event)) event.preventDefault();
  };

  /** A key that is held down is pressed once. */
  press({ key, shiftKey, repeat, timeStamp }: Pick<KeyboardEvent, "key" | "shiftKey" | "repeat" | "timeStamp">): boolean {
    if (repeat) return false;
    if (key === "Enter") return this.enter(timeStamp);
    if (/^[1-9]$/.test(key)) return this.desk.offerUnit(Number(key) - 1);
    if (key === "t" || key === "T") return this.desk.takeFirst(timeStamp);
    if (key === "W" && shiftKey) return this.desk.sendLayout();
    if (key === "/") this.desk.toLine();
    else if (key === "v" || key === "V") this.desk.swapView();
    else return false;
    return true;
  }

  private enter(at_ms: number): boolean {
    if (at_ms - this.entered_ms < ENTER_AGAIN_MS || !this.desk.answerFirst()) return false;
    this.entered(at_ms);
    return true;
  }
}
