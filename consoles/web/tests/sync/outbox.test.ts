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
/** As the release before stored them. */
const before = { file: null, path: null, urgent: false, made_ms: 1, tries: 3, refused: null };
let factory: IDBFactory;
let time: FakeTime;
let sent: { key: string; request: Request }[];
let uploads: string[];
let fail: ((key: string) => Error | null) | null;
let actor: string | null;
let stillThere: boolean;
let uploading: Promise<object>;
let latest: readonly Entry[];
let heard: (() => void)[];
let waitingAtSent: number[];

function outbox(open: () => Promise<IDBDatabase> = () => openOutbox(factory)): Outbox {
  return new Outbox({
    open,
    time,
    actor: () => actor,
    confirm: () => Promise.resolve(stillThere),
    onSent: () => waitingAtSent.push(latest.length),
    onChange: (entries) => {
      latest = entries;
      for (const wake of heard.splice(0)) wake();
    },
    sender: {
      request: (request, key) => {
        const error = fail?.(key) ?? null;
        if (error !== null) return Promise.reject(error);
        sent.push({ key, request });
        return Promise.resolve({ seq: 1, subject: "" });
      },
      upload: (path, _file, key) => {
        uploads.push(`${path} ${key}`);
        return uploading;
      },
    },
  });
}

/** One whose database is open. */
async function ready(): Promise<Outbox> {
  const box = outbox();
  await new Promise<void>((resolve) => heard.push(resolve));
  await settling();
  return box;
}

async function settling(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
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
  stillThere = true;
  uploading = Promise.resolve({ sha256: "ab" });
  latest = [];
  heard = [];
  waitingAtSent = [];
});

