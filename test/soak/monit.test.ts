import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, Lab, type CommandResult, type VmState } from '../lab/lab.ts';
import { allHealthy, deedsOn, oneRebuild, replaced } from '../e2e/healing.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const survivors = ['webbox1', 'webbox2'] as const;
type Node = (typeof nodes)[number];
const cycle = '2s';
/** A rebuild takes a minute on a machine that has nothing else to do, and here two Monits order it again and again. */
const patienceMs = 400_000;
/** Debian 12's Monit in two guests, Debian 13's in the third. */
const monitOf = { webbox1: 'monit', webbox2: '/opt/monit-5.34/monit', webbox3: 'monit' } as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({
    nodes: nodes.length,
    daemons: true,
    // Each probe of Monit is a process: fewer of them leave the machine to the rest.
    edit: (text) => text.replace('ping: {type: ping, interval: 2s', 'ping: {type: ping, interval: 10s'),
  });
  await allHealthy(lab, nodes, patienceMs);
  for (const node of nodes) await lab.daemon(node, 'stop');
  carryNewerMonit('webbox2');
  for (const node of nodes) await startMonit(node);
}, 1_200_000);
afterAll(async () => lab.down());

async function must(node: string, argv: readonly string[]): Promise<CommandResult> {
  const result = await lab.exec(node, argv);
  expect(result.exitCode, `${argv.join(' ')} on ${node}: ${result.stdout}${result.stderr}`).toBe(0);
  return result;
}

/** Puts Debian 13's Monit, as scripts/setup brought it here, into a guest. */
function carryNewerMonit(node: Node): void {
  const cache = join(import.meta.dirname, '../../.cache');
  const script = 'tar -C "$1" -ch monit-5.34 | "$2" exec "$3" tar -C /opt -x';
  const program = join(import.meta.dirname, '../../scripts/lab');
  execFileSync('bash', ['-o', 'pipefail', '-c', script, 'bash', cache, program, node], { timeout: 60_000 });
}

function monit(node: Node, ...argv: readonly string[]): readonly string[] {
  return [monitOf[node], '-c', '/etc/monit/monitrc', ...argv];
}

/** Starts real Monit in a guest, with what `regrow monit-config` writes. */
async function startMonit(node: Node): Promise<void> {
  const rc = [
    'set daemon 2',
    'set log /var/log/monit.log',
    'set pidfile /run/monit.pid',
    'set idfile /var/lib/monit.id',
    'set statefile /var/lib/monit.state',
    'include /etc/monit/conf.d/*',
  ].join('\n');
  const script =
    'mkdir -p /etc/monit/conf.d; rm -rf /etc/monit/conf.d/* /etc/monit/conf-enabled; umask 077; echo "$1" >/etc/monit/monitrc';
  await must(node, ['sh', '-c', script, 'sh', rc]);
  await must(node, ['regrow', 'monit-config', '--dir', '/etc/monit/conf.d', '--cycle', cycle]);
  expect((await must(node, monit(node, '-t'))).stdout).toContain('syntax OK');
  await runMonit(node);
}

/** Starts Monit, and waits until it is there: it leaves its terminal before it writes its pid. */
async function runMonit(node: Node): Promise<void> {
  await must(node, monit(node));
  await eventually(`Monit runs on ${node}`, 30_000, async () => {
    const { exitCode } = await lab.exec(node, ['sh', '-c', 'kill -0 "$(cat /run/monit.pid)"']);
    return exitCode === 0 ? true : undefined;
  });
}

/** Ends Monit at once. One that starts before the old one is collected would take it for alive by its pid. */
async function killMonit(node: string): Promise<void> {
  await must(node, ['sh', '-c', 'kill -KILL "$(cat /run/monit.pid)" && rm /run/monit.pid']);
}

/** How many orders about webbox3 each survivor's Monit has given. */
async function ordersOfEach(): Promise<readonly number[]> {
  const logs = await Promise.all(survivors.map((node) => lab.exec(node, ['cat', '/var/log/monit.log'])));
  return logs.map(({ stdout }) => stdout.match(/'regrow_webbox3_ping' exec: /g)?.length ?? 0);
}

async function orders(): Promise<number> {
  return (await ordersOfEach()).reduce((sum, each) => sum + each, 0);
}

/** Waits until that many things were done to VMs since then: what was done is complete, as nothing follows a rebuild's last. */
async function deeds(since: number, count: number): Promise<void> {
  await eventually(`${count} deeds`, patienceMs, async () =>
    deedsOn(lab.operations().slice(since)).length >= count ? true : undefined,
  );
}

const runsSchema = z.object({ runs: z.array(z.object({ by: z.string(), outcome: z.string().nullable() })) });

/** Rebuilds of the node that succeeded, over both survivors: who ordered each. */
async function rebuilders(node: string): Promise<readonly string[]> {
  const all = await Promise.all(
    survivors.map(async (each) =>
      runsSchema.parse(JSON.parse((await must(each, ['regrow', 'history', node, '--json'])).stdout)),
    ),
  );
  return all.flatMap(({ runs }) => runs.filter(({ outcome }) => outcome === 'rebuilt').map(({ by }) => by));
}

/** Waits until every survivor's own probe finds the node at its present address, and no run goes on. */
async function settled(node: string): Promise<void> {
  for (const survivor of survivors) {
    await eventually(`${survivor} finds ${node} healthy`, patienceMs, async () => {
      const { exitCode } = await lab.exec(survivor, ['regrow', 'probe', 'node', node, '--vcenter']);
      const { stdout } = await lab.exec(survivor, ['regrow', 'history', '--json']);
      const isOver = runsSchema.parse(JSON.parse(stdout)).runs.every(({ outcome }) => outcome !== null);
      return exitCode === 0 && isOver ? true : undefined;
    });
  }
}

describe('real Monit in every guest', () => {
  it('instead of the daemons rebuilds a killed node once, over reloads and a restart of Monit during the rebuild', async () => {
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    await lab.kill('webbox3');
    await deeds(before, 1);
    for (const node of survivors) await must(node, monit(node, 'reload'));
    for (const node of survivors) {
      await killMonit(node);
      await runMonit(node);
    }
    const fresh = await stopped(await replaced(lab, old, patienceMs));
    await deeds(before, 4);
    await settled('webbox3');
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    expect(await rebuilders('webbox3')).toEqual(['monit']);
    expect(Math.min(...(await ordersOfEach())), 'each Monit, of either version, ordered it').toBeGreaterThan(0);
  }, 1_200_000);

  it('follows the node to its new address: killed again it is rebuilt again, once, and at no other time', async () => {
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    await lab.kill('webbox3');
    const fresh = await stopped(await replaced(lab, old, patienceMs));
    await deeds(before, 4);
    await settled('webbox3');
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    expect(await rebuilders('webbox3')).toEqual(['monit', 'monit']);
  }, 1_200_000);

  it('beside the daemons does no harm: a killed node is rebuilt once, whoever orders it', async () => {
    for (const node of nodes) await lab.daemon(node, 'start');
    await startMonit('webbox3');
    await allHealthy(lab, nodes, patienceMs);
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    const given = await orders();
    await lab.kill('webbox3');
    await eventually('a Monit orders it', patienceMs, async () => ((await orders()) > given ? true : undefined));
    const fresh = await replaced(lab, old, patienceMs);
    await allHealthy(lab, nodes, patienceMs);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
  }, 1_200_000);
});

/** The image starts a daemon on each new node: here Monit alone is to judge. */
async function stopped(vm: VmState): Promise<VmState> {
  await lab.daemon(vm.name, 'stop');
  return vm;
}
