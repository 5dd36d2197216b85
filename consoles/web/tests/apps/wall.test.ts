import { describe, expect, it } from "vitest";
import { situation } from "../../src/apps/design/samples";
import { HOLD_MS, nextFocus, NO_FOCUS } from "../../src/apps/wall/focus";
import { hitShown, ofAnother } from "../../src/apps/wall/hit";
import { MM_PER_METRE, roomOf, USUAL_ROOM, wallScale } from "../../src/apps/wall/scale";
import type { AlarmRow, HitRow, SituationRow } from "../../src/wire";

const table = (...rows: SituationRow[]): ReadonlyMap<string, SituationRow> => new Map(rows.map((row) => [row.id, row]));
const grave = situation("grave", 1, "", "received", 100);
const older = situation("older", 3, "", "received", 100);
const newer = situation("newer", 3, "", "received", 10);

describe("focus of the wall", () => {
  it("is the gravest, then the newest change", () => {
    expect(nextFocus(NO_FOCUS, table(older, newer, grave), undefined, 1_000).situation).toBe("grave");
    expect(nextFocus(NO_FOCUS, table(older, newer), undefined, 1_000).situation).toBe("newer");
    expect(nextFocus(NO_FOCUS, table(), undefined, 1_000).situation).toBe("");
  });

  it("stays for twenty seconds, but not when something graver comes", () => {
    const shown = { situation: "older", by: "", since_ms: 0 };
    expect(nextFocus(shown, table(older, newer), undefined, HOLD_MS - 1).situation).toBe("older");
    expect(nextFocus(shown, table(older, newer), undefined, HOLD_MS).situation).toBe("newer");
    expect(nextFocus(shown, table(older, grave), undefined, 1).situation).toBe("grave");
  });

  it("leaves what is closed or merged at once", () => {
    const shown = { situation: "older", by: "", since_ms: 0 };
    expect(nextFocus(shown, table({ ...older, state: "closed" }, newer), undefined, 1).situation).toBe("newer");
    expect(nextFocus(shown, table({ ...older, merged_into: "newer" }, newer), undefined, 1).situation).toBe("newer");
  });

  it("is what a desk has sent, with who did, until it is closed or let go", () => {
    const pinned = { id: "wall", situation: "older", by: "李涛", at_ms: 0 };
    const shown = nextFocus(NO_FOCUS, table(older, grave), pinned, 5);
    expect(shown).toEqual({ situation: "older", by: "李涛", since_ms: 5 });
    expect(nextFocus(shown, table(older, grave), pinned, 60_000)).toBe(shown);
    expect(nextFocus(shown, table(older, grave), undefined, 6)).toMatchObject({ situation: "grave", by: "" });
    expect(nextFocus(shown, table({ ...older, state: "closed" }, grave), pinned, 6).situation).toBe("grave");
  });
});

describe("the plate hit on the wall (R1083)", () => {
  const hit = (id: string, of: string, seen_ms: number, fields: Partial<HitRow> = {}): HitRow => ({ id, plate: id, situation: of, seen_ms, rejected_why: "", ...fields }) as HitRow;
  const byId = <R extends { id: string }>(...rows: R[]): ReadonlyMap<string, R> => new Map(rows.map((row) => [row.id, row]));
  const raised = (...plates: string[]): ReadonlyMap<string, AlarmRow> => byId(...plates.map((plate) => ({ id: plate, kind: "plate_hit", state: "raised", subject: plate }) as AlarmRow));
  const merged = { ...situation("merged", 3, "", "closed", 1), merged_into: "grave" };
  const situations = table(grave, { ...older, title: "布控车辆 粤B7Q150" }, merged);

  it("is the newest of the one in focus, whichever came of others since", () => {
    const hits = byId(hit("old", "grave", 1), hit("own", "grave", 2), hit("other", "older", 9));
    expect(hitShown(hits, raised("other"), situations, "grave")?.id).toBe("own");
    expect(hitShown(byId(hit("own", "merged", 2), hit("other", "older", 9)), raised("other"), situations, "grave")?.id).toBe("own");
    expect(hitShown(byId(hit("own", "grave", 2, { rejected_why: "误读" }), hit("other", "older", 9)), raised("other"), situations, "grave")?.id).toBe("other");
  });

  it("is one of others only until somebody took it, and says whose it is", () => {
    const other = hit("other", "older", 9);
    expect(hitShown(byId(other), raised("other"), situations, "grave")).toBe(other);
    expect(hitShown(byId(other), raised(), situations, "grave")).toBeNull();
    expect(ofAnother(other, situations, "grave")).toBe("属另一警情：布控车辆 粤B7Q150");
    expect(ofAnother(hit("gone", "gone", 9), situations, "grave")).toBe("不属本警情");
    expect([ofAnother(hit("own", "merged", 9), situations, "grave"), ofAnother(other, situations, "")]).toEqual(["", ""]);
  });
});

describe("size of the wall's type", () => {
  it("is 4.65 mm a metre or more at every size of screen", () => {
    for (const screen_px of [1_080, 2_160]) {
      const smallest_px = 13 * wallScale(USUAL_ROOM, screen_px) * 0.92;
      const smallest_mm = (smallest_px * USUAL_ROOM.height_m * 1_000) / screen_px;
      expect(smallest_mm).toBeGreaterThanOrEqual(MM_PER_METRE * USUAL_ROOM.distance_m - 1e-9);
    }
  });

  it("reads the room from the address and keeps nonsense out", () => {
    expect(roomOf("?distance=12&height=3")).toEqual({ distance_m: 12, height_m: 3 });
    expect(roomOf("?distance=-4&height=abc")).toEqual({ distance_m: 1, height_m: USUAL_ROOM.height_m });
    expect(wallScale({ distance_m: 1, height_m: 10 }, 1_080)).toBe(1);
  });
});
