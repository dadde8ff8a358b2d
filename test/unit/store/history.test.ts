import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { HistoryBucket, HistoryFilter } from '../../../src/store/history.ts';
import type { Journal } from '../../../src/store/journal.ts';
import { temporaryJournal } from './folders.ts';

const hour = 3600;
const day = 24 * hour;
/** The beginning of a day. */
const today = 20_000 * day;

/** A minute in which a check of webbox1 passed once, with what differs. */
function minute(at: number, more: Partial<HistoryBucket> = {}): HistoryBucket {
  const latency = { min: 4, sum: 4, max: 4, count: 1 };
  return { node: 'webbox1', check: 'ping', at, ok: 1, failed: 0, unknown: 0, latency, ...more };
}

function list(journal: Journal, seconds: HistoryFilter['seconds'], node?: string): readonly HistoryBucket[] {
  return journal.history.list({ seconds, from: 0, to: 2 * today, node });
}

function times(journal: Journal, seconds: HistoryFilter['seconds']): readonly number[] {
  return list(journal, seconds).map(({ at }) => at);
}

describe('history', () => {
  it('is kept in minutes, hours and days', () => {
    const journal = temporaryJournal();
    const [first, second] = [today + hour - 60, today + hour];
    journal.history.add([minute(first), minute(second, { ok: 0, failed: 2, latency: null })], second);
    expect(list(journal, 60)).toEqual([minute(first), minute(second, { ok: 0, failed: 2, latency: null })]);
    expect(times(journal, 3600)).toEqual([today, today + hour]);
    expect(list(journal, 86_400)).toEqual([minute(today, { failed: 2 })]);
  });

  it('adds to what a bucket has already', () => {
    const journal = temporaryJournal();
    journal.history.add([minute(today, { ok: 0, unknown: 1, latency: null })], today);
    journal.history.add([minute(today, { latency: { min: 1.5, sum: 11, max: 9.5, count: 2 } })], today);
    journal.history.add([minute(today), minute(today, { check: 'web' })], today);
    expect(list(journal, 60)).toEqual([
      minute(today, { ok: 2, unknown: 1, latency: { min: 1.5, sum: 15, max: 9.5, count: 3 } }),
      minute(today, { check: 'web' }),
    ]);
  });

  it('is told of one node, and from one time to another', () => {
    const journal = temporaryJournal();
    const at = [0, 60, 120, 180].map((offset) => today + offset);
    const ofAll = at.flatMap((each) => [minute(each), minute(each, { node: 'webbox2' })]);
    journal.history.add(ofAll, today);
    const ask = (node?: string) =>
      journal.history.list({ seconds: 60, from: today + 1, to: today + 120, node }).map((each) => [each.node, each.at]);
    expect(ask('webbox2')).toEqual([
      ['webbox2', today + 60],
      ['webbox2', today + 120],
    ]);
    expect(ask()).toHaveLength(4);
    expect(journal.history.count({ seconds: 60, from: today + 1, to: today + 120 }, 100)).toBe(4);
    expect(journal.history.count({ seconds: 60, from: today + 1, to: today + 120 }, 3)).toBe(3);
    expect(ask('webbox9')).toEqual([]);
  });

  it('forgets minutes after a day, hours after 30 days, days after a year', () => {
    const journal = temporaryJournal();
    for (const ago of [400, 365, 31, 30, 2, 1, 0]) journal.history.add([minute(today - ago * day)], today - ago * day);
    for (let flush = 0; flush < 10; flush += 1) journal.history.add([], today);
    const daysAgo = (seconds: HistoryFilter['seconds']) => times(journal, seconds).map((at) => (today - at) / day);
    expect(daysAgo(60)).toEqual([1, 0]);
    expect(daysAgo(3600)).toEqual([30, 2, 1, 0]);
    expect(daysAgo(86_400)).toEqual([365, 31, 30, 2, 1, 0]);
  });

  it('drops a few buckets at one time, so that a clock that was wrong for a minute costs little', () => {
    const journal = temporaryJournal();
    const minutes = Array.from({ length: 30 }, (_, index) => minute(today + 60 * index));
    journal.history.add(minutes, today);
    journal.history.add([], 2 * today);
    expect(times(journal, 60)).toHaveLength(20);
    journal.history.add([], 2 * today);
    expect(times(journal, 60)).toHaveLength(10);
  });

  it('forgets the name of a check that is long gone', () => {
    const journal = temporaryJournal();
    journal.history.add([minute(today, { check: 'old' })], today);
    journal.history.add([minute(today + 401 * day)], today + 401 * day);
    journal.history.add([], today + 401 * day);
    const file = new Sqlite(journal.path, { readonly: true });
    expect(file.prepare('SELECT check_name FROM history_series').pluck().all()).toEqual(['ping']);
    file.close();
  });

  it('does not wait for another process that writes, and adds nothing then', () => {
    const journal = temporaryJournal();
    const other = new Sqlite(journal.path);
    other.exec('BEGIN IMMEDIATE');
    const begun = performance.now();
    expect(() => journal.history.add([minute(today)], today)).toThrow(/busy/);
    // The journal's other writes wait for five seconds.
    expect(performance.now() - begun).toBeLessThan(3_000);
    other.exec('COMMIT');
    other.close();
    expect(list(journal, 60)).toEqual([]);
    journal.history.add([minute(today)], today);
    expect(list(journal, 60)).toEqual([minute(today)]);
  });
});

it('tells what it takes on the disk', () => {
  const journal = temporaryJournal();
  const before = journal.sizeBytes();
  const minutes = Array.from({ length: 1440 }, (_, index) => minute(today + 60 * index));
  journal.history.add(minutes, today);
  expect(before).toBeGreaterThan(0);
  expect(journal.sizeBytes()).toBeGreaterThan(before + 20_000);
});
