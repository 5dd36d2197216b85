import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describe as words } from "../../src/components/problems";
import { REFUSED, refusalWords } from "../../src/components/refusals";
import { Problem } from "../../src/sync/api";

/** All of the hub's sources are read; a busy machine may need a while for that. */
const READS_MS = 60_000;

/** Every sentence that the hub's sources refuse with, its placeholders filled in with something. */
function sentences(): string[] {
  const root = new URL("../../../../", import.meta.url);
  const files = ["command", "consoles/http", "consoles/watch_files"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true }).filter((name) => String(name).endsWith(".py")).map((name) => readFileSync(new URL(`${folder}/${String(name)}`, root), "utf8")),
  );
  return files.flatMap((text) => [...text.matchAll(/f?"((?:[^"\\]|\\.)*)"/g)].map(([, said = ""]) => said.replace(/\{[^}]*\}/g, "1")));
}

describe("refusals (R715)", () => {
  it("are known by sentences that the hub still says", () => {
    const said = sentences();
    // States and roles are words of the wire, not the 1 that stands for them here.
    const loosened = REFUSED.map(([pattern]) => new RegExp(pattern.source.replace("ringing|answered|abandoned|ended", "\\w+")));
    expect(loosened.filter((pattern) => !said.some((each) => pattern.test(each)))).toEqual([]);
  }, READS_MS);

  it("say in the language of whoever looks what happened and what to do", () => {
    expect(refusalWords("unit yue54 is on order o17")).toBe("该单位正在执行另一条指令：先撤回那条，或派别的单位");
    expect(refusalWords("order o17 is recalled")).toBe("指令已是“已撤回”，不能再做这一步");
    expect(refusalWords("activate_plan needs one of the roles commander, duty_leader")).toBe("你的岗位不能做这件事，请找：指挥长、值班领导");
    expect(words(new Problem(409, "conflict", "call c9 has not been answered"))).toBe("先接听这个来电，再做这一步");
  });

  it("leave the hub's own words where there are no better ones", () => {
    expect(refusalWords("a schedule names at least one time of the week")).toBe("");
    expect(words(new Problem(409, "conflict", "something new"))).toContain("something new");
  });
});
