import { describe, expect, it } from "vitest";
import { markPins, stretchesOf, viewOf } from "../../src/apps/desk/past/on_map";
import { advanced, beginning, GAP_WATCHED_MS, markAt, marksOf, momentOf, pressed, SPEEDS, STEP_MS } from "../../src/apps/desk/past/playback";
import type { Fix, PatrolTrack } from "../../src/apps/desk/past/wire";

const MINUTE = 60_000;

function fix(minute: number, lat: number, speed_kmh: number | null = null): Fix {
  return { at_ms: minute * MINUTE, lat, lon: 113, speed_kmh, sos: false };
}

/** Ten minutes north, three of them standing; then nothing for half an hour, and five minutes more somewhere else. */
const TRACK: PatrolTrack = {
  device: "car1", unit: "u1", from_ms: 0, to_ms: 60 * MINUTE, length_m: 1, read: 9, doubtful: 0, off_m: 3,
  heard_ms: 15 * MINUTE, unheard_ms: 44 * MINUTE, longest: { from_ms: 5 * MINUTE, to_ms: 8 * MINUTE, lat: 29.04, lon: 113 },
  fixes: [fix(1, 29.0, 40), fix(5, 29.04), fix(8, 29.04), fix(11, 29.07), fix(41, 29.5), fix(46, 29.55)],
  stops: [{ from_ms: 5 * MINUTE, to_ms: 8 * MINUTE, lat: 29.04, lon: 113 }],
  gaps: [{ from_ms: 11 * MINUTE, to_ms: 41 * MINUTE }, { from_ms: 46 * MINUTE, to_ms: 60 * MINUTE }],
  calls: [{ from_ms: 6 * MINUTE, to_ms: 6 * MINUTE + 1, lat: 29.04, lon: 113 }],
}; // prettier-ignore

describe("where a unit was at a moment (R869)", () => {
  it("is between the fixes around it, as fast as the device said of late, else as the fixes make it", () => {
    const at = momentOf(TRACK, 1.25 * MINUTE);
    expect([at.place?.lat.toFixed(4), at.speed_kmh, at.reckoned]).toEqual(["29.0025", 40, false]);
    const later = momentOf(TRACK, 3 * MINUTE);
    expect([later.place?.lat.toFixed(4), later.reckoned]).toEqual(["29.0200", true]);
    expect(later.speed_kmh).toBeCloseTo(66.7, 0);
  });

  it("is nowhere in a gap, before the first fix and after the last", () => {
    for (const minute of [12, 25, 40.99, 47, 60]) expect(momentOf(TRACK, minute * MINUTE), String(minute)).toMatchObject({ place: null, speed_kmh: null });
    expect(momentOf(TRACK, 0.5 * MINUTE)).toMatchObject({ place: null, gap: null });
    expect(momentOf(TRACK, 25 * MINUTE).gap).toEqual(TRACK.gaps[0]);
  });

  it("is at the edges of a gap where it was heard there, and no speed is made of the way over it", () => {
    expect(momentOf(TRACK, 11 * MINUTE)).toMatchObject({ place: { lat: 29.07 }, speed_kmh: null, gap: null });
    expect(momentOf(TRACK, 41 * MINUTE).place?.lat).toBe(29.5);
  });

  it("says that it stood, and that it called for help", () => {
    expect(momentOf(TRACK, 6 * MINUTE)).toMatchObject({ stop: TRACK.stops[0], sos: true });
    expect(momentOf(TRACK, 9 * MINUTE)).toMatchObject({ stop: null, sos: false });
  });
});

describe("what is drawn of a track (R869)", () => {
  it("is a line for each stretch between gaps, and none over a gap", () => {
    expect(stretchesOf(TRACK).map((fixes) => fixes.map(({ at_ms }) => at_ms / MINUTE))).toEqual([[1, 5, 8, 11], [41, 46]]);
  });

  it("is looked at as a whole", () => {
    expect(viewOf(TRACK)).toEqual([{ lat: 29, lon: 113 }, { lat: 29, lon: 113 }, { lat: 29.55, lon: 113 }]);
    expect(viewOf({ ...TRACK, fixes: [] })).toEqual([]);
  });

  it("has its stops, gaps and calls in order of time, a gap where it was last", () => {
    const marks = marksOf(TRACK);
    expect(marks.map(({ kind, n, from_ms }) => [kind, n, from_ms / MINUTE])).toEqual([["stop", 1, 5], ["call", 1, 6], ["gap", 1, 11], ["gap", 2, 46]]);
    expect(marks[2]?.place).toMatchObject({ lat: 29.07 });
    expect(markAt(marks, 6 * MINUTE)?.kind).toBe("call");
    expect([markAt(marks, 41 * MINUTE), markAt(marks, 40 * MINUTE)?.kind, markAt(marks, 4 * MINUTE)]).toEqual([null, "gap", null]);
  });
});