describe("outbox", () => {
  it("sends what was added, in order, and forgets it", async () => {
    const box = outbox();
    for (const key of ["k1", "k2"]) await box.add({ key, actor: "a1", request: sign });
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["k1", "k2"]);
    expect(waitingAtSent.at(-1), "or a call for help would seem never made for a moment").toBe(1);
  });

  it("tries again with the same key until it is through, the order kept", async () => {
    fail = () => new UnreachableError("no net");
    const box = outbox();
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
    const box = await ready();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await until(() => latest[0]?.tries === 1);
    broken = false;
    await settling(); // lets the failed round set its timer
    time.pass(BACKOFF_FIRST_MS * 4);
    await until(() => latest.length === 0);
    expect(sent).toEqual([{ key: "k1", request: sign }]);
  });

  it("survives a restart of the page", async () => {
    fail = () => new UnreachableError("no net");
    await (await ready()).add({ key: "k1", actor: "a1", request: sos });
    await until(() => (latest[0]?.tries ?? 0) > 0);
    await settling();
    fail = null;
    outbox();
    await until(() => sent.length === 1 && latest.length === 0);
    expect(sent).toEqual([{ key: "k1", request: sos }]);
  });

  it("keeps what the hub refuses, with why, and goes on with the rest", async () => {
    fail = (key) => (key === "k1" ? new Problem(409, "conflict", "recalled") : null);
    const box = outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "k2", actor: "a1", request: sign });
    await until(() => sent.length === 1 && latest.length === 1);
    expect(latest[0]).toMatchObject({ key: "k1", refused: { code: "conflict", detail: "recalled" } });
    await box.dismiss("k1");
    expect(latest).toHaveLength(0);
  });

  it("lets SOS go first", async () => {
    fail = () => new UnreachableError("no net");
    const box = outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "sos", actor: "a1", request: sign, urgent: true });
    fail = null;
    box.kick();
    await until(() => latest.length === 0 && sent.length === 2);
    expect(sent.map(({ key }) => key)).toEqual(["sos", "k1"]);
  });

  it("never sends what another person typed", async () => {
    actor = null;
    const box = outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    actor = "a2";
    await box.add({ key: "k2", actor: "a2", request: sign });
    await until(() => sent.length === 1 && latest.length === 1);
    expect(sent[0]?.key).toBe("k2");
  });

  it("waits rather than refuses when the session has ended", async () => {
    fail = () => new Problem(401, "sign_in_required", "");
    const box = outbox();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await until(() => (latest[0]?.tries ?? 0) > 0);
    expect(latest[0]?.refused).toBeNull();
  });

  it("sends a file first and names it in the request", async () => {
    const box = outbox();
    await box.add({ key: "k1", actor: "a1", request: evidence, file: new Blob(["x"]), path: "/api/v1/blobs" });
    await until(() => sent.length === 1);
    expect(uploads).toEqual(["/api/v1/blobs k1-file"]);
    expect(sent[0]?.request).toEqual({ ...evidence, sha256: "ab" });
  });

  it("signs an order while a file is on its way, however long that takes (R1208)", async () => {
    uploading = new Promise(() => undefined);
    const box = outbox();
    await box.add({ key: "film", actor: "a1", request: evidence, file: new Blob(["x"]), path: "/api/v1/blobs" });
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add({ key: "k2", actor: "a1", request: sign });
    await until(() => latest.length === 1);
    expect(sent.map(({ key }) => key)).toEqual(["k1", "k2"]);
    expect(latest).toMatchObject([{ key: "film", refused: null }]);
  });

  it("lets no file that does not come through keep the others back (R1208)", async () => {
    const photo = { actor: "a1", request: evidence, file: new Blob(["x"]), path: "/api/v1/blobs" };
    fail = (key) => (key === "film" ? new UnreachableError("no net") : null);
    const box = await ready();
    await box.add({ ...photo, key: "film" });
    await until(() => latest[0]?.tries === 1);
    await box.add({ ...photo, key: "photo" });
    await until(() => latest.length === 1);
    expect(sent.map(({ key }) => key)).toEqual(["photo"]);
    fail = null;
    box.kick();
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["photo", "film"]);
  });

  it("refuses aloud when it is full", async () => {
    actor = null;
    const box = outbox();
    for (let i = 0; i < OUTBOX_ENTRIES; i += 1) await box.add({ key: `k${i}`, actor: "a1", request: sign });
    await expect(box.add({ key: "more", actor: "a1", request: sign })).rejects.toBeInstanceOf(OutboxFullError);
  });

  it("counts nobody else's against a person's room", async () => {
    actor = null;
    const box = outbox();
    for (let i = 0; i < OUTBOX_ENTRIES; i += 1) await box.add({ key: `k${i}`, actor: "a1", request: sign });
    await box.add({ key: "mine", actor: "a2", request: sign });
    expect(latest).toHaveLength(OUTBOX_ENTRIES + 1);
  });

  it("keeps live work and each rehearsal apart", async () => {
    actor = null;
    await outbox(() => openOutbox(factory, "r1")).add({ key: "k1", actor: "a1", request: sos, urgent: true });
    const live = outbox();
    await live.add({ key: "k2", actor: "a1", request: sign });
    expect((await live.entries()).map(({ key }) => key)).toEqual(["k2"]);
  });
});

