import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder, temporaryJournal } from './folders.ts';

describe('the events of the journal', () => {
  it('numbers them upwards and gives those after a number, of a run or of a node', () => {
    const { events } = temporaryJournal();
    const first = events.append({
      at: 't1',
      run: 'r1',
      node: 'webbox1',
      type: 'run.started',
      data: { n: 1, deep: { a: [1] } },
    });
    const second = events.append({ at: 't2', type: 'pool.paused', data: {} });
    events.append({ at: 't3', run: 'r1', type: 'run.ended', data: {} });
    expect(second).toBeGreaterThan(first);
    expect(events.list()[0]).toEqual({
      id: first,
      at: 't1',
      run: 'r1',
      node: 'webbox1',
      type: 'run.started',
      data: { n: 1, deep: { a: [1] } },
    });
    expect(events.list({ after: first }).map((event) => event.type)).toEqual(['pool.paused', 'run.ended']);
    expect(events.list({ run: 'r1' }).map((event) => event.at)).toEqual(['t1', 't3']);
    expect(events.list({ node: 'webbox1' })).toHaveLength(1);
    expect(events.list({ limit: 1 })).toHaveLength(1);
  });

  it('gives those of a type, or of the types that begin with a word', () => {
    const { events } = temporaryJournal();
    for (const type of ['fault.opened', 'fault', 'faulty.x', 'node.state']) events.append({ at: 't', type, data: {} });
    const types = (type: string): readonly string[] => events.list({ type }).map((event) => event.type);
    expect(types('fault')).toEqual(['fault.opened', 'fault']);
    expect(types('fault.opened')).toEqual(['fault.opened']);
    expect(types('node_state')).toEqual([]);
  });

  it('gives those of a node since a time', () => {
    const { events } = temporaryJournal();
    for (const [at, node] of [
      ['t1', 'webbox1'],
      ['t2', 'webbox1'],
      ['t3', 'webbox2'],
    ] as const)
      events.append({ at, node, type: 'decision', data: {} });
    events.append({ at: 't4', node: 'webbox1', type: 'fault.opened', data: {} });
    expect(events.lately(['decision'], 't2', 'webbox1').map(({ at }) => at)).toEqual(['t2']);
    expect(events.lately(['decision'], 't2').map(({ at }) => at)).toEqual(['t2', 't3']);
  });

  it('calls back once for all that was appended together, after it is committed', async () => {
    const journal = temporaryJournal();
    let heard: number[] = [];
    const end = journal.events.onAppended(() => void heard.push(journal.events.list().length));
    journal.atomically(() => {
      journal.events.append({ at: 't', type: 'one', data: {} });
      journal.events.append({ at: 't', type: 'two', data: {} });
    });
    expect(heard).toEqual([]);
    await vi.waitFor(() => expect(heard).toEqual([2]));
    end();
    heard = [];
    journal.events.append({ at: 't', type: 'three', data: {} });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
  });

  it('takes secrets out of every string of the data', () => {
    const { events } = temporaryJournal(temporaryFolder(), { redact: (text) => text.replaceAll('s3"cret', '***') });
    events.append({ at: 't', type: 'x', data: { list: [{ text: 'it is s3"cret!' }], n: 3 } });
    expect(events.list()[0]?.data).toEqual({ list: [{ text: 'it is ***!' }], n: 3 });
  });
});

describe('the nodes of the journal', () => {
  const seen = {
    name: 'webbox1',
    moid: 'vm-1',
    instance_uuid: 'u-1',
    address: '10.0.0.1',
    power: 'poweredOn',
    certified: true,
  };

  it('keeps the last known identity and address', () => {
    const { nodes } = temporaryJournal();
    nodes.upsert({ ...seen, seen_at: '2026-01-01T10:00:00.000Z' });
    nodes.upsert({ ...seen, moid: 'vm-2', certified: false, heartbeat: 'green', seen_at: '2026-01-01T10:00:20.000Z' });
    expect(nodes.get('webbox1')).toEqual({
      ...seen,
      moid: 'vm-2',
      certified: false,
      connection: null,
      heartbeat: 'green',
      seen_at: '2026-01-01T10:00:20.000Z',
    });
    expect(nodes.get('webbox2')).toBeUndefined();
    expect(nodes.all()).toHaveLength(1);
  });

  it('remember the last VM of a node that has none any more', () => {
    const { nodes } = temporaryJournal();
    const gone = { moid: null, instance_uuid: null, certified: false, seen_at: '2026-01-01T10:00:40.000Z' };
    nodes.upsert({ ...seen, seen_at: '2026-01-01T10:00:20.000Z' });
    nodes.upsert({ ...seen, ...gone });
    expect(nodes.get('webbox1')?.moid).toBeNull();
    expect(nodes.lastVm('webbox1')).toEqual({ moid: seen.moid, instance_uuid: seen.instance_uuid });
    expect(nodes.lastVm('webbox2')).toBeUndefined();
  });

  it('ignores a report older than the one it has', () => {
    const { nodes } = temporaryJournal();
    nodes.upsert({ ...seen, seen_at: '2026-01-01T10:00:20.000Z' });
    nodes.upsert({ ...seen, moid: 'vm-0', seen_at: '2026-01-01T10:00:00.000Z' });
    expect(nodes.get('webbox1')?.moid).toBe('vm-1');
  });
});

