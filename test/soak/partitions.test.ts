import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allHealthy, deedsOn, reportOf, type Report } from '../e2e/healing.ts';
import { eventually, Lab } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3', 'webbox4', 'webbox5'] as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes, 300_000);
}, 600_000);
afterAll(async () => lab.down());
afterEach(async () => {
  for (const node of nodes) await lab.heal(node).catch(() => undefined);
  await lab.vcenter('ok');
  await allHealthy(lab, nodes, 400_000);
}, 500_000);

/** What a guest's own daemon says, asked from inside: a partitioned one is not reached over the network. */
async function ownReport(node: string): Promise<Report | undefined> {
  const { stdout } = await lab.exec(node, ['regrow', 'status', '--json']);
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    return undefined;
  }
}

/** Waits until a node's own daemon holds all of these, and returns the gates that hold. */
async function holding(observer: string, held: readonly string[]): Promise<readonly string[]> {
  return eventually(`${observer} holds ${held.join(', ')}`, 120_000, async () => {
    const report = await ownReport(observer);
    const states = report?.nodes.filter(({ name }) => held.includes(name)) ?? [];
    if (states.length < held.length || states.some(({ state }) => state !== 'held')) return undefined;
    return [...new Set(states.flatMap(({ holds }) => holds.map(({ gate }) => gate)))];
  });
}

describe('a partition', () => {
  it('of one that still reaches vCenter: it destroys nothing, and says why', async () => {
    const before = lab.operations().length;
    await lab.partition('webbox2', { keepVcenter: true });
    const gates = await holding('webbox2', ['webbox1', 'webbox3', 'webbox4', 'webbox5']);
    expect(gates).toEqual(expect.arrayContaining(['quorum', 'self_trust', 'max_unhealthy']));
    const uuid = (await lab.vm('webbox2')).instance_uuid;
    // The others may rebuild it, and nobody else: it is gone for all of them.
    expect(
      deedsOn(lab.operations().slice(before)).filter((deed) => deed.uuid !== uuid && deed.what !== 'deploy'),
    ).toEqual([]);
  }, 400_000);

  it('of two against three: the two act on nobody', async () => {
    const others = new Map<string, string>();
    for (const node of ['webbox3', 'webbox4', 'webbox5']) others.set(node, (await lab.vm(node)).instance_uuid);
    const before = lab.operations().length;
    for (const node of ['webbox1', 'webbox2']) await lab.partition(node, { keepVcenter: true });
    await holding('webbox1', ['webbox3', 'webbox4', 'webbox5']);
    const harmed = deedsOn(lab.operations().slice(before)).map(({ uuid }) => uuid);
    for (const uuid of others.values()) expect(harmed).not.toContain(uuid);
  }, 400_000);

  it('of everybody: nobody acts, all say why, and when the switch is back nobody is rebuilt', async () => {
    const before = lab.operations().length;
    for (const node of nodes) await lab.partition(node, { keepVcenter: true });
    for (const node of nodes)
      await holding(
        node,
        nodes.filter((other) => other !== node),
      );
    for (const node of nodes) await lab.heal(node);
    await allHealthy(lab, nodes, 200_000);
    expect(deedsOn(lab.operations().slice(before))).toEqual([]);
  }, 600_000);
});

describe('a vCenter that is unwell', () => {
  it.each(['down', 'empty-list', 'half-list', 'disconnected-host'])(
    '(%s): nothing is harmed while it lasts, and the dead node comes back when it is over',
    async (fault) => {
      const before = lab.operations().length;
      await lab.vcenter(fault);
      const survivor = 'webbox1';
      await lab.kill('webbox5');
      await eventually('webbox5 is not healthy for webbox1', 120_000, async () => {
        const seen = (await ownReport(survivor))?.nodes.find(({ name }) => name === 'webbox5');
        return seen !== undefined && !['healthy', 'suspect'].includes(seen.state) ? seen : undefined;
      });
      const dead = (await lab.state()).vms.find(({ name }) => name === 'webbox5');
      const harmed = deedsOn(lab.operations().slice(before));
      expect(harmed.filter(({ uuid }) => uuid !== dead?.instance_uuid)).toEqual([]);
      await lab.vcenter('ok');
      await allHealthy(lab, nodes, 400_000);
      expect((await reportOf(lab, survivor))?.healthy).toBe(true);
    },
    900_000,
  );
});
