import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { Problem, UnreachableError } from "../../src/sync/api";
import { BACKOFF_FIRST_MS } from "../../src/sync/backoff";
import { type Entry, openOutbox, Outbox, OUTBOX_ENTRIES, OutboxFullError } from "../../src/sync/outbox";
import type { Request } from "../../src/wire";
import { FakeTime } from "../fake_time";

const sign: Request = { request: "step_order", order: "o1", step: "signed" };
const sos: Request = { request: "raise_sos", unit: "u1" };
const evidence: Request = { request: "fix_evidence", situation: "s1", sha256: "", media_type: "", size: 1, name: "x", taken_ms: 1 };
let factory: IDBFactory;
let time: FakeTime;
let sent: { key: string; request: Request }[];
let uploads: string[];
let fail: ((key: string) => Error | null) | null;
let actor: string | null;
let latest: readonly Entry[];
let heard: (() => void)[];

async function outbox(): Promise<Outbox> {
  return new Outbox({
    database: await openOutbox(factory),
    time,
    actor: () => actor,
    onChange: (entries) => {
      latest = entries;
      for (const wake of heard.splice(0)) wake();
    },
    sender: {
      request: (request, key) => {
        const error = fail?.(key) ?? null;
        if (error !== null) return Promise.reject(error);
        sent.push({ key, request });
        return Promise.resolve({});
      },
      upload: (path, _file, key) => {
        uploads.push(`${path} ${key}`);
        return Promise.resolve({ sha256: "ab" });
      },
    },
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => heard.push(resolve));
}

beforeEach(() => {
  factory = new IDBFactory();
  time = new FakeTime();
  sent = [];
  uploads = [];
  fail = null;
  actor = "a1";
  latest = [];
  heard = [];
});

describe("outbox", () => {
  it("sends what was added, in order, and forgets it", async () => {
    const box = await outbox();
    for (const key of ["k1", "k2"]) await box.add({ key, actor: "a1", request: sign });
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["k1", "k2"]);
  });

  it("tries again with the same key until it is through, the order kept", async () => {
    fail = () => new UnreachableError("no net");
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "k2", actor: "a1", request: sign });
    await until(() => (latest[0]?.tries ?? 0) > 0);
    expect(latest).toHaveLength(2);
    fail = null;
    box.kick();
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["k1", "k2"]);
  });

  it("tries again by itself after the back-off", async () => {
    let broken = true;
    fail = () => (broken ? new Problem(503, "unavailable", "") : null);
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await until(() => latest[0]?.tries === 1);
    broken = false;
    await new Promise((resolve) => setImmediate(resolve)); // lets the failed round set its timer
    time.pass(BACKOFF_FIRST_MS * 4);
    await until(() => latest.length === 0);
    expect(sent).toEqual([{ key: "k1", request: sign }]);
  });

  it("survives a restart of the page", async () => {
    fail = () => new UnreachableError("no net");
    await (await outbox()).add({ key: "k1", actor: "a1", request: sos });
    await until(() => latest[0]?.tries === 1);
    fail = null;
    const later = await outbox();
    expect(await later.entries()).toMatchObject([{ key: "k1", request: sos }]);
    later.kick();
    await until(() => sent.length === 1 && latest.length === 0);
  });

  it("keeps what the hub refuses, with why, and goes on with the rest", async () => {
    fail = (key) => (key === "k1" ? new Problem(409, "conflict", "recalled") : null);
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "k2", actor: "a1", request: sign });
    await until(() => sent.length === 1 && latest.length === 1);
    expect(latest[0]).toMatchObject({ key: "k1", refused: { code: "conflict", detail: "recalled" } });
    await box.dismiss(latest[0]?.id ?? 0);
    expect(latest).toHaveLength(0);
  });

  it("lets SOS go first", async () => {
    fail = () => new UnreachableError("no net");
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "sos", actor: "a1", request: sign, urgent: true });
    fail = null;
    box.kick();
    await until(() => latest.length === 0 && sent.length === 2);
    expect(sent.map(({ key }) => key)).toEqual(["sos", "k1"]);
  });

  it("never sends what another person typed", async () => {
    actor = null;
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    actor = "a2";
    await box.add({ key: "k2", actor: "a2", request: sign });
    await until(() => sent.length === 1 && latest.length === 1);
    expect(sent[0]?.key).toBe("k2");
  });

  it("waits rather than refuses when the session has ended", async () => {
    fail = () => new Problem(401, "sign_in_required", "");
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await until(() => latest[0]?.tries === 1);
    expect(latest[0]?.refused).toBeNull();
  });

  it("sends a file first and names it in the request", async () => {
    const box = await outbox();
    await box.add({ key: "k1", actor: "a1", request: evidence, file: new Blob(["x"]), path: "/api/v1/blobs" });
    await until(() => sent.length === 1);
    expect(uploads).toEqual(["/api/v1/blobs k1-file"]);
    expect(sent[0]?.request).toEqual({ ...evidence, sha256: "ab" });
  });

  it("refuses aloud when it is full", async () => {
    actor = null;
    const box = await outbox();
    for (let i = 0; i < OUTBOX_ENTRIES; i += 1) await box.add({ key: `k${i}`, actor: "a1", request: sign });
    await expect(box.add({ key: "more", actor: "a1", request: sign })).rejects.toBeInstanceOf(OutboxFullError);
  });
});
