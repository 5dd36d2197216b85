/** What the hub refused, in the words of whoever pressed. Its own sentence is exact, English, and for the log. Pure. */

import { t, word } from "../i18n/i18n";
import { ADMIN_REFUSED } from "./refusals_admin";
import { CAMERAS_REFUSED } from "./refusals_cameras";
import { PATROL_REFUSED } from "./refusals_patrol";
import { VEHICLES_REFUSED } from "./refusals_vehicles";

export type Words = (found: Readonly<Record<string, string>>) => string;

/** The first that fits decides; those of one subject stand together. */
export const REFUSED: readonly (readonly [RegExp, Words])[] = [
  [/^call \S+ was taken by \S+/, () => t("refusal.call_taken")],
  [/^call \S+ has not been answered/, () => t("refusal.call_unanswered")],
  [/^call \S+ is not linked to a situation yet/, () => t("refusal.call_unlinked")],
  [/^call \S+ is about \S+ already/, () => t("refusal.call_linked")],
  [/^call \S+ is (?<state>ringing|answered|abandoned|ended)$/, ({ state = "" }) => t("refusal.call_state", { word: word("call_state", state) })],
  [/^ending a call as \S+ needs a reason/, () => t("refusal.call_reason")],
  [/^situation \S+ is closed/, () => t("refusal.situation_closed")],
  [/^situation \S+ runs \S+ already/, () => t("refusal.situation_plan")],
  [/^orders are still running/, () => t("refusal.orders_running")],
  [/^plan activation \S+ has to be stood down first/, () => t("refusal.plan_running")],
  [/^the call for help \S+ has to be cleared first/, () => t("refusal.sos_open")],
  [/^unit \S+ is on order \S+/, () => t("refusal.unit_busy")],
  [/^unit \S+ is off duty/, () => t("refusal.unit_off")],
  [/^order \S+ is \S+; feedback comes from the scene/, () => t("refusal.order_scene")],
  [/^order \S+ is (?<state>\w+)$/, ({ state = "" }) => t("refusal.order_state", { word: word("order_state", state) })],
  [/^order \S+ is another unit's/, () => t("refusal.order_other")],
  [/^alarm \S+ was taken by \S+/, () => t("refusal.alarm_taken")],
  [/^no (?<table>\w+) row with id /, ({ table = "" }) => t(table === "alarms" ? "refusal.alarm_gone" : table === "sos" ? "refusal.sos_gone" : "refusal.gone")],
  [/^hit \S+ was rejected already/, () => t("refusal.hit_rejected")],
  [/^approval \S+ was (?<state>\w+) by/, ({ state = "" }) => t("refusal.approval_decided", { word: word("approval_state", state) })],
  [/^an approval is decided by somebody other/, () => t("refusal.approval_self")],
  [/^a watch is approved by somebody other/, () => t("refusal.watch_self")],
  [/^a list is approved by somebody other/, () => t("refusal.library_self")],
  [/^terms of a list are approved by somebody other/, () => t("refusal.library_terms_self")],
  [/^list .+ has exactly these terms already/, () => t("refusal.library_terms_same")],
  [/^no such terms of list .+ wait/, () => t("refusal.library_terms_changed")],
  [/^there is a list named (?<name>.+): give it/, ({ name = "" }) => t("refusal.library_named", { word: name })],
  [/^list .+ holds exactly this already/, () => t("libraries.same")],
  [/^list .+ has another file by now/, () => t("refusal.library_changed")],
  [/^no such file of list .+ waits/, () => t("refusal.library_changed")],
  [/^list .+ waits for its first approval/, () => t("refusal.library_first")],
  [/^list .+ is (?<state>\w+)$/, ({ state = "" }) => t("refusal.watch_state", { word: word("watch_state", state) })],
  [/^all lists together have at most (?<most>\d+) \w+, there is room for (?<room>\d+)/, ({ most = "", room = "" }) => t("refusal.library_room", { word: most, room })],
  [/^\d+ lines of .+ are set aside/, () => t("refusal.library_marks")],
  [/^this hub has not read such a file of late/, () => t("refusal.library_again")],
  [/^another list is being read/, () => t("refusal.library_busy")],
  [/^none of \d+ rows holds a plate/, () => t("refusal.library_empty")],
  [/^with its remarks the list has more than/, () => t("refusal.library_notes")],
  [/^watch \S+ is (?<state>\w+)$/, ({ state = "" }) => t("refusal.watch_state", { word: word("watch_state", state) })],
  [/^none of these watches waits for approval/, () => t("refusal.watches_none")],
  [/^a watch ends after now/, () => t("refusal.watch_past")],
  [/^task \S+ waits for approval/, () => t("refusal.task_waits")],
  [/^\S+ is the last phase/, () => t("refusal.phase_last")],
  [/^clear the SOS itself/, () => t("refusal.sos_clear")],
  [/^an SOS cannot be shelved/, () => t("refusal.sos_shelve")],
  [/^it is too late to take that back/, () => t("refusal.too_late")],
  [/^a situation cannot be merged into itself/, () => t("refusal.merge_self")],
  [/needs one of the roles (?<roles>[\w, ]+)$/, ({ roles = "" }) => t("refusal.roles", { word: roles.split(/,\s*/).map((role) => word("role", role)).join(t("list.comma")) })],
  [/^(?<n>\d+) queries an hour may be made/, ({ n = "" }) => t("refusal.queries", { word: n })],
  [/^a whole plate has to be named here/, () => t("refusal.field_plate")],
  [/^in the field passages of the last 24 hours/, () => t("refusal.field_day")],
  [/^not a number plate/, () => t("refusal.plate")],
  [/^a plate or pattern has 1 to/, () => t("refusal.plate_chars")],
  [/^(the hub has \d+ requests waiting|more than \d+ requests a second)/, () => t("refusal.busy")],
  [/a text has at most (?<most>\d+) characters/, ({ most = "" }) => t("refusal.too_long", { word: most })],
  [/a name holds characters that cannot be seen/, () => t("refusal.name_unseen")],
  [/^the CSRF token is missing or wrong/, () => t("refusal.csrf")],
  ...ADMIN_REFUSED,
  ...CAMERAS_REFUSED,
  ...PATROL_REFUSED,
  ...VEHICLES_REFUSED,
];

/** Empty where the sentence is none of those that people meet at work. */
export function refusalWords(detail: string): string {
  for (const [pattern, words] of REFUSED) {
    const found = pattern.exec(detail);
    if (found !== null) return words(found.groups ?? {});
  }
  return "";
}
