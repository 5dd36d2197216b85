import { describe, expect, it } from "vitest";
import { accountsFound, byText, deedText, rolesText, subjectText } from "../../src/apps/admin/account_words";
import { areaText, sameRing, usersOf } from "../../src/apps/admin/fence_words";
import { isLoopback, tokenSheet } from "../../src/apps/admin/token_sheet";
import { freeId, heardAt, officersOf, rowsFound, tokenText } from "../../src/apps/admin/unit_words";
import { homesOf } from "../../src/apps/homes";
import { faultOf } from "../../src/apps/password_words";
import { refusalWords } from "../../src/components/refusals";
import { cornersOf, cornersText } from "../../src/map/typed";
import { wordMark } from "../../src/apps/marks";
import { retiredUnits, stationName, unitNames } from "../../src/apps/named";
import type { AccountChange, AccountInfo, DeviceRow, PositionRow, RetiredRow, UnitRow } from "../../src/wire";

const account = (name: string, display: string, roles: AccountInfo["roles"], disabled = false, unit = ""): AccountInfo => ({ name, display, roles, unit, disabled });
const unitName = (id: string): string => (id === "u1" ? "岳01" : id);

describe("the administration page (R988)", () => {
  it("is where an administrator comes to first", () => {
    expect(homesOf({ id: "a", name: "a", roles: ["administrator"], unit: "" })).toEqual(["admin", "cameras", "vehicles"]);
    expect(homesOf({ id: "a", name: "a", roles: ["dispatcher"], unit: "" })).not.toContain("admin");
  });
});

describe("accounts (R990)", () => {
  const ACCOUNTS = [account("wang", "王伟", ["officer"], false, "u1"), account("zhou", "周敏", ["call_taker", "dispatcher"]), account("old", "旧号", ["wall"], true)];
  const found = (words: string): string[] => accountsFound(ACCOUNTS, words, unitName).map(({ name }) => name);

  it("are found by account, name, role, unit and whether they are shut out", () => {
    expect(found("")).toEqual(["wang", "zhou", "old"]);
    expect(found("王")).toEqual(["wang"]);
    expect(found("岳01 民警")).toEqual(["wang"]);
    expect(found("派警员")).toEqual(["zhou"]);
    expect(found("停用")).toEqual(["old"]);
  });

  it("have roles as people call them, in one order", () => {
    expect(rolesText(["dispatcher", "call_taker"])).toBe("接警员、派警员");
  });

  it("have a record of who changed what", () => {
    const change = (what: AccountChange["what"], detail = ""): AccountChange => ({ at_ms: 0, by: "guanli", what, name: "wang", detail });
    expect(deedText(change("added", "officer u1"), unitName)).toBe("新建账号：民警、岳01");
    expect(deedText(change("roles", "officer → call_taker,dispatcher"), unitName)).toBe("改岗位：民警 → 接警员、派警员");
    expect(deedText(change("disabled"), unitName)).toBe("停用");
    expect(deedText(change("display", "王芳 → 王 小芳"), unitName)).toBe("改姓名：王芳 → 王 小芳");
    expect(deedText(change("unit", " → u1"), unitName)).toBe("调单位：无 → 岳01");
    expect(deedText(change("unit", "u1 → u2"), unitName)).toBe("调单位：岳01 → u2");
    const who = (id: string): string => ({ guanli: "李工", hub: "系统" })[id] ?? id;
    expect(["guanli", "hub", "command line root", "gone"].map((by) => byText(by, who))).toEqual(["李工（guanli）", "系统", "主机命令行 root", "gone"]);
    expect(subjectText("agent:north")).toBe("边缘节点 north");
  });

  it("refuse in words what is refused", () => {
    expect(refusalWords("guanli is the last account that administers: make somebody else administrator first")).toBe("这是最后一位系统管理员：先给别人这个岗位");
    expect(refusalWords("the password before is wrong")).toBe("现在的密码不对");
    expect(refusalWords("no JT/T 808 terminal is 0139: its number has digits alone, the first no 0")).toBe("JT/T 808 终端的编号就是它的终端手机号：只写数字，去掉前面的 0。没有终端对得上 0139"); // R1088
  });
});

