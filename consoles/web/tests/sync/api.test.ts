import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api, ASKED_AGAIN_MS, fileNameOf, Problem, problemFrom, readCookie, sha256Of, UnreachableError } from "../../src/sync/api";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const answer_call = { request: "answer_call", call: "c1" } as const;
let server: Server;
let seen: Seen[];
let answer: { status: number; body: string | Buffer; headers?: Record<string, string> };
let signedOut: number;
let api: Api;

beforeEach(async () => {
  seen = [];
  signedOut = 0;
  answer = { status: 200, body: "{}" };
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  api = new Api({
    fetch: (path, options) => fetch(`http://127.0.0.1:${port}${String(path)}`, options),
    cookies: () => "other=1; triune_csrf=tok%2Fen",
    base: () => "",
    uuid: () => "u-1",
    space: "live",
    onSignedOut: () => (signedOut += 1),
  });
});

afterEach(() => server.close());

describe("api", () => {
  it("sends a request with its key and the token of the cookie", async () => {
    answer.body = '{"seq":7,"subject":"c1"}';
    expect(await api.request(answer_call)).toEqual({ seq: 7, subject: "c1" });
    expect(seen[0]).toMatchObject({ method: "POST", url: "/api/v1/requests", body: '{"request":"answer_call","call":"c1"}' });
    expect(seen[0]?.headers).toMatchObject({ "idempotency-key": "u-1", "x-csrf-token": "tok/en" });
    await api.request(answer_call, "again");
    expect(seen[1]?.headers["idempotency-key"]).toBe("again");
  });

  it("takes a file byte by byte, with its name and hash, or the refusal (R1064)", async () => {
    const data = Buffer.from([0xef, 0xbb, 0xbf, 0xe5, 0xb7, 0xa1, 0x0d, 0x0a]);
    const name = "轨迹_巡 1_q7.csv";
    answer = {
      status: 200,
      body: data,
      headers: {
        "Content-Disposition": `attachment; filename="track-q7.csv"; filename*=UTF-8''${encodeURIComponent(name)}`,
        "Repr-Digest": "sha-256=:q80BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4=:",
      },
    };
    const file = await api.file("/api/v1/positions/track/file", { unit: "u1" });
    expect([...new Uint8Array(await file.data.arrayBuffer())], "the mark too").toEqual([...data]);
    expect(file.name).toBe(name);
    expect(file.sha256).toBe("abcd0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
    expect(seen[0]).toMatchObject({ method: "POST", body: '{"unit":"u1"}' });
    expect(seen[0]?.headers).toMatchObject({ "x-csrf-token": "tok/en" });
    answer = { status: 413, body: '{"code":"too_large","detail":"a file holds 5 lines; ask for less time"}' };
    await expect(api.file("/api/v1/positions/track/file", {})).rejects.toMatchObject({ code: "too_large" });
    expect([fileNameOf('attachment; filename="a.csv"'), fileNameOf("inline"), sha256Of("md5=:AA==:")]).toEqual(["a.csv", "", ""]);
  });

  it("names the space of a rehearsal", async () => {
    const rehearsal = new Api({ ...api.options, space: "r 1" });
    await rehearsal.get("/api/v1/sightings?plate=x");
    await rehearsal.request(answer_call);
    expect(seen.map(({ url }) => url)).toEqual(["/api/v1/sightings?plate=x&space=r%201", "/api/v1/requests?space=r%201"]);
  });

  it("throws what the hub answered", async () => {
    answer = { status: 409, body: '{"type":"about:blank","code":"conflict","detail":"already answered"}' };
    await expect(api.request(answer_call)).rejects.toMatchObject({ status: 409, code: "conflict", detail: "already answered", passing: false });
    answer = { status: 503, body: "<html>" };
    await expect(api.request(answer_call)).rejects.toMatchObject({ status: 503, code: "http_503", passing: true });
  });

  it("notices that the session ended, but not from a wrong password", async () => {
    answer = { status: 401, body: '{"code":"sign_in_required","detail":""}' };
    await expect(api.get("/api/v1/x")).rejects.toBeInstanceOf(Problem);
    expect(signedOut).toBe(1);
    await expect(api.signIn("a", "b")).rejects.toBeInstanceOf(Problem);
    expect(await api.session()).toBeNull();
    expect(signedOut).toBe(1);
  });

  it("tells no answer from a bad one", async () => {
    server.close();
    server.closeAllConnections();
    await expect(api.request(answer_call)).rejects.toBeInstanceOf(UnreachableError);
  });

  it("asks again with the same key what got no answer, and with a new one what was answered, or is asked much later (R930)", async () => {
    let keys = 0;
    const own = new Api({ ...api.options, uuid: () => `u-${(keys += 1)}` });
    const note = { request: "note_situation", situation: "s1", text: "二楼有人" } as const;
    const now_ms = vi.spyOn(performance, "now").mockReturnValue(1_000);
    const asked = async (status: number, request: typeof note | typeof answer_call = note): Promise<string | undefined> => {
      answer = { status, body: "{}" };
      await own.request(request).catch(() => undefined);
      return seen.at(-1)?.headers["idempotency-key"] as string | undefined;
    };
    expect(await asked(504), "a proxy gave up").toBe("u-1");
    expect(await asked(503, answer_call), "another one is another one").toBe("u-2");
    expect(await asked(503)).toBe("u-1");
    expect(await asked(200)).toBe("u-1");
    expect(await asked(409)).toBe("u-3");
    expect(await asked(503), "a refusal is an answer").toBe("u-4");
    now_ms.mockReturnValue(1_000 + ASKED_AGAIN_MS);
    expect(await asked(200), "as meant anew").toBe("u-5");
    now_ms.mockRestore();
    const port = (server.address() as AddressInfo).port;
    let lost = true;
    const losing = new Api({
      ...own.options,
      fetch: async (path, options) => {
        const response = await fetch(`http://127.0.0.1:${port}${String(path)}`, options);
        if (lost) throw new TypeError("the answer was lost on the way");
        return response;
      },
    });
    await expect(losing.request(note)).rejects.toBeInstanceOf(UnreachableError);
    lost = false;
    await losing.request(note);
    const [first, second] = seen.slice(-2);
    expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
  });

  it("reads cookies and problems that are odd", () => {
    expect(readCookie("a=b=c; d=", "a")).toBe("b=c");
    expect(readCookie("", "a")).toBeNull();
    expect(problemFrom(500, "null")).toMatchObject({ code: "http_500" });
  });
});
