import { execa } from 'execa';
import { cpus } from 'node:os';
import { test } from 'vitest';
import { measureMonit, type MonitCost } from './monit.ts';
import { markdownTable } from './numbers.ts';
import { publish } from './page.ts';
import { machine, otherLoad } from './report.ts';
import { idleNodeBytes, layCable, measureMonitor, type MonitorCost } from './watched-pool.ts';

const cycleMs = Number(process.env['BENCH_CYCLE_MS'] ?? 20_000);
const pools = [3, 10, 100, 1000];
const articleSecondsPer1000 = 1490;

function monitorTable(costs: readonly MonitorCost[]): string {
  const head = [
    'nodes',
    'monitor CPU s a cycle',
    'fping CPU s a cycle',
    'CPU s per 1000 checks',
    'RSS MiB',
    'slip p50 / p99 / max ms',
    'detection s',
  ];
  const rows = costs.map(({ nodes, ownPerCycle, fpingPerCycle, rssBytes, slip, detectionSeconds }) => [
    String(nodes),
    ownPerCycle.toFixed(3),
    fpingPerCycle.toFixed(3),
    (((ownPerCycle + fpingPerCycle) * 1000) / nodes).toFixed(2),
    (rssBytes / 2 ** 20).toFixed(0),
    [slip.p50Ms, slip.p99Ms, slip.maxMs].map((ms) => ms.toFixed(1)).join(' / '),
    detectionSeconds.toFixed(1),
  ]);
  return markdownTable([head, ...rows]);
}

function comparison(largest: MonitorCost, monit: MonitCost): string {
  const ours = ((largest.ownPerCycle + largest.fpingPerCycle) * 1000) / largest.nodes;
  const theirs = (monit.cpuPerCycle * 1000) / monit.checks;
  const table = markdownTable([
    ['1000 checks', 'CPU s', 'actual cycle s'],
    ['the monitor, pings', ours.toFixed(2), (cycleMs / 1000).toFixed(1)],
    ['Monit, `check program` of /bin/true', theirs.toFixed(2), monit.cycleSeconds.toFixed(1)],
    ['the article, a playbook each (known)', String(articleSecondsPer1000), ''],
  ]);
  return `The largest pool costs **${ours.toFixed(2)}** CPU seconds per 1000 checks (expected: at most 0.50).\n\n${table}`;
}

function loadLine(load: number): string {
  const after = otherLoad().toFixed(1);
  return load <= cpus().length / 4
    ? `- Nothing else to speak of ran (load average ${load.toFixed(1)} before, ${after} after)`
    : `- **Other work had the machine (load average ${load.toFixed(1)} before, ${after} after): slip, detection and the length of Monit's` +
        ' cycle are no verdict**; compare CPU seconds';
}

async function firstLineOf(program: string, option: string): Promise<string> {
  const { stdout } = await execa(program, [option]);
  return stdout.split('\n')[0] ?? '';
}

test('the monitor, and Monit', async () => {
  const load = otherLoad();
  await layCable();
  const costs: MonitorCost[] = [];
  for (const nodes of pools) {
    const cost = await measureMonitor(nodes, cycleMs);
    console.log(JSON.stringify(cost));
    costs.push(cost);
  }
  const idle = await idleNodeBytes();
  const monit = await measureMonit(1000, cycleMs / 1000);
  const largest = costs.at(-1);
  if (largest === undefined) throw new RangeError('nothing was measured');
  const commit = (await execa('git', ['rev-parse', '--short', 'HEAD'])).stdout;
  const sections = [
    [
      `- ${new Date().toISOString().slice(0, 10)}, commit ${commit}`,
      `- ${machine()}`,
      loadLine(load),
      `- Node ${process.version}, ${await firstLineOf('fping', '-v')}, ${await firstLineOf('monit', '-V')}`,
      `- A Node that does nothing has ${(idle / 2 ** 20).toFixed(0)} MiB`,
    ].join('\n'),
    monitorTable(costs),
    comparison(largest, monit),
  ].join('\n\n');
  console.log(sections);
  await publish('monitor', sections);
});
