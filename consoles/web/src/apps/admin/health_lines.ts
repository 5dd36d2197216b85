/** A line for each part of the hub: how it does, what is with it, what to do, and its figures. Pure. */

import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import { hubStanding, type Hub } from "../cameras/connected";
import { troubleOf, type Part, type Trouble } from "./health_troubles";
import type { Disk, Health, Link } from "./health_wire";

/** No fault, and said: `idle` had nothing to do yet, `unset` is not in use here, which may be what is wanted. */
export type Standing = "good" | "degraded" | "wrong" | "idle" | "unset";

export interface Line {
  readonly id: string;
  readonly part: string;
  readonly standing: Standing;
  /** What is with it, a sentence each. */
  readonly is: readonly string[];
  /** What to do, where something is. */
  readonly todo: readonly string[];
  readonly figures: readonly string[];
  /** Of 100, how full. */
  readonly full?: number;
}

/** A disk is told as short of room from here on, before the hub itself says so. */
const SCARCE_PART = 0.05;

/** What is said instead of that all is well, while nothing is wrong either. */
interface Otherwise {
  readonly standing: "idle" | "unset";
  readonly is: string;
  readonly todo?: string;
}

/** The lines of a hub and of those beside it, always in the same order; `hubs` are none for one that is alone. */
export function healthLines(health: Health, hubs: readonly Hub[], now_ms: number): Line[] {
  const troubles = [...health.wrong.map((each) => troubleOf(each, true)), ...health.degraded.map((each) => troubleOf(each, false))];
  const of = (part: Part, name = ""): readonly Trouble[] => troubles.filter((each) => each.part === part && (name === "" || each.of === name));
  const always: Line[] = [
    line("hub", t("health.hub"), of("hub"), t("health.hub_good"), [
      t("health.release", { release: health.version }), t("health.started", { at: at(health.started_at_ms, now_ms), span: format.duration(now_ms - health.started_at_ms) }),
      t("health.connected", { consoles: health.consoles, devices: health.devices }), health.hub,
    ]),
    line("journal", t("health.journal"), of("journal"), t("health.journal_good"), [
      word("journal_kind", health.journal.kind), t("health.seq", { n: format.count(health.journal.committed_seq) }), size(health.journal.facts_bytes),
    ]),
    vouched(health, of("vouching"), now_ms),
    snapshot(health, now_ms),
    backups(health, of("backup"), now_ms),
    ...health.disks.map((disk, n) => diskLine(disk, n, n === 0 ? of("disk") : [])),
    line("readings", t("health.readings"), of("readings"), t("health.readings_good"), readings(health)),
    line("clock", t("health.clock"), of("clock"), t("health.clock_good"), [at(health.now_ms, now_ms)]),
  ]; // prettier-ignore
  const links = health.links.map((link) => linkLine(link, of("links", link.name)));
  const known = new Set(health.links.map(({ name }) => name));
  const strays = of("links").filter((each) => !known.has(each.of)).map((each) => line(`link-${each.of}`, linkName(each.of), [each], "", []));
  return [...always, ...links, ...strays, ...hubLines(hubs, of("hubs")), ...rest(of)];
}

/** How all of it is, in a sentence, with the names of the parts that want somebody. */
export function summary(health: Health, lines: readonly Line[]): { readonly standing: Standing; readonly text: string } {
  const names = (standing: Standing): readonly string[] => [...new Set(lines.filter((each) => each.standing === standing).map(({ part }) => part))];
  const [wrong, degraded] = [names("wrong"), names("degraded")];
  const also = degraded.length === 0 ? "" : t("health.all_degraded", { n: degraded.length, names: degraded.join(t("list.comma")) });
  if (health.status !== "not_ready" && wrong.length === 0) return also === "" ? { standing: "good", text: t("health.all_good") } : { standing: "degraded", text: t("health.all_recording", { also }) };
  const text = t("health.all_wrong", { names: wrong.join(t("list.comma")) });
  return { standing: "wrong", text: also === "" ? text : [text, also].join(t("list.semicolon")) };
}

function line(id: string, part: string, troubles: readonly Trouble[], good: string, figures: readonly string[], otherwise?: Otherwise): Line {
  const told = figures.filter((each) => each !== "");
  if (troubles.length > 0) {
    const standing = troubles.some(({ isWrong }) => isWrong) ? "wrong" : "degraded";
    return { id, part, standing, is: troubles.map(({ is }) => is), todo: [...new Set(troubles.map(({ todo }) => todo))], figures: told };
  }
  if (otherwise !== undefined) return { id, part, standing: otherwise.standing, is: [otherwise.is], todo: otherwise.todo === undefined ? [] : [otherwise.todo], figures: told };
  return { id, part, standing: "good", is: [good], todo: [], figures: told };
}

function vouched({ journal }: Health, troubles: readonly Trouble[], now_ms: number): Line {
  const { signed_seq, signed_at_ms, anchored_seq, anchor_waiting } = journal;
  const outside = anchor_waiting === null ? "" : anchored_seq === null ? t("health.anchored_none") : t("health.anchored", { n: format.count(anchored_seq), waiting: anchor_waiting });
  const figures = [signed_seq === null ? t("health.signed_none") : t("health.signed", { n: format.count(signed_seq), when: ago(signed_at_ms, now_ms) }), outside];
  return line("vouching", t("health.vouching"), troubles, t("health.vouching_good"), figures, anchor_waiting === null ? { standing: "unset", is: t("health.anchors_unset"), todo: t("health.anchors_unset_do") } : undefined);
}

