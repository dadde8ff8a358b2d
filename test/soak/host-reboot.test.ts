import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Lab, type DaemonEvent } from '../lab/lab.ts';
import { allHealthy, deedsOn, oneRebuild, replaced } from '../e2e/healing.ts';

/* A machine whose own index page is gone reboots itself, when another controller could rebuild it. */

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const hostChecks =
  'host_checks: {index: {type: http, url: "http://127.0.0.1/", interval: 2s, timeout: 1s, failures: 3, on_failure: reboot}}';
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes);
  for (const node of nodes) {
    await inGuest(node, `echo '${hostChecks}' >>/etc/regrow/regrow.yml`);
    await lab.daemon(node, 'reload');
    await reported(node, 'config.reloaded');
  }
}, 400_000);
afterAll(async () => lab.down());

async function inGuest(node: string, script: string): Promise<void> {
  const { exitCode, stderr } = await lab.exec(node, ['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: exit code ${exitCode}: ${stderr}`);
}

/** Waits until the daemon of the node, which may be about to start, has journalled it. */
async function reported(node: string, type: string): Promise<DaemonEvent> {
  return eventually(`${type} on ${node}`, 120_000, async () => {
    const events = await lab.events(node).catch(() => []);
    return events.find((event) => event.type === type);
  });
}

const reboots = (): number => lab.operations().filter(({ operation }) => operation === 'guest_reboot').length;

describe('a machine whose own index page is gone', { timeout: 600_000 }, () => {
  it('reboots itself, comes back and is the same VM', async () => {
    const before = await lab.vm('webbox2');
    const record = lab.operations().length;
    await inGuest('webbox2', '/etc/init.d/lab-web stop');
    await lab.until('webbox2', ({ guest, pid }) => guest === 'running' && pid !== before.pid, 120_000);
    await reported('webbox2', 'host.fault.closed');
    // Whether the program that reboots it still tells its end is chance.
    const told = (await lab.events('webbox2'))
      .map(({ type }) => type)
      .filter((type) => type.startsWith('host.') && type !== 'host.action.done');
    expect(told).toEqual(['host.fault.opened', 'host.action.taken', 'host.rebooting', 'host.fault.closed']);
    await allHealthy(lab, nodes);
    expect(reboots()).toBe(1);
    expect(deedsOn(lab.operations().slice(record))).toEqual([]);
    expect((await lab.vm('webbox2')).instance_uuid).toBe(before.instance_uuid);
  });

  it('is rebuilt once by the others when it does not come back', async () => {
    const old = await lab.vm('webbox3');
    const record = lab.operations().length;
    await inGuest('webbox3', "printf '#!/bin/sh\\nexec sleep infinity\\n' >/usr/sbin/lab-init");
    await inGuest('webbox3', '/etc/init.d/lab-web stop');
    const fresh = await replaced(lab, old, 300_000);
    await allHealthy(lab, nodes);
    expect(reboots()).toBe(2);
    expect(deedsOn(lab.operations().slice(record))).toEqual(oneRebuild(old, fresh));
    expect(fresh.annotation).toMatch(/ by=webbox[12] /);
  });

  it('alerts, and goes on, while nobody is there to rebuild it', async () => {
    const alone = await lab.vm('webbox1');
    await lab.kill('webbox2');
    await lab.kill('webbox3');
    await inGuest('webbox1', '/etc/init.d/lab-web stop');
    const failed = await reported('webbox1', 'host.action.failed');
    expect(failed.data['detail']).toMatch(/^this machine is not rebooted: /);
    const alerts = (await lab.events('webbox1')).filter(({ type }) => type === 'alert.raised');
    expect(alerts.map(({ data }) => data['text'])).toContainEqual(expect.stringContaining('is not rebooted'));
    expect(reboots()).toBe(2);
    expect(await lab.vm('webbox1')).toMatchObject({ pid: alone.pid, guest: 'running' });
  });
});
