import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/config/membership.ts';
import { objectionTo, PeerRecords } from '../../../src/peers/peer-record.ts';
import { answered } from './controllers.ts';
import { recordOf } from './pool-of-records.ts';

const record = recordOf(2, ['web1', 'web2']);

describe('a peer’s answer', () => {
  it('is a record, a refusal with its reason, or nothing', () => {
    const records = new PeerRecords();
    const read = (reply: Parameters<PeerRecords['read']>[0], pool = 'web') => records.read(reply, pool);
    expect(read(answered(record))).toEqual({ kind: 'record', record, digest: digestOf(record.nodes) });
    expect(read(answered(record), 'db')).toEqual({ kind: 'refused', reason: 'its record is of another pool' });
    expect(read({ kind: 'answered', text: '' })).toMatchObject({ reason: 'its record cannot be used: it is not JSON' });
    expect(read({ kind: 'refused', status: 403 })).toMatchObject({ reason: expect.stringContaining('HTTP 403') });
    expect(read({ kind: 'bad', reason: 'HPE_INVALID' })).toEqual({ kind: 'refused', reason: 'HPE_INVALID' });
    expect(read({ kind: 'silent', reason: 'ECONNREFUSED' })).toEqual({ kind: 'unheard' });
  });

  it('is parsed once for all peers and the next round, and forgotten when nobody gives it any more', () => {
    const records = new PeerRecords();
    const first = records.read(answered(record), 'web');
    records.startRound();
    expect(records.read(answered(record), 'web')).toBe(first);
    records.startRound();
    records.startRound();
    const later = records.read(answered(record), 'web');
    expect(later).not.toBe(first);
    expect(later).toEqual(first);
  });
});

describe('an objection to a record', () => {
  const own = recordOf(1, ['web1', { name: 'web2', checks: { app: { type: 'command', command: ['/bin/own'] } } }]);
  const here = { misfit: () => null, programs: new Set(['playbook: "sync_files.yml"']) };
  const withCheck = (check: Record<string, unknown>) => recordOf(2, ['web1', { name: 'web3', checks: { c: check } }]);

  it('is what does not fit this machine’s regrow.yml', () => {
    expect(objectionTo(record, own, { ...here, misfit: () => 'pool.nodes[1]: no' })).toMatch(/^version 2 .* no$/);
    expect(objectionTo(record, own, here)).toBeNull();
  });

  it('is a program that neither regrow.yml nor the own record has', () => {
    expect(objectionTo(withCheck({ command: ['/bin/own'] }), own, here)).toBeNull();
    expect(objectionTo(withCheck({ playbook: 'sync_files.yml', interval: '9s' }), own, here)).toBeNull();
    expect(objectionTo(withCheck({ command: ['/bin/other'] }), own, here)).toContain('command: ["/bin/other"]');
    expect(objectionTo(withCheck({ playbook: '/tmp/p.yml' }), own, here)).toContain('playbook: "/tmp/p.yml"');
    expect(objectionTo(withCheck({ extra_vars: { node: 'web1' } }), own, here)).toContain(
      'extra_vars: {"node":"web1"}',
    );
  });
});
