import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { concludeRun } from '../../src/ansible/conclude.ts';
import { readEvents } from '../../src/ansible/event-file.ts';
import type { RunEvent } from '../../src/ansible/event.ts';
import { recordRun } from '../../src/ansible/run-record.ts';
import { cores, fixtures } from './captured-cases.ts';

/** Results in order, as `kind task`; an ignored one with `~`. */
async function read(core: string, name: string): Promise<{ events: RunEvent[]; results: string[]; junkLines: number }> {
  const losses = { junkLines: 0, overlongLines: 0 };
  const file = path.join(fixtures, 'own-callback', `core-${core}-${name}.jsonl`);
  const events: RunEvent[] = [];
  for await (const event of readEvents(file, { losses })) events.push(event);
  const results = events.flatMap((event) =>
    'res' in event ? [`${event.ignored ? '~' : ''}${event.e} ${event.host} ${event.task.name}`] : [],
  );
  return { events, results, junkLines: losses.junkLines };
}

async function conclude(events: readonly RunEvent[], expectedHosts: readonly string[], rc: number) {
  return concludeRun({ record: await recordRun(events), expectedHosts, rc, signal: null, output: '' });
}

describe.each(cores)('events of our callback captured with core %s', (core) => {
  const names = ['02-failed', '03-ignored', '05-unreachable', '06-loop', '07-retries', '08-rescue', '09-nolog'];

  it.each([...names, '19-handlers', '27-nohosts'])('%s: every line is understood', async (name) => {
    const { events, junkLines } = await read(core, name);
    expect(junkLines).toBe(0);
    expect(events.map((event) => event.n)).toEqual(events.map((_, index) => index + 1));
  });

  it('of kinds that we do not know are passed over', async () => {
    const { events, results, junkLines } = await read(core, '23-async');
    expect(junkLines).toBe(3); // async_poll
    expect(results).toHaveLength(3);
    expect(await conclude(events, ['vm01'], 0)).toMatchObject({ kind: 'ok' });
  });

  it('tell which failure counts', async () => {
    const failed = await read(core, '02-failed');
    const end = await conclude(failed.events, ['vm01', 'vm02'], 2);
    expect(end).toMatchObject({
      kind: 'failed',
      failed: { host: 'vm01', rc: 3, task: { name: 'fails on vm01 only' } },
    });

    const ignored = await read(core, '03-ignored');
    expect(ignored.results).toContain('~failed vm01 fails but ignored');
    expect(await conclude(ignored.events, ['vm01'], 0)).toMatchObject({ kind: 'ok', failures: [] });
  });

  it('tell an ignored unreachable host from the one that ended the play', async () => {
    const { events, results } = await read(core, '05-unreachable');
    expect(results).toEqual(['~unreachable vm99 unreachable but ignored', 'unreachable vm99 unreachable']);
    const end = await conclude(events, ['vm99'], 4);
    expect(end).toMatchObject({ kind: 'unreachable', failed: { isUnreachable: true, task: { name: 'unreachable' } } });
  });

  it('tell of loop items, retries and rescues', async () => {
    expect((await read(core, '06-loop')).results.slice(0, 5)).toEqual([
      'item_ok vm01 mixed items',
      'item_failed vm01 mixed items',
      'item_ok vm01 mixed items',
      'item_skipped vm01 mixed items',
      '~failed vm01 mixed items',
    ]);
    expect((await read(core, '07-retries')).results).toEqual([
      'retry vm01 succeeds on the third attempt',
      'retry vm01 succeeds on the third attempt',
      'ok vm01 succeeds on the third attempt',
      'retry vm01 exhausts its retries',
      'retry vm01 exhausts its retries',
      'failed vm01 exhausts its retries',
    ]);
    const rescued = await conclude((await read(core, '08-rescue')).events, ['vm01'], 0);
    expect(rescued).toMatchObject({ kind: 'ok', failures: [{ task: { name: 'deploy fails' } }] });
    expect(rescued.failed).toBeUndefined();
  });

  it('tell that no host matched, whatever the exit code', async () => {
    const end = await conclude((await read(core, '27-nohosts')).events, ['vm01'], 0);
    expect(end).toMatchObject({ kind: 'nothing_ran', message: 'Nothing ran: no host of the inventory matched.' });
  });
});
