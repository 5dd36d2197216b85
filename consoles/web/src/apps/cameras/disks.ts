/** The disks of recordings, of hubs and of edge agents, each by itself: how full, and what is wrong with which. No page element here. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import { meaningOf } from "../../components/video/reasons";
import { bytes } from "../../i18n/format";
import { t } from "../../i18n/i18n";

/** As the hub tells of it: what is nothing, or not known yet, is left out. */
export interface Disk {
  readonly bytes?: number;
  readonly locked_bytes?: number;
  readonly capacity_bytes?: number;
  readonly reason?: string;
}

export type Standing = "well" | "opening" | "bad";

/** A disk that nothing is wrong with and whose size is not known is still being opened. */
export function standing({ capacity_bytes = 0, reason = "" }: Disk): Standing {
  return reason !== "" ? "bad" : capacity_bytes === 0 ? "opening" : "well";
}

/** Of 100; null where it is not known how much there is room for. */
export function fullness({ bytes: used = 0, capacity_bytes = 0 }: Disk): number | null {
  return capacity_bytes > 0 ? Math.min(100, Math.round((used / capacity_bytes) * 100)) : null;
}

/** A line for each; `old` says that whoever has them is away, so that this is how they were. */
export function diskLines(disks: readonly Disk[], old = false): TemplateResult {
  return html`<ul class="disks">${disks.map((disk, at) => diskLine(disk, at + 1, old))}</ul>`;
}

function diskLine(disk: Disk, n: number, old: boolean): TemplateResult {
  const is = standing(disk);
  const part = fullness(disk);
  const { bytes: used = 0, capacity_bytes = 0, locked_bytes = 0, reason = "" } = disk;
  const meaning = meaningOf(reason);
  return html`<li class=${old ? "old" : ""}>
    <span>${t("disk.n", { n })} ${part === null ? nothing : html`<span class="quiet">${t("room.used", { used: bytes(used), all: bytes(capacity_bytes), part })}${locked_bytes > 0 ? ` · ${t("room.locked", { locked: bytes(locked_bytes) })}` : ""}</span>`}</span>
    ${part === null ? nothing : html`<span class="fill" aria-hidden="true"><span style="width:${part}%"></span></span>`}
    <span class=${is === "bad" ? "bad" : "quiet"}>${icon(is === "bad" ? "alert" : is === "well" ? "check" : "clock")} ${is === "bad" ? meaning || reason : t(is === "well" ? "disk.well" : "disk.opening")}</span>
    ${meaning === "" ? nothing : html`<span class="quiet">${reason}</span>`}
  </li>`;
}
