/** HTTP to the hub: requests with an idempotency key, reads, uploads, and its errors as they are (RFC 9457). */

import type { Request } from "../wire";
import type { Actor } from "./protocol";

export const TIMEOUT_MS = 10_000;
export const UPLOAD_TIMEOUT_MS = 120_000;
/** Who asks the very same so soon after no answer came means the same: a hub that had it after all does it once. */
export const ASKED_AGAIN_MS = 120_000;
/** Requests without an answer that are remembered for that; the oldest is forgotten first. */
const MOST_UNANSWERED = 50;

/** The hub answered, and the answer is no. `code` is stable and translated on screen; `detail` is for people. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What else the answer says, by its own names (RFC 9457, extension members). */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, detail: string, more: Readonly<Record<string, unknown>> = {}) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.more = more;
  }

  /** The same request may well succeed later, unchanged. */
  get passing(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 425 || this.status === 429;
  }
}

/** No answer came. Whether the hub took the request is not known; sending it again with the same key is safe. */
export class UnreachableError extends Error {}

/** What a request is told: up to which sequence number it is so, and the id of what it was about. */
export interface Answer {
  readonly seq: number;
  readonly subject: string;
}

/** A file that the hub made, under the name that it gave; `sha256` in hexadecimal, empty where it did not say. */
export interface MadeFile {
  readonly name: string;
  readonly data: Blob;
  readonly sha256: string;
}

export interface ApiOptions {
  readonly fetch: typeof fetch;
  readonly cookies: () => string;
  readonly uuid: () => string;
  /** Origin of the hub to ask, or nothing for the page's own. */
  readonly base: () => string;
  /** The world that is asked and changed: `live`, or a rehearsal. */
  readonly space: string;
  /** Called on 401 to anything but a sign-in: the session has ended. */
  readonly onSignedOut: () => void;
}

export class Api {
  readonly options: ApiOptions;
  /** The keys of requests to which no answer came, by what they ask. */
  private readonly unanswered = new Map<string, { readonly key: string; readonly at_ms: number }>();

  constructor(options: ApiOptions) {
    this.options = options;
  }

  /** Ask for a change. The same `key` again gets the first answer, whatever happened in between. Without one, what got no answer is asked with the key it had. */
  async request(request: Request, key?: string): Promise<Answer> {
    const path = this.inSpace("/api/v1/requests");
    const body = JSON.stringify(request);
    const before = this.unanswered.get(body);
    const soon = before !== undefined && performance.now() - before.at_ms < ASKED_AGAIN_MS;
    const used = key ?? (soon ? before.key : this.options.uuid());
    this.unanswered.delete(body);
    try {
      return (await this.send("POST", path, body, { "Content-Type": "application/json", "Idempotency-Key": used })) as Answer;
    } catch (error) {
      if (!(error instanceof Problem) || error.passing) this.remember(body, used);
      throw error;
    }
  }

  private remember(body: string, key: string): void {
    this.unanswered.set(body, { key, at_ms: performance.now() });
    for (const oldest of this.unanswered.keys()) {
      if (this.unanswered.size <= MOST_UNANSWERED) break;
      this.unanswered.delete(oldest);
    }
  }

  /** A path with the space it is about. */
  inSpace(path: string): string {
    if (this.options.space === "live") return path;
    return `${path}${path.includes("?") ? "&" : "?"}space=${encodeURIComponent(this.options.space)}`;
  }

  /** With a `timeout_ms` of its own where the hub asks others first. */
  async get<T>(path: string, timeout_ms: number = TIMEOUT_MS): Promise<T> {
    return (await this.send("GET", this.inSpace(path), null, {}, timeout_ms)) as T;
  }

