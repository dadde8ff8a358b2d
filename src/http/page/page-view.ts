import type { GateReport, PoolReport } from '../../pool/report.ts';

/* What the pages are made of. Keys and shapes are those of the JSON interface; times are ISO UTC. */

/** The pool, and what limits what this controller may do. */
export interface PageReport extends PoolReport {
  readonly mode: 'act' | 'dry-run' | 'approve';
  readonly budget: {
    readonly in_use: number;
    readonly max: number;
    readonly per_hour: { readonly used: number; readonly max: number };
  };
  /** Why it does nothing for the moment. */
  readonly storm: { readonly since: string; readonly reason: string } | null;
}

/** The milestones of a failure, in their order. */
export const milestoneNames = ['detected', 'decided', 'fenced', 'deployed', 'booted', 'loaded', 'certified'] as const;

/** When a run reached a milestone; null when it did not, or not yet. */
export interface Milestone {
  readonly name: string;
  readonly at: string | null;
}

/** One run, as `/v1/runs` has it, and how far it came. */
export interface RunView {
  readonly id: string;
  readonly node: string | null;
  readonly kind: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly class: string | null;
  readonly gate: string | null;
  readonly step: string | null;
  readonly vm: VmView | null;
  readonly by: string;
  readonly reason: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly phases: readonly Milestone[];
}

export interface VmView {
  readonly moid: string;
  readonly instance_uuid: string;
}

export interface TaskView {
  readonly step: string;
  readonly name: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  /** Null while it runs. */
  readonly outcome: string | null;
  readonly failed_hosts: readonly string[];
  readonly retries: number;
  readonly message: string | null;
}

/** One run in full. */
export interface RunPageView extends RunView {
  readonly message: string | null;
  readonly remedy: string | null;
  /** The VM that was judged; `vm` is the one that took its place. */
  readonly old_vm: VmView | null;
  readonly address: string | null;
  readonly tasks: readonly TaskView[];
  /** What the gates said before it; null for an order by hand. */
  readonly decision: { readonly at: string; readonly gates: readonly GateReport[] } | null;
  /** What Ansible printed, perhaps only its end. */
  readonly output: string;
}

/** A node was unhealthy, from then until then. */
export interface FaultView {
  readonly node: string;
  readonly opened_at: string;
  /** Null while it is open. */
  readonly closed_at: string | null;
  /** How it ended: `recovered`, `rebuilt`, `replaced` ... */
  readonly reason: string | null;
}

export const historyRanges = ['1h', '24h', '7d', '30d'] as const;
export type HistoryRange = (typeof historyRanges)[number];

/** What was measured within one bucket of time. Buckets in which nobody looked are absent. */
export interface BucketView {
  readonly at: string;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly latency_ms: { readonly min: number; readonly mean: number; readonly max: number } | null;
}

/** What was measured of each node, by check. */
export interface HistoryView {
  readonly range: string;
  readonly bucket_seconds: number;
  readonly from: string;
  readonly nodes: Readonly<Record<string, Readonly<Record<string, readonly BucketView[]>>>>;
}

/** What another controller told of the pool, or why it told nothing. */
export interface ControllerAnswer {
  readonly name: string;
  readonly ok: boolean;
  readonly error: string | null;
  readonly report: PoolReport | null;
}

/** What the pages ask of their controller. */
export interface PageView {
  report(): PageReport;
  /** Of all nodes, or of one in more detail. */
  history(range: HistoryRange, node?: string): HistoryView;
  /** Newest first. */
  runs(filter: { readonly node?: string; readonly limit: number }): readonly RunView[];
  /** Newest first. */
  faults(): readonly FaultView[];
  run(id: string): Promise<RunPageView | undefined>;
  /** Asks them, with a short deadline; this one is among them. */
  controllers(): Promise<readonly ControllerAnswer[]>;
  /** The id of the newest event: a live page goes on from there. */
  lastEvent(): number;
}
