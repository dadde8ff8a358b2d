import { calm } from '../../../src/pool/brake.ts';
import { describe, expect, it } from 'vitest';
import { blankNode, type NodeState, type PoolState } from '../../../src/pool/node-state.ts';
import { rebootHold, type RebootCase } from '../../../src/pool/reboot.ts';
import { policyOf } from './act-case.ts';

const policy = policyOf(['webbox1', 'webbox2', 'webbox3'], { self: 'webbox1' });
const own = { moid: 'vm-1', instanceUuid: 'uuid-1' };

function node(change: Partial<NodeState> = {}): NodeState {
  return { ...blankNode(policy, 0), ...change };
}

const certified: NodeState = node({
  vm: own,
  read: {
    found: {
      kind: 'vm',
      vm: own,
      mark: 'certified',
      by: null,
      power: 'on',
      connection: 'connected',
      heartbeat: 'green',
    },
    pending: null,
  },
});
const pool: PoolState = {
  nodes: { webbox1: certified, webbox2: node(), webbox3: node() },
  pauses: [],
  isReadable: true,
  rebuiltAt: [],
  brake: calm,
};
const guardian = { observer: 'webbox2', answer: 'unhealthy', subject: 'uuid-1', isTrusted: true } as const;

function hold(change: Partial<RebootCase>): string | null {
  return rebootHold({ policy, pool, votes: [guardian], wasRebootedLately: false, ...change });
}

describe('the reboot of the own machine', () => {
  it('is allowed when another controller that trusts itself knows this very VM', () => {
    expect(hold({})).toBeNull();
  });

  it.each<[string, Partial<RebootCase>, RegExp]>([
    ['nobody else answers', { votes: [] }, /no other controller/],
    ['the other is silent', { votes: [{ ...guardian, answer: 'silent' }] }, /no other controller/],
    ['the other does not trust itself', { votes: [{ ...guardian, isTrusted: false }] }, /no other controller/],
    ['the other knows an older VM', { votes: [{ ...guardian, subject: 'uuid-0' }] }, /no other controller/],
    ['this machine is no node', { policy: { ...policy, self: null } }, /no node of the pool/],
    ['it is alone', { policy: { ...policy, nodes: { webbox1: { checks: {} } } } }, /alone in its pool/],
    ['the mode asks people', { policy: { ...policy, mode: 'approve' } }, /safety.mode is approve/],
    [
      'the pool is paused',
      { pool: { ...pool, pauses: [{ scope: 'pool', reason: 'work', until: null }] } },
      /pool is paused: work/,
    ],
    ['vCenter cannot be read', { pool: { ...pool, isReadable: false } }, /vCenter cannot be read/],
    ['it is not certified', { pool: { ...pool, nodes: { ...pool.nodes, webbox1: node() } } }, /certified/],
    ['it was rebooted a while ago', { wasRebootedLately: true }, /stability_window/],
  ])('is held when %s', (_, change, message) => {
    expect(hold(change)).toMatch(message);
  });

  it('is held while another node has failed', () => {
    const faulted = node({
      fault: {
        openedAt: 0,
        vm: null,
        acted: [],
        restores: {},
        isAbandoned: false,
        course: { kind: 'watching' },
        approval: null,
        decided: null,
      },
    });
    expect(hold({ pool: { ...pool, nodes: { ...pool.nodes, webbox3: faulted } } })).toMatch(/webbox3 has failed/);
  });
});