  async post<T>(path: string, body: object, timeout_ms: number = TIMEOUT_MS): Promise<T> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": this.options.uuid() };
    return (await this.send("POST", path, JSON.stringify(body), headers, timeout_ms)) as T;
  }

  /** As `post`, where the answer is a file. */
  async file(path: string, body: object, timeout_ms: number = TIMEOUT_MS): Promise<MadeFile> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": this.options.uuid() };
    const [{ headers: said }, data] = await this.fetched("POST", path, JSON.stringify(body), headers, timeout_ms, (response) => response.blob());
    return { name: fileNameOf(said.get("Content-Disposition") ?? ""), data, sha256: sha256Of(said.get("Repr-Digest") ?? "") };
  }

  async put<T = void>(path: string, body: object): Promise<T> {
    return (await this.send("PUT", path, JSON.stringify(body), { "Content-Type": "application/json" })) as T;
  }

  async delete(path: string): Promise<void> {
    await this.send("DELETE", path, null, {});
  }

  async upload<T>(path: string, file: Blob, key: string = this.options.uuid(), timeout_ms: number = UPLOAD_TIMEOUT_MS): Promise<T> {
    const headers = { "Content-Type": file.type || "application/octet-stream", "Idempotency-Key": key };
    return (await this.send("POST", path, file, headers, timeout_ms)) as T;
  }

  async signIn(name: string, password: string): Promise<Actor> {
    return (await this.post<{ actor: Actor }>("/api/v1/session", { name, password })).actor;
  }

  /** Who is signed in, or null. */
  async session(): Promise<Actor | null> {
    try {
      return (await this.get<{ actor: Actor }>("/api/v1/session")).actor;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  }

  async signOut(): Promise<void> {
    await this.send("DELETE", "/api/v1/session", null, {});
  }

  private async send(
    method: string,
    path: string,
    body: string | Blob | null,
    headers: Record<string, string>,
    timeout_ms: number = TIMEOUT_MS,
  ): Promise<unknown> {
    const [{ status }, text] = await this.fetched(method, path, body, headers, timeout_ms, (response) => response.text());
    return text === "" ? null : parse(text, status);
  }

  /** The answer and its body, as it is read, unless the hub says no. */
  private async fetched<T>(
    method: string,
    path: string,
    body: string | Blob | null,
    headers: Record<string, string>,
    timeout_ms: number,
    read: (response: Response) => Promise<T>,
  ): Promise<readonly [Response, T]> {
    const csrf = readCookie(this.options.cookies(), "triune_csrf");
    if (method !== "GET" && csrf !== null) headers["X-CSRF-Token"] = csrf;
    const base = this.options.base();
    let response: Response;
    let text: string;
    try {
      response = await this.options.fetch(base + path, {
        method,
        headers: { Accept: "application/json", ...headers },
        body,
        credentials: base === "" ? "same-origin" : "include",
        cache: "no-store",
        signal: AbortSignal.timeout(timeout_ms),
      });
      if (response.ok) return [response, await read(response)];
      text = await response.text();
    } catch (error) {
      throw new UnreachableError(error instanceof Error ? error.message : String(error));
    }
    if (response.status === 401 && !path.startsWith("/api/v1/session")) this.options.onSignedOut();
    throw problemFrom(response.status, text);
  }
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(status, "not_json", text.slice(0, 200));
  }
}

/** Problem details, or the bare status where a proxy answered instead of the hub. */
export function problemFrom(status: number, text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) {
      const fields = value as Record<string, unknown>;
      const detail = fields["detail"] ?? fields["title"] ?? "";
      return new Problem(status, String(fields["code"] ?? `http_${status}`), String(detail), fields);
    }
  } catch {
    // Not JSON: fall through to the bare status.
  }
  return new Problem(status, `http_${status}`, "");
}

/** The name of a file in `Content-Disposition` (RFC 6266, RFC 8187), or nothing. */
export function fileNameOf(disposition: string): string {
  const extended = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="([^"]*)"/i.exec(disposition)?.[1] ?? "";
}

/** The SHA-256 of `Repr-Digest` (RFC 9530) in hexadecimal, or nothing. */
export function sha256Of(digest: string): string {
  const value = /sha-256=:([A-Za-z0-9+/]+=*):/.exec(digest)?.[1] ?? "";
  return [...atob(value)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

export function readCookie(cookies: string, name: string): string | null {
  for (const part of cookies.split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return decodeURIComponent(value.join("="));
  }
  return null;
}
