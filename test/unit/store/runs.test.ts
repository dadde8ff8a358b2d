import { describe, expect, it } from 'vitest';
import { RegrowError } from '../../../src/errors.ts';
import type { Run } from '../../../src/store/runs.ts';
import { intent, temporaryFolder, temporaryJournal } from './folders.ts';

describe('the runs of the journal', () => {
  it('records an intent, what is learnt on the way, and the outcome', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('0r5k2m9xa0aaaa', { reason: 'disk is dying', force: true }));
    expect(runs.get('0r5k2m9xa0aaaa')).toMatchObject({ state: 'intent', outcome: null, force: true, phases: [] });

    runs.transition('0r5k2m9xa0aaaa', 'running', { incident: 'i1', generation: 1, old_moid: 'vm-7', old_uuid: 'u-7' });
    runs.transition('0r5k2m9xa0aaaa', 'running', { step: 'fence' });
    const phases = [{ step: 'fence', started_at: 'a', ended_at: 'b', result: 'ok' }] as const;
    const isFirst = runs.finish('0r5k2m9xa0aaaa', {
      outcome: 'failed',
      class: 'address_timeout',
      message: 'no address',
      ended_at: '2026-01-01T10:05:00.000Z',
      phases,
    });

    expect(isFirst).toBe(true);
    expect(runs.get('0r5k2m9xa0aaaa')).toEqual<Run>({
      id: '0r5k2m9xa0aaaa',
      node: 'webbox1',
      kind: 'rebuild',
      trigger: 'operator',
      builder: 'webbox2',
      reason: 'disk is dying',
      force: true,
      started_at: '2026-01-01T10:00:00.000Z',
      state: 'done',
      outcome: 'failed',
      ended_at: '2026-01-01T10:05:00.000Z',
      incident: 'i1',
      generation: 1,
      gate: null,
      class: 'address_timeout',
      step: 'fence',
      message: 'no address',
      remedy: null,
      old_moid: 'vm-7',
      old_uuid: 'u-7',
      new_moid: null,
      new_uuid: null,
      address: null,
      phases: [...phases],
    });
  });

  it('lets the first outcome stand, and never opens a finished run again', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('a'));
    expect(runs.finish('a', { outcome: 'rebuilt', ended_at: 'x' })).toBe(true);
    expect(runs.finish('a', { outcome: 'interrupted', ended_at: 'y' })).toBe(false);
    expect(codeOf(() => runs.transition('a', 'running'))).toBe('RUN_FINISHED');
    expect(runs.get('a')).toMatchObject({ outcome: 'rebuilt', ended_at: 'x', state: 'done' });
  });

  it('keeps a running run running when only facts are added', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('a'));
    runs.transition('a', 'running');
    expect(runs.transition('a', 'intent', { step: 'look' })).toMatchObject({ state: 'running', step: 'look' });
  });

  it('keeps a fact that is left out and clears one that is null', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('a'));
    runs.transition('a', 'running', { step: 'fence', address: '10.0.0.9' });
    runs.transition('a', 'running', { step: undefined, address: null });
    expect(runs.get('a')).toMatchObject({ step: 'fence', address: null });
  });

  it('says that a run is unknown', () => {
    const { runs } = temporaryJournal();
    expect(runs.get('nope')).toBeUndefined();
    expect(codeOf(() => runs.transition('nope', 'running'))).toBe('RUN_UNKNOWN');
    expect(codeOf(() => runs.finish('nope', { outcome: 'rebuilt', ended_at: 'x' }))).toBe('RUN_UNKNOWN');
  });

  it('refuses the same id twice and keeps the first', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('a', { reason: 'first' }));
    expect(codeOf(() => runs.insert(intent('a', { reason: 'second' })))).toBe('JOURNAL_UNUSABLE');
    expect(runs.get('a')?.reason).toBe('first');
  });

  it('lists newest first, by node, by kind, before an id, and up to a limit', () => {
    const { runs } = temporaryJournal();
    for (const id of ['a1', 'a2', 'b1']) runs.insert(intent(id));
    runs.insert(intent('b2', { node: 'webbox3' }));
    runs.insert(intent('b3', { node: null, kind: 'discover' }));
    const ids = (list: readonly Run[]) => list.map((run) => run.id);
    expect(ids(runs.list())).toEqual(['b3', 'b2', 'b1', 'a2', 'a1']);
    expect(ids(runs.list({ node: 'webbox1', limit: 2 }))).toEqual(['b1', 'a2']);
    expect(ids(runs.list({ before: 'b1' }))).toEqual(['a2', 'a1']);
    expect(ids(runs.list({ kinds: ['discover'] }))).toEqual(['b3']);
    expect(ids(runs.startingWith('b'))).toEqual(['b3', 'b2', 'b1']);
    expect(ids(runs.startingWith('a1'))).toEqual(['a1']);
  });

  it('lists those with an outcome, and those since a time', () => {
    const { runs } = temporaryJournal();
    runs.insert(intent('a', { started_at: '2026-01-01T10:00:00.000Z' }));
    runs.insert(intent('b', { started_at: '2026-01-01T11:00:00.000Z' }));
    runs.finish('a', { outcome: 'rebuilt', ended_at: 'x' });
    expect(runs.list({ outcome: 'rebuilt' }).map((run) => run.id)).toEqual(['a']);
    expect(runs.list({ since: '2026-01-01T11:00:00.000Z' }).map((run) => run.id)).toEqual(['b']);
  });

  it('lists what has no outcome, oldest first', () => {
    const { runs } = temporaryJournal();
    for (const id of ['a', 'b', 'c']) runs.insert(intent(id));
    runs.transition('c', 'running');
    runs.finish('b', { outcome: 'rebuilt', ended_at: 'x' });
    expect(runs.unfinished().map((run) => run.id)).toEqual(['a', 'c']);
  });

  it('takes secrets out of messages and cuts endless ones', () => {
    const { runs } = temporaryJournal(temporaryFolder(), { redact: (text) => text.replaceAll('hunter2', '***') });
    runs.insert(intent('a', { reason: 'password hunter2' }));
    runs.finish('a', { outcome: 'failed', ended_at: 'x', message: `hunter2${'y'.repeat(100_000)}` });
    const run = runs.get('a');
    expect(run?.reason).toBe('password ***');
    expect(run?.message).toMatch(/^\*\*\*y+ \.\.\. \[cut, 100003 characters\]$/);
    expect(run?.message?.length).toBeLessThan(9000);
  });
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RegrowError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}
