import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../src/sync/api";
import { ASK_EVERY_MS, OLD_AFTER_MS, People } from "../../src/sync/people";
import { FakeTime } from "../fake_time";

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function directory(names: Record<string, string> | null): { time: FakeTime; people: People; asked: () => number; drawn: () => number; now: (names: Record<string, string>) => void } {
  const time = new FakeTime();
  let [asked, drawn, said] = [0, 0, names];
  const ask = async (): Promise<Record<string, string>> => {
    asked += 1;
    if (said === null) throw new UnreachableError("no hub");
    return { ...said };
  };
  const people = new People({ ask, time, onChange: () => (drawn += 1) });
  return { time, people, asked: () => asked, drawn: () => drawn, now: (next) => (said = next) };
}

describe("People", () => {
  it("shows the id until names have come, then the name", async () => {
    const { time, people, drawn } = directory({ li: "李涛" });
    expect(people.name("li")).toBe("li");
    time.pass(0);
    await settled();
    expect([people.name("li"), drawn()]).toEqual(["李涛", 1]);
  });

  it("asks again for an id it has not met, at most every ten seconds", async () => {
    const { time, people, asked, now } = directory({ li: "李涛" });
    people.askWhenAllowed();
    time.pass(0);
    await settled();
    now({ li: "李涛", wang: "王芳" });
    for (let n = 0; n < 5; n += 1) people.name("wang");
    time.pass(ASK_EVERY_MS - 1);
    await settled();
    expect([asked(), people.name("wang")]).toEqual([1, "wang"]);
    time.pass(1);
    await settled();
    expect([asked(), people.name("wang")]).toEqual([2, "王芳"]);
  });

  it("learns within minutes that somebody has another name (R1050)", async () => {
    const { time, people, asked, now } = directory({ wang: "王芳" });
    people.askWhenAllowed();
    time.pass(0);
    await settled();
    now({ wang: "王小芳" });
    time.pass(OLD_AFTER_MS - 1);
    expect(people.name("wang")).toBe("王芳");
    time.pass(ASK_EVERY_MS);
    await settled();
    expect(asked()).toBe(1);
    expect(people.name("wang")).toBe("王芳");
    time.pass(0);
    await settled();
    expect([asked(), people.name("wang")]).toEqual([2, "王小芳"]);
  });

  it("asks once only for ids that are nobody's", async () => {
    const { time, people, asked } = directory({});
    people.name("case-service");
    time.pass(0);
    await settled();
    expect(people.name("case-service")).toBe("case-service");
    time.pass(10 * ASK_EVERY_MS);
    await settled();
    expect(asked()).toBe(1);
  });

  it("goes on asking while the hub does not answer", async () => {
    const { time, people, asked, now } = directory(null);
    people.name("li");
    time.pass(0);
    await settled();
    now({ li: "李涛" });
    people.name("li");
    time.pass(ASK_EVERY_MS);
    await settled();
    expect([asked(), people.name("li")]).toEqual([2, "李涛"]);
  });
});
