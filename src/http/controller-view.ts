import type { Observation, PoolReport } from '../pool/report.ts';
import type { ControllerOrders } from './controller-orders.ts';
import type { Idempotent } from './idempotency.ts';
import type { EventFilter, JournalEvent } from '../store/events.ts';

/** What the HTTP server may see of its controller. Every answer is made of these; none of them may hold a secret. */
export interface ControllerView {
  /** The pool at this moment. */
  report(): PoolReport;
  /** What this controller has seen of a node by itself; undefined for a node that it does not know. */
  observation(node: string): Observation | undefined;
  /** The list of members that this controller goes by, in the form that its peers read. */
  membership(): unknown;
  /** The journal's events, oldest first. */
  events(filter: EventFilter): readonly JournalEvent[];
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