describe('the observations of the journal', () => {
  it('tell since when a thing has been unchanged, also to the next process', () => {
    const folder = temporaryFolder();
    expect(temporaryJournal(folder).observations.seen('claim/i1/1', 'f', 'boot-a', 1000.7)).toBe(1000);
    expect(temporaryJournal(folder).observations.seen('claim/i1/1', 'f', 'boot-a', 9000)).toBe(1000);
    expect(temporaryJournal(folder).observations.seen('claim/i1/2', 'f', 'boot-a', 9500)).toBe(9500);
  });

  it('start anew when it changed, after a reboot, when the clock stands before the first sight, and when forgotten', () => {
    const { observations } = temporaryJournal();
    observations.seen('k', 'f', 'boot-a', 1000);
    expect(observations.seen('k', 'g', 'boot-a', 2000)).toBe(2000);
    expect(observations.seen('k', 'g', 'boot-b', 3000)).toBe(3000);
    expect(observations.seen('k', 'g', 'boot-b', 10)).toBe(10);
    expect(observations.seen('k', 'g', 'boot-b', 4000)).toBe(10);
    observations.forget('k');
    expect(observations.seen('k', 'g', 'boot-b', 5000)).toBe(5000);
  });
});

describe('the pauses of the journal', () => {
  it('hold until their time, or until they are cleared', () => {
    const { pauses } = temporaryJournal();
    pauses.set({
      scope: 'pool',
      until: '2026-01-01T12:00:00.000Z',
      reason: 'maintenance',
      by: 'alice',
      at: '2026-01-01T10:00:00.000Z',
    });
    pauses.set({ scope: 'node/pool', reason: 'a node of that name', by: 'bob', at: '2026-01-01T10:00:00.000Z' });
    expect(pauses.active('2026-01-01T11:59:59.999Z').map((pause) => pause.scope)).toEqual(['node/pool', 'pool']);
    expect(pauses.active('2026-01-01T12:00:00.000Z')).toEqual([
      { scope: 'node/pool', until: null, reason: 'a node of that name', by: 'bob', at: '2026-01-01T10:00:00.000Z' },
    ]);
    expect(pauses.clear('node/pool')).toBe(true);
    expect(pauses.clear('node/pool')).toBe(false);
    expect(pauses.active('2026-01-01T12:00:00.000Z')).toEqual([]);
  });

  it('are replaced by a newer one of the same scope, and outlive the process', () => {
    const folder = temporaryFolder();
    const first = temporaryJournal(folder);
    first.pauses.set({ scope: 'pool', reason: 'one', by: 'alice', at: 't1' });
    first.pauses.set({ scope: 'pool', reason: 'two', by: 'bob', at: 't2' });
    expect(temporaryJournal(folder).pauses.active('t')).toMatchObject([{ reason: 'two', by: 'bob' }]);
  });
});

describe('several writes as one', () => {
  it('are all recorded or none', () => {
    const journal = temporaryJournal();
    expect(() =>
      journal.atomically(() => {
        journal.events.append({ at: 't', type: 'half', data: {} });
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    expect(journal.events.list()).toEqual([]);
    journal.atomically(() => {
      journal.events.append({ at: 't', type: 'one', data: {} });
      journal.events.append({ at: 't', type: 'two', data: {} });
    });
    expect(journal.events.list()).toHaveLength(2);
  });
});
