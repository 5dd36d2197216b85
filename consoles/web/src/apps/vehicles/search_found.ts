/** An answer as it is shown. */

import { html, type TemplateResult } from "lit";
import "../../components/states";
import "../../components/table";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { CameraRow, Sighting } from "../../wire";
import { byKey, cloneColumns, companionColumns, keyOf, passageColumns, passColumns, visitColumns, whyOf } from "./search_results";
import "./search_track";
import type { Clones, Companions, FirstTime, Frequent, Track } from "./search_wire";

export type Answer =
  | { readonly is: "search"; readonly body: object; readonly found: readonly Sighting[]; readonly next: string | null }
  | { readonly is: "track"; readonly track: Track }
  | ({ readonly is: "companions"; readonly plate: string } & Companions)
  | ({ readonly is: "first_time" } & FirstTime)
  | ({ readonly is: "frequent" } & Frequent)
  | ({ readonly is: "clones" } & Clones)
  | { readonly is: "queries" };

type Shown = Exclude<Answer, { readonly is: "queries" }>;

export function foundView(answer: Shown, chosen: Sighting | null, cameras: ReadonlyMap<string, CameraRow>, now_ms: number): TemplateResult {
  switch (answer.is) {
    case "search":
      return html`<t-table label=${t("search.results")} .columns=${passageColumns(cameras, now_ms)} .rows=${byKey(answer.found, keyOf)} chosen=${chosen === null ? "" : keyOf(chosen)}>
        <t-state kind="empty" text=${t("search.none")}></t-state></t-table>`;
    case "track":
      return html`<vehicles-track .track=${answer.track} .cameras=${cameras} .now_ms=${now_ms}></vehicles-track>`;
    case "companions": {
      const [first] = answer.companions;
      return html`<p>${first === undefined ? "" : whyOf(first)} <span class="quiet">${t("companions.note")}</span></p>
        <t-table label=${t("companions.label", { plate: answer.plate })} .columns=${companionColumns(cameras)} .rows=${byKey(answer.companions, (one) => one.plate)}>
          <t-state kind="empty" text=${t("companions.none")}></t-state></t-table>`;
    }
    case "first_time":
      return html`<p class="quiet">${t("first_time.since", { at: `${format.dateWithYear(answer.since_ms)} ${format.clock(answer.since_ms)}` })}</p>
        <t-table label=${t("first_time.label")} .columns=${passColumns(cameras, now_ms)} .rows=${byKey(answer.passes, (one) => one.plate)}>
          <t-state kind="empty" text=${t("companions.none")}></t-state></t-table>`;
    case "clones":
      return html`<p>${t("clones.note")}${answer.more ? html` <b>${t("clones.more")}</b>` : ""}</p>
        <t-table label=${t("clones.label")} .columns=${cloneColumns(cameras, now_ms)} .rows=${byKey(answer.clones, (one) => one.plate)}>
          <t-state kind="empty" text=${t("companions.none")}></t-state></t-table>`;
    case "frequent":
      return html`<t-table label=${t("frequent.label")} .columns=${visitColumns(now_ms)} .rows=${byKey(answer.visits, (one) => one.plate)}>
        <t-state kind="empty" text=${t("companions.none")}></t-state></t-table>`;
  }
}
