import { describe, expect, it } from 'vitest';
import type { FaultRecord } from '../../../src/store/faults.ts';
import { FakeJournal, type MemoryJournal } from '../../fakes/journal.ts';
import { temporaryFolder, temporaryJournal } from './folders.ts';

const fault: FaultRecord = {
  node: 'webbox1',
  moid: 'vm-1',
  instance_uuid: 'uuid-1',
  opened_at: '2026-01-01T10:00:00.000Z',
  closed_at: null,
  state: 'watching',
  course: '{"kind":"watching"}',
  restores: {},
  approval: '{"answer":"awaited"}',
  acted: ['ping'],
  unhealthy: ['ping', 'web'],
  abandoned: false,
  attempts: 0,
  last_attempt_at: null,
};
const once = { attempts: 1, last_attempt_at: '2026-01-01T10:05:00.000Z' };

// The golden tests restart controllers by the thousand on the second one.
const journals: readonly (readonly [string, () => MemoryJournal])[] = [
  ['the journal', () => temporaryJournal()],
  ['the fake journal', () => new FakeJournal()],
];

describe.each(journals)('the faults of %s', (_, open) => {
  it('come back as they were saved', () => {
    const { faults } = open();
    faults.save(fault);
    expect(faults.latest()).toEqual([fault]);
  });

  it('change while one is open, and keep when it was opened', () => {
    const { faults } = open();
    faults.save(fault);
    const next = { ...fault, state: 'held', acted: [], abandoned: true, ...once };
    faults.save({ ...next, opened_at: '2026-01-01T11:00:00.000Z' });
    expect(faults.latest()).toEqual([next]);
  });

  it('end, and keep the attempts for the next one to see', () => {
    const { faults } = open();
    faults.save(fault);
    faults.close('webbox1', '2026-01-01T10:06:00.000Z', once);
    expect(faults.latest()).toEqual([{ ...fault, closed_at: '2026-01-01T10:06:00.000Z', ...once }]);
  });

  it('have their attempts forgotten after they ended', () => {
    const { faults } = open();
    faults.save(fault);
    faults.close('webbox1', '2026-01-01T10:06:00.000Z', once);
    faults.close('webbox1', '2026-01-01T11:06:00.000Z', { attempts: 0, last_attempt_at: null });
    expect(faults.latest()).toEqual([{ ...fault, closed_at: '2026-01-01T10:06:00.000Z' }]);
  });

  it('are told of each node the newest alone', () => {
    const { faults } = open();
    faults.save(fault);
    faults.close('webbox1', '2026-01-01T10:06:00.000Z', once);
    const second = { ...fault, moid: 'vm-9', opened_at: '2026-01-01T12:00:00.000Z' };
    faults.save(second);
    const other = { ...fault, node: 'webbox0' };
    faults.save(other);
    expect(faults.latest()).toEqual([other, second]);
  });

  it('of a node without any are closed without effect', () => {
    const { faults } = open();
    faults.close('webbox1', '2026-01-01T10:06:00.000Z', once);
    expect(faults.latest()).toEqual([]);
  });

  it('that are held or exhausted can be marked to be tried again', () => {
    const { faults } = open();
    faults.save({ ...fault, node: 'webbox1', state: 'held', ...once });
    faults.save({ ...fault, node: 'webbox2', state: 'exhausted', ...once });
    faults.save({ ...fault, node: 'webbox3', state: 'running', ...once });
    expect(faults.resume('webbox2')).toEqual(['webbox2']);
    expect(faults.resume(null)).toEqual(['webbox1']);
    expect(faults.latest().map(({ state, attempts }) => `${state} ${attempts}`)).toEqual([
      'resumed 0',
      'resumed 0',
      'running 1',
    ]);
  });

  it('are written together or not at all', () => {
    const journal = open();
    const twoWrites = (): void =>
      journal.atomically(() => {
        journal.faults.save(fault);
        journal.events.append({ at: 't', type: 'x', data: {} });
        throw new Error('the second half failed');
      });
    expect(twoWrites).toThrow('the second half failed');
    expect(journal.faults.latest()).toEqual([]);
    expect(journal.events.list()).toEqual([]);
  });
});

