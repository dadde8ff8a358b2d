import type { Check } from '../../src/config/schema.ts';
import { canRebuild, checkPolicies } from '../../src/config/pool-policy.ts';
import type { PoolPolicy } from '../../src/pool/policy.ts';
import type { Scenario } from './scenario.ts';

/** What differs from machine to machine, and in the course of a scenario. */
export interface PolicyCase {
  readonly scenario: Scenario;
  readonly machine: string;
  readonly nodes: readonly string[];
  readonly mode: PoolPolicy['mode'];
  readonly checksOf: (node: string) => Readonly<Record<string, Check>>;
}

const staggerMs = 30_000;

/** The policy of one controller. */
export function policyOf({ scenario, machine, nodes, mode, checksOf }: PolicyCase): PoolPolicy {
  const { safety } = scenario;
  return {
    self: nodes.includes(machine) ? machine : null,
    isTakenOut: false,
    builder: machine,
    nodes: Object.fromEntries(
      nodes.map((node) => [
        node,
        { checks: checkPolicies(checksOf(node), staggerMs), mode: scenario.own_modes[node] ?? mode },
      ]),
    ),
    mode,
    approvalExpiresMs: safety.approval_expires,
    stormAfter: safety.storm_after,
    stormQuietMs: safety.storm_quiet,
    startupGraceMs: safety.startup_grace,
    stabilityWindowMs: safety.stability_window,
    maxAttempts: safety.max_attempts,
    backoffMs: safety.backoff,
    staggerMs,
    takeoverMs: scenario.takeover,
    quorum: safety.quorum,
    witnesses: safety.witnesses.length,
    voteFreshMs: voteFreshMs(scenario),
    cliff: safety.cliff / 100,
    cliffWindowMs: voteFreshMs(scenario),
    maxUnhealthy: safety.max_unhealthy,
    maxConcurrent: safety.max_concurrent,
    maxPerHour: safety.max_per_hour === 'auto' ? Math.max(3, nodes.length) : safety.max_per_hour,
    readingFreshMs: 60_000,
  };
}

/** As poolPolicy has it. */
function voteFreshMs({ checks, own_checks: own }: Scenario): number {
  const all = [checks, ...Object.values(own)].flatMap((each) => Object.values(each));
  const deciding = all.filter((check) => canRebuild(check));
  return Math.max(10_000, ...deciding.map(({ interval, timeout }) => 2 * interval + timeout));
}
