import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { PoolState, ReadNode } from '../../../src/pool/node-state.ts';
import { certified, faulty, nodeOf, now, policyOf } from './act-case.ts';

const policy = policyOf(['a', 'b', 'c']);
const newVm = { moid: 'vm-10', instanceUuid: 'uuid-10' };
const ended: PoolEvent = {
  kind: 'run-ended',
  node: 'c',
  run: '20260101T000000Z-abcdef',
  outcome: 'rebuilt',
  gate: null,
  isAttempt: true,
  message: 'rebuilt',
  by: null,
};
const found: ReadNode = { found: { ...certified, vm: newVm }, pending: null };
const reading: PoolEvent = { kind: 'read', nodes: { c: found }, begunAt: now };

function poolOf(c: PoolState['nodes'][string]): PoolState {
  return { nodes: { c }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
}

/** The pool after these events, one a second. */
function after(pool: PoolState, ...events: readonly PoolEvent[]): PoolState {
  return events.reduce((state, event, index) => decide(state, event, policy, now + 1000 * index).state, pool);
}

describe('a rebuild that has ended', () => {
  it.each([
    ['of a node without a fault, when the new VM is read', nodeOf(policy), [ended, reading]],
    ['of a node without a fault, when the new VM was read before the end', nodeOf(policy), [reading, ended, reading]],
    ['of a node with a fault', faulty(policy), [ended, reading]],
    ['of a node with a fault, when the new VM was read before the end', faulty(policy), [reading, ended, reading]],
  ])('%s: counts once in the rebuilds of the hour, and the new VM has its time to come up', (_, node, events) => {
    const { nodes, rebuiltAt } = after(poolOf(node), ...events);
    expect(rebuiltAt).toHaveLength(1);
    expect(nodes['c']).toMatchObject({ vm: newVm, fault: null });
    expect(nodes['c']?.warmUntil).toBeGreaterThan(now);
  });
});
