/** Every command of the desk. Each says what it will do, and asks where it cannot be undone. */

import { StoppedError, type Choice, type Command, type Outcome } from "../../components/commands";
import { MESSAGES, type Key } from "../../i18n/messages";
import { t } from "../../i18n/i18n";
import type { Desk } from "./context";
import { callCommands } from "./commands_calls";
import { pastCommands } from "./commands_past";
import { patrolCommands } from "./commands_patrol";
import { planCommands } from "./commands_plans";
import { situationCommands } from "./commands_situations";
import { videoCommands, type VideoActions } from "./commands_video";

/** What the desk itself does, not the hub. */
export interface DeskActions {
  /** Open a situation from the draft of this call. */
  open(call: string): Promise<unknown>;
  signOut(): Promise<unknown>;
  switchLanguage(): void;
  query(plate: string, reason: string): Promise<unknown>;
  /** Where a unit was, and who was about the situation; without a reason only the question is opened. */
  track(unit: string, reason: string): Promise<unknown>;
  present(reason: string): Promise<unknown>;
  readonly video: VideoActions;
}

export function deskCommands(desk: () => Desk, actions: DeskActions): Command[] {
  return [
    ...callCommands(desk, actions),
    ...situationCommands(desk),
    ...planCommands(desk),
    ...patrolCommands(desk, actions),
    ...pastCommands(desk, actions),
    ...videoCommands(desk, actions.video),
    { verb: "OUT", names: namesOf("cmd.sign_out"), takes: "nothing", plan: () => does(t("cmd.sign_out"), () => actions.signOut()) },
    { verb: "LANG", names: namesOf("cmd.language"), takes: "nothing", plan: () => does(t("cmd.language"), async () => actions.switchLanguage()) },
  ];
}

/** Both names of a command: either is understood, whichever language is shown. */
export function namesOf(key: Key): readonly [string, string] {
  return MESSAGES[key];
}

export function does(will: string, run: () => Promise<unknown>, consequence?: string): Outcome {
  return consequence === undefined ? { will, run } : { will, run, consequence };
}

export function wrong(key: "wrong.no_situation" | "wrong.no_call" | "wrong.no_waiting" | "wrong.outcome" | "wrong.level" | "wrong.text" | "wrong.reason" | "wrong.no_place" | "wrong.title" | "wrong.layout" | "wrong.seconds" | "wrong.nothing_shown"): Outcome {
  return { wrong: t(key) };
}

/** `apart` tells it from others of its name. */
export function choice(id: string, label: string, why = "", names: readonly string[] = [], apart = ""): Choice {
  return { id, label, names, why, apart };
}

export function labels(chosen: readonly Choice[]): string {
  return chosen.map(({ label }) => label).join("、");
}

/** The chosen ones, one after the other: each answer is awaited, so that the first refusal stops the rest, which are not done. */
export async function each(chosen: readonly Choice[], run: (id: string) => Promise<unknown>): Promise<void> {
  for (const [at, { id }] of chosen.entries()) {
    try {
      await run(id);
    } catch (error) {
      throw new StoppedError(chosen.slice(at), error);
    }
  }
}
