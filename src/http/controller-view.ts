import type { HistoryRange, HistoryReport } from '../pool/history-report.ts';
import type { ImageReport } from '../pool/image-versions.ts';
import type { NoticeReport } from '../pool/notice.ts';
import type { Observation, PoolReport } from '../pool/report.ts';
import type { ControllerReply } from '../peers/all-controllers.ts';
import type { RunCourse, RunDetail, RunReport } from '../pool/run-report.ts';
import type { JournalEvent } from '../store/events.ts';
import type { RunKind, RunOutcome } from '../store/runs.ts';
import type { ControllerOrders } from './controller-orders.ts';
import type { Idempotent } from './idempotency.ts';
import type { EventTap } from './event-streams.ts';

/** Which runs are asked for. */
export interface RunWish {
  readonly node?: string | undefined;
  /** Without one, the kinds that act on nodes. */
  readonly kind?: RunKind | undefined;
  readonly outcome?: RunOutcome | undefined;
  /** ISO UTC. */
  readonly since?: string | undefined;
  /** Only older ones than this. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** What the HTTP server may see of its controller. Every answer is made of these; none of them may hold a secret. */
export interface ControllerView extends EventTap {
  /** The pool at this moment. */
  report(): PoolReport;
  /** What this controller has seen of a node by itself; undefined for a node that it does not know. */
  observation(node: string): Observation | undefined;
  /** What this controller has measured over time, of one node or of all; undefined when that is too much for one answer. */
  history(range: HistoryRange, node?: string): HistoryReport | undefined;
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** The list of members that this controller goes by, in the form that its peers read. */
  membership(): unknown;
  /** The image that this machine carries, as it is on disk now. */
  image(): Promise<ImageReport>;
  /** Runs, newest first. */
  runs(wish: RunWish): readonly RunReport[];
  /** One run whole; undefined for one that the journal does not have. */
  run(id: string): Promise<RunDetail | undefined>;
  hasRun(id: string): boolean;
  /** Runs that act on nodes, newest first, each with how far it came. */
  courses(wish: Pick<RunWish, 'node' | 'limit'>): readonly RunCourse[];
  /** The end of what Ansible printed in a run. */
  output(id: string): Promise<string>;
  /** That faults opened and closed, over the last days, oldest first. */
  faultEvents(): readonly JournalEvent[];
  /** What every other controller says of the pool. */
  askControllers(): Promise<readonly ControllerReply[]>;
  /** What this controller has told people of, and is about to, in the form that its peers read. */
  notifications(): { readonly controller: string; readonly notifications: readonly NoticeReport[] };
  /** Whether the process does its work: its scheduler made progress lately. */
  health(): { readonly ok: boolean; readonly detail: string };
  /** Whether what it reports can be relied on: the first discovery, or the recovery from the journal, is over. */
  ready(): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** What people may order of it. */
  readonly orders: ControllerOrders;
  /** Sees that a request with a key is done once. */
  readonly idempotent: Idempotent;
  /** The bearer token as it is now, asked at every request; null when none is configured. */
  token(): Promise<string | null>;
}
