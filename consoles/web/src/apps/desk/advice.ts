/** The hub's advice for what is chosen: units to send, situations a call may be about. Asked again when what it rests on changes. */

import { Problem, UnreachableError } from "../../sync/api";
import type { Candidate, Recommendation } from "../../wire";
import type { Found } from "../vehicles/search_wire";
import { t } from "../../i18n/i18n";
import type { Desk } from "./context";

/** Units move all the time; asking more often than this would only make the list restless. */
const LEAST_MS = 5_000;
/** A query from the desk is about the last week; longer ones are made on the vehicles page. */
const LOOKED_BACK_MS = 7 * 24 * 3_600_000;

export class Advice {
  recommended: readonly Recommendation[] = [];
  candidates: readonly Candidate[] = [];
  private readonly onChange: () => void;
  private unitsOf = "";
  private units_ms = -Infinity;
  private callOf = "";

  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  /** Rows have changed: what was advised may rest on them. */
  stale(tables: ReadonlySet<string>): void {
    if (tables.has("orders")) this.units_ms = -Infinity;
    if (tables.has("situations")) this.callOf = "";
  }

  /** Ask what is missing for what is chosen now. Calls again cost nothing while an answer is fresh. */
  ask(desk: Desk): void {
    void this.askUnits(desk);
    void this.askCandidates(desk);
  }

  /** Look up sightings of a plate; the answer stands in the situation's record as a note, where all can see it. */
  async query(desk: Desk, plate: string, reason: string): Promise<void> {
    const ask = { plate, reason, case: desk.situation?.id ?? "", from_ms: desk.now_ms - LOOKED_BACK_MS, to_ms: desk.now_ms + 60_000, limit: 200 };
    const { sightings, next } = await desk.api.post<Found>(desk.api.inSpace("/api/v1/sightings/search"), ask);
    const text = t("query.results", { plate, n: `${sightings.length}${next === null ? "" : "+"}` });
    if (desk.situation !== null) await desk.ask({ request: "note_situation", situation: desk.situation.id, text });
  }

  private async askUnits(desk: Desk): Promise<void> {
    const { situation } = desk;
    const of = situation?.place == null ? "" : `${situation.id} ${situation.place.lat} ${situation.place.lon}`;
    if (of !== this.unitsOf) this.recommended = [];
    if (of === this.unitsOf && desk.now_ms - this.units_ms < LEAST_MS) return;
    this.unitsOf = of;
    this.units_ms = desk.now_ms;
    if (situation === null || of === "") return;
    const found = await this.get<readonly Recommendation[]>(desk, `/api/v1/situations/${encodeURIComponent(situation.id)}/recommendations`);
    if (found === null || of !== this.unitsOf) return;
    this.recommended = found;
    this.onChange();
  }

  private async askCandidates(desk: Desk): Promise<void> {
    const { call } = desk;
    const of = call === null ? "" : `${call.id} ${call.place?.lat ?? ""} ${call.place?.lon ?? ""} ${call.situation}`;
    if (of === this.callOf) return;
    if (!this.callOf.startsWith(`${call?.id ?? ""} `)) this.candidates = [];
    this.callOf = of;
    if (call === null || call.situation !== "") return;
    const found = await this.get<readonly Candidate[]>(desk, `/api/v1/calls/${encodeURIComponent(call.id)}/duplicates`);
    if (found === null || of !== this.callOf) return;
    this.candidates = found;
    this.onChange();
  }

  /** Advice that cannot be had is none: the desk works without it, and the connection's own state says why. */
  private async get<T>(desk: Desk, path: string): Promise<T | null> {
    try {
      return await desk.api.get<T>(path);
    } catch (error) {
      if (error instanceof Problem || error instanceof UnreachableError) return null;
      throw error;
    }
  }
}
