/** Pictures of a situation of the past: of its hits and its evidence, as they stood at the moment that is looked at. */

import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../components/icons";
import { filePath } from "../../components/picture";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import { rowsOf, type Scene } from "./past";

export interface PastFile {
  readonly key: string;
  readonly path: string;
  readonly name: string;
  readonly at_ms: number;
  readonly picture: boolean;
}

/** Newest first; the rows may have left the tables since, so that each file is asked for by its row. */
export function filesOf(scene: Scene): readonly PastFile[] {
  const hits = [...rowsOf(scene, "hits").values()]
    .filter((hit) => hit.picture !== "")
    .map((hit) => ({ key: hit.id, path: filePath(hit.picture, hit.id), name: hit.plate, at_ms: hit.seen_ms, picture: true }));
  const evidence = [...rowsOf(scene, "evidence").values()].map((file) => ({
    key: file.id, path: filePath(file.sha256, file.id), name: file.name, at_ms: file.taken_ms, picture: file.media_type.startsWith("image/"),
  })); // prettier-ignore
  return [...hits, ...evidence].sort((a, b) => b.at_ms - a.at_ms);
}

export const pastFilesStyles = css`
  .files {
    display: flex;
    gap: var(--s2);
    padding: 0 var(--s3) var(--s2);
    overflow-x: auto;
    font-size: var(--t1);
  }
  .files a {
    flex: none;
    display: grid;
    gap: var(--s1);
    width: 168px;
    align-content: start;
    overflow-wrap: anywhere;
  }
  .files t-picture {
    height: 94px;
  }
`;

/** Nothing where there are none. */
export function pastFiles(scene: Scene): TemplateResult | typeof nothing {
  const files = filesOf(scene);
  if (files.length === 0) return nothing;
  return html`<section class="panel"><h2 class="heading">${t("replay.files")}<span class="number">${t("replay.files_n", { n: files.length })}</span></h2>
    <div class="files">
      ${repeat(files, (file) => file.key, (file) => html`<a href=${file.path} target="_blank" rel="noopener">
        ${file.picture ? html`<t-picture src=${file.path} alt=${file.name}></t-picture>` : html`<span>${icon("evidence")}</span>`}
        <span>${file.name} <span class="quiet">${format.clock(file.at_ms)}</span></span></a>`)}
    </div></section>`;
}
