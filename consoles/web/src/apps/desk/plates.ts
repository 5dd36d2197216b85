/** Number plates that stand in what was said and written about a situation, to be looked up. Pure. */

import type { CallRow, HitRow, SituationRow } from "../../wire";
import type { Actor } from "../../sync/protocol";
import { hashOf } from "../tabs";
import { tabsOf } from "../vehicles/shared";
import { addressOf } from "../vehicles/search_ask";

/** As GA 36-2018 writes them, with or without the dot; what only looks like one costs nothing: it finds no passage. */
const PLATE = /[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-HJ-NP-Z][·.\s]?[A-HJ-NP-Z\d]{4,5}[A-HJ-NP-Z\d警学挂港澳使领]/gu;
/** More are no answer to which car is meant. */
const MOST = 6;

export function platesIn(texts: readonly string[]): readonly string[] {
  const found = texts.flatMap((text) => text.normalize("NFKC").toUpperCase().match(PLATE) ?? []).map((plate) => plate.replace(/[·.\s]/u, ""));
  return [...new Set(found)].slice(0, MOST);
}

/** The plates of a situation: of its hits first, then what callers said. */
export function platesOf(situation: SituationRow, hits: ReadonlyMap<string, HitRow>, calls: ReadonlyMap<string, CallRow>): readonly string[] {
  const read = situation.hits.flatMap((id) => hits.get(id)?.plate ?? []).toReversed();
  const said = situation.calls.flatMap((id) => Object.values(calls.get(id)?.form ?? {}));
  return [...new Set([...read, ...platesIn([situation.title, ...said])])].slice(0, MOST);
}

export function mayLookUp(actor: Actor): boolean {
  return tabsOf(actor).includes("search");
}

/** Where the car's passages are searched, with the situation as reason: one press from there to the record of the query. */
export function lookUpOf(plate: string, situation: SituationRow): string {
  return `/vehicles${hashOf("search", addressOf({ plate, reason: situation.title, case: situation.id }))}`;
}
