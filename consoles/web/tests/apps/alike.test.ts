import { describe, expect, it } from "vitest";
import { ALIKE, AlikeAlarms, repeatsIn } from "../../src/apps/alike";
import { HAND_MS, Meant } from "../../src/apps/desk/meant";
import { alarm } from "../../src/apps/design/samples";
import { alarmsInOrder } from "../../src/apps/picture";
import type { AlarmRow } from "../../src/wire";

const unsigned = (id: string, ago_s: number, more: Partial<AlarmRow> = {}): AlarmRow => alarm(id, "order_unsigned", 2, "raised", ago_s, { situation: "s1", ...more });
const many = (n: number, more: Partial<AlarmRow> = {}): AlarmRow[] => Array.from({ length: n }, (_, i) => unsigned(`o${i}`, 600 - i, more));
const sorted = (...rows: AlarmRow[]): AlarmRow[] => alarmsInOrder(new Map(rows.map((row) => [row.id, row])));
const shown = (alike: AlikeAlarms, rows: AlarmRow[], held = false): string[] => alike.arrange(sorted(...rows), held).map((card) => (card.rows.length > 1 ? `${card.rows.length} of ${card.rows[0].situation}` : card.rows[0].id));

describe("alarms of orders that nobody signed (R1217)", () => {
  it("are one card for a situation, and every other alarm stands where it would: the graver before, the newer after", () => {
    const others = [alarm("sos", "sos", 1, "raised", 1), alarm("hit", "plate_hit", 1, "raised", 1), alarm("newer", "left_area", 2, "raised", 1), alarm("low", "camera_down", 4, "raised", 900)];
    expect(shown(new AlikeAlarms(), [...many(60), ...others])).toEqual(["sos", "hit", "60 of s1", "newer", "low"]);
  });

  it("stand by themselves while they are few, and with another situation, level or owner apart", () => {
    expect(shown(new AlikeAlarms(), many(ALIKE - 1))).toEqual(["o0", "o1"]);
    const other = many(3, { situation: "s2" }).map((row) => ({ ...row, id: `${row.id}x` }));
    const graver = { ...unsigned("g", 1), level: 1 as const };
    const taken = unsigned("t", 700, { state: "taken", taken_by: "李娜" });
    expect(shown(new AlikeAlarms(), [...many(3), ...other, graver, taken])).toEqual(["g", "3 of s1", "3 of s2", "t"]);
    expect(shown(new AlikeAlarms(), many(4, { situation: "" })), "of no situation nothing is known to be alike").toHaveLength(4);
    expect(shown(new AlikeAlarms(), many(4).map((row) => ({ ...row, kind: "left_area" as const })))).toHaveLength(4);
  });

  it("do not join or part under a hand", () => {
    const alike = new AlikeAlarms();
    expect(shown(alike, many(2))).toEqual(["o0", "o1"]);
    expect(shown(alike, many(3), true)).toEqual(["o0", "o1", "o2"]);
    expect(shown(alike, many(3))).toEqual(["3 of s1"]);
    const [card] = alike.arrange(sorted(...many(1)), true);
    expect(card?.key, "it is still the card that was pointed at").not.toBe("o0");
    expect(shown(alike, many(5).map((row) => ({ ...row, state: "taken" as const, taken_by: "李娜" })), true), "taken at one press they are one card at once").toEqual(["5 of s1"]);
  });

  it("flood no desk by themselves: those that fold others away are counted without what stands on one card", () => {
    expect(repeatsIn(new AlikeAlarms().arrange(sorted(...many(60), alarm("low", "camera_down", 4, "raised", 9))))).toHaveLength(59);
  });

  it("are taken together where they had stood there long enough to be seen (R978)", () => {
    const meant = new Meant<AlarmRow>();
    meant.shown(many(3), 1_000);
    meant.shown(many(4), 5_000);
    expect(meant.seen(["o0", "o1", "o2", "o3"], 5_000 + HAND_MS - 1)).toEqual(["o0", "o1", "o2"]);
    expect(meant.seen(["o0", "o3", "gone"], 5_000 + HAND_MS)).toEqual(["o0", "o3"]);
  });
});
