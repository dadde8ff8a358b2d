import { describe, expect, it } from 'vitest';
import { restraints } from '../../../src/pool/restraints.ts';
import { calm } from '../../../src/pool/brake.ts';
import type { NodeState } from '../../../src/pool/node-state.ts';
import { faulty, judged, nodeOf, now, policyOf } from './act-case.ts';

const policy = policyOf(['a', 'b', 'c'], { maxAttempts: 3, backoffMs: 60_000 });

function gates(node: NodeState): readonly string[] {
  const pool = { nodes: { c: node }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
  return restraints({ name: 'c', pool, policy, now }, node).map(({ gate }) => gate);
}

describe('an order of Monit', () => {
  it('waits for nothing more when nothing was tried', () => {
    expect(gates(nodeOf(policy))).toEqual([]);
    expect(gates(faulty(policy))).toEqual([]);
  });

  it.each([
    [1, 59_000, ['backoff']],
    [1, 60_000, []],
    [2, 119_000, ['backoff']],
    [2, 120_000, []],
    [3, 3_000_000, ['exhausted']],
  ])('after %d attempts, %d ms ago, is held by %j', (attempts, agoMs, held) => {
    expect(gates(faulty(policy, 0, { attempts, lastAttemptAt: now - agoMs }))).toEqual(held);
  });

  it('does not try again what a person stopped or what was given up', () => {
    const { fault } = faulty(policy);
    if (fault === null) throw new Error('no fault');
    const stopped = { gate: 'cancelled', message: 'stopped', forceable: false };
    const held = { kind: 'held', holds: [stopped], until: null, isOurs: false } as const;
    expect(gates(nodeOf(policy, { fault: { ...fault, vm: judged, course: held } }))).toEqual(['cancelled']);
    expect(gates(nodeOf(policy, { fault: { ...fault, course: { ...held, isOurs: true } } }))).toEqual([]);
    expect(gates(nodeOf(policy, { fault: { ...fault, course: { kind: 'exhausted' } } }))).toEqual(['exhausted']);
  });
});