/** No backup at all is no choice that a county may make unseen: it is told as something to see to. */
function backups({ backup }: Health, troubles: readonly Trouble[], now_ms: number): Line {
  const { folder, last_at_ms, bytes, seq, every_ms } = backup;
  const name = t("health.backup");
  if (folder === null) return { id: "backup", part: name, standing: "degraded", is: [t("health.backup_unset")], todo: [t("health.backup_unset_do")], figures: [] };
  const newest = last_at_ms === null ? t("health.backup_never") : t("health.backup_last", { at: at(last_at_ms, now_ms), span: format.duration(now_ms - last_at_ms) });
  const upto = seq === null ? "" : t("health.seq", { n: format.count(seq) });
  return line("backup", name, troubles, t(last_at_ms === null ? "health.backup_first" : "health.backup_good"), [newest, size(bytes), upto, every_ms === null ? "" : t("health.backup_every", { span: format.duration(every_ms) }), folder]);
}

function diskLine(disk: Disk, n: number, troubles: readonly Trouble[]): Line {
  const { what, path, free_bytes, total_bytes } = disk;
  const name = t("health.disk", { what: word("disk_use", what) });
  if (free_bytes === null || total_bytes === null || total_bytes <= 0) {
    return { id: `disk-${n}`, part: name, standing: "degraded", is: [t("health.disk_unknown")], todo: [t("health.disk_unknown_do")], figures: [path] };
  }
  const figures = [t("health.disk_room", { free: format.bytes(free_bytes), total: format.bytes(total_bytes) }), path];
  const full = Math.floor((1 - free_bytes / total_bytes) * 100);
  const isScarce = troubles.length === 0 && free_bytes / total_bytes < SCARCE_PART && what !== "recordings"; // a ring of recordings is meant to be full
  if (isScarce) return { id: `disk-${n}`, part: name, standing: "degraded", is: [t("health.disk_scarce", { full })], todo: [t("trouble.disk_do")], figures, full };
  return { ...line(`disk-${n}`, name, troubles, t("health.disk_good", { full }), figures), full };
}

function readings({ readings: { days, bytes, oldest_day, keep_days } }: Health): string[] {
  return [days === null ? "" : t("health.days", { n: days, keep: keep_days }), size(bytes), oldest_day === null ? "" : t("health.oldest", { day: oldest_day })];
}

function linkLine({ name, state, waiting }: Link, troubles: readonly Trouble[]): Line {
  const figures = waiting === null ? [] : [t("health.waiting", { n: format.count(waiting) })];
  const told = troubles.length === 0 && state === "down" ? [troubleOf(`link ${name}: away`, false)] : troubles;
  return line(`link-${name}`, linkName(name), told, t("health.link_good"), figures, state === null ? { standing: "idle", is: t("health.link_untried") } : undefined);
}

/** Those of edge agents are named `edge.` and the agent, those of upper view libraries `viid.` and their id. */
function linkName(name: string): string {
  const [kind = "", ...rest] = name.split(".");
  const of = rest.join(".");
  return kind === "edge" ? t("accounts.agent", { name: of }) : kind === "viid" ? t("health.viid", { name: of }) : word("link", name);
}

function hubLines(hubs: readonly Hub[], troubles: readonly Trouble[]): Line[] {
  const ours = troubles.filter(({ of }) => !hubs.some(({ number }) => String(number) === of)).map((each, n) => line(`hubs-${n}`, t("health.hubs"), [each], "", []));
  const each = hubs.map((hub): Line => {
    const { words, bad } = hubStanding(hub);
    const figures = [hub.own ? t("hubs.this") : ""].filter((told) => told !== "");
    return { id: `hub-${hub.number}`, part: `${t("health.hub")} ${hub.url}`, standing: bad ? "degraded" : "good", is: [words], todo: bad ? [t("trouble.hub_away_do")] : [], figures };
  });
  return [...ours, ...each];
}

/** What is seen only while something is wrong with it. */
function rest(of: (part: Part) => readonly Trouble[]): Line[] {
  const parts: readonly (readonly [Part, string])[] = [["recordings", t("health.recordings")], ["cars", t("health.cars")], ["other", t("health.other")]];
  return parts.flatMap(([part, name]) => (of(part).length === 0 ? [] : [line(part, name, of(part), "", [])]));
}

function snapshot({ journal: { snapshot_seq, snapshot_at_ms } }: Health, now_ms: number): Line {
  const name = t("health.snapshot");
  if (snapshot_seq === null) return line("snapshot", name, [], "", [], { standing: "idle", is: t("health.snapshot_none") });
  return line("snapshot", name, [], t("health.snapshot_good"), [t("health.snapshot_at", { n: format.count(snapshot_seq), when: ago(snapshot_at_ms, now_ms) })]);
}

function ago(at_ms: number | null, now_ms: number): string {
  return at_ms === null ? t("health.when_unknown") : t("time.ago", { span: format.duration(now_ms - at_ms) });
}

function at(at_ms: number, now_ms: number): string {
  return format.instant(at_ms, now_ms);
}

function size(bytes: number | null): string {
  return bytes === null ? "" : format.bytes(bytes);
}
