import type { RebuildCase } from './gates.ts';

/** What follows when a check turns unhealthy, once per fault. */
export type Action =
  | { readonly kind: 'rebuild' }
  | RestoreAction
  | { readonly kind: 'alert' }
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  | { readonly kind: 'playbook'; readonly playbook: string };

/** The node's settings, files and services again; what follows when that does not help. */
export interface RestoreAction {
  readonly kind: 'restore';
  /** Restores of one fault; then comes `next`. */
  readonly attempts: number;
  readonly next: 'rebuild' | 'alert';
  /** How long all of them take one controller, in milliseconds: the next one in turn waits for so long. */
  readonly patienceMs: number;
}

/** Whether a failing check can lead to a rebuild: at once, or when restoring does not help. */
export function leadsToRebuild(action: Action): boolean {
  return action.kind === 'rebuild' || (action.kind === 'restore' && action.next === 'rebuild');
}

/** When a check's results become a verdict, and what a bad verdict is worth. */
export interface CheckPolicy {
  /** Failures in a row that make it unhealthy. */
  readonly failures: number;
  /** Successes in a row that make it healthy again. */
  readonly successes: number;
  readonly action: Action;
  /** A green heartbeat of VMware Tools does not hold a rebuild that this check asks for. */
  readonly ignoresHeartbeat: boolean;
}

/** What holds for one node. */
export interface NodePolicy {
  /** What differs from the pool's mode. */
  readonly mode?: PoolPolicy['mode'];
  readonly checks: Readonly<Record<string, CheckPolicy>>;
}

/** How this controller judges and acts. Times are milliseconds. */
export interface PoolPolicy {
  /** This machine's own node name; null on an admin host. */
  readonly self: string | null;
  /** This machine was a node, and was taken out of the pool: it acts on nobody. */
  readonly isTakenOut: boolean;
  /** Name under which this controller builds. */
  readonly builder: string;
  /** By name: every node of the pool, this one's own included. */
  readonly nodes: Readonly<Record<string, NodePolicy>>;
  readonly mode: RebuildCase['mode'];
  /** A question to a person, and an answer that was not used, end after so long. */
  readonly approvalExpiresMs: number;
  /** So many setbacks within the stability window trip the storm brake. */
  readonly stormAfter: number;
  /** Without a rebuild and without a setback for so long, it releases by itself. */
  readonly stormQuietMs: number;
  /** How many observers must agree: a majority, at least two; or a count. */
  readonly quorum: 'majority' | number;
  /** Controllers outside the pool that are asked, too. */
  readonly witnesses: number;
  /** A vote that rests on older results counts for nothing. */
  readonly voteFreshMs: number;
  /** Share of the pool, from 0 to 1, that lost at one time means that this observer is at fault. */
  readonly cliff: number;
  /** What is lost within this time is lost at one time. */
  readonly cliffWindowMs: number;
  readonly maxUnhealthy: 'minority' | number;
  readonly maxConcurrent: number;
  readonly maxPerHour: number;
  /** A VM that was not seen healthy yet is not judged before this time is over. */
  readonly startupGraceMs: number;
  /** A node that stays healthy for so long has its attempts forgotten. */
  readonly stabilityWindowMs: number;
  readonly maxAttempts: number;
  /** Wait after the first attempt that failed; doubled with each further one. */
  readonly backoffMs: number;
  /** How long each next candidate waits for the one before it. */
  readonly staggerMs: number;
  /** D: a claim or half-built VM that stands still for longer is taken over. */
  readonly takeoverMs: number;
  /** A reading of vCenter older than this says nothing about the present. */
  readonly readingFreshMs: number;
}

/** The mode that holds for a node: its own, or the pool's. */
export function modeOf({ nodes, mode }: Pick<PoolPolicy, 'nodes' | 'mode'>, node: string | null): PoolPolicy['mode'] {
  return (node === null ? undefined : nodes[node]?.mode) ?? mode;
}