describe.each(journals)('the nodes of %s', (_, open) => {
  const seen = {
    name: 'webbox1',
    moid: 'vm-1',
    instance_uuid: 'uuid-1',
    address: '10.0.0.1',
    power: 'poweredOn',
    certified: true,
  };
  const at = (time: string): { readonly seen_at: string } => ({ seen_at: `2026-01-01T${time}.000Z` });

  it('keep the last VM, its address and its proof when there is none any more', () => {
    const { nodes } = open();
    nodes.upsert({ ...seen, ...at('10:00:00') });
    nodes.prove('webbox1', 'uuid-1', 'boot');
    nodes.upsert({ ...seen, moid: null, instance_uuid: null, address: null, power: null, ...at('10:00:20') });
    expect(nodes.get('webbox1')?.moid).toBeNull();
    expect(nodes.lastKnown('webbox1')).toEqual({
      moid: 'vm-1',
      instance_uuid: 'uuid-1',
      address: '10.0.0.1',
      address_at: '2026-01-01T10:00:00.000Z',
      proven_boot: 'boot',
    });
  });

  it('forget address and proof with another VM', () => {
    const { nodes } = open();
    nodes.upsert({ ...seen, ...at('10:00:00') });
    nodes.prove('webbox1', 'uuid-1', 'boot');
    nodes.upsert({ ...seen, moid: 'vm-2', instance_uuid: 'uuid-2', address: null, ...at('10:00:20') });
    const known = nodes.lastKnown('webbox1');
    expect(known).toMatchObject({ instance_uuid: 'uuid-2', address: null, address_at: null, proven_boot: null });
  });

  it('keep the last VM while another one is being built', () => {
    const { nodes } = open();
    nodes.upsert({ ...seen, ...at('10:00:00') });
    const halfBuilt = {
      moid: 'vm-2',
      instance_uuid: 'uuid-2',
      address: '10.0.0.2',
      certified: false,
      half_built: true,
    };
    nodes.upsert({ ...seen, ...halfBuilt, ...at('10:00:20') });
    expect(nodes.get('webbox1')).toMatchObject({ moid: 'vm-2', certified: false });
    expect(nodes.lastKnown('webbox1')).toMatchObject({ instance_uuid: 'uuid-1', address: '10.0.0.1' });
  });

  it('ignore a report that another one overtook', () => {
    const { nodes } = open();
    nodes.upsert({ ...seen, ...at('10:00:20') });
    nodes.upsert({ ...seen, moid: 'vm-0', instance_uuid: 'uuid-0', ...at('10:00:00') });
    expect(nodes.lastVm('webbox1')).toEqual({ moid: 'vm-1', instance_uuid: 'uuid-1' });
  });

  it('take what is read with a clock that was set back', () => {
    const { nodes } = open();
    nodes.upsert({ ...seen, ...at('10:00:20') });
    nodes.upsert({ ...seen, moid: 'vm-2', instance_uuid: 'uuid-2', ...at('09:00:40') });
    expect(nodes.lastVm('webbox1')).toEqual({ moid: 'vm-2', instance_uuid: 'uuid-2' });
  });
});

describe.each(journals)('what %s has seen unchanged', (_, open) => {
  it('is counted from its first sight in this boot', () => {
    const { observations } = open();
    expect(observations.seen('pending/webbox1', 'a', 'boot', 100)).toBe(100);
    expect(observations.seen('pending/webbox1', 'a', 'boot', 250)).toBe(100);
    expect(observations.seen('pending/webbox1', 'b', 'boot', 300)).toBe(300);
    expect(observations.seen('pending/webbox1', 'b', 'next boot', 20)).toBe(20);
    expect(observations.unchangedSince('pending/webbox1', 'next boot', 20)).toEqual(['b']);
    observations.forget('pending/webbox1');
    expect(observations.unchangedSince('pending/webbox1', 'next boot', 20)).toEqual([]);
  });
});

describe('a journal that is opened again', () => {
  it('has the faults that were saved', () => {
    const folder = `${temporaryFolder()}/state`;
    const first = temporaryJournal(folder);
    first.faults.save(fault);
    first.close();
    expect(temporaryJournal(folder).faults.latest()).toEqual([fault]);
  });
});
