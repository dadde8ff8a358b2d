import type { HistoryRange, HistoryReport } from '../../pool/history-report.ts';
import type { PoolReport } from '../../pool/report.ts';
import type { RunCourse, RunDetail } from '../../pool/run-report.ts';

/* What the pages are made of. Keys and shapes are those of the JSON interface; times are ISO UTC. */

/** One run in full. */
export interface RunPageView extends RunDetail {
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

/** What another controller told of the pool, or why it told nothing. */
export interface ControllerAnswer {
  readonly name: string;
  readonly ok: boolean;
  readonly error: string | null;
  readonly report: PoolReport | null;
}

/** What the pages ask of their controller. */
export interface PageView {
  report(): PoolReport;
  /** Of all nodes, or of one in more detail. */
  history(range: HistoryRange, node?: string): HistoryReport;
  /** Newest first. */
  runs(filter: { readonly node?: string; readonly limit: number }): readonly RunCourse[];
  /** Newest first. */
  faults(): readonly FaultView[];
  run(id: string): Promise<RunPageView | undefined>;
  /** Asks them, with a short deadline; this one is among them. */
  controllers(): Promise<readonly ControllerAnswer[]>;
  /** The id of the newest event: a live page goes on from there. */
  lastEvent(): number;
}
