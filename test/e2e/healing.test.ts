import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, type DaemonEvent } from '../lab/lab.ts';
import { allHealthy, deedsOn, oneRebuild, replaced } from './healing.ts';
import { ArgvWatch, guestFilesHolding } from './secret-watch.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
let lab: Lab;
let watch: ArgvWatch;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 3, daemons: true });
  watch = new ArgvWatch(lab.password(), lab.token());
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** Events about a node that a daemon has journalled, in order. */
async function story(observer: string, node: string): Promise<readonly DaemonEvent[]> {
  return (await lab.events(observer)).filter((event) => event.node === node);
}

describe('a pool of three daemons', () => {
  it('heals a node that died: both survivors judge after the third failure, one rebuilds, and all agree in the end', async () => {
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    await lab.kill('webbox3');
    const fresh = await replaced(lab, old);
    await allHealthy(lab, nodes);

    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    let rebuilt = 0;
    for (const observer of ['webbox1', 'webbox2']) {
      const told = await story(observer, 'webbox3');
      const suspicions = told.filter(({ type }) => type === 'check.suspect').map(({ data }) => data['failures']);
      expect(suspicions).toEqual([1, 2]);
      expect(told.filter(({ type }) => type === 'fault.opened')).toHaveLength(1);
      expect(told.filter(({ type }) => type === 'fault.closed')).toHaveLength(1);
      const isBuilder = told.some(({ type }) => type === 'rebuild.rebuilt');
      rebuilt += isBuilder ? 1 : 0;
      const given = await lab.exec(observer, ['sh', '-c', 'cat /var/lib/regrow/runs/*/extra-vars.json']);
      // Under its claim the playbook probes by what the daemon has judged by.
      if (isBuilder) expect(given.stdout).toMatch(/"regrow_deciding_checks": \[\s*"ping"\s*\]/);
    }
    expect(rebuilt).toBe(1);
  }, 600_000);

  it('heals another one in its turn, and the one that was rebuilt is a full member: it judges, too', async () => {
    const old = await lab.vm('webbox1');
    await lab.kill('webbox1');
    await replaced(lab, old);
    await allHealthy(lab, nodes);
    for (const observer of ['webbox2', 'webbox3'])
      expect((await story(observer, 'webbox1')).filter(({ type }) => type === 'fault.opened')).toHaveLength(1);
  }, 600_000);

  it('has no second action after every daemon was killed and came back while a node is being rebuilt', async () => {
    const old = await lab.vm('webbox2');
    const before = lab.operations().length;
    await lab.kill('webbox2');
    const survivors = ['webbox1', 'webbox3'] as const;
    await lab.until('webbox2', (vm) => vm.instance_uuid !== old.instance_uuid, 300_000);
    for (const node of survivors) await lab.exec(node, ['pkill', '-KILL', '-f', 'main.js run']);
    await allHealthy(lab, nodes);
    const deeds = deedsOn(lab.operations().slice(before));
    expect(deeds.filter(({ what }) => what === 'destroy')).toContainEqual({ what: 'destroy', uuid: old.instance_uuid });
    const certified = (await lab.vm('webbox2')).instance_uuid;
    expect(deeds.filter(({ uuid, what }) => uuid === certified && what !== 'deploy')).toEqual([]);
    for (const node of survivors) {
      const told = await story(node, 'webbox2');
      expect(told.filter(({ type }) => type === 'fault.opened')).toHaveLength(1);
    }
  }, 600_000);

  it('shows its secrets nowhere meanwhile: no argv, no file but their own, no answer', async () => {
    expect(await watch.stop()).toEqual([]);
    expect(watch.samples).toBeGreaterThan(100);
    for (const node of nodes) {
      for (const secret of ['/etc/regrow/vcenter-password', '/etc/regrow/token'])
        expect(await guestFilesHolding(lab, node, secret), `${secret} on ${node}`).toEqual([secret]);
      const paths = [
        '/v1/status',
        '/v1/events?limit=1000',
        '/v1/membership',
        ...nodes.map((each) => `/v1/observations/${each}`),
      ];
      for (const path of paths) {
        const text = JSON.stringify(await lab.http(node, path, { withToken: true }));
        for (const secret of [lab.password(), lab.token()])
          expect(text.includes(secret), `${path} of ${node} tells a secret`).toBe(false);
      }
    }
  });
});
