import { describe, expect, it } from 'vitest';
import { vcenterWord } from '../../../src/cli/vcenter-word.ts';
import type { NodeSeen } from '../../../src/store/nodes.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { temporaryJournal } from '../store/folders.ts';

const config = configOf(minimalText);
const seenAt = new Date('2026-01-01T10:00:00.000Z');
const vm: NodeSeen = {
  name: 'web3',
  moid: 'vm-3',
  instance_uuid: 'uuid-3',
  address: '10.0.0.3',
  power: 'poweredOn',
  connection: 'connected',
  heartbeat: 'green',
  certified: true,
  seen_at: seenAt.toISOString(),
};
const none = { moid: null, instance_uuid: null, address: null, power: null, certified: false };

/** What counts of web3 so long after vCenter was seen to say this of it, having known it well before. */
function word(said: Partial<NodeSeen> | undefined, afterMs = 1_000) {
  const journal = temporaryJournal();
  journal.nodes.upsert(vm);
  if (said !== undefined) journal.nodes.upsert({ ...vm, ...said });
  return vcenterWord(journal, config, 'web3', new Date(seenAt.getTime() + afterMs));
}

describe("vCenter's word in a probe", () => {
  it('leaves a VM that is on to its checks, at its last address', () => {
    expect(word(undefined)).toEqual({ address: '10.0.0.3', counts: undefined });
    expect(word({ address: null })).toEqual({ address: '10.0.0.3', counts: undefined });
  });

  it.each([
    ['off', { power: 'poweredOff', address: null }, 'failed'],
    ['suspended', { power: 'suspended' }, 'failed'],
    ['half built', { moid: 'vm-4', instance_uuid: 'uuid-4', half_built: true, certified: false }, 'unknown'],
  ] as const)('says of one that is %s: %s', (_, said, status) => {
    expect(word(said).counts).toMatchObject({ status });
  });

  it('leaves one that a reading lacks to its checks: lists can lack a VM that works', () => {
    expect(word(none)).toEqual({ address: '10.0.0.3', counts: undefined });
  });

  it('counts for nothing when it is old, when the host is not connected, or of a node never seen', () => {
    expect(word({ power: 'poweredOff' }, 61_000).counts).toBeUndefined();
    expect(word({ power: 'poweredOff', connection: 'disconnected' }).counts).toBeUndefined();
    expect(vcenterWord(temporaryJournal(), config, 'web3', seenAt)).toEqual({ address: undefined, counts: undefined });
  });
});
