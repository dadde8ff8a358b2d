import { describe, expect, it } from 'vitest';
import { notice } from '../notify/settings.ts';
import { temporaryFolder, temporaryJournal } from './folders.ts';

const queued = (id: string, at = '2026-01-01T10:00:00.000Z') => ({
  channel: 'mail' as const,
  key: 'k',
  notice: notice({ id, at }),
  due_at: at,
});

describe('the notifications of the journal', () => {
  it('wait in their order, by channel, until something became of them; also for the next process', () => {
    const folder = temporaryFolder();
    const { notifications } = temporaryJournal(folder);
    notifications.add([queued('a'), { ...queued('b'), channel: 'webhook' }, queued('c')], 7);
    const [first] = notifications.waiting('mail');
    if (first === undefined) throw new Error('nothing waits');
    expect(first).toMatchObject({
      key: 'k',
      state: 'waiting',
      message: null,
      attempts: 0,
      notice: notice({ id: 'a' }),
    });
    notifications.change([first.seq], { message: 'm1', attempts: 2, next_at: 't' });
    const later = temporaryJournal(folder).notifications;
    expect(later.considered()).toBe(7);
    expect(later.waiting('mail')).toMatchObject([
      { notice: { id: 'a' }, message: 'm1', attempts: 2, next_at: 't' },
      { notice: { id: 'c' }, message: null },
    ]);
    later.change([first.seq], { state: 'told' });
    expect(later.waiting('mail').map((each) => each.notice.id)).toEqual(['c']);
    expect(later.since('2026-01-01T10:00:00.000Z').map((each) => each.state)).toEqual(['waiting', 'waiting', 'told']);
  });

  it('begin with what happens after they were introduced', () => {
    const journal = temporaryJournal();
    expect(journal.notifications.considered()).toBe(0);
  });

  it('hold no secret', () => {
    const { notifications } = temporaryJournal(temporaryFolder(), {
      redact: (text) => text.replaceAll('hunter2', '***'),
    });
    notifications.add([{ ...queued('a'), notice: notice({ summary: 'hunter2', data: { deep: ['hunter2'] } }) }], 1);
    expect(notifications.waiting('mail')[0]?.notice).toMatchObject({ summary: '***', data: { deep: ['***'] } });
  });

  it('are removed when they are old, unless they wait: those have to be given up first', () => {
    const { notifications } = temporaryJournal();
    notifications.add([queued('a'), queued('b'), queued('c', '2026-01-02T10:00:00.000Z')], 1);
    const [first] = notifications.waiting('mail');
    notifications.change([first?.seq ?? 0], { state: 'told' });
    notifications.prune('2026-01-02T00:00:00.000Z');
    expect(notifications.since('').map((each) => each.notice.id)).toEqual(['c', 'b']);
    notifications.change([notifications.waiting('mail')[0]?.seq ?? 0], { state: 'lost' });
    notifications.prune('2026-01-02T00:00:00.000Z');
    expect(notifications.since('').map((each) => each.notice.id)).toEqual(['c']);
  });
});
