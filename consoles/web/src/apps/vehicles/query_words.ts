/** What a query asked for, in words. The record keeps it as the hub wrote it, in one form since the first release (SPEC R864). */

import { t, word } from "../../i18n/i18n";
import type { CameraRow } from "../../wire";
import type { QueryRow } from "./search_wire";

type Cameras = ReadonlyMap<string, CameraRow>;
type Asked = Pick<QueryRow, "what" | "terms">;

const DIGEST = / #[0-9a-f]{16}$/;
const LOOKED_UP = /^on the watch list: (?<plate>.*)$/s;
const CHECKED = /^watch (?<pattern>\S+?)(?<alike> and look-alikes)?, (?<days>\d+) days$/;

/** Queries of one form alone are told by plate or camera; others are parts, the first of which is a plate or a time. */
export function termsWords({ what, terms }: Asked, cameras: Cameras): string {
  if (what === "lens") return cameras.get(terms)?.name ?? terms;
  if (what === "export" && terms === "watch list") return t("query_terms.watch_list");
  const looked = LOOKED_UP.exec(terms)?.groups;
  if (what === "watches" && looked !== undefined) return looked["plate"] ?? terms;
  const checked = CHECKED.exec(terms)?.groups;
  if (checked !== undefined) {
    const alike = checked["alike"] === undefined ? [] : [t("query_terms.look_alikes")];
    return [checked["pattern"], ...alike, t("query_terms.checked", { days: checked["days"] ?? "" })].join(t("list.semicolon"));
  }
  const [first = "", ...parts] = terms.replace(DIGEST, "").split("; ");
  return [first === "*" ? t("query_terms.every_plate") : first, ...parts.map((part) => partWords(part, what, cameras))].join(t("list.semicolon"));
}

/** `NAME VALUE` as the hub writes it; what this release does not know stays as it is. */
function partWords(part: string, what: string, cameras: Cameras): string {
  const at = part.indexOf(" ");
  const value = part.slice(at + 1);
  switch (part.slice(0, at)) {
    case "cameras":
      return `${t("search.camera")} ${camerasWords(value, cameras)}`;
    case "area":
      return t("query_terms.area", { corners: value });
    case "colour":
      return `${t("search.colour")} ${word("plate_colour", value)}`;
    case "kind":
      return `${t("search.kind")} ${word("plate_kind", value)}`;
    case "direction":
      return `${t("search.direction")} ${word("direction", value)}`;
    case "headings":
      return `${t("search.heading")} ${[...value.matchAll(/[\d.]+/g)].map(([degrees]) => `${Number(degrees)}°`).join("–")}`;
    case "at_least":
      return t(what === "companions" ? "query_terms.cameras_in_common" : "query_terms.passages", { n: value });
    case "within_s":
      return t("query_terms.within", { n: value });
    case "days":
      return t("query_terms.not_seen", { n: value });
    case "unit":
      // Its id, then the name that it had.
      return t("query_terms.unit", { name: value.slice(value.indexOf(" ") + 1) });
    case "device":
      return t("query_terms.device", { name: value });
    case "circle": {
      const [place = "", metres = ""] = value.split(" ");
      return t("query_terms.circle", { place, metres });
    }
    case "when":
      return `${t("search.when")} ${word("search_when", value)}`;
    default:
      return part;
  }
}

/** `k1, k2 +3`: the first, by id, and how many more. */
function camerasWords(value: string, cameras: Cameras): string {
  const [ids = "", more] = value.split(" +");
  const names = ids.split(", ").map((id) => cameras.get(id)?.name ?? id);
  return names.join(t("list.comma")) + (more === undefined ? "" : ` +${more}`);
}
