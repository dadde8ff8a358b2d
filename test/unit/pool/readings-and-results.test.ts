import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { NodeState, Pending, PoolState, ReadNode } from '../../../src/pool/node-state.ts';
import { LatestResults } from '../../../src/remediation/latest-results.ts';
import { observationOf } from '../../../src/remediation/report.ts';
import { judged, nodeOf, now, policyOf } from './act-case.ts';

const policy = policyOf(['a', 'b', 'c', 'd', 'e']);

function poolOf(c: NodeState): PoolState {
  return { nodes: { c }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
}

function measured(status: 'ok' | 'failed'): PoolEvent {
  return { kind: 'measured', node: 'c', check: 'ping', subject: judged.instanceUuid, status, detail: '' };
}

/** The pool after these events, one a second, with vCenter read before each. */
function after(pool: PoolState, read: ReadNode, events: readonly PoolEvent[]): PoolState {
  return events.reduce((state, event, index) => {
    const at = now + 1000 * index;
    const seen = decide(state, { kind: 'read', nodes: { c: read }, begunAt: at }, policy, at).state;
    return decide(seen, event, policy, at).state;
  }, pool);
}

function observed(state: PoolState): ReturnType<typeof observationOf> {
  const results = new LatestResults();
  results.set('c', 'ping', { status: 'ok', at: '', atMs: now, latencyMs: 1, detail: '' });
  return observationOf({ policy, state, results, trusted: true, nowMs: now + 1000 }, 'c');
}

describe('results of a node that a reading of vCenter lacks', () => {
  const gone: ReadNode = { found: { kind: 'absent' }, pending: null };
  const well = nodeOf(policy, { checks: { ping: { verdict: 'healthy', failures: 0, successes: 1 } } });

  it('an answer ends the failures before it: an observer that the node answers is no voice for a rebuild', () => {
    const state = after(poolOf(well), gone, [measured('failed'), measured('ok'), measured('ok')]);
    expect(observed(state)?.verdict).not.toBe('unhealthy');
  });

  it('failures that are not in a row do not open a fault', () => {
    const events = (['failed', 'ok', 'ok', 'failed', 'ok', 'ok', 'failed', 'ok'] as const).map(measured);
    expect(after(poolOf(well), gone, events).nodes['c']?.fault).toBeNull();
  });
});

describe('results of a node whose claim was left behind without a VM', () => {
  const left: Pending = { by: 'b', sinceMs: now - policy.takeoverMs - 1, isOver: false };
  const read: ReadNode = { found: { kind: 'absent' }, pending: left };

  it('count again once the claim may be taken over, for a controller that stood still or was started meanwhile', () => {
    const stood = nodeOf(policy, { checks: { ping: { verdict: 'unhealthy', failures: 0, successes: 0 } } });
    const state = after(poolOf(stood), read, [measured('failed'), measured('failed'), measured('failed')]);
    expect(observed(state)?.verdict).toBe('unhealthy');
  });
});
