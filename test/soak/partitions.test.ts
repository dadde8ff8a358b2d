import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allHealthy, deedsOn, oneRebuild, replaced, reportOf, type Report } from '../e2e/healing.ts';
import { eventually, Lab } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3', 'webbox4', 'webbox5'] as const;
/** This one's check does not go by its heartbeat. */
const unheard = 'webbox4';
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({
    nodes: nodes.length,
    daemons: true,
    // Four survivors share this machine's processors: each gets more time than in smaller labs.
    edit: (text) =>
      text
        .replace(/webbox4(?=[,\]])/, '{name: webbox4, checks: {ping: {ignore_heartbeat: true}}}')
        .replace('deadline: 6m', 'deadline: 8m')
        .replace('stagger: 8s', 'stagger: 20s'),
  });
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
  it('of one that still reaches vCenter: it destroys nothing, and all say why; the others have its heartbeat for evidence of life', async () => {
    const before = lab.operations().length;
    await lab.partition('webbox2', { keepVcenter: true });
    const gates = await holding('webbox2', ['webbox1', 'webbox3', 'webbox4', 'webbox5']);
    expect(gates).toEqual(expect.arrayContaining(['quorum', 'self_trust', 'max_unhealthy']));
    for (const node of ['webbox1', 'webbox3', 'webbox4', 'webbox5'])
      expect(await holding(node, ['webbox2'])).toContain('heartbeat');
    expect(deedsOn(lab.operations().slice(before))).toEqual([]);
  }, 400_000);

  it('of one whose heartbeat is no evidence: the others rebuild it once, it destroys nothing, and never comes back as a second', async () => {
    const before = lab.operations().length;
    const old = await lab.vm(unheard);
    await lab.partition(unheard, { keepVcenter: true });
    const fresh = await replaced(lab, old, 300_000);
    await allHealthy(lab, nodes, 200_000);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    await lab.heal(unheard).catch(() => undefined);
    await allHealthy(lab, nodes, 200_000);
    expect((await lab.state()).vms.filter(({ name }) => name.startsWith(unheard))).toMatchObject([
      { instance_uuid: fresh.instance_uuid },
    ]);
  }, 900_000);

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
  it.each(['down', 'unavailable', 'slow', 'stopped-clock', 'empty-list', 'half-list', 'disconnected-host'])(
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
