import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { journalView } from '../../../src/controller/journal-view.ts';
import { intent, temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { ask, served } from './fake-controller.ts';

describe('the list of runs', () => {
  it('has those that act on nodes, newest first, and by what is asked for', async () => {
    const { get } = await servedRuns();
    expect(await ids(get, '')).toEqual(['d', 'b', 'a']);
    expect(await ids(get, '?kind=discover')).toEqual(['c']);
    expect(await ids(get, '?node=webbox2')).toEqual(['b']);
    expect(await ids(get, '?outcome=rebuilt')).toEqual(['b']);
    expect(await ids(get, '?since=2026-01-01T12:00:00%2B01:00')).toEqual(['d']);
  });

  it('goes on where it stopped', async () => {
    const { get } = await servedRuns();
    const first = await get('/v1/runs?limit=2');
    expect(first).toMatchObject({ runs: [{ id: 'd' }, { id: 'b' }], next: 'b' });
    expect(await get(`/v1/runs?limit=2&before=${first.next}`)).toMatchObject({ runs: [{ id: 'a' }], next: null });
    expect(await get('/v1/runs?limit=3')).toMatchObject({ next: null });
  });

  it('has each run as it is known', async () => {
    const { get } = await servedRuns();
    expect((await get('/v1/runs?node=webbox2')).runs).toEqual([
      {
        id: 'b',
        node: 'webbox2',
        kind: 'rebuild',
        state: 'done',
        outcome: 'rebuilt',
        class: null,
        gate: null,
        step: null,
        vm: { moid: 'vm-9', instance_uuid: 'u-9' },
        by: 'monitor',
        reason: null,
        started_at: '2026-01-01T10:00:00.000Z',
        ended_at: '2026-01-01T10:05:00.000Z',
      },
    ]);
  });

  it.each([
    ['kind=x', 'kind: expected one of rebuild'],
    ['outcome=x', 'outcome: expected one of'],
    ['since=yesterday', 'since: expected a time'],
    ['before=..', 'before:'],
    ['limit=501', 'limit:'],
    [`node=${'x'.repeat(64)}`, 'node:'],
  ])('is refused for the query %s', async (query, hint) => {
    const { url } = await served();
    const answer = await ask(url, `/v1/runs?${query}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).detail).toContain(hint);
  });
});

describe('a run', () => {
  it('is told with its phases, its tasks and the decision that led to it', async () => {
    const { journal, state, get } = await servedRuns();
    const at = (second: number): string => `2026-01-01T10:00:${String(second).padStart(2, '0')}.000Z`;
    const gate = { gate: 'quorum', holds: false, message: 'two of three', facts: {} };
    journal.events.append({ at: at(1), node: 'webbox3', type: 'fault.opened', data: {} });
    journal.events.append({ at: at(2), node: 'webbox2', type: 'fault.opened', data: {} });
    journal.events.append({ at: at(3), node: 'webbox2', type: 'decision', data: { acts: true, gates: [gate] } });
    journal.runs.insert(intent('e', { node: 'webbox2', trigger: 'monitor', started_at: at(4) }));
    journal.events.append({ at: at(6), run: 'e', node: 'webbox2', type: 'rebuild.fenced', data: {} });
    journal.events.append({ at: at(7), run: 'e', node: 'webbox2', type: 'rebuild.created', data: {} });
    mkdirSync(join(state, 'runs', 'e'), { recursive: true });
    const task = {
      id: 't',
      name: 'Power off',
      action: 'x',
      path: 'y',
      role: null,
      step: 'fence',
      failure: null,
      section: null,
    };
    const events = [
      { e: 'task_start', task, handler: false },
      { e: 'failed', host: 'webbox2', task, start: 1, res: { msg: 'no' }, ignored: false },
    ];
    const lines = events.map((event, index) =>
      JSON.stringify({ v: 1, n: index + 1, t: Date.parse(at(5 + index)) / 1000, ...event }),
    );
    writeFileSync(join(state, 'runs', 'e', 'events.jsonl'), `${lines.join('\n')}\n{"torn`);

    expect(await get('/v1/runs/e')).toMatchObject({
      id: 'e',
      builder: 'webbox2',
      old_vm: null,
      phases: [
        { name: 'detected', at: at(2) },
        { name: 'decided', at: at(3) },
        { name: 'fenced', at: at(6) },
        { name: 'deployed', at: at(7) },
        { name: 'booted', at: null },
        { name: 'loaded', at: null },
        { name: 'certified', at: null },
      ],
      tasks: [
        {
          step: 'fence',
          name: 'Power off',
          started_at: at(5),
          ended_at: null,
          outcome: 'failed',
          failed_hosts: ['webbox2'],
          message: 'no',
        },
      ],
      decision: { at: at(3), gates: [gate] },
    });
  });

  it('that a person ordered was decided when it was ordered, and is told without files', async () => {
    const { get } = await servedRuns();
    expect(await get('/v1/runs/a')).toMatchObject({
      phases: [{ name: 'detected', at: null }, { name: 'decided', at: '2026-01-01T10:00:00.000Z' }, {}, {}, {}, {}, {}],
      tasks: [],
      decision: null,
    });
  });

  it('is not there when the journal does not have it', async () => {
    const { url } = await servedRuns();
    for (const id of ['x', '..%2f..%2fetc', '%00', 'a%20']) expect((await ask(url, `/v1/runs/${id}`)).status).toBe(404);
  });
});

async function servedRuns() {
  const state = temporaryFolder();
  const journal = temporaryJournal(state);
  journal.runs.insert(intent('a'));
  journal.runs.insert(intent('b', { node: 'webbox2', trigger: 'monitor' }));
  const ended_at = '2026-01-01T10:05:00.000Z';
  journal.runs.finish('b', { outcome: 'rebuilt', ended_at, new_moid: 'vm-9', new_uuid: 'u-9' });
  journal.runs.insert(intent('c', { node: null, kind: 'discover' }));
  journal.runs.insert(intent('d', { kind: 'bootstrap', started_at: '2026-01-01T11:00:00.000Z' }));
  const { url } = await served(journalView(journal, state));
  return { journal, state, url, get: async (path: string) => JSON.parse((await ask(url, path)).text) };
}

async function ids(get: (path: string) => Promise<{ runs: { id: string }[] }>, query: string) {
  return (await get(`/v1/runs${query}`)).runs.map(({ id }) => id);
}
