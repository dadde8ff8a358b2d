import { describe, expect, it } from 'vitest';
import { orderGates } from '../../../src/pool/restraints.ts';
import type { HandOrder } from '../../../src/pool/act-gates.ts';
import type { Consultation } from '../../../src/pool/consultation.ts';
import type { OrderTrigger } from '../../../src/pool/order.ts';
import { calm } from '../../../src/pool/brake.ts';
import type { NodeState } from '../../../src/pool/node-state.ts';
import { faulty, judged, nodeOf, now, policyOf, vote } from './act-case.ts';

const policy = policyOf(['a', 'b', 'c'], { maxAttempts: 3, backoffMs: 60_000 });

/** What holds an order about c, for which every other gate passes. */
function gates(node: NodeState, trigger: OrderTrigger = 'monit'): readonly string[] {
  const pool = { nodes: { c: node }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
  const self = { loopLagMs: 0, stalledAgoMs: null, freeBytes: 1e12, isWitnessReached: null };
  const consultation: Consultation = {
    votes: [vote('b')],
    confirmation: { status: 'failed', detail: '' },
    self,
    rollout: null,
  };
  const order: HandOrder = { trigger, isDryRun: false, force: [] };
  const all = orderGates({ turn: { name: 'c', pool, policy, now }, node, consultation, order });
  return all.filter(({ holds }) => holds).map(({ gate }) => gate);
}

describe('an order of Monit', () => {
  it('waits for nothing more when nothing was tried', () => {
    expect(gates(faulty(policy))).toEqual([]);
  });

  it.each([
    [1, 59_000, ['backoff']],
    [1, 60_000, []],
    [2, 119_000, ['backoff']],
    [2, 120_000, []],
    [3, 3_000_000, ['exhausted']],
  ])('after %d attempts, %d ms ago, is held by %j', (attempts, agoMs, held) => {
    const node = faulty(policy, 0, { attempts, lastAttemptAt: now - agoMs });
    expect(gates(node)).toEqual(held);
    expect(gates(node, 'api')).toEqual([]);
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
