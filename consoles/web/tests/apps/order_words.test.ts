import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parse, type Part } from "../../src/components/commands";
import { situationCommands } from "../../src/apps/desk/commands_situations";
import type { Desk } from "../../src/apps/desk/context";
import { setLanguage } from "../../src/i18n/i18n";
import { feedbackRequest } from "../../src/apps/mobile/feedback";
import { orderText } from "../../src/apps/desk/order_words";
import type { Store } from "../../src/sync/store";
import type { CallRow, OrderRow, Request, SituationRow, UnitRow } from "../../src/wire";

const call = (id: string, arrived_ms: number, form: Record<string, string>, dialled: CallRow["dialled"] = "119"): CallRow => ({ id, dialled, arrived_ms, form }) as CallRow;
const unit = (id: string, name: string, state: UnitRow["state"] = "free"): UnitRow => ({ id, name, state, officers: [] }) as unknown as UnitRow;
const fire = (...calls: string[]): SituationRow => ({ id: "s1", title: "公田镇老街57号 三层民房", calls }) as unknown as SituationRow;

interface Tables {
  readonly calls?: readonly CallRow[];
  readonly units?: readonly UnitRow[];
  readonly orders?: readonly OrderRow[];
}

function storeOf(tables: Tables): Store {
  const rows = (table: keyof Tables): unknown => new Map((tables[table] ?? []).map((row) => [row.id, row]));
  return { rows } as unknown as Store;
}

describe("what goes to the officer's phone with an order (R1076)", () => {
  const told = (words: string, ...calls: CallRow[]): string => orderText(storeOf({ calls }), fire(...calls.map(({ id }) => id)), words);

  it("is what callers said that one has to know on the way", () => {
    const form = { where: "老街57号", burning: "三层民房", floors: "2/3", trapped: "3", dangerous_goods: "液化气罐" };
    expect(told("", call("c1", 1, form))).toBe("赶赴现场处置。报警人说：几层 / 共几层 2/3、被困人数 3、危险品 液化气罐");
    expect(told("携带云梯，注意液化气罐。", call("c1", 1, form))).toBe("携带云梯，注意液化气罐。报警人说：几层 / 共几层 2/3、被困人数 3");
  });

  it("is the words alone where nobody said anything, and no name of anybody", () => {
    expect(told("")).toBe("赶赴现场处置");
    expect(told("携带云梯", call("c1", 1, { trapped: " " }))).toBe("携带云梯");
    expect(told("", call("c1", 1, { what: "打架", who: "李某", weapons: "刀" }, "110"))).toBe("赶赴现场处置。报警人说：什么事 打架、凶器 刀");
  });

  it("tells what callers said differently, of the newest three, and cuts what is no word for the way", () => {
    const calls = ["1", "3", "3", "5"].map((trapped, at) => call(`c${at}`, at, { trapped }));
    expect(told("速去", ...calls.reverse())).toBe("速去。报警人说：被困人数 3 / 5");
    expect(told("速去", call("c1", 1, { dangerous_goods: "气".repeat(61) }))).toBe(`速去。报警人说：危险品 ${"气".repeat(60)}…`);
  });
});

const order = (id: string, of: string): OrderRow => ({ id, unit: of, situation: "s1", state: "signed", issued_ms: 1 }) as OrderRow;
const store = storeOf({
  units: [unit("u1", "岳01"), unit("u2", "岳02"), unit("u9", "岳09", "off")], orders: [order("o1", "u1")], calls: [call("c1", 1, { trapped: "3" })],
}); // prettier-ignore
const messages = { unknown: () => "?", unfit: () => "?", doubtful: () => "?", several: () => "?", missing: () => "?" };

async function done(line: string, situation: SituationRow | null = fire("c1")): Promise<{ said: string; asked: Request[] }> {
  const asked: Request[] = [];
  const desk: Partial<Desk> = { store, situation, recommended: [], now_ms: 0, ask: (request) => (asked.push(request), Promise.resolve({ seq: 1, subject: "" })) };
  const [part] = parse(line, situationCommands(() => desk as Desk), messages) as readonly [Part];
  if (!("run" in part.outcome)) return { said: (part.outcome as { wrong: string }).wrong, asked };
  await part.outcome.run();
  return { said: part.outcome.will, asked };
}

describe("orders and recalls from the command line (R1075, R1077)", () => {
  it("carry the words that follow the units, and the line shows all that is sent", async () => {
    const text = "携带云梯。报警人说：被困人数 3";
    expect(await done("D 岳02 岳01 携带云梯")).toEqual({
      said: `派 岳02、岳01 → 公田镇老街57号 三层民房：${text}`,
      asked: ["u2", "u1"].map((of) => ({ request: "issue_order", situation: "s1", unit: of, text })),
    });
    expect((await done("D 岳02 ")).said).toBe("派 岳02 → 公田镇老街57号 三层民房：赶赴现场处置。报警人说：被困人数 3（后面可接着写）");
  });

  it("carry the reason, or the usual one", async () => {
    expect(await done("R 岳01 改派 119 处置")).toEqual({ said: "撤回 岳01 的指令：改派 119 处置", asked: [{ request: "recall_order", order: "o1", why: "改派 119 处置" }] });
    expect((await done("R 岳01")).asked).toEqual([{ request: "recall_order", order: "o1", why: "指挥中心撤回" }]);
  });

  it("say of a word that it is no unit, and of a unit why not", async () => {
    expect(await done("R 岳47 改派")).toEqual({ said: "没有这样的单位：岳47", asked: [] });
    expect(await done("D 岳47 速去")).toEqual({ said: "没有这样的单位：岳47", asked: [] });
    expect((await done("D 岳09")).said).toBe("岳09 已离岗，派不了");
    expect((await done("R 岳02")).said).toBe("岳02 在此警情没有在办的指令");
    expect((await done("R 岳01", null)).said).toBe("先选一起警情");
  });
});

describe("words that a page in English puts on record or sends (R1117)", () => {
  beforeEach(() => {
    vi.stubGlobal("localStorage", { setItem: () => undefined });
    vi.stubGlobal("document", { documentElement: {} });
    setLanguage("en");
  });
  afterEach(() => {
    setLanguage("zh");
    vi.unstubAllGlobals();
  });

  it("are Chinese, as the officer's phone and the papers are", async () => {
    expect(await done("D 岳02")).toEqual({
      said: "send 岳02 → 公田镇老街57号 三层民房: 赶赴现场处置。报警人说：被困人数 3 (words may follow)",
      asked: [{ request: "issue_order", situation: "s1", unit: "u2", text: "赶赴现场处置。报警人说：被困人数 3" }],
    });
    expect((await done("R 岳01")).asked).toEqual([{ request: "recall_order", order: "o1", why: "指挥中心撤回" }]);
    expect(feedbackRequest("o1", { result: "mediated", text: "双方和解" })).toEqual({ request: "feed_back", order: "o1", result: "已调解", text: "双方和解" });
  });
});
