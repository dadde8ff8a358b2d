import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Lab } from '../lab/lab.ts';
import {
  allHealthy,
  deedsOn,
  lastEvent,
  oneRebuild,
  replaced,
  reportOf,
  shows,
  storyOf,
  type Report,
} from '../e2e/healing.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const backoffMs = 3_000;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({
    nodes: nodes.length,
    daemons: true,
    edit: (text) => text.replace('backoff: 10s', `backoff: ${backoffMs / 1000}s, max_attempts: 2`),
  });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** `regrow` inside a node; it must end with 0. */
async function regrowOn(node: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec(node, ['regrow', ...args]);
  expect(exitCode, `regrow ${args.join(' ')} on ${node}: ${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe('what people order on a node', () => {
  it('pause holds the rebuild, also by controllers that it did not reach, says so, outlives the daemon, and ends by itself', async () => {
    // One that acts is enough here.
    await lab.exec('webbox2', ['sed', '-i', 's/^  mode: act$/  mode: dry-run/', '/etc/regrow/regrow.yml']);
    await regrowOn('webbox2', 'config', 'reload');
    await regrowOn('webbox2', 'pause', '--local', '--reason', 'disk change');
    const before = lab.operations().length;
    await lab.vcenter('full');
    await lab.kill('webbox3');
    const isHeld = ({ state, why }: Report['nodes'][number]): boolean =>
      state === 'held' && why.includes('pool is paused: disk change');
    expect((await shows(lab, 'webbox1', 'webbox3', isHeld)).holds).toMatchObject([{ gate: 'peer_hold' }]);
    expect((await shows(lab, 'webbox2', 'webbox3', isHeld)).holds.map(({ gate }) => gate)).toContain('paused');

    await lab.daemon('webbox2', 'restart');
    await shows(lab, 'webbox2', 'webbox3', isHeld);
    await lab.daemon('webbox1', 'restart');
    await shows(lab, 'webbox1', 'webbox3', isHeld);
    expect(lab.operations().slice(before)).toEqual([]);

    await regrowOn('webbox2', 'pause', '--local', '--for', '1s', '--reason', 'nearly done');
    await shows(lab, 'webbox1', 'webbox3', ({ state }) => state !== 'held');
  }, 300_000);

  it('a rebuild that fails is tried again after its backoff, then given up, and people are told', async () => {
    const given = await shows(lab, 'webbox1', 'webbox3', ({ state }) => state === 'exhausted', 120_000);
    expect(given.why).toContain('given up after 2 rebuilds, `regrow resume webbox3` tries again');
    const story = await storyOf(lab, 'webbox1', 'webbox3');
    const types = story.map(({ type }) => type);
    expect(types.filter((type) => type === 'rebuild.failed')).toHaveLength(2);
    expect(types.filter((type) => type === 'fault.exhausted')).toHaveLength(1);
    const retry = story.find(({ type }) => type === 'fault.retry');
    expect(retry?.data).toMatchObject({ attempts: 1, backoff_ms: backoffMs });
    const again = story.findLast(({ type }) => type === 'rebuild.requested');
    expect(Date.parse(again?.at ?? '') - Date.parse(retry?.at ?? '')).toBeGreaterThanOrEqual(backoffMs - 100);
    const alerts = story.filter(({ type }) => type === 'alert.raised').map(({ data }) => String(data['text']));
    expect(alerts.filter((text) => text.includes('failed: '))).toHaveLength(1);
    expect(alerts.filter((text) => text.includes('is given up'))).toHaveLength(1);
    expect((await storyOf(lab, 'webbox2', 'webbox3')).filter(({ type }) => type === 'rebuild.requested')).toEqual([]);
  }, 180_000);

  it('resume heals what was given up once the cause is gone', async () => {
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    await lab.vcenter('ok');
    expect(await regrowOn('webbox1', 'resume', 'webbox3')).toContain('Tried again: webbox3');
    const fresh = await replaced(lab, old);
    await regrowOn('webbox2', 'resume', 'webbox3');
    await allHealthy(lab, nodes);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
  }, 240_000);
});

describe('a node that one controller was told of', () => {
  const four = [...nodes, 'webbox4'];
  const edited = async (script: string): Promise<void> => {
    await lab.exec('webbox1', ['sed', '-i', script, '/etc/regrow/regrow.yml']);
    await regrowOn('webbox1', 'config', 'reload');
  };
  const watchedBy = async (observers: readonly string[], wanted: readonly string[]): Promise<void> =>
    eventually(`${observers.join(', ')} watch ${wanted.join(', ')}`, 90_000, async () => {
      const reports = await Promise.all(observers.map(async (each) => reportOf(lab, each)));
      const isSo = reports.every(
        (report) =>
          report?.nodes
            .map(({ name }) => name)
            .toSorted()
            .join() === wanted.join(),
      );
      return isSo ? true : undefined;
    }).then(() => undefined);

  it('is watched by all, is deployed by bootstrap on a node, and joins', async () => {
    await edited('s/^\\( *\\)- webbox3$/&\\n\\1- webbox4/');
    await watchedBy(nodes, four);
    await regrowOn('webbox1', 'bootstrap');
    await allHealthy(lab, four);
  }, 300_000);

  it('and taken out again it is watched by nobody, and nobody rebuilds it when it dies', async () => {
    await edited('/^ *- webbox4$/d');
    await watchedBy(nodes, nodes);
    const before = lab.operations().length;
    const told = new Map<string, number>();
    for (const node of nodes) told.set(node, await lastEvent(lab, node));
    await lab.kill('webbox4');
    // Two more readings of vCenter by each: time enough for three failed pings and a turn.
    await Promise.all(nodes.map(async (node) => readings(node, 2)));
    expect(lab.operations().slice(before)).toEqual([]);
    for (const node of nodes) expect(await storyOf(lab, node, 'webbox4', told.get(node))).toEqual([]);
  }, 180_000);

  async function readings(node: string, count: number): Promise<void> {
    for (let seen = 0, at = (await reportOf(lab, node))?.discovery.at; seen < count; seen += 1) {
      at = await eventually(`${node} reads vCenter`, 60_000, async () => {
        const now = (await reportOf(lab, node))?.discovery.at;
        return now === null || now === at ? undefined : now;
      });
    }
  }
});
