import { describe, expect, it } from 'vitest';
import { voteIn } from '../../../src/peers/vote.ts';
import { calm } from '../../../src/pool/brake.ts';
import type { CheckState } from '../../../src/pool/check-state.ts';
import type { Vote } from '../../../src/pool/consultation.ts';
import type { CheckPolicy } from '../../../src/pool/policy.ts';
import { LatestResults } from '../../../src/remediation/latest-results.ts';
import { observationOf } from '../../../src/remediation/report.ts';
import { faulty, holding, nodeOf, now, policyOf, type Given } from './act-case.ts';

const ping: CheckPolicy = { failures: 3, successes: 1, action: { kind: 'rebuild' }, ignoresHeartbeat: false };
const restore = { kind: 'restore', attempts: 2, next: 'rebuild', patienceMs: 60_000 } as const;
const nodes = Object.fromEntries(
  ['a', 'b', 'c'].map((name) => [name, { checks: { ping, web: { ...ping, action: restore } } }]),
);
const policy = policyOf(['a', 'b', 'c'], { nodes });
const passing: CheckState = { verdict: 'healthy', failures: 0, successes: 1 };
const failing: CheckState = { verdict: 'unhealthy', failures: 3, successes: 0 };

/** What `b` answers about `c`, as `a` hears it. */
function voteOfB(checks: Readonly<Record<string, CheckState>>): Vote {
  const results = new LatestResults();
  for (const check of Object.keys(checks))
    results.set('c', check, { status: 'failed', at: '', atMs: now, latencyMs: null, detail: '' });
  const state = { nodes: { c: nodeOf(policy, { checks }) }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
  const told = observationOf(
    { policy: { ...policy, self: 'b', builder: 'b' }, state, results, trusted: true, nowMs: now },
    'c',
  );
  return voteIn(JSON.stringify(told), 'b', 'c', 1);
}

/** `a` is cut off from `c`, whose page fails, and asks `b`. */
function given(checksOfB: Readonly<Record<string, CheckState>>, restores: number, more: object = {}): Given {
  const node = faulty(policy, 0, { checks: { ping: failing, web: failing } });
  const fault = node.fault === null ? null : { ...node.fault, restores: { web: restores }, ...more };
  return { policy: { nodes }, node: { checks: node.checks, fault }, consultation: { votes: [voteOfB(checksOfB)] } };
}

describe('an observer that sees a check fail', () => {
  it('is no voice for a rebuild while that check is to be restored first', () =>
    expect(holding(given({ ping: passing, web: failing }, 0))).toEqual(['quorum']));

  it('is a voice once that check was restored as often as it may be', () =>
    expect(holding(given({ ping: passing, web: failing }, 2))).toEqual([]));

  it('is a voice when a check fails there that asks for a rebuild', () =>
    expect(holding(given({ ping: failing, web: failing }, 0))).toEqual([]));

  it('is a voice about work that was left behind, whatever fails', () =>
    expect(holding(given({ ping: passing, web: failing }, 0, { isAbandoned: true }))).toEqual([]));
});
