import type { Action, CheckPolicy, NodePolicy, PoolPolicy } from '../pool/policy.ts';
import { modeIn, nodeNames, nodeSettings, takeoverAfterMs } from './node-settings.ts';
import type { Check, Config } from './schema.ts';

/** Readings of vCenter older than so many intervals say nothing about the present. */
const freshIntervals = 3;
const freshAtLeastMs = 60_000;
const voteFreshAtLeastMs = 10_000;

/** What the configuration says about judging and acting. */
export function poolPolicy(config: Config, own: Pick<PoolPolicy, 'self' | 'builder' | 'isTakenOut'>): PoolPolicy {
  const { safety, remediation, discovery } = config;
  const checksOf = nodeNames(config).map((name) => [name, nodeSettings(config, name).checks] as const);
  const nodes = checksOf.map(([name, checks]): [string, NodePolicy] => [
    name,
    { checks: checkPolicies(checks, remediation.stagger), mode: modeIn(config, name) },
  ]);
  const voteFreshMs = voteFreshMsOf(checksOf.map(([, checks]) => checks));
  return {
    ...own,
    nodes: Object.fromEntries(nodes),
    mode: safety.mode,
    approvalExpiresMs: safety.approval_expires,
    stormAfter: safety.storm_after,
    stormQuietMs: safety.storm_quiet,
    startupGraceMs: safety.startup_grace,
    stabilityWindowMs: safety.stability_window,
    maxAttempts: safety.max_attempts,
    backoffMs: safety.backoff,
    staggerMs: remediation.stagger,
    takeoverMs: takeoverAfterMs(config),
    quorum: safety.quorum,
    witnesses: safety.witnesses.length,
    voteFreshMs,
    cliff: safety.cliff / 100,
    cliffWindowMs: voteFreshMs,
    maxUnhealthy: safety.max_unhealthy,
    maxConcurrent: safety.max_concurrent,
    maxPerHour: safety.max_per_hour === 'auto' ? Math.max(3, config.pool.nodes.length) : safety.max_per_hour,
    readingFreshMs: Math.max(freshAtLeastMs, freshIntervals * discovery.interval),
  };
}

/** Two measurements of the slowest check that can lead to a rebuild of any node: what is older says nothing of the present. */
function voteFreshMsOf(checksOfNodes: readonly Config['checks'][]): number {
  const checks = checksOfNodes.flatMap((each) => Object.values(each)).filter((check) => canRebuild(check));
  return checks.reduce((most, { interval, timeout }) => Math.max(most, 2 * interval + timeout), voteFreshAtLeastMs);
}

/** Whether a failing check can lead to a rebuild: at once, or when restoring does not help. */
export function canRebuild(check: { readonly on_failure: unknown; readonly then?: unknown }): boolean {
  return check.on_failure === 'rebuild' || (check.on_failure === 'restore' && check.then === 'rebuild');
}

/** What the configuration says of each check, for the state machine. `staggerMs`: the least time between two controllers' turns. */
export function checkPolicies(checks: Config['checks'], staggerMs: number): Readonly<Record<string, CheckPolicy>> {
  const policies = Object.entries(checks).map(([name, check]): [string, CheckPolicy] => [
    name,
    {
      failures: check.failures,
      successes: check.successes,
      action: actionOf(check, staggerMs),
      ignoresHeartbeat: check.ignore_heartbeat,
    },
  ]);
  return Object.fromEntries(policies);
}

/** How long a check takes to fail afresh after a restore, and its controller to restore again, in milliseconds. */
function afreshMs({ failures, interval, timeout }: Check, staggerMs: number): number {
  return failures * interval + timeout + staggerMs;
}

/** How long a node is left to itself after another controller's restore, in milliseconds: that one's checks show first whether it helped. */
export function restoreRestMs(config: Config, node: string): number {
  const checks = Object.values(nodeSettings(config, node).checks).filter(({ on_failure: on }) => on === 'restore');
  return Math.max(0, ...checks.map((check) => afreshMs(check, config.remediation.stagger)));
}

function actionOf(check: Check, staggerMs: number): Action {
  const { on_failure: action, restore_attempts: attempts } = check;
  if (action === 'restore')
    return { kind: 'restore', attempts, next: check.then, patienceMs: attempts * afreshMs(check, staggerMs) };
  if (typeof action === 'string') return { kind: action };
  return 'exec' in action ? { kind: 'exec', argv: action.exec } : { kind: 'playbook', playbook: action.playbook };
}
