import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { NodeState, PoolState } from '../../../src/pool/node-state.ts';
import { faulty, judged, nodeOf, now, policyOf } from './act-case.ts';

const policy = policyOf(['a', 'b', 'c'], { mode: 'approve' });

function poolWith(node: NodeState): PoolState {
  return { nodes: { b: nodeOf(policy), c: node }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
}

const ordered: PoolEvent = { kind: 'ordered', node: 'c', vm: judged };

describe('a question to a person', () => {
  it('says by its event which run waits, and which checks have failed', () => {
    const asked = decide(poolWith(faulty(policy)), ordered, policy, now).state;
    const { effects } = decide(asked, { kind: 'asked', node: 'c', run: 'r1' }, policy, now);
    expect(effects).toContainEqual({
      kind: 'record',
      node: 'c',
      type: 'approval.asked',
      data: { run: 'r1', checks: ['ping'] },
    });
  });
});

describe('an order of Monit that lacks nothing but a person', () => {
  it('has him asked, for a fault that is there', () => {
    const { state, effects } = decide(poolWith(faulty(policy)), ordered, policy, now);
    expect(effects.filter(({ kind }) => kind === 'ask')).toEqual([{ kind: 'ask', node: 'c', judged, attempt: 1 }]);
    expect(state.nodes['c']?.fault).toMatchObject({
      approval: { answer: 'awaited', vm: judged },
      course: { kind: 'held', holds: [{ gate: 'approval' }] },
    });
  });

  it('has him asked also before this controller saw a fault, which the next success ends', () => {
    const asked = decide(poolWith(nodeOf(policy)), ordered, policy, now);
    expect(asked.effects.map(({ kind }) => kind)).toContain('ask');
    const waits = decide(asked.state, { kind: 'asked', node: 'c', run: 'r1' }, policy, now).state;
    const subject = judged.instanceUuid;
    const answers = { kind: 'measured', node: 'c', check: 'ping', subject, status: 'ok', detail: '' } as const;
    const after = decide(waits, answers, policy, now);
    expect(after.state.nodes['c']?.fault).toBeNull();
    expect(after.effects).toContainEqual(expect.objectContaining({ kind: 'unask', run: 'r1', outcome: 'cancelled' }));
  });

  it('asks once, and not again after a rejection', () => {
    const asked = decide(poolWith(faulty(policy)), ordered, policy, now).state;
    expect(decide(asked, ordered, policy, now).effects.map(({ kind }) => kind)).not.toContain('ask');
    const waits = decide(asked, { kind: 'asked', node: 'c', run: 'r1' }, policy, now).state;
    const no = { kind: 'answered', node: 'c', run: 'r1', answer: 'rejected', by: 'alice', reason: '' } as const;
    const rejected = decide(waits, no, policy, now).state;
    expect(decide(rejected, ordered, policy, now).state).toEqual(rejected);
  });

  it('asks nobody about another VM, in another mode, or while the node is being rebuilt', () => {
    const other = { ...ordered, vm: { moid: 'vm-1', instanceUuid: 'uuid-1' } };
    const node = faulty(policy);
    const { fault } = node;
    if (fault === null) throw new Error('no fault');
    const running: NodeState = { ...node, fault: { ...fault, course: { kind: 'running', run: 'r0' } } };
    for (const [state, event, mode] of [
      [poolWith(node), other, policy],
      [poolWith(node), ordered, policyOf(['a', 'b', 'c'])],
      [poolWith(running), ordered, policy],
    ] as const)
      expect(decide(state, event, mode, now).effects.map(({ kind }) => kind)).not.toContain('ask');
  });
});

describe('an order of Monit about a node that others observe, in a pool of more than ten', () => {
  it('is asked about until a person has answered, and not until the next reading of vCenter', () => {
    const asked = decide(poolWith(nodeOf(policy)), ordered, policy, now).state;
    const waits = decide(asked, { kind: 'asked', node: 'c', run: 'r1' }, policy, now).state;
    const after = decide(waits, { kind: 'observing', nodes: ['b'] }, policy, now + 1000);
    expect(after.state.nodes['c']?.fault?.approval).toMatchObject({ run: 'r1', answer: 'awaited' });
  });
});
