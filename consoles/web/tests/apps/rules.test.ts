import { expect, test } from "vitest";
import { apart_m, contains, dayBegins, dayEnds, dayOf, exemptOf, exemptText, instantOf, listedRules, restrictionOf, ringOf, ringText, sectionOf } from "../../src/apps/vehicles/rules_words";
import type { RegionsRow, SectionRow } from "../../src/wire";

function form(values: Record<string, string | string[]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) for (const each of [value].flat()) data.append(name, each);
  return data;
}

test("days are the county's, and a certificate is good through its last day", () => {
  expect(dayBegins("2026-11-22")).toBe(Date.UTC(2026, 10, 21, 16));
  expect(dayEnds("2026-11-22") - dayBegins("2026-11-22")).toBe(86_400_000);
  expect(dayOf(dayEnds("2026-11-22"), true)).toBe("2026-11-22");
  expect(dayOf(dayBegins("2026-11-22"))).toBe("2026-11-22");
  expect(dayBegins("tomorrow")).toBeNaN();
});

test("a polygon is read and written, and none that leaves the picture", () => {
  expect(ringOf("0,0 0.5,0.25 1，1")).toEqual([[0, 0], [0.5, 0.25], [1, 1]]);
  expect(ringText(ringOf("0.1,0.2 0.33333,0.4 0.5,0.6") ?? [])).toBe("0.1,0.2 0.333,0.4 0.5,0.6");
  for (const text of ["", "0,0 1,1", "0,0 1,1 2,0", "0,0 1,x 1,1", "0 1 1"]) expect(ringOf(text)).toBeNull();
});

test("exempt plates are lines, and the first that is none is named", () => {
  const lines = "湘F12345 运钞车 2026-12-31\n\n湘F80345 校车 早晚 2027-01-01";
  const exempt = exemptOf(lines);
  expect(exempt).toMatchObject([{ plate: "湘F12345", why: "运钞车" }, { plate: "湘F80345", why: "校车 早晚" }]);
  expect(exemptText(exempt as Exclude<typeof exempt, number>)).toBe(lines.replace("\n\n", "\n"));
  expect(exemptOf("湘F12345 运钞车 2026-12-31\n湘F80345 明天")).toBe(2);
});

test("a section is asked for as it is typed", () => {
  const point = (end: string) => ({ [`${end}_camera`]: `k-${end}`, [`${end}_device`]: "GD", [`${end}_clock`]: "200", [`${end}_frame`]: "80" });
  const section = sectionOf(form({ name: " 滨江路 ", ...point("start"), ...point("end"), length_m: "2480.5", length_error_m: "35", measured_by: "计量所", measured: "2026-01-05", small: "60", large: "50", certificate: "JL-1", certificate_until: "2026-12-31" }));
  expect(section).toMatchObject({ name: "滨江路", length_m: 2480.5, end: { camera: "k-end", clock_error_ms: 200, frame_error_ms: 80 }, limit_large_kmh: 50, certificate_until_ms: dayEnds("2026-12-31") });
});

test("a restriction is what is typed, drawn and said beside the fields", () => {
  const hours = [1, 2].map((day) => ({ days: [day], from_min: 420, to_min: 570 }));
  const typed = form({ name: "城区", camera: ["k1", "k2"], colour: "yellow", kind: ["trailer", "coach"], digits: "1，6 6" });
  const ring = [[113, 29], [113.1, 29], [113.1, 29.1]] as const;
  expect(restrictionOf(typed, { ring, hours, exempt: [] })).toEqual({ name: "城区", cameras: ["k1", "k2"], ring, hours, colours: ["yellow"], kinds: ["trailer", "coach"], last_digits: [1, 6], exempt: [] });
});

test("an area says what stands in it, and how far apart two places are", () => {
  const ring = [[113, 29], [113.1, 29], [113.1, 29.1], [113, 29.1]] as const;
  expect([[113.05, 29.05], [113.2, 29.05], [112.9, 29.05]].map(([lon, lat]) => contains(ring, [lon ?? 0, lat ?? 0]))).toEqual([true, false, false]);
  expect(apart_m([113, 29], [113, 29.01])).toBeCloseTo(1112, 0);
  expect(apart_m([113, 29], [113.01, 29])).toBeCloseTo(972.5, 0);
});

test("an instant is the county's, and none is now", () => {
  expect(instantOf("2026-11-22T07:30")).toBe(Date.UTC(2026, 10, 21, 23, 30));
  expect(instantOf("")).toBeNull();
});

test("a register lists what holds before what has ended, and says what has expired", () => {
  const section = (name: string, until_ms: number | null, good_ms: number) => ({ id: name, versions: [{ version: 3, by: "z", at_ms: 0, from_ms: 0, until_ms, definition: { name, certificate_until_ms: good_ms } }] }) as unknown as SectionRow;
  const listed = listedRules([section("a", 5, 99), section("b", null, 9)], String, 10);
  expect(listed.map(({ id, ended, expired }) => [id, ended, expired])).toEqual([["b", false, true], ["a", true, false]]);
  const regions = { id: "k1", versions: [{ version: 1, by: "z", at_ms: 0, from_ms: 0, until_ms: null, regions: [], exempt: [] }] } as RegionsRow;
  expect(listedRules([regions], (id) => `路口 ${id}`, 0)[0]?.name).toBe("路口 k1");
});
