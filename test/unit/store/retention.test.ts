import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Journal } from '../../../src/store/journal.ts';
import type { RunKind } from '../../../src/store/runs.ts';
import { intent, temporaryFolder, temporaryJournal } from './folders.ts';

const nowIso = '2026-06-30T00:00:00.000Z';

it('drops what is beyond the count, with its folder and events', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  for (const id of ['a', 'b', 'c']) finished(journal, folder, id);
  expect(journal.retention.prune({ keepRuns: 2, keepDays: 90, nowIso })).toEqual(['a']);
  expect(journal.runs.list().map((run) => run.id)).toEqual(['c', 'b']);
  expect(journal.events.list().map((event) => event.run)).toEqual(['b', 'c']);
  expect(existsSync(join(folder, 'runs/a'))).toBe(false);
  expect(existsSync(join(folder, 'runs/b/output.log'))).toBe(true);
});

it('drops what is too old, and old events that belong to no run', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  finished(journal, folder, 'a', { started_at: '2026-03-01T00:00:00.000Z' });
  finished(journal, folder, 'b');
  journal.events.append({ at: '2026-03-01T00:00:00.000Z', type: 'old', data: {} });
  journal.events.append({ at: '2026-06-29T00:00:00.000Z', type: 'young', data: {} });
  expect(journal.retention.prune({ keepRuns: 200, keepDays: 90, nowIso })).toEqual(['a']);
  expect(journal.events.list().map((event) => event.type)).toEqual(['run.ended', 'young']);
});

it('never drops a run without an outcome, nor the newest one of a node', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  journal.runs.insert(intent('a', { started_at: '2020-01-01T00:00:00.000Z' }));
  finished(journal, folder, 'b', { node: 'webbox9', started_at: '2020-01-01T00:00:00.000Z' });
  finished(journal, folder, 'c');
  expect(journal.retention.prune({ keepRuns: 1, keepDays: 1, nowIso })).toEqual([]);
  expect(journal.runs.list()).toHaveLength(3);
});

it('does not let readings of the pool push rebuilds out', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  finished(journal, folder, 'a');
  finished(journal, folder, 'b');
  for (const id of ['c', 'd', 'e', 'f']) finished(journal, folder, id, { kind: 'discover', node: null });
  expect(journal.retention.prune({ keepRuns: 2, keepDays: 90, nowIso })).toEqual(['c', 'd']);
  expect(journal.runs.list().map((run) => run.id)).toEqual(['f', 'e', 'b', 'a']);
});

it('does not let settlings that fail again and again push rebuilds out', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  finished(journal, folder, 'a');
  for (const id of ['b', 'c', 'd', 'e']) finished(journal, folder, id, { kind: 'settle' });
  expect(journal.retention.prune({ keepRuns: 2, keepDays: 90, nowIso })).toEqual(['b', 'c']);
  expect(journal.runs.list().map((run) => run.id)).toEqual(['e', 'd', 'a']);
});

it('drops old folders of runs that no journal has, and leaves young ones and what is no run', () => {
  const folder = temporaryFolder();
  const journal = temporaryJournal(folder);
  const hoursOld = {
    '00000000000001': 50,
    '00000000000002': 3,
    '00000000000003': 2,
    '00000000000004': 0.5,
    'of-somebody-else': 9000,
  };
  for (const [name, hours] of Object.entries(hoursOld)) {
    const path = join(folder, 'runs', name);
    mkdirSync(path, { recursive: true });
    const at = (Date.parse(nowIso) - hours * 3_600_000) / 1000;
    utimesSync(path, at, at);
  }
  expect(journal.retention.prune({ keepRuns: 2, keepDays: 90, nowIso })).toEqual(['00000000000002', '00000000000001']);
  expect(readdirSync(join(folder, 'runs'))).toEqual(['00000000000003', '00000000000004', 'of-somebody-else']);
  expect(journal.retention.prune({ keepRuns: 0, keepDays: 90, nowIso })).toEqual(['00000000000003']);
});

function finished(
  journal: Journal,
  folder: string,
  id: string,
  more: { readonly node?: string | null; readonly kind?: RunKind; readonly started_at?: string } = {},
): void {
  const run = intent(id, { started_at: '2026-06-29T00:00:00.000Z', ...more });
  journal.runs.insert(run);
  journal.runs.finish(id, { outcome: 'rebuilt', ended_at: run.started_at });
  journal.events.append({ at: run.started_at, run: id, type: 'run.ended', data: {} });
  mkdirSync(join(folder, 'runs', id), { recursive: true });
  writeFileSync(join(folder, 'runs', id, 'output.log'), 'PLAY');
}
