/** What the hub says is wrong with which part of it, in words that tell what it means and what to do. Pure. */

import { meaningOf } from "../../components/video/reasons";
import { t, word } from "../../i18n/i18n";

/** The parts of a hub, each a line of the page. */
export type Part = "hub" | "journal" | "vouching" | "backup" | "disk" | "readings" | "clock" | "links" | "hubs" | "recordings" | "cars" | "other";

export interface Trouble {
  readonly part: Part;
  /** Which of several: a link's name, a hub's number. */
  readonly of: string;
  readonly is: string;
  readonly todo: string;
  /** Whether it keeps the hub from recording. */
  readonly isWrong: boolean;
}

type Found = Readonly<Record<string, string>>;
type Words = Pick<Trouble, "is" | "todo">;

const said = (is: string, todo: string): Words => ({ is, todo });

/** The first that fits decides. */
export const TROUBLES: readonly (readonly [RegExp, Part, (found: Found) => Words])[] = [
  [/^journal: damaged$/, "journal", () => said(t("trouble.journal_damaged"), t("trouble.journal_damaged_do"))],
  [/^journal: does not answer$/, "journal", () => said(t("trouble.journal_silent"), t("trouble.journal_silent_do"))],
  [/^journal: cannot be written$/, "journal", () => said(t("trouble.journal_unwritten"), t("trouble.journal_unwritten_do"))],
  [/^journal: not what was signed/, "vouching", () => said(t("trouble.journal_changed"), t("trouble.journal_changed_do"))],
  [/^anchor (?<n>\d+): away/, "vouching", ({ n = "" }) => said(t("trouble.anchor_away", { n }), t("trouble.anchor_away_do"))],
  [/^anchor (?<n>\d+): has what the record does not/, "vouching", ({ n = "" }) => said(t("trouble.anchor_strange", { n }), t("trouble.journal_changed_do"))],
  [/^hub: does not answer/, "hub", () => said(t("trouble.hub_silent"), t("trouble.hub_silent_do"))],
  [/^hub: its inbox is full/, "hub", () => said(t("trouble.hub_full"), t("trouble.hub_silent_do"))],
  [/^hub: has stopped/, "hub", () => said(t("trouble.hub_stopped"), t("trouble.hub_stopped_do"))],
  [/^rehearsal: cannot record/, "other", () => said(t("trouble.rehearsal"), t("trouble.rehearsal_do"))],
  [/^link (?<of>\S+): away/, "links", ({ of = "" }) => (of.startsWith("edge.") ? said(t("trouble.agent"), t("trouble.agent_do")) : said(t("trouble.link"), t("trouble.link_do")))],
  [/^(?<of>\w+): the service does not tell of changes yet: (?<why>.+)/, "links", ({ why = "" }) => said(t("trouble.link_mute", { why }), t("trouble.link_mute_do"))],
  [/^(?<of>\w+): the service was not asked yet what it decided unheard: (?<why>.+)/, "links", ({ why = "" }) => said(t("trouble.link_unasked", { why }), t("trouble.link_do"))],
  [/^(?<of>\w+): what the service tells is refused: (?<why>.+)/, "links", ({ why = "" }) => said(t("trouble.link_refused", { why }), t("trouble.link_refused_do"))],
  [/^bus: away/, "hubs", () => said(t("trouble.bus"), t("trouble.bus_do"))],
  [/^bus: another hub is not heard/, "hubs", () => said(t("trouble.bus_apart"), t("trouble.bus_apart_do"))],
  [/^hubs: the others cannot reach this one/, "hubs", () => said(t("trouble.unreached"), t("trouble.unreached_do"))],
  [/^hubs: (?<url>\S+) leads to another hub/, "hubs", ({ url = "" }) => said(t("trouble.misled", { url }), t("trouble.unreached_do"))],
  [/^hub (?<of>\d+): away/, "hubs", ({ of = "" }) => said(t("trouble.hub_away", { n: of }), t("trouble.hub_away_do"))],
  [/^clock: (?<days>[\d.]+) days ahead of what is known/, "clock", ({ days = "" }) => said(t("trouble.clock_ahead", { days }), t("trouble.clock_do"))],
  [/^clock: was set back by (?<hours>[\d.]+) h/, "clock", ({ hours = "" }) => said(t("trouble.clock_back", { hours }), t("trouble.clock_back_do"))],
  [/^clock: (?<s>\d+) s (?<way>ahead of|behind) the database's/, "clock", ({ s = "", way }) => said(t(way === "behind" ? "trouble.clock_behind" : "trouble.clock_before", { s }), t("trouble.clock_do"))],
  [/^backup: none of late/, "backup", () => said(t("trouble.backup_late"), t("trouble.backup_late_do"))],
  [/^backup: the last one came to nothing/, "backup", () => said(t("trouble.backup_failed"), t("trouble.backup_failed_do"))],
  [/^backup: the newest lacks (?<n>\d+) pictures or files/, "backup", ({ n = "" }) => said(t("trouble.backup_lacks", { n }), t("trouble.backup_lacks_do"))],
  [/^backup: (?<n>\d+) clips of other hubs are in none: (?<whose>.+)/, "backup", ({ n = "", whose = "" }) => said(t("trouble.backup_clips", { n, whose }), t("trouble.backup_clips_do"))],
  [/^backup: (?<n>\d+) dated ahead of the clock/, "backup", ({ n = "" }) => said(t("trouble.backup_ahead", { n }), t("trouble.clock_do"))],
  [/^disk: (?<left>[\d.]+) GiB left/, "disk", ({ left = "" }) => said(t("trouble.disk", { left }), t("trouble.disk_do"))],
  [/^recorder(-\d+)?: (?<why>.+)/, "recordings", ({ why = "" }) => said(t("trouble.recorder", { why: meaningOf(why) || why }), t("trouble.recorder_do"))],
  [/^plates: (?<why>.+)/, "cars", ({ why = "" }) => said(t("trouble.plates", { why }), t("trouble.plates_do"))],
  [/^passages: (?<n>\d+) wait for the readings/, "readings", ({ n = "" }) => said(t("trouble.passages", { n }), t("trouble.waits_do"))],
  [/^pictures: (?<n>\d+) of passages wait for the blobs/, "readings", ({ n = "" }) => said(t("trouble.pictures", { n }), t("trouble.waits_do"))],
  [/^(?<what>.+): what passed of late cannot be looked through/, "cars", ({ what = "" }) => said(t("trouble.blind", { what: word("judged_by", what) }), t("trouble.blind_do"))],
];

/** What is said in such a way is told in words; anything else as the hub says it, under what is left. */
export function troubleOf(sentence: string, isWrong: boolean): Trouble {
  for (const [pattern, part, words] of TROUBLES) {
    const found = pattern.exec(sentence);
    if (found !== null) return { part, of: found.groups?.["of"] ?? "", isWrong, ...words(found.groups ?? {}) };
  }
  return { part: "other", of: "", isWrong, is: sentence, todo: t("trouble.other_do") };
}
