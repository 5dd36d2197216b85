import { describe, expect, test } from "vitest";
import { filtered, Heard, HeldStream, HIT_PIN_MS, hitsByPassage, inside, keyOf, LINES, newestFirst, onMap, PIN_MS, PINS_PER_CAMERA } from "../../src/apps/vehicles/passages";
import { whereIs } from "../../src/apps/tabs";
import { tabsOf, vehiclesTables } from "../../src/apps/vehicles/shared";
import { lastDay, perHour, type Measure } from "../../src/apps/vehicles/quality_numbers";
import { around } from "../../src/components/scene";
import { alarmDetail } from "../../src/components/alarm_words";
import type { Actor } from "../../src/sync/protocol";
import type { CameraRow, FenceRow, HitRow, PassageRow } from "../../src/wire";

const NOW = 1_800_000_000_000;

function passage(n: number, more: Partial<PassageRow> = {}): PassageRow {
  const at = NOW - n * 1_000;
  return {
    id: `p${n}`, camera: "c1", plate: `湘F${String(n).padStart(5, "0")}`, colour: "blue", kind: "ordinary", rows: 1, first_ms: at, last_ms: at,
    confidence: 0.9, char_confidences: [], picture: "", box: null, direction: null, heading_deg: null, lane: null, source: "camera", ...more,
  }; // prettier-ignore
}

function hit(row: PassageRow, more: Partial<HitRow> = {}): HitRow {
  return { id: `h${row.id}`, camera: row.camera, plate: row.plate, seen_ms: row.first_ms, rejected_why: "", ...more } as HitRow;
}

const byId = <R extends { readonly id: string }>(...rows: R[]): ReadonlyMap<string, R> => new Map(rows.map((row) => [row.id, row]));
const actor = (...roles: Actor["roles"]): Actor => ({ id: "a", name: "a", roles, unit: "" });

describe("the stream", () => {
  test("is newest first and bounded", () => {
    const rows = byId(...Array.from({ length: LINES + 5 }, (_, n) => passage(n)));
    const { lines } = new HeldStream().show(newestFirst(rows), false);
    expect(lines[0]?.plate).toBe("湘F00000");
    expect(lines).toHaveLength(LINES);
  });

  test("stands still while it is held, though a row of the ring now holds another passage, and says how many came", () => {
    const stream = new HeldStream();
    const before = newestFirst(byId(passage(3), passage(4)));
    expect(stream.show(before, false).lines.map(keyOf)).toEqual(before.map(keyOf));
    const later = newestFirst(byId(passage(1, { id: "p3" }), passage(2, { id: "p9" }), passage(4)));
    const held = stream.show(later, true);
    expect(stream.show(later, true)).toEqual(held);
    // Held from the first look on: what is there then stays.
    const third = newestFirst(byId(passage(0), passage(1, { id: "p3" }), passage(2, { id: "p9" }), passage(4)));
    const shown = stream.show(third, true);
    expect(shown.lines.map(keyOf)).toEqual(held.lines.map(keyOf));
    expect(shown.waiting).toBe(1);
    expect(stream.show(third, false)).toMatchObject({ waiting: 0 });
  });

  test("is filtered by camera, by area and by hits that nobody rejected", () => {
    const [here, there, wrong] = [passage(1), passage(2, { camera: "c2" }), passage(3)];
    const cameras = byId({ id: "c1", lat: 1, lon: 1 } as CameraRow, { id: "c2", lat: 9, lon: 9 } as CameraRow);
    const fences = byId({ id: "f", ring: [[0, 0], [0, 2], [2, 2], [2, 0]] } as unknown as FenceRow); // prettier-ignore
    const hits = hitsByPassage(byId(hit(here), hit(wrong, { rejected_why: "误读" })));
    const rows = [here, there, wrong];
    const only = (where: string, what: "all" | "hits"): string[] => filtered(rows, { where, what }, hits, cameras, fences).map((row) => row.id);
    expect(only("", "all")).toEqual(["p1", "p2", "p3"]);
    expect(only("camera:c2", "all")).toEqual(["p2"]);
    expect(only("fence:f", "all")).toEqual(["p1", "p3"]);
    expect(only("fence:gone", "all")).toEqual([]);
    expect(only("", "hits")).toEqual(["p1"]);
    expect(inside({ lat: 3, lon: 1 }, [[0, 0], [0, 2], [2, 2], [2, 0]])).toBe(false); // prettier-ignore
  });
});

