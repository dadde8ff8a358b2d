import type { GateReport } from './report.ts';

/* What a controller tells of its runs, over HTTP. Keys are those of the JSON; times are ISO UTC. */

/** One run, as the journal has it. */
export interface RunReport {
  readonly id: string;
  /** Null when the run is about the whole pool. */
  readonly node: string | null;
  readonly kind: string;
  readonly state: string;
  /** Null while it goes on. */
  readonly outcome: string | null;
  /** Why it failed. */
  readonly class: string | null;
  /** What refused it. */
  readonly gate: string | null;
  /** The last step that was begun, or the one that failed. */
  readonly step: string | null;
  /** The VM that it made. */
  readonly vm: { readonly moid: string; readonly instance_uuid: string } | null;
  /** Who asked for it: `operator`, `monitor`, `api` ... */
  readonly by: string;
  readonly reason: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** Runs, newest first. */
export interface RunList {
  readonly runs: readonly RunReport[];
  /** The last of them, when there are older ones: those come before it. */
  readonly next: string | null;
}

/** The first of what was found. To know whether there are more, one more than the limit has to be looked for. */
export function runList(found: readonly RunReport[], limit: number): RunList {
  const runs = found.slice(0, limit);
  return { runs, next: found.length > limit ? (runs.at(-1)?.id ?? null) : null };
}

/** From the fault to the certified node, as people tell it. */
export const reportedPhases = ['detected', 'decided', 'fenced', 'deployed', 'booted', 'loaded', 'certified'] as const;
export type ReportedPhase = (typeof reportedPhases)[number];

/** When a phase was reached; null: it was not, or not in this run. */
export interface PhaseReport {
  readonly name: ReportedPhase;
  readonly at: string | null;
}

/** One run, and how far it came. */
export interface RunCourse extends RunReport {
  readonly phases: readonly PhaseReport[];
}

/** What became of a task over all its hosts; null while it goes on, or when it was never answered. */
export type TaskReportOutcome = 'ok' | 'changed' | 'skipped' | 'ignored' | 'rescued' | 'failed' | 'unreachable' | null;

/** One task of a run. */
export interface TaskReport {
  readonly step: string;
  readonly name: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly outcome: TaskReportOutcome;
  readonly failed_hosts: readonly string[];
  readonly retries: number;
  readonly message: string | null;
}

/** One run with all that is known of it. */
export interface RunDetail extends RunCourse {
  /** The controller that does it. */
  readonly builder: string;
  /** Whether a person overrode gates by name. */
  readonly forced: boolean;
  /** Under which name its claims and decisions are in vCenter, and the number of this attempt. */
  readonly incident: string | null;
  readonly generation: number | null;
  /** Why it ended so, and what to do. */
  readonly message: string | null;
  readonly remedy: string | null;
  readonly address: string | null;
  /** The VM that was judged failed. */
  readonly old_vm: { readonly moid: string; readonly instance_uuid: string } | null;
  readonly tasks: readonly TaskReport[];
  /** What a controller that acted by itself decided on; null for an order by hand. */
  readonly decision: { readonly at: string; readonly gates: readonly GateReport[] } | null;
}

/** What the gates of a run's decision are headed with. */
export function whyItActed({ gates }: NonNullable<RunDetail['decision']>): string {
  return gates.some(({ holds }) => holds) ? 'Why it did not act' : 'Why it acted';
}
