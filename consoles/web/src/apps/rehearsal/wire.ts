/** What the hub says of rehearsals and takes for them, as `consoles/http/rehearsal.py` has it. Instants are of the rehearsal's clock. */

import type { Bilingual } from "../../wire";

export type Speed = number | "max";
export type RunState = "preparing" | "running" | "paused" | "ended";
export type Outcome = "on_time" | "late" | "missed" | "open" | "not_opened";

export interface ScenarioInfo {
  readonly id: string;
  readonly plan: string;
  readonly title: Bilingual;
  readonly duration_s: number;
}

export interface RunInfo {
  readonly space: string;
  readonly plan: string;
  readonly plan_title: Bilingual;
  readonly scenario: string;
  readonly title: Bilingual;
  readonly state: RunState;
  readonly speed: Speed;
  readonly by: string;
  readonly starts_ms: number;
  readonly ends_ms: number;
  readonly now_ms: number;
  /** What it came to, once that is kept; empty before. */
  readonly report: string;
}

/** What an earlier one came to, which is there longer than it was. */
export interface ReportInfo {
  readonly id: string;
  readonly plan_title: Bilingual;
  readonly title: Bilingual;
  readonly by: string;
  /** When it was begun, in real time. */
  readonly began_ms: number;
  readonly whole: boolean;
  /** 0 to 100; null where nothing counted. */
  readonly total: number | null;
}

export interface Overview {
  readonly scenarios: readonly ScenarioInfo[];
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
  readonly running: readonly RunInfo[];
  readonly reports: readonly ReportInfo[];
}

export interface EventLine {
  readonly at_ms: number;
  readonly kind: string;
  readonly about: string;
  readonly text: string;
}

export interface TaskLine {
  readonly key: string;
  readonly phase: string;
  readonly title: Bilingual;
  readonly mark: Outcome;
  readonly late_ms: number;
  /** 0 to 1; null while it does not count. */
  readonly earned: number | null;
  readonly too_early_for: readonly string[];
  readonly opened_ms: number | null;
  readonly due_ms: number | null;
  readonly done_ms: number | null;
  readonly done_by: string;
}

export interface Evaluation {
  /** 0 to 100; null while nothing counts. */
  readonly total: number | null;
  readonly counted: number;
  readonly on_time: number;
  readonly late: number;
  readonly missed: number;
  readonly out_of_order: number;
}

export interface Refusal {
  readonly at_ms: number;
  readonly kind: string;
  readonly about: string;
  readonly code: string;
  readonly why: string;
}

export interface Told {
  readonly at_ms: number;
  readonly link: string;
  readonly what: string;
  readonly about: string;
  readonly text: string;
}

export interface RehearsalView {
  readonly run: RunInfo;
  readonly past: readonly EventLine[];
  readonly next: readonly EventLine[];
  readonly tasks: readonly TaskLine[];
  readonly evaluation: Evaluation;
  readonly refused: readonly Refusal[];
  readonly told: readonly Told[];
  readonly told_total: number;
}

export interface Control {
  readonly action: "pause" | "resume" | "speed" | "jump" | "stop";
  readonly speed?: Speed;
  readonly to_s?: number;
}
