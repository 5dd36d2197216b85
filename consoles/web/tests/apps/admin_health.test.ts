import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { healthLines, summary, type Line } from "../../src/apps/admin/health_lines";
import { TROUBLES, troubleOf } from "../../src/apps/admin/health_troubles";
import type { Health } from "../../src/apps/admin/health_wire";
import type { Hub } from "../../src/apps/cameras/connected";

const NOW_MS = Date.parse("2026-11-23T03:00:00+08:00");
const HOUR_MS = 3_600_000;
const READS_MS = 60_000;

const WELL: Health = {
  status: "ready", wrong: [], degraded: [], hub: "h1", version: "0.1.0", started_at_ms: NOW_MS - 2 * HOUR_MS, now_ms: NOW_MS,
  journal: { kind: "sqlite", committed_seq: 81_234, facts_bytes: 3e6, snapshot_seq: 80_000, snapshot_at_ms: NOW_MS - HOUR_MS, signed_seq: 81_000, signed_at_ms: NOW_MS - 60_000, anchored_seq: 81_000, anchor_waiting: 0 },
  readings: { days: 12, bytes: 5e9, oldest_day: "2026-11-12", keep_days: 180 },
  backup: { folder: "/mnt/backup", last_at_ms: NOW_MS - 5 * HOUR_MS, bytes: 8.1e9, seq: 80_900, every_ms: 24 * HOUR_MS, trouble: null },
  disks: [{ what: "data", path: "/var/triune", free_bytes: 60e9, total_bytes: 100e9 }],
  links: [{ name: "case", state: "up", waiting: 0 }],
  consoles: 4, devices: 60,
}; // prettier-ignore

function lineOf(health: Health, id: string, hubs: readonly Hub[] = []): Line {
  const found = healthLines(health, hubs, NOW_MS).find((each) => each.id === id);
  if (found === undefined) throw new Error(`no line ${id}`);
  return found;
}

describe("how the hub is, line by line (R989)", () => {
  it("is all well in a sentence, with the figures of each part", () => {
    const lines = healthLines(WELL, [], NOW_MS);
    expect(new Set(lines.map(({ standing }) => standing))).toEqual(new Set(["good"]));
    expect(summary(WELL, lines)).toEqual({ standing: "good", text: "一切正常" });
    expect(lineOf(WELL, "backup").figures).toEqual(["最近一份完好的：11/22 22:00:00（5 小时 00 分前）", "8.1 GB", "到第 80\u202f900 条", "每 1 天一次", "/mnt/backup"]);
    expect(lineOf(WELL, "vouching").figures).toEqual(["签到第 81\u202f000 条，1 分 00 秒前", "外部存到第 81\u202f000 条，待存 0 个"]);
    expect(lineOf(WELL, "disk-0")).toMatchObject({ is: ["已用 40%"], full: 40 });
  });

  it("says what is wrong, what it means and what to do, at the part that has it, and names what keeps it from recording first", () => {
    const ill: Health = { ...WELL, status: "not_ready", wrong: ["journal: cannot be written"], degraded: ["link case: away", "backup: none of late"] };
    expect(lineOf(ill, "journal")).toMatchObject({ standing: "wrong", is: ["记录写不进去，暂不受理"], todo: ["查磁盘是否已满、数据库是否在；恢复后自动接上"] });
    expect(lineOf(ill, "link-case")).toMatchObject({ standing: "degraded", is: ["对方连不上：内容在这里排着，不丢不重"] });
    expect(lineOf(ill, "backup").is).toEqual(["逾期：很久没有新的备份"]);
    expect(summary(ill, healthLines(ill, [], NOW_MS))).toEqual({ standing: "wrong", text: "不能记录，坐席已停止受理：记录（流水账）；2 项需要处理：备份、案卷服务" });
  });

  it("tells of no backups at all as something to see to, of no place outside as not in use", () => {
    const bare: Health = { ...WELL, backup: { folder: null, last_at_ms: null, bytes: null, seq: null, every_ms: null, trouble: null }, journal: { ...WELL.journal, anchored_seq: null, anchor_waiting: null } };
    expect(lineOf(bare, "backup").standing).toBe("degraded");
    expect(lineOf(bare, "vouching").standing).toBe("unset");
    expect(summary(bare, healthLines(bare, [], NOW_MS)).text).toBe("能受理、能记录；1 项需要处理：备份");
  });

  it("tells what nobody can tell, and keeps what it does not know in the hub's own words", () => {
    const odd: Health = { ...WELL, degraded: ["tea: is cold"], disks: [{ what: "backup", path: "/mnt", free_bytes: null, total_bytes: null }], journal: { ...WELL.journal, facts_bytes: null, snapshot_seq: null, snapshot_at_ms: null } };
    expect(lineOf(odd, "other")).toMatchObject({ standing: "degraded", is: ["tea: is cold"] });
    expect(lineOf(odd, "disk-0")).toMatchObject({ standing: "degraded", is: ["读不到这块盘的空间"] });
    expect(lineOf(odd, "snapshot").standing).toBe("idle");
  });

  it("tells of edge agents as of the links that they are", () => {
    const links = [{ name: "edge.gate", state: "down", waiting: 12 }, { name: "edge.lake", state: "up", waiting: 0 }, { name: "sms", state: null, waiting: 0 }] as const;
    const told = { ...WELL, degraded: ["link edge.gate: away"], links };
    expect(lineOf(told, "link-edge.gate")).toMatchObject({ part: "边缘节点 gate", standing: "degraded", is: ["连不上：它那边照常录像、识别，东西在那边存着"], figures: ["待送 12 条"] });
    expect([lineOf(told, "link-edge.lake").standing, lineOf(told, "link-sms").standing]).toEqual(["good", "idle"]);
    expect(lineOf({ ...told, degraded: [] }, "link-edge.gate").standing).toBe("degraded");
  });

  it("tells of a nearly full disk before the hub does, but not of a ring of recordings, which is meant to be full", () => {
    const full = (what: string): Health => ({ ...WELL, disks: [{ what, path: "/d", free_bytes: 2e9, total_bytes: 100e9 }] });
    expect(lineOf(full("backup"), "disk-0").standing).toBe("degraded");
    expect(lineOf(full("recordings"), "disk-0").standing).toBe("good");
  });

  it("has a line for each hub, and says of one that is away only once that it is", () => {
    const hubs: Hub[] = [{ number: 1, url: "https://a", own: true, away: false, unheard_ms: 0, has: {} }, { number: 2, url: "https://b", own: false, away: true, unheard_ms: 95_000, has: {} }];
    const lines = healthLines({ ...WELL, status: "degraded", degraded: ["hub 2: away"] }, hubs, NOW_MS);
    expect(lines.filter(({ standing }) => standing === "degraded").map(({ id, is }) => [id, is])).toEqual([["hub-2", ["失联 1 分 35 秒"]]]);
  });
});