describe("playing a track back (R869)", () => {
  const start = { ...beginning(TRACK), playing: true };

  it("begins at the first fix and goes on at its speed", () => {
    expect(start).toEqual({ at_ms: MINUTE, playing: true, speed: 8 });
    expect(advanced(TRACK, start, 1_000).at_ms).toBe(MINUTE + 8_000);
  });

  it("goes through a gap in no time to speak of, and on at its speed behind it", () => {
    const before = { ...start, at_ms: 11 * MINUTE - 800 };
    expect(advanced(TRACK, before, 100).at_ms).toBe(11 * MINUTE);
    const within = advanced(TRACK, before, 100 + GAP_WATCHED_MS / 2);
    expect(within.at_ms).toBe(26 * MINUTE);
    expect(advanced(TRACK, within, GAP_WATCHED_MS / 2 + 1_000).at_ms).toBe(41 * MINUTE + 8_000);
  });

  it("goes through a short gap no slower than through anything else", () => {
    const fast = { ...start, speed: 30_000, at_ms: 11 * MINUTE };
    expect(advanced(TRACK, fast, 60).at_ms).toBe(41 * MINUTE);
  });

  it("stands still at the end, and begins anew from there", () => {
    const end = advanced(TRACK, { ...start, at_ms: 45 * MINUTE }, 3_600_000);
    expect(end).toMatchObject({ at_ms: 60 * MINUTE, playing: false });
    expect(pressed(TRACK, end, " ")).toMatchObject({ at_ms: MINUTE, playing: true });
  });

  it("is steered by keys", () => {
    const at = (minute: number, key: string): number | undefined => pressed(TRACK, { ...start, at_ms: minute * MINUTE }, key)?.at_ms;
    expect(at(3, "ArrowLeft")).toBe(3 * MINUTE - STEP_MS);
    expect(at(0, "ArrowLeft")).toBe(0);
    expect(at(3, "ArrowRight")).toBe(3 * MINUTE + STEP_MS);
    expect([at(5, "ArrowDown"), at(11, "ArrowUp"), at(50, "ArrowDown"), at(1, "ArrowUp")]).toEqual([6 * MINUTE, 6 * MINUTE, 60 * MINUTE, 0]);
    expect(at(7, "ArrowDown"), "a gap is looked at from within").toBe(11 * MINUTE + 1);
    expect([at(30, "Home"), at(30, "End")]).toEqual([MINUTE, 60 * MINUTE]);
    expect(pressed(TRACK, start, " ")).toMatchObject({ playing: false });
    expect([pressed(TRACK, start, "+")?.speed, pressed(TRACK, { ...start, speed: 1 }, "-")?.speed]).toEqual([30, SPEEDS[0]]);
    expect(pressed(TRACK, start, "x")).toBeNull();
  });
});

describe("pins of marks (R869)", () => {
  const nearby = marksOf({ ...TRACK, stops: [{ from_ms: 1, to_ms: 2, lat: 29, lon: 113 }, { from_ms: 3, to_ms: 4, lat: 29.0001, lon: 113 }, { from_ms: 5, to_ms: 6, lat: 29.2, lon: 113 }], gaps: [], calls: [] });

  it("share a place where they lie on one another", () => {
    expect(markPins(nearby, null).map(({ id }) => id)).toEqual(["stop1", "stop3"]);
  });

  it("are not more than can be told apart, but for the one that is meant", () => {
    const many = marksOf({ ...TRACK, gaps: [], calls: [], stops: Array.from({ length: 100 }, (_, n) => ({ from_ms: n * 10, to_ms: n * 10 + 1, lat: 29 + n / 100, lon: 113 })) });
    expect(markPins(many, null)).toHaveLength(40);
    expect(markPins(many, many[90] ?? null).at(-1)?.id).toBe("stop91");
  });

  it("have no place for a call that never said from where (R1019)", () => {
    const [mark] = marksOf({ ...TRACK, stops: [], gaps: [], calls: [{ from_ms: 1, to_ms: 2, lat: null, lon: null }] });
    expect(mark?.place).toBeNull();
  });

  it("have no place before the first fix", () => {
    expect(markPins(marksOf({ ...TRACK, fixes: [], stops: [], calls: [] }), null)).toEqual([]);
  });
});
