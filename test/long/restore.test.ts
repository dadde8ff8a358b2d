import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Lab } from '../lab/lab.ts';
import { allEvents, allHealthy, deedsOn, lastEvent, oneRebuild, replaced } from '../e2e/healing.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const web =
  'web: {type: http, url: "http://{{ address }}/", interval: 2s, timeout: 1s, failures: 3, on_failure: restore';
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({
    nodes: 3,
    daemons: true,
    edit: (text) =>
      text
        .replace('deadline: 6m', 'deadline: 10m')
        .replace('\nremediation:', `\n  ${web}, then: rebuild, ignore_heartbeat: true}\nremediation:`)
        .concat('services: [regrow, lab-web]\nfiles: [{path: /etc/motd, service: lab-web}]\n'),
  });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** What was recorded of restores and faults of a node by all daemons, after their events of those ids. */
async function told(node: string, since: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const stories = await Promise.all([...since].map(async ([observer, id]) => allEvents(lab, observer, id)));
  return stories.flat().flatMap((event) => (event.node === node ? [event.type] : []));
}

async function marks(): Promise<ReadonlyMap<string, number>> {
  return new Map(await Promise.all(nodes.map(async (node) => [node, await lastEvent(lab, node)] as const)));
}

describe('a node whose service stopped', () => {
  it('is restored once, by one of the others: its service runs again, and no VM is touched', async () => {
    const [before, since] = [lab.operations().length, await marks()];
    await lab.exec('webbox3', ['/etc/init.d/lab-web', 'stop']);
    await eventually('webbox3 restored', 180_000, async () =>
      (await told('webbox3', since)).includes('restore.restored') ? true : undefined,
    );
    await allHealthy(lab, nodes);
    expect((await lab.exec('webbox3', ['/etc/init.d/lab-web', 'status'])).exitCode).toBe(0);
    expect(deedsOn(lab.operations().slice(before))).toEqual([]);
    const types = await told('webbox3', since);
    expect(types.filter((type) => type === 'restore.restored')).toHaveLength(1);
    expect(types).not.toContain('rebuild.requested');
  }, 600_000);

  it('is rebuilt when two restores did not help', async () => {
    const [before, since] = [lab.operations().length, await marks()];
    const old = await lab.vm('webbox2');
    // What is restored does not reach the page itself.
    await lab.exec('webbox2', ['rm', '-rf', '/var/www/lab']);
    const fresh = await replaced(lab, old, 450_000);
    await allHealthy(lab, nodes);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    const others = new Map([...since].filter(([node]) => node !== 'webbox2'));
    const stories = await Promise.all([...others].map((each) => told('webbox2', new Map([each]))));
    const counts = stories.map((types) => types.filter((type) => type === 'restore.restored').length);
    // Another one's turn may have come, too, on a slow machine; nobody restores more often than configured.
    expect(Math.max(...counts)).toBe(2);
    expect(stories.some((types, at) => counts[at] === 2 && types.includes('restore.given_up'))).toBe(true);
  }, 900_000);
});

describe('regrow restore', () => {
  it('with --check tells what was changed by hand on the node, and changes nothing', async () => {
    await lab.exec('webbox1', ['sh', '-c', 'echo by hand >>/etc/motd']);
    const { exitCode, stdout } = await lab.regrow(['restore', 'webbox1', '--check', '--diff']);
    expect(stdout).toContain('-by hand');
    expect(exitCode).toBe(0);
    expect((await lab.exec('webbox1', ['cat', '/etc/motd'])).stdout).toContain('by hand');
  });

  it('brings it back, with the diff in the journal, and a second time finds nothing to do', async () => {
    const first = await lab.regrow(['restore', 'webbox1', '--json']);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'restored' });
    expect((await lab.exec('webbox1', ['cat', '/etc/motd'])).stdout).not.toContain('by hand');
    const shown = await lab.regrow(['show', 'last', '--json']);
    expect(shown.stdout).toContain('-by hand');
    const second = await lab.regrow(['restore', 'webbox1', '--json']);
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'restored', changes: [] });
  });

  it('says so of a node that it cannot reach', async () => {
    await lab.daemon('webbox2', 'stop');
    await lab.daemon('webbox3', 'stop');
    await lab.partition('webbox1');
    const { exitCode, stdout } = await lab.regrow(['restore', 'webbox1', '--json']);
    await lab.heal('webbox1');
    expect(exitCode).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'failed', class: 'ssh_unreachable' });
  });
});
