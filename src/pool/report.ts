import type { PeerHold } from './consultation.ts';
import type { ImageVersionReport } from './image-versions.ts';

/* What a controller tells of its pool, over HTTP and in the command line. Keys are those of the JSON; times are ISO UTC. */

/** Where a node stands, in one word. */
export const reportStates = [
  'unknown',
  'healthy',
  'suspect',
  'faulted',
  'remediating',
  'warming',
  'held',
  'exhausted',
] as const;
export type ReportState = (typeof reportStates)[number];

/** The newest result of a check. */
export interface CheckResultReport {
  readonly status: 'ok' | 'failed' | 'unknown';
  readonly at: string;
  readonly latency_ms: number | null;
  readonly detail: string;
}

/** A check of a node, and what it found. */
export interface CheckReport {
  readonly name: string;
  readonly type: string;
  readonly on_failure: string;
  readonly verdict: 'healthy' | 'unhealthy' | 'unknown';
  /** Failures in a row, of so many that make it unhealthy. */
  readonly failures: number;
  readonly of: number;
  /** Null before the first measurement. */
  readonly last: CheckResultReport | null;
}

/** An open fault. */
export interface FaultReport {
  readonly opened_at: string;
  /** Rebuilds of the node within the stability window. */
  readonly attempts: number;
  /** The checks that are unhealthy. */
  readonly checks: readonly string[];
  /** The run that deals with it now. */
  readonly run: string | null;
}

/** A gate that holds an action, and why. */
export interface HoldReport {
  readonly gate: string;
  readonly message: string;
}

/** What a gate said, with the facts that it used. */
export interface GateReport {
  readonly gate: string;
  readonly holds: boolean;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The newest run that acted on a node, as the journal has it. */
export interface LastRunReport {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly class: string | null;
  readonly gate: string | null;
  readonly step: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** All that a controller tells of one node. */
export interface NodeReport {
  readonly name: string;
  readonly state: ReportState;
  /** One line, for people. */
  readonly why: string;
  /** Since when it is in this state. */
  readonly since: string | null;
  readonly address: string | null;
  /** When vCenter last told that address. */
  readonly address_seen_at: string | null;
  readonly moid: string | null;
  readonly instance_uuid: string | null;
  readonly power: string | null;
  readonly connection: string | null;
  readonly heartbeat: string | null;
  readonly certified: boolean;
  readonly paused: boolean;
  readonly checks: readonly CheckReport[];
  readonly fault: FaultReport | null;
  readonly holds: readonly HoldReport[];
  /** What every gate said when they were last asked; empty when no decision was due. */
  readonly gates: readonly GateReport[];
  /** When that was. */
  readonly decided_at: string | null;
  readonly last_run: LastRunReport | null;
}

/** Actions are held, of the whole pool (`pool`) or of one node (`node/NAME`). */
export interface PauseReport {
  readonly scope: string;
  /** Null: until it is cleared. */
  readonly until: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

/** Whether vCenter could be read. */
export interface DiscoveryReport {
  readonly ok: boolean;
  /** When it was last read whole. */
  readonly at: string | null;
  readonly error: string | null;
}

/** Which list of members the controller goes by. */
export interface MembershipReport {
  readonly version: number;
  readonly by: string | null;
  /** Why the lists of two controllers cannot be reconciled. */
  readonly conflict: string | null;
}

/** The controller that tells. */
export interface ControllerReport {
  readonly name: string;
  /** The node that it runs on; null on an admin host. */
  readonly node: string | null;
  readonly version: string;
  readonly started_at: string;
}

/** The pool, as one controller sees it. */
export interface PoolReport {
  readonly pool: string;
  readonly at: string;
  /** Every node is healthy. */
  readonly healthy: boolean;
  readonly controller: ControllerReport;
  readonly pauses: readonly PauseReport[];
  readonly discovery: DiscoveryReport;
  readonly membership: MembershipReport;
  readonly mode: 'act' | 'dry-run' | 'approve';
  readonly budget: BudgetReport;
  /** The storm brake; null when it is not tripped. */
  readonly storm: StormReport | null;
  readonly nodes: readonly NodeReport[];
  /** Which controllers carry which image, the newest first; those that did not tell are missing. */
  readonly images: readonly ImageVersionReport[];
  /** Checks that the controller makes of its own machine. */
  readonly host_checks: readonly CheckReport[];
}

/** How many rebuilds are allowed, and how many of them are taken. */
export interface BudgetReport {
  /** Under way now, in the whole pool. */
  readonly in_use: number;
  readonly max: number;
  readonly per_hour: { readonly used: number; readonly max: number };
}

/** Nothing is rebuilt by itself, since so long, because of that. */
export interface StormReport {
  readonly since: string;
  readonly reason: string;
}

/** What a controller has seen of a node by itself, for its peers. Ages instead of times: no clocks of two machines are compared. */
export interface Observation {
  /** Who tells: an address may be another machine's by now. */
  readonly controller: string;
  readonly node: string;
  /** The VM that the results are about. */
  readonly vm: { readonly moid: string; readonly instance_uuid: string } | null;
  /**
   * By the checks that can lead to a rebuild: unhealthy when the newest counted result of one is a failure (it tried and failed),
   * healthy when all pass.
   */
  readonly verdict: 'healthy' | 'unhealthy' | 'unknown';
  /** How old the oldest result is that the verdict rests on; null when there is none. */
  readonly age_ms: number | null;
  /** Whether this controller trusts itself: it reads vCenter, and did not stand still a moment ago. */
  readonly trusted: boolean;
  /** What keeps this controller from rebuilding the node, and is meant for the whole pool. */
  readonly holds: readonly PeerHold[];
  readonly checks: readonly ObservedCheck[];
}

export interface ObservedCheck {
  readonly name: string;
  readonly verdict: 'healthy' | 'unhealthy' | 'unknown';
  readonly failures: number;
  readonly of: number;
  readonly age_ms: number | null;
}