describe("the sheet with a device's token (R1086)", () => {
  const lines = (...asked: Parameters<typeof tokenSheet>): string[] => tokenSheet(...asked).split("\n");

  it("holds addresses that are pasted as they stand", () => {
    const urls = lines("osmand", "phone 1", "a-b_c", "https://hub:8443").filter((line) => line.startsWith("https://")).map((line) => new URL(line));
    expect(urls.map((url) => url.pathname)).toEqual(["/ingest/osmand", "/ingest/osmand"]);
    expect(urls.map((url) => url.searchParams.get("token"))).toEqual(["a-b_c", "a-b_c"]);
    expect(urls.map((url) => url.searchParams.get("id"))).toEqual([null, "phone 1"]); // Traccar Client adds its own
    expect([...(urls[1]?.searchParams ?? [])].slice(2)).toEqual([["lat", "{0}"], ["lon", "{1}"], ["timestamp", "{2}"], ["accuracy", "{3}"], ["altitude", "{4}"], ["bearing", "{6}"]]);
  });

  it("says by kind what else is filled in", () => {
    expect(lines("osmand", "phone1", "secret", "http://hub")).toContain("phone1");
    expect(lines("owntracks", "li", "secret", "http://hub")).toEqual(expect.arrayContaining(["http://hub/ingest/owntracks", "li", "secret"]));
    expect(lines("pbx", "pbx1", "secret", "http://hub")).toEqual(expect.arrayContaining(["http://hub/api/v1/calls", "Authorization: Bearer secret"]));
  });

  it("is told apart where its address leads nowhere else", () => {
    expect(["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "10.0.0.5", "hub.local", "127.example.org"].map(isLoopback)).toEqual([true, true, true, true, false, false, false]);
  });
});

describe("what was retired (R1056, R1058)", () => {
  const row = (kind: RetiredRow["kind"], was: string, name: string, station = ""): [string, RetiredRow] => [`${kind}:${was}`, { id: `${kind}:${was}`, kind, was, name, station, at_ms: 0 }];
  const retired = new Map([row("unit", "u9", "岳09", "st9"), row("station", "st9", "老站"), row("device", "d9", "")]);

  it("is still named, as what is no more", () => {
    const names = unitNames(new Map([["u1", { id: "u1", name: "岳01", station: "st1" } as UnitRow]]), retired);
    expect(["u1", "u9", "u7"].map((id) => names.get(id)?.name)).toEqual(["岳01", "岳09（已注销）", undefined]);
    expect(stationName(names.get("u9")?.station ?? "", new Map(), retired)).toBe("老站（已注销）");
    expect(retiredUnits(retired)).toEqual([{ id: "u9", name: "岳09（已注销）" }]);
    const mark = { id: "1", situation: "s1", at_ms: 0, actor: "hub", kind: "order_issued", args: { unit: "u9", text: "斗殴" } };
    expect(wordMark(mark, names)).toContain("岳09（已注销）");
  });

  it("is refused in words while something holds it", () => {
    expect(refusalWords("unit u1 has devices: d1, d2")).toBe("还有终端：d1, d2。先把它们调走或注销");
    expect(refusalWords("unit u1 has an open order: o5")).toBe("它还有未完的指令：o5。先撤回或等它办完");
    expect(refusalWords("mobile:wang is the phone of account wang, which belongs to a unit")).toContain("账号 wang 的手机");
    for (const said of ["station st1 has units: u1", "unit u1 calls for help: q3", "unit u1 is in situations: s1", "unit u1 has accounts: wang"]) expect(refusalWords(said)).not.toBe("");
  });
});

describe("the own password (R994)", () => {
  it("is not sent while it cannot be taken", () => {
    expect(faultOf("old-password", "short", "short")).toBe("密码要 8 到 256 个字符");
    expect(faultOf("old-password", "new-password", "new-passwort")).toBe("两次输入的新密码不一样");
    expect(faultOf("old-password", "old-password", "old-password")).toBe("新密码和现在的一样");
    expect(faultOf("old-password", "new-password", "new-password")).toBe("");
    expect(faultOf("old-password", "👮👮👮👮", "👮👮👮👮")).not.toBe("");
  });
});

describe("stations, units and devices (R991)", () => {
  it("are given an id that nothing has", () => {
    expect(freeId("u", ["u1", "u7", "ux", "yue12"])).toBe("u8");
    expect(freeId("st", [])).toBe("st1");
  });

  it("are found by all that was typed", () => {
    const rows = new Map([["u1", { id: "u1", name: "岳01" }], ["u2", { id: "u2", name: "岳02" }]]);
    expect([...rowsFound(rows, "岳 U2", ({ name }) => name).keys()]).toEqual(["u2"]);
    expect(rowsFound(rows, "", ({ name }) => name).size).toBe(2);
  });

  it("name officers however they are parted", () => {
    expect(officersOf(" 王伟，李涛、张三,\n周敏 ")).toEqual(["王伟", "李涛", "张三", "周敏"]);
    expect(officersOf("")).toEqual([]);
  });

  it("say of a device when it told last where it is, unless another of its unit did since", () => {
    const device = { id: "d1", kind: "osmand", unit: "u1" } as DeviceRow;
    const at = (id: string): ReadonlyMap<string, PositionRow> => new Map([["u1", { device: id, at_ms: 7 } as PositionRow]]);
    expect([heardAt(device, at("d1")), heardAt(device, at("d2")), heardAt(device, new Map())]).toEqual([7, null, null]);
  });

  it("say whether a device has the token that it needs", () => {
    expect([tokenText("osmand", false), tokenText("osmand", true), tokenText("gb28181", false)]).toEqual(["没有：报不进来", "已有", "用设备密码"]);
  });
});

describe("fences (R992)", () => {
  const SQUARE = [[113, 29], [113.01, 29], [113.01, 29.01], [113, 29.01]] as const;

  it("have corners that can be typed, latitude first", () => {
    expect(cornersText(SQUARE.slice(0, 2))).toBe("29.000000, 113.000000\n29.000000, 113.010000");
    expect(cornersOf("29, 113\n\n 29.01，113.01 \n")).toEqual([[113, 29], [113.01, 29.01]]);
    expect(cornersOf("29, 113\n129, 113")).toBe(2);
  });

  it("are told by their size and whose they are", () => {
    expect(areaText(SQUARE)).toBe("1.1");
    const units = new Map([["u1", { id: "u1", name: "岳10", area: "f1" } as UnitRow], ["u2", { id: "u2", name: "岳9", area: "f1" } as UnitRow], ["u3", { id: "u3", name: "岳03", area: "" } as UnitRow]]);
    expect(usersOf("f1", units)).toEqual(["岳9", "岳10"]);
    expect(usersOf("", units)).toEqual([]);
    expect([sameRing(SQUARE, [...SQUARE]), sameRing(SQUARE, SQUARE.slice(1))]).toEqual([true, false]);
  });
});