describe("the map", () => {
  test("shows a passage for some seconds after it was heard of, a hit longer, and none that is told of late", () => {
    const heard = new Heard();
    expect(heard.note(byId(passage(20)), NOW).get(keyOf(passage(20)))).toBe(NOW - 20_000); // there at the first look
    const [fresh, watched, late] = [passage(5), passage(6, { camera: "c2" }), passage(300, { camera: "c3" })];
    const times = heard.note(byId(fresh, watched, late), NOW);
    const hits = hitsByPassage(byId(hit(watched)));
    const shown = (at: number): string[] => [...onMap([fresh, watched, late], hits, times, at).keys()];
    expect(shown(NOW + PIN_MS)).toEqual(["c1", "c2"]);
    expect(shown(NOW + PIN_MS + 1)).toEqual(["c2"]);
    expect(shown(NOW + HIT_PIN_MS + 1)).toEqual([]);
  });

  test("shows so many at one camera", () => {
    const rows = Array.from({ length: 6 }, (_, n) => passage(n));
    expect(onMap(rows, new Map(), new Map(), NOW).get("c1")).toEqual(rows.slice(0, PINS_PER_CAMERA));
  });
});

describe("the page", () => {
  test("has the tabs of a role, and mirrors no table that the hub would refuse it", () => {
    expect(tabsOf(actor("camera_watch"))).toEqual(["now", "search", "watches", "review", "quality"]);
    expect(tabsOf(actor("administrator"))).toContain("quality");
    expect(tabsOf(actor("administrator"))).not.toContain("now");
    expect(tabsOf(actor("wall"))).toEqual(["now"]);
    expect(tabsOf(actor("call_taker"))).toEqual([]);
    expect(vehiclesTables(actor("officer"))).toBeNull();
    expect(vehiclesTables(actor("administrator"))).not.toHaveProperty("hits");
  });

  test("goes where the address says, and to the first tab otherwise", () => {
    expect(whereIs("#search/plate=%E6%B9%98F1", ["now", "search"])).toEqual({ tab: "search", detail: "plate=湘F1" });
    expect(whereIs("#quality", ["now", "search"])).toEqual({ tab: "now", detail: "" });
    expect(whereIs("#search/%E6%B", ["search"])).toEqual({ tab: "search", detail: "%E6%B" });
  });
});

describe("reading quality", () => {
  const HOUR = 3_600_000;
  const measure = (passages: number, watched_ms = HOUR): Measure => ({ watched_ms, passages, confidence_sum: passages, found: 0, unread: 0, moving: 0, strangers: 0 });

  test("draws the last day beside the median of the same hour of the days before", () => {
    const now = Math.floor(NOW / HOUR) * HOUR;
    const hours = [
      { start_ms: now, measure: measure(20, HOUR / 2) },
      ...[1, 2, 3, 4].map((day) => ({ start_ms: now - day * 24 * HOUR, measure: measure(day * 10) })),
      { start_ms: now - 5 * 24 * HOUR, measure: measure(900, HOUR / 10) }, // hardly watched: no comparison
    ];
    const bars = lastDay(hours, perHour, NOW);
    expect(bars).toHaveLength(24);
    expect(bars[23]).toMatchObject({ start_ms: now, value: 40, usual: 25 });
    expect(bars[22]).toMatchObject({ value: null, usual: null });
    expect(bars.filter((bar) => bar.night)).toHaveLength(11);
  });

  test("words an alarm's code, and leaves what other alarms say as it is", () => {
    expect(alarmDetail({ kind: "reading_worse", detail: "fewer 41" })).toContain("41%");
    expect(alarmDetail({ kind: "reading_worse", detail: "unread" })).not.toContain("%");
    expect(alarmDetail({ kind: "device_alarm", detail: "fewer 41" })).toBe("fewer 41");
  });
});

test("the plate is cut out with a little around it, and never beyond the picture", () => {
  expect(around([100, 100, 80, 20], 1_000, 500)).toEqual([80, 95, 120, 30]);
  expect(around([0, 0, 80, 20], 90, 22)).toEqual([0, 0, 90, 22]);
});