describe("what the hub says of its parts (R989)", () => {
  it("is known by sentences that it still says", () => {
    const root = new URL("../../../../", import.meta.url);
    const files = ["command/links", "consoles/http", "consoles/parts", "streams/recorder"].flatMap((folder) =>
      readdirSync(new URL(folder, root), { recursive: true }).filter((name) => String(name).endsWith(".py")).map((name) => readFileSync(new URL(`${folder}/${String(name)}`, root), "utf8")),
    );
    // A number stands for each figure; what is said of a journal, backups, disks of recordings and services stands behind its part's name.
    const said = files.flatMap((text) => [...text.matchAll(/f?"((?:[^"\\]|\\.)*)"/g)].map(([, each = ""]) => each.replace(/\{[^}]*\}/g, "1")));
    const sentences = [...said, ...said.map((each) => `journal: ${each}`), ...said.map((each) => `backup: ${each}`), ...said.map((each) => `recorder: ${each}`), ...said.map((each) => `case: the service ${each}`), "clock: 12 s behind the database's, things are called late at the wrong time"];
    expect(TROUBLES.map(([pattern]) => pattern).filter((pattern) => !sentences.some((each) => pattern.test(each)))).toEqual([]);
  }, READS_MS);

  it("is told with its figures", () => {
    expect(troubleOf("disk: 1.2 GiB left", false)).toMatchObject({ part: "disk", is: "数据盘只剩 1.2 GiB；满了就不能记录", isWrong: false });
    expect(troubleOf("clock: 12 s behind the database's, things are called late at the wrong time", false).is).toBe("本机时钟比数据库慢 12 秒，超时会报晚");
    expect(troubleOf("recorder-2: does not answer", false).part).toBe("recordings");
    expect(troubleOf("approval: the service does not tell of changes yet: 401", false)).toMatchObject({ part: "links", of: "approval" });
    expect(troubleOf("the watch list: what passed of late cannot be looked through", false).is).toBe("布控：刚过的车暂时查不了，可能漏");
  });
});
