import { describe, expect, it } from "vitest";
import { situation } from "../../src/apps/design/samples";
import { NO_DATA, symbolsOf } from "../../src/map/picture";
import { labelOf, weightiestFirst, type Symbol } from "../../src/map/symbols_layer";
import type { Level, SituationRow } from "../../src/wire";

const HERE = { lat: 29.144, lon: 113.116, text: "建设路 12 号" };
const at = (id: string, level: Level, ago_s: number, lat = HERE.lat): SituationRow => ({
  ...situation(id, level, id, "received", ago_s),
  place: { ...HERE, lat },
});
const drawn = (rows: readonly SituationRow[], chosen = ""): readonly Symbol[] =>
  symbolsOf({ ...NO_DATA, situations: new Map(rows.map((row) => [row.id, row])), chosen: new Set([chosen]) });

describe("situations on the map (R939)", () => {
  const rows = [at("北门溺水", 2, 500), at("早先", 4, 400), at("后来", 4, 10), at("别处", 1, 5, 29.2)];

  it("are drawn from the lowest level to the gravest, in whatever order they came", () => {
    expect(drawn(rows).map(({ id }) => id)).toEqual(["早先", "后来", "北门溺水", "别处"]);
    expect(drawn([...rows].reverse()).map(({ id }) => id)).toEqual(["早先", "后来", "北门溺水", "别处"]);
  });

  it("have the chosen one on top of all", () => {
    expect(drawn(rows, "早先").at(-1)?.id).toBe("早先");
  });

  it("say on the one on top how many lie there, and leave out what is over", () => {
    const over = { ...at("办结的", 1, 3), state: "closed" as const };
    expect(drawn([...rows, over]).map(({ stacked }) => stacked)).toEqual([1, 1, 3, 1]);
    const [, , top] = drawn(rows);
    if (top === undefined) throw new Error("nothing is drawn");
    expect(labelOf(top, 12, 1)).toBe("北门溺水 +2");
    expect(labelOf(top, 9, 1)).toBe("3");
    expect(labelOf({ ...top, stacked: 1 }, 9, 1)).toBe("");
  });

  it("give the name to the one that lies on top", () => {
    const labels = drawn(rows).map((symbol) => ({ symbol }));
    expect(weightiestFirst(labels).map(({ symbol }) => symbol.id)).toEqual(["别处", "北门溺水", "后来", "早先"]);
    const chosen = drawn(rows, "早先").map((symbol) => ({ symbol }));
    expect(weightiestFirst(chosen)[0]?.symbol.id).toBe("早先");
  });
});
