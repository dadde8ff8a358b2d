import { describe, expect, it } from 'vitest';
import {
  answerTo,
  cancelOf,
  orderAnswer,
  orderCancel,
  orderPause,
  orderResume,
} from '../../../src/remediation/orders.ts';
import { intent, temporaryJournal } from '../store/folders.ts';

const alice = { by: 'alice', reason: 'a test' };
const now = new Date('2026-01-01T10:00:00.000Z');

describe('an answer to a run that waits', () => {
  it('is kept for whoever asked, and may be given again', () => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('r1', { state: 'awaiting_approval' }));
    expect(answerTo(journal, 'r1')).toBeUndefined();
    for (let times = 0; times < 2; times++)
      expect(orderAnswer(journal, 'r1', 'given', alice, now)).toMatchObject({ kind: 'accepted', status: 'approved' });
    expect(answerTo(journal, 'r1')).toEqual({ answer: 'given', ...alice });
    expect(journal.events.list({ run: 'r1' })).toHaveLength(1);
  });

  it('does not become another one', () => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('r1', { state: 'awaiting_approval' }));
    orderAnswer(journal, 'r1', 'rejected', alice, now);
    expect(orderAnswer(journal, 'r1', 'given', alice, now)).toMatchObject({ kind: 'conflict' });
    expect(answerTo(journal, 'r1')?.answer).toBe('rejected');
  });

  it('is refused for a run that does not wait, or is not known', () => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('r1'));
    expect(orderAnswer(journal, 'r1', 'given', alice, now)).toMatchObject({ kind: 'conflict' });
    expect(orderAnswer(journal, 'r9', 'given', alice, now)).toMatchObject({ kind: 'unknown' });
  });
});

describe('an order to stop a run', () => {
  it.each([
    ['claim', 'accepted'],
    ['fence', 'accepted'],
    ['verify', 'accepted'],
    ['certify', 'conflict'],
  ] as const)('at %s is %s', (step, kind) => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('r1'));
    journal.runs.transition('r1', 'running', { step });
    expect(orderCancel(journal, 'r1', alice, now)).toMatchObject({ kind });
    expect(cancelOf(journal, 'r1')).toEqual(kind === 'accepted' ? alice : undefined);
  });

  it('comes too late when the old VM was destroyed, or the run is over', () => {
    const journal = temporaryJournal();
    for (const run of ['r1', 'r2']) journal.runs.insert(intent(run));
    journal.events.append({ at: '', run: 'r1', type: 'rebuild.destroyed', data: { step: 'fence' } });
    journal.runs.finish('r2', { outcome: 'rebuilt', ended_at: '' });
    for (const run of ['r1', 'r2'])
      expect(orderCancel(journal, run, alice, now)).toMatchObject({ kind: 'conflict', facts: { run } });
    expect(orderCancel(journal, 'r9', alice, now)).toMatchObject({ kind: 'unknown' });
  });

  it('that waits for a person rejects it', () => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('r1', { state: 'awaiting_approval' }));
    expect(orderCancel(journal, 'r1', alice, now)).toMatchObject({ kind: 'accepted', status: 'rejected' });
  });
});

it('a run that waits is none to be recovered, and is listed by itself', () => {
  const journal = temporaryJournal();
  journal.runs.insert(intent('r1', { state: 'awaiting_approval' }));
  journal.runs.insert(intent('r2'));
  expect(journal.runs.unfinished().map(({ id }) => id)).toEqual(['r2']);
  expect(journal.runs.awaiting().map(({ id }) => id)).toEqual(['r1']);
});

it('a pause of the pool ends by a resume, which is recorded', () => {
  const journal = temporaryJournal();
  orderPause(journal, { node: null, forMs: 60_000, ...alice }, now);
  expect(journal.pauses.active(now.toISOString())).toMatchObject([
    { scope: 'pool', until: '2026-01-01T10:01:00.000Z' },
  ]);
  expect(orderResume(journal, { node: null, ...alice }, now)).toMatchObject({
    cleared: { by: 'alice' },
    remaining: [],
  });
  expect(journal.events.list().map(({ type }) => type)).toEqual(['pause.set', 'pool.resumed', 'pause.cleared']);
});
