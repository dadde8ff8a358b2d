import type { Action, CheckPolicy, NodePolicy, PoolPolicy } from '../pool/policy.ts';
import { nodeNames, nodeSettings, takeoverAfterMs } from './node-settings.ts';
import type { Check, Config } from './schema.ts';

/** Readings of vCenter older than so many intervals say nothing about the present. */
const freshIntervals = 3;
const freshAtLeastMs = 60_000;

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
    startupGraceMs: safety.startup_grace,
    stabilityWindowMs: safety.stability_window,
    maxAttempts: safety.max_attempts,
    backoffMs: safety.backoff,
    staggerMs: remediation.stagger,
    takeoverMs: takeoverAfterMs(config),
    readingFreshMs: Math.max(freshAtLeastMs, freshIntervals * discovery.interval),
  };
}

function checkPolicies(checks: Config['checks']): Readonly<Record<string, CheckPolicy>> {
  const policies = Object.entries(checks).map(
    ([name, { failures, successes, on_failure: action }]): [string, CheckPolicy] => [
      name,
      { failures, successes, action: actionOf(action) },
    ],
  );
  return Object.fromEntries(policies);
}

function actionOf(action: Check['on_failure']): Action {
  if (typeof action === 'string') return { kind: action };
  return 'exec' in action ? { kind: 'exec', argv: action.exec } : { kind: 'playbook', playbook: action.playbook };
}
