import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClaimsClosed } from '../e2e/claims.ts';
import { allHealthy, deedsOn, lastEvent, replaced, storyOf } from '../e2e/healing.ts';
import { eventually, Lab } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
let lab: Lab;

/** D is 90 s + 6 s + 4 s. */
const shortD = (text: string): string =>
  text
    .replace(/deadline: \S+,/, 'deadline: 90s,')
    .replace(/upload_lease: \S+,/, 'upload_lease: 6s,')
    .replace(/slowest_operation: \S+,/, 'slowest_operation: 4s,');
const dMs = 100_000;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, leaseSeconds: 5, daemons: true, edit: shortD });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** The survivor whose run is the first to reach that task on the node, of those begun since then. */
async function builderAt(node: string, since: ReadonlyMap<string, number>, task: string): Promise<string> {
  return eventually(`a builder of ${node} at "${task}"`, 120_000, async () => {
    for (const [survivor, after] of since) {
      const story = await storyOf(lab, survivor, node, after);
      if (story.some(({ type, data }) => type === 'rebuild.task' && String(data['task']).endsWith(task)))
        return survivor;
    }
    return undefined;
  });
}

it.each([
  ['while it uploads the image', 'webbox3', 'Deploy the VM from the image, powered off'],
  ['while it loads the new VM', 'webbox2', 'Copy the image'],
])(
  'a builder that dies %s: the last survivor rebuilds it, and takes its work over after D',
  async (_when, victim, task) => {
    const survivors = nodes.filter((node) => node !== victim);
    const old = await lab.vm(victim);
    const before = lab.operations().length;
    const since = new Map<string, number>();
    for (const survivor of survivors) since.set(survivor, await lastEvent(lab, survivor));
    await lab.kill(victim);
    const builder = await builderAt(victim, since, task);
    const oldBuilder = await lab.vm(builder);
    await lab.kill(builder);
    const killedAt = performance.now();
    const last = survivors.find((node) => node !== builder) ?? '';
    console.log(`${builder} dies at "${task}" of ${victim}; ${last} is left`);
    const anew = await replaced(lab, oldBuilder, 300_000);
    console.log(`${builder} is certified anew after ${Math.round((performance.now() - killedAt) / 1000)} s`);
    const fresh = await replaced(lab, old, 600_000);
    const seconds = Math.round((performance.now() - killedAt) / 1000);
    console.log(`${victim} is certified anew after ${seconds} s`);
    await allHealthy(lab, nodes, 300_000);

    const done = deedsOn(lab.operations().slice(before));
    const destroyed = done.filter(({ what }) => what === 'destroy').map(({ uuid }) => uuid);
    const deployed = done.filter(({ what }) => what === 'deploy').map(({ uuid }) => uuid);
    const kept = [anew.instance_uuid, fresh.instance_uuid];
    const halfBuilt = deployed.filter((uuid) => !kept.includes(uuid));
    for (const uuid of [old.instance_uuid, oldBuilder.instance_uuid])
      expect(destroyed.filter((each) => each === uuid)).toHaveLength(1);
    expect(destroyed.toSorted()).toEqual([old.instance_uuid, oldBuilder.instance_uuid, ...halfBuilt].toSorted());
    expect(done.filter(({ what, uuid }) => kept.includes(uuid) && what !== 'deploy')).toEqual([]);
    expect(performance.now() - killedAt).toBeGreaterThan(dMs);
    const fault = (await storyOf(lab, last, victim)).map(({ type }) => type);
    expect(fault.filter((type) => type === 'rebuild.rebuilt').length).toBeGreaterThanOrEqual(1);
    expectClaimsClosed(await lab.state());
  },
  1_200_000,
);
