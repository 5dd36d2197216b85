/** The messages of the live socket, as they are on the wire. Rows stay opaque here; screens give them their types. */

export type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<string, Row>>;
/** One filter per table, equal to a row's field; an empty filter is the whole table. */
export type Subscription = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly unit: string | null;
}

export interface Subscribe {
  readonly type: "subscribe";
  readonly tables: Subscription;
  readonly after: number | null;
}

export interface Welcome {
  readonly type: "welcome";
  readonly space: string;
  readonly hub: string;
  readonly version: string;
  readonly actor: Actor;
  readonly now_ms: number;
}

export interface Snapshot {
  readonly type: "snapshot";
  readonly seq: number;
  readonly now_ms: number;
  readonly table: string;
  readonly rows: Rows;
}

export interface Delta {
  readonly type: "delta";
  readonly seq: number;
  readonly now_ms: number;
  readonly tables: Readonly<Record<string, Readonly<Record<string, Row | null>>>>;
}

export interface Beat {
  readonly type: "beat";
  readonly seq: number;
  readonly now_ms: number;
  readonly accepting: boolean;
}

export interface Refused {
  readonly type: "refused";
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export type ServerMessage = Welcome | Snapshot | Delta | Beat | Refused;

/** Thrown for a frame that breaks the protocol; the connection is dropped and made anew. */
export class ProtocolError extends Error {}

const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  welcome: { space: "string", hub: "string", actor: "object", now_ms: "number" },
  snapshot: { seq: "number", now_ms: "number", table: "string", rows: "object" },
  delta: { seq: "number", now_ms: "number", tables: "object" },
  beat: { seq: "number", now_ms: "number", accepting: "boolean" },
  refused: { status: "number", code: "string", detail: "string" },
};

/**
 * Read one frame. A message of a kind this release does not know is null, so that a newer hub can say more.
 * @throws ProtocolError when it is not JSON or a known message lacks a field.
 */
export function parseMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError("frame is not JSON");
  }
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    throw new ProtocolError("frame has no type");
  }
  const required = REQUIRED[value.type];
  if (required === undefined) return null;
  const fields = value as unknown as Record<string, unknown>;
  for (const [name, kind] of Object.entries(required)) {
    if (typeof fields[name] !== kind || fields[name] === null) throw new ProtocolError(`${value.type} lacks ${name}`);
  }
  return value as ServerMessage;
}
