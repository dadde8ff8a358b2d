import type { Action, CheckPolicy, NodePolicy, PoolPolicy } from '../pool/policy.ts';
import { nodeNames, nodeSettings, takeoverAfterMs } from './node-settings.ts';
import type { Check, Config } from './schema.ts';

/** Readings of vCenter older than so many intervals say nothing about the present. */
const freshIntervals = 3;
const freshAtLeastMs = 60_000;
const voteFreshAtLeastMs = 10_000;

/** What the configuration says about judging and acting. */
export function poolPolicy(config: Config, own: Pick<PoolPolicy, 'self' | 'builder' | 'isTakenOut'>): PoolPolicy {
  const { safety, remediation, discovery } = config;
  const nodes = nodeNames(config).map((name): [string, NodePolicy] => [
    name,
    { checks: checkPolicies(nodeSettings(config, name).checks) },
  ]);
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
    voteFreshMs: voteFreshMs(config),
    cliff: safety.cliff / 100,
    cliffWindowMs: voteFreshMs(config),
    maxUnhealthy: safety.max_unhealthy,
    maxConcurrent: safety.max_concurrent,
    maxPerHour: safety.max_per_hour === 'auto' ? Math.max(3, config.pool.nodes.length) : safety.max_per_hour,
    readingFreshMs: Math.max(freshAtLeastMs, freshIntervals * discovery.interval),
  };
}

/** Two measurements of the slowest check that can lead to a rebuild: what is older says nothing of the present. */
function voteFreshMs(config: Config): number {
  const checks = Object.values(config.checks).filter(({ on_failure: action }) => action === 'rebuild');
  return Math.max(voteFreshAtLeastMs, ...checks.map(({ interval, timeout }) => 2 * interval + timeout));
}

function checkPolicies(checks: Config['checks']): Readonly<Record<string, CheckPolicy>> {
  const policies = Object.entries(checks).map(([name, check]): [string, CheckPolicy] => [
    name,
    {
      failures: check.failures,
      successes: check.successes,
      action: actionOf(check.on_failure),
      ignoresHeartbeat: check.ignore_heartbeat,
    },
  ]);
  return Object.fromEntries(policies);
}

function actionOf(action: Check['on_failure']): Action {
  if (typeof action === 'string') return { kind: action };
  return 'exec' in action ? { kind: 'exec', argv: action.exec } : { kind: 'playbook', playbook: action.playbook };
}
