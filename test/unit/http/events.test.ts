import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { execa } from 'execa';
import { journalView } from '../../../src/controller/journal-view.ts';
import type { ControllerView } from '../../../src/http/controller-view.ts';
import { EventStreams } from '../../../src/http/event-streams.ts';
import type { HttpServerOptions } from '../../../src/http/server.ts';
import { openJournal, type Journal } from '../../../src/store/journal.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { EventReader } from './event-reader.ts';
import { ask, served } from './fake-controller.ts';

const asList = { headers: { accept: 'application/json' } };

describe('events as a list', () => {
  it('are told from where the reader left off, of a node, a run, or a kind', async () => {
    const { journal, url } = await servedJournal();
    const ids = [
      append(journal, 'fault.opened', { node: 'webbox1' }),
      append(journal, 'rebuild.task', { node: 'webbox1', run: 'r1' }),
      append(journal, 'faulty', { node: 'webbox2' }),
    ];
    const list = async (query: string): Promise<unknown> => {
      const answer = JSON.parse((await ask(url, `/v1/events${query}`, asList)).text);
      return { ids: answer.events.map(({ id }: { id: number }) => ids.indexOf(id)), after: ids.indexOf(answer.after) };
    };
    expect(await list('')).toEqual({ ids: [0, 1, 2], after: 2 });
    expect(await list(`?after=${ids[0]}&limit=1`)).toEqual({ ids: [1], after: 1 });
    expect(await list(`?after=${ids[2]}`)).toEqual({ ids: [], after: 2 });
    expect(await list('?node=webbox1')).toMatchObject({ ids: [0, 1] });
    expect(await list('?run=r1')).toMatchObject({ ids: [1] });
    expect(await list('?type=fault')).toMatchObject({ ids: [0] });
    expect(await list('?type=fault.opened')).toMatchObject({ ids: [0] });
    expect(await list('?type=fault_opened')).toMatchObject({ ids: [] });
  });

  it.each([
    ['after=x', 'after:'],
    ['after=-1', 'after:'],
    ['after=1e3', 'after:'],
    ['after=1&after=2', 'more than once'],
    ['limit=0', 'limit:'],
    ['limit=1001', 'limit:'],
    ['limit=', 'limit:'],
    ['type=A%25', 'type:'],
    ['run=../x', 'run:'],
    ['afer=1', 'after, limit'],
  ])('are refused for the query %s', async (query, hint) => {
    const { url } = await served();
    const answer = await ask(url, `/v1/events?${query}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).detail).toContain(hint);
  });
});

describe('events as a stream', () => {
  it('are told as they come, each with its id and type', async () => {
    const { journal, url } = await servedJournal();
    const before = append(journal, 'before');
    const reader = await EventReader.open(url, '/v1/events');
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(await reader.next()).toEqual({ retry: expect.any(String), id: String(before) });
    const id = append(journal, 'fault.opened', { node: 'webbox1' });
    const { data = '', ...message } = await reader.next();
    expect(message).toEqual({ id: String(id), event: 'fault.opened' });
    expect(JSON.parse(data)).toMatchObject({ id, type: 'fault.opened', node: 'webbox1', run: null });
  });

  it('go on where a reader broke off, without a gap and without a second time, however far back that is', async () => {
    const { journal, url } = await servedJournal();
    const ids = appendMany(journal, 1_500);
    const first = await EventReader.open(url, '/v1/events?after=0');
    const seen = [...(await first.ids(700))];
    first.leave();
    ids.push(...appendMany(journal, 300));
    const second = await EventReader.open(url, '/v1/events?after=0', { 'last-event-id': String(seen.at(-1)) });
    seen.push(...(await second.ids(500)));
    ids.push(...appendMany(journal, 300));
    seen.push(...(await second.ids(ids.length - seen.length)));
    expect(seen).toEqual(ids);
  });

  it('are told to each reader as it wished', async () => {
    const { journal, url } = await servedJournal({ hasRun: (run) => run === 'r1' });
    const readers = {
      node: await EventReader.open(url, '/v1/events?node=webbox2'),
      run: await EventReader.open(url, '/v1/runs/r1/events?after=0'),
      type: await EventReader.open(url, '/v1/events?type=fault&after=0'),
    };
    const fault = append(journal, 'fault.opened', { node: 'webbox1' });
    const task = append(journal, 'rebuild.task', { node: 'webbox2', run: 'r1' });
    expect(await readers.type.ids(1)).toEqual([fault]);
    expect(await readers.node.ids(1)).toEqual([task]);
    expect(await readers.run.ids(1)).toEqual([task]);
    expect((await ask(url, '/v1/runs/r2/events')).status).toBe(404);
    expect((await ask(url, '/v1/runs/r1/events', asList)).text).toContain('"rebuild.task"');
  });

  it('are told although another process wrote them', async () => {
    const folder = temporaryFolder();
    const { journal, url } = await servedJournal({}, temporaryJournal(folder));
    append(journal, 'before');
    const reader = await EventReader.open(url, '/v1/events');
    const other = openJournal(folder);
    onTestFinished(() => other.close());
    const id = append(other, 'pool.paused');
    expect(await reader.ids(1)).toEqual([id]);
  });

  it('begin with what is new for a reader that comes with an id of another journal', async () => {
    const { journal, url } = await servedJournal();
    append(journal, 'before');
    const reader = await EventReader.open(url, '/v1/events', { 'last-event-id': '999999' });
    await reader.next();
    const id = append(journal, 'after');
    expect(await reader.ids(1)).toEqual([id]);
  });

  it('end when the server does, and for readers that would be too many', async () => {
    const journal = temporaryJournal();
    const streams = streamsOf(journal, { most: 1 });
    const stream = streams.open({}, undefined);
    expect(streams.open({}, undefined)).toBeUndefined();
    stream?.destroy();
    await vi.waitFor(() => expect(streams.size).toBe(0));
    expect(streams.open({}, undefined)).toBeDefined();
    const server = await servedJournal();
    const reader = await EventReader.open(server.url, '/v1/events');
    await server.close();
    await reader.gone();
  });

  it('come with heartbeats, that tell how far the reader is', async () => {
    const journal = temporaryJournal();
    const streams = streamsOf(journal, { heartbeatMs: 10 });
    const stream = streams.open({ node: 'webbox1' }, undefined)?.setEncoding('utf8');
    let text = '';
    stream?.on('data', (chunk: string) => (text += chunk));
    const id = append(journal, 'x', { node: 'webbox2' });
    await vi.waitFor(() => expect(text).toContain(`: heartbeat\nid: ${id}\n\n`));
    expect(text).not.toContain('data:');
  });

  it('cost no memory for a reader that does not read, and miss nothing when it does', async () => {
    const journal = temporaryJournal();
    const streams = streamsOf(journal);
    const stream = streams.open({}, 0);
    const ids = appendMany(journal, 3_000);
    stream?.read(0);
    await vi.waitFor(() => expect(stream?.readableLength).toBeGreaterThan(0));
    expect(stream?.readableLength).toBeLessThan(100 * 1024);
    const seen: number[] = [];
    for await (const chunk of stream ?? []) {
      seen.push(...[...String(chunk).matchAll(/^data: \{"id":(\d+)/gm)].map(([, id]) => Number(id)));
      if (seen.length >= ids.length) break;
    }
    expect(seen).toEqual(ids);
  });

  it('end for a reader that takes nothing any more', async () => {
    const { journal, url } = await servedJournal({}, temporaryJournal(), { heartbeatMs: 50 });
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    const ended = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    appendMany(journal, 10_000, 'x'.repeat(2_000));
    socket.pause();
    await once(socket, 'connect');
    expect(await openConnections(url)).toBe(1);
    socket.write('GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n');
    // The buffers of both systems fill up; from then on nothing moves. The server cuts off what it could not send.
    await vi.waitFor(async () => expect(await openConnections(url)).toBe(0), { timeout: 15_000, interval: 200 });
    socket.resume();
    await ended;
  });
});

/** Connections whose server has not closed them. */
async function openConnections(url: string): Promise<number> {
  const { stdout } = await execa('ss', ['-Htn', 'state', 'established', `( sport = :${new URL(url).port} )`]);
  return stdout.split('\n').filter((line) => line !== '').length;
}

async function servedJournal(
  more: Partial<ControllerView> = {},
  journal: Journal = temporaryJournal(),
  options: Partial<HttpServerOptions> = {},
) {
  const server = await served({ ...journalView(journal, '/nonexistent'), ...more }, options);
  return { ...server, journal };
}

function streamsOf(journal: Journal, more: Partial<ConstructorParameters<typeof EventStreams>[0]> = {}): EventStreams {
  const tap = journalView(journal, '/nonexistent');
  const streams = new EventStreams({ tap, most: 10, heartbeatMs: 60_000, pollMs: 50, onFault: () => {}, ...more });
  onTestFinished(() => streams.close());
  return streams;
}

function append(journal: Journal, type: string, of: { node?: string; run?: string } = {}, text = ''): number {
  return journal.events.append({ at: '2026-01-01T10:00:00.000Z', type, data: { text }, ...of });
}

function appendMany(journal: Journal, count: number, text = ''): number[] {
  return journal.atomically(() => Array.from({ length: count }, () => append(journal, 'many', {}, text)));
}
