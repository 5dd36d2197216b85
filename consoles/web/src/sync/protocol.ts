/** Reading the frames of the live socket. Their types are generated from the hub's own. */

import type { ActorInfo, Beat, Delta as Sealed, FromHub, Refused, Row, Snapshot as SealedWhole, Subscribe, TableFilter, TableName, Welcome } from "../wire";

export type { Beat, Refused, Row, Subscribe, TableName, Welcome };
/** A hub of an earlier release seals nothing. */
type Unsealed<Frame extends { seal: string }> = Omit<Frame, "seal"> & Partial<Pick<Frame, "seal">>;
export type Delta = Unsealed<Sealed>;
export type Snapshot = Unsealed<SealedWhole>;
export type Actor = ActorInfo;
/** What a page mirrors; an empty filter is the whole table. */
export type Subscription = Readonly<Partial<Record<TableName, TableFilter>>>;

/** Thrown for a frame that breaks the protocol; the connection is dropped and made anew. */
export class ProtocolError extends Error {}

const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  welcome: { space: "string", hub: "string", history: "string", actor: "object", now_ms: "number" },
  snapshot: { seq: "number", now_ms: "number", table: "string", rows: "object" },
  delta: { seq: "number", now_ms: "number", tables: "object" },
  beat: { seq: "number", now_ms: "number", accepting: "boolean" },
  refused: { status: "number", code: "string", detail: "string" },
};

/**
 * Read one frame. A message of a kind this release does not know is null, so that a newer hub can say more.
 * @throws ProtocolError when it is not JSON or a known message lacks a field.
 */
export function parseMessage(text: string): FromHub | null {
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
  return value as FromHub;
}
