/** Commands about where patrols were. Their verbs are pinyin initials: 轨迹, 在场. */

import type { Choice, Command } from "../../components/commands";
import { t, word } from "../../i18n/i18n";
import { choice, does, namesOf, wrong, type DeskActions } from "./commands";
import type { Desk } from "./context";

/** Every unit, those off duty too: what is looked for is over. */
function everyUnit({ store }: Desk): Choice[] {
  return [...store.rows("units").values()]
    .sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }))
    .map((unit) => choice(unit.id, unit.name, word("unit_state", unit.state), unit.officers));
}

export function pastCommands(desk: () => Desk, actions: Pick<DeskActions, "track" | "present">): Command[] {
  return [
    {
      verb: "GJ",
      names: namesOf("cmd.unit_track"),
      takes: "one_and_text",
      choices: () => everyUnit(desk()),
      plan: ([why = ""], [unit]) => {
        if (unit === undefined) return wrong("wrong.text");
        const will = why === "" ? t("will.unit_track_open", { unit: unit.label }) : t("will.unit_track", { unit: unit.label, why });
        return does(will, () => actions.track(unit.id, why));
      },
    },
    {
      verb: "ZC",
      names: namesOf("cmd.present"),
      takes: "text",
      plan: ([why = ""]) => {
        const place = desk().situation?.place ?? null;
        const known = why !== "" && place !== null;
        const will = known ? t("will.present", { title: desk().situation?.title ?? "", why }) : t("will.present_open");
        return does(will, () => actions.present(why));
      },
    },
  ];
}
