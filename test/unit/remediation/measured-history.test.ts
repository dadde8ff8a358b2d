import { describe, expect, it } from 'vitest';
import { MeasuredHistory, mostBuckets } from '../../../src/remediation/measured-history.ts';
import type { HistoryBucket } from '../../../src/store/history.ts';
import type { Journal } from '../../../src/store/journal.ts';
import { SimulatedClock } from '../../fakes/clock.ts';
import { temporaryJournal } from '../store/folders.ts';

const startMs = Date.parse('2026-01-01T10:00:00.000Z');
const minuteMs = 60_000;

/** History on a simulated clock, which tells the time of day, too. */
function bench(journal: Pick<Journal, 'history'> = temporaryJournal()) {
  const clock = new SimulatedClock();
  const troubles: unknown[] = [];
  const history = new MeasuredHistory({
    clock,
    history: journal.history,
    now: () => new Date(startMs + clock.now()),
    onTrouble: (error) => void troubles.push(error),
  });
  const written = (): readonly HistoryBucket[] => journal.history.list({ seconds: 60, from: 0, to: 3e9 });
  history.start();
  return { clock, history, journal, troubles, written };
}

/** A journal whose history cannot be written while `isBroken`. */
function breakable() {
  const { history } = temporaryJournal();
  const state = { isBroken: true };
  return {
    state,
    history: {
      ...history,
      add: (...given: Parameters<typeof history.add>) => {
        if (state.isBroken) throw new Error('disk full');
        history.add(...given);
      },
    },
  };
}

describe('what was measured', () => {
  it('is written once a minute, and at the end', async () => {
    const { clock, history, written } = bench();
    history.measured('webbox1', 'ping', 'ok', 3);
    history.measured('webbox1', 'ping', 'failed', 15_000);
    await clock.advance(minuteMs - 1);
    expect(written()).toEqual([]);
    await clock.advance(1);
    const latency = { min: 3, sum: 3, max: 3, count: 1 };
    const at = startMs / 1000;
    expect(written()).toEqual([{ node: 'webbox1', check: 'ping', at, ok: 1, failed: 1, unknown: 0, latency }]);
    await clock.advance(minuteMs);
    history.measured('webbox1', 'ping', 'unknown', null);
    history.stop();
    expect(written()).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('is told with what was not written yet, by node and check, in UTC', async () => {
    const { clock, history } = bench();
    history.measured('webbox1', 'ping', 'ok', 3);
    await clock.advance(minuteMs);
    history.measured('webbox1', 'ping', 'ok', 1.5);
    history.measured('webbox1', 'ping', 'ok', 2);
    history.measured('webbox2', 'web', 'failed', 4);
    const none = { ok: 0, failed: 0, unknown: 0, latency_ms: null };
    const [first, second] = ['2026-01-01T10:00:00.000Z', '2026-01-01T10:01:00.000Z'];
    expect(history.report('1h')).toEqual({
      range: '1h',
      bucket_seconds: 60,
      from: '2026-01-01T09:01:00.000Z',
      nodes: {
        webbox1: {
          ping: [
            { ...none, at: first, ok: 1, latency_ms: { min: 3, mean: 3, max: 3 } },
            { ...none, at: second, ok: 2, latency_ms: { min: 1.5, mean: 1.75, max: 2 } },
          ],
        },
        webbox2: { web: [{ ...none, at: second, failed: 1 }] },
      },
    });
    expect(history.report('30d', 'webbox1')).toEqual({
      range: '30d',
      bucket_seconds: 3600,
      from: '2025-12-02T11:00:00.000Z',
      nodes: { webbox1: { ping: [{ ...none, at: first, ok: 3, latency_ms: { min: 1.5, mean: 2.167, max: 3 } }] } },
    });
  });

  it('waits while the journal cannot be written, and is in it afterwards', async () => {
    const { state, ...journal } = breakable();
    const { clock, history, troubles, written } = bench(journal);
    history.measured('webbox1', 'ping', 'ok', 3);
    await clock.advance(2 * minuteMs);
    expect(troubles).toHaveLength(2);
    state.isBroken = false;
    history.measured('webbox1', 'ping', 'ok', 3);
    await clock.advance(minuteMs);
    expect(written().map(({ at, ok }) => [at * 1000 - startMs, ok])).toEqual([
      [0, 1],
      [2 * minuteMs, 1],
    ]);
    await clock.advance(minuteMs);
    expect(written()).toHaveLength(2);
  });

  it('is lost, the oldest first, when the journal cannot be written for long', async () => {
    const { state, ...journal } = breakable();
    const { clock, history, written } = bench(journal);
    for (let minute = 0; minute < 12; minute += 1) {
      for (let node = 0; node < 1_000; node += 1) history.measured(`web${node}`, 'ping', 'ok', 1);
      await clock.advance(minuteMs);
    }
    state.isBroken = false;
    history.stop();
    const minutes = written().map(({ at }) => (at * 1000 - startMs) / minuteMs);
    expect(minutes).toHaveLength(10_000);
    expect([Math.min(...minutes), Math.max(...minutes)]).toEqual([2, 11]);
  });
});

describe('an answer', () => {
  const bucket = (node: number, at: number): HistoryBucket => {
    return { node: `web${node}`, check: 'ping', at, ok: 1, failed: 0, unknown: 0, latency: null };
  };
  /** A pool with so many nodes, each measured in so many of the last minutes. */
  function pool(nodes: number, minutes: number) {
    const { history, journal } = bench();
    for (let minute = 1; minute <= minutes; minute += 1) {
      const at = startMs / 1000 - 60 * minute;
      const buckets = Array.from({ length: nodes }, (_, node) => bucket(node, at));
      journal.history.add(buckets, at);
    }
    return history;
  }

  it('has longer buckets when there would be too many, unless it is about one node', () => {
    const history = pool(1_000, mostBuckets / 1_000 + 1);
    expect(history.report('1h')?.bucket_seconds).toBe(3600);
    expect(Object.keys(history.report('1h')?.nodes ?? {})).toHaveLength(1_000);
    expect(history.report('1h', 'web7')).toMatchObject({ bucket_seconds: 60, nodes: { web7: {} } });
    expect(history.report('1h', 'web7')?.nodes['web7']?.['ping']).toHaveLength(mostBuckets / 1_000 + 1);
  });

  it('is refused when it is too long even in days', () => {
    const { history, journal } = bench();
    const days = Array.from({ length: 30 }, (_, day) => startMs / 1000 - 86_400 * day);
    for (const at of days)
      journal.history.add(
        Array.from({ length: 1_001 }, (_, node) => bucket(node, at)),
        at,
      );
    expect(history.report('30d')).toBeUndefined();
    expect(history.report('7d')?.bucket_seconds).toBe(3600);
    expect(history.report('30d', 'web7')?.nodes['web7']?.['ping']).toHaveLength(30);
  });
});
