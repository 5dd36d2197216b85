/** A violation as a reviewer sees it: its pictures with what they are judged by, and what the rules made of them. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../components/icons";
import "../../components/plate";
import "../../components/scene";
import "../../components/states";
import * as format from "../../i18n/format";
import { t, word } from "../../i18n/i18n";
import type { PictureRegion, Restriction, SpeedSection, ViolationRow } from "../../wire";
import { headline, instant, said, taken, type DeviceNote } from "./review_words";

export interface Part {
  readonly name: string;
  readonly sha256: string;
  readonly about: "scene" | "plate" | "clip";
  readonly passage: number;
}

/** What is shown of a manifest: the version of the rule, and its parts with their addresses. */
export interface Shown {
  readonly manifest: string;
  readonly rule: RuleNote;
  /** One for each passage; none in evidence of earlier releases. */
  readonly devices: readonly DeviceNote[];
  readonly parts: readonly (Part & { readonly source: string })[];
}

export interface RuleNote {
  readonly registered_ms?: number | null;
  readonly from_ms?: number | null;
  readonly section?: SpeedSection | null;
  readonly restriction?: Restriction | null;
  readonly regions?: readonly PictureRegion[];
}

type NameOf = (id: string) => string;

/** Both pictures of a drive beside each other, each with where, when and by what it was taken. */
export function pictures(row: ViolationRow, shown: Shown, cameraName: NameOf, zoomed: boolean): TemplateResult {
  const { passages, region } = row.finding;
  const ring = shown.rule.regions?.find((each) => each.name === region)?.ring ?? null;
  return html`<div class="pictures ${zoomed ? "zoomed" : ""}">${passages.map((passage, number) => {
    const of = (about: Part["about"]): string => shown.parts.find((part) => part.passage === number && part.about === about)?.source ?? "";
    const place = cameraName(passage.camera);
    const label = passages.length < 2 ? place : t(number === 0 ? "review.passage_start" : "review.passage_end", { place });
    const scene = of("scene");
    const clip = of("clip");
    return html`<figure>
      <figcaption><span>${label}</span><span class="quiet number">${format.fullDate(passage.first_ms)} ${instant(passage.first_ms)} · ${taken(passage, shown.devices[number] ?? null).join(" · ")}</span></figcaption>
      ${scene === "" ? html`<t-state kind="hint" text=${t("scene.none")}></t-state>` : html`<t-scene source=${scene} .box=${passage.box ?? null} .ring=${ring} label="${label} ${instant(passage.first_ms)}"></t-scene>`}
      <t-plate-reading plate=${row.plate} .confidences=${passage.char_confidences ?? []}></t-plate-reading>
      ${clip === "" ? nothing : html`<video src=${clip} controls muted preload="metadata" aria-label=${t("review.play")}></video>`}
    </figure>`;
  })}</div>`;
}

/** What was found, by what, how that was worked out, and what proves it. */
export function facts(row: ViolationRow, shown: Shown | null, who: NameOf, cameraName: NameOf): TemplateResult {
  const { finding } = row;
  const told = headline(finding);
  return html`<p><t-plate plate=${row.plate} colour=${finding.colour} kind=${finding.plate_kind}></t-plate> ${word("violation_kind", finding.kind)}</p>
    ${row.corrected === "" ? nothing : html`<p>${t("review.corrected", { plate: row.corrected, who: who(row.corrected_by) })}</p>`}
    ${told === null ? nothing : html`<p class="speed"><span class="big number">${told.speed}</span><span class="quiet">${told.limit}</span></p>`}
    <p class="quiet">${word("violation_state", row.state)}${row.reviewed_by.length === 0 ? nothing : html` · ${t("review.by", { who: row.reviewed_by.map(who).join("、") })}`}${row.case === "" ? nothing : html` · ${t("review.case", { number: row.case })}`} · ${row.overdue ? t("review.overdue") : t("review.due", { date: format.fullDate(row.due_ms) })}</p>
    ${row.reason === null || row.reason === undefined ? nothing : html`<p>${word("reject_reason", row.reason)} ${row.text}</p>`}
    <h2>${t("review.basis")}</h2>
    <p>${ruleName(row, shown)}<br /><span class="quiet">${t("review.rule", { rule: ruleId(row, shown, cameraName), version: finding.version, who: who(row.registered_by) })}</span>
      <br /><span class="quiet">${since(shown)}</span></p>
    ${certificate(row, shown)}
    <h2>${t("review.calculation")}</h2>
    <ol>${finding.steps.filter(({ step }) => step !== "calibration").map((step) => html`<li>${said(step)}</li>`)}</ol>
    <h2>${t("review.evidence")}</h2>
    ${row.unseen.length === 0 ? nothing : html`<p class="warning">${icon("alert")} ${t(row.clip === "pending" ? "review.scene_pending" : "review.scene_missing")}</p>`}
    <p>${row.clip === "missing" ? t("review.clip_missing", { why: word("clip_why", row.clip_why) }) : t(`review.clip_${row.clip}`)}</p>
    ${row.manifest === "" ? nothing : html`<details><summary class="quiet">${t("review.manifest")} ${row.manifest.slice(0, 12)}…</summary><p class="quiet hash">${row.manifest}</p></details>
      <p><a href="/api/v1/violation-packs/${row.manifest}/evidence.html" target="_blank" rel="noopener">${t("review.paper")}</a><br />
        <a href="/api/v1/violation-packs/${row.manifest}.zip" download>${t("review.pack")}</a></p>`}`;
}

/** Regions go by their camera, which people know by its name. */
function ruleId({ finding }: ViolationRow, shown: Shown | null, cameraName: NameOf): string {
  return (shown?.rule.regions ?? []).length > 0 ? t("review.of_camera", { place: cameraName(finding.rule) }) : finding.rule;
}

function dated(at_ms: number): string {
  return `${format.dateWithYear(at_ms)} ${format.clock(at_ms)}`;
}

function since(shown: Shown | null): string {
  const { from_ms, registered_ms } = shown?.rule ?? {};
  if (from_ms == null || registered_ms == null) return t("review.since_unknown");
  return from_ms === registered_ms ? t("review.since_then", { at: dated(registered_ms) }) : t("review.since", { at: dated(registered_ms), from: dated(from_ms) });
}

function ruleName({ finding }: ViolationRow, shown: Shown | null): string {
  const name = shown?.rule.section?.name ?? shown?.rule.restriction?.name ?? finding.region ?? "";
  return name === "" ? finding.rule : name;
}

/** Of a speed: the certificate of the devices, and that it was good then. */
function certificate({ finding }: ViolationRow, shown: Shown | null): TemplateResult | typeof nothing {
  const section = shown?.rule.section;
  if (section == null) return shown === null ? nothing : html`<p class="quiet">${t("review.no_certificate")}</p>`;
  const good = (finding.passages.at(-1)?.last_ms ?? 0) < section.certificate_until_ms;
  const words = t(good ? "review.certificate_good" : "review.certificate_bad", { certificate: section.certificate, until: format.dateWithYear(section.certificate_until_ms) });
  return html`<p class=${good ? "" : "warning"}>${icon(good ? "check" : "alert")} ${words}</p>`;
}