describe("a call for help (R960, R961)", () => {
  const call = { key: "sos", actor: "a1", request: sos, urgent: true };

  it("has room where the outbox is full, goes first after a reload, and once", async () => {
    fail = () => new UnreachableError("no net");
    const box = outbox();
    for (let i = 0; i < OUTBOX_ENTRIES; i += 1) await box.add({ key: `k${i}`, actor: "a1", request: sign });
    await box.add(call);
    await box.add({ ...call, key: "again" });
    await expect(box.add({ key: "more", actor: "a1", request: sign })).rejects.toBeInstanceOf(OutboxFullError);
    fail = null;
    outbox();
    await until(() => latest.length === 0);
    expect(sent[0]).toEqual({ key: "sos", request: sos });
    expect(sent.filter(({ request }) => request.request === "raise_sos")).toHaveLength(1);
    expect(sent).toHaveLength(OUTBOX_ENTRIES + 1);
  });

  it("does not wait for what is being sent, and lets nothing else begin before it is through", async () => {
    let through: (answer: object) => void = () => undefined;
    uploading = new Promise((resolve) => (through = resolve));
    const box = outbox();
    await box.add({ key: "file", actor: "a1", request: evidence, file: new Blob(["x"]), path: "/api/v1/blobs" });
    await until(() => uploads.length === 1 || heard.length > 0);
    fail = (key) => (key === "sos" ? new UnreachableError("no net") : null);
    await box.add(call);
    await box.add({ key: "k2", actor: "a1", request: sign });
    await until(() => latest.some(({ key, tries }) => key === "sos" && tries > 0));
    through({ sha256: "ab" });
    await until(() => !latest.some(({ key }) => key === "file"));
    expect(sent.map(({ key }) => key)).toEqual(["file"]);
    fail = null;
    box.kick();
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["file", "sos", "k2"]);
  });

  it("goes although the database never opens, is seen to be trying at once, and goes again from memory", async () => {
    fail = () => new UnreachableError("no net");
    const box = outbox(() => new Promise(() => undefined));
    void box.add(call);
    expect(latest).toMatchObject([{ key: "sos", refused: null }]);
    expect(box.keeping).toBe(false);
    await until(() => latest[0]?.tries === 1);
    fail = null;
    box.kick();
    await until(() => latest.length === 0);
    expect(sent).toEqual([{ key: "sos", request: sos }]);
    expect(box.keeping).toBe(true);
  });

  it("goes where nothing can be kept, as everything does", async () => {
    fail = () => new UnreachableError("no net");
    const box = outbox(() => Promise.reject(new Error("not allowed")));
    await box.add({ key: "k1", actor: "a1", request: sign });
    await box.add(call);
    expect(box.keeping).toBe(false);
    fail = null;
    box.kick();
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["sos", "k1"]);
  });

  it("is kept as soon as the database is there, and sent once", async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    fail = () => new UnreachableError("no net");
    const box = outbox(() => opened.then(() => openOutbox(factory)));
    const kept = box.add(call);
    await until(() => (latest[0]?.tries ?? 0) > 0);
    open();
    await kept;
    expect(box.keeping).toBe(true);
    fail = null;
    outbox();
    await until(() => latest.length === 0);
    box.kick();
    await settling();
    expect(sent).toEqual([{ key: "sos", request: sos }]);
  });

  it("is called anew once it was refused", async () => {
    fail = (key) => (key === "sos" ? new Problem(409, "conflict", "") : null);
    const box = outbox();
    await box.add(call);
    await until(() => latest[0]?.refused !== null && latest.length === 1);
    await box.add({ ...call, key: "second" });
    await until(() => latest.length === 0);
    expect(sent.map(({ key }) => key)).toEqual(["second"]);
  });

  it("is never sent as another's, also where the session has changed hands behind the page", async () => {
    actor = "a2";
    const box = outbox();
    await box.add(call);
    actor = "a1";
    stillThere = false;
    box.kick();
    await settling();
    await box.add({ key: "k1", actor: "a1", request: sign });
    await settling();
    expect(sent).toEqual([]);
    expect(latest.map(({ key, refused }) => [key, refused])).toEqual([["sos", null], ["k1", null]]);
  });

  it("is found in what the release before stored, with the rest", async () => {
    const database = await openOutbox(factory);
    const store = database.transaction("entries", "readwrite").objectStore("entries");
    store.add({ ...before, key: "k1", actor: "a1", request: sign });
    store.add({ ...before, key: "theirs", actor: "a2", request: sign });
    store.add({ ...before, key: "sos", actor: "a1", request: sos, urgent: true });
    store.add({ ...before, key: "no", actor: "a1", request: sign, refused: { code: "conflict", detail: "" } });
    const box = outbox();
    await until(() => sent.length === 2 && latest.length === 2);
    expect(sent.map(({ key }) => key)).toEqual(["sos", "k1"]);
    expect(latest.map(({ key }) => key)).toEqual(["theirs", "no"]);
    await box.dismiss("no");
    expect(latest).toHaveLength(1);
  });
});
