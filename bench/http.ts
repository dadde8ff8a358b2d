import { execa } from 'execa';
import { cpus } from 'node:os';
import { test } from 'vitest';
import { measureHttp, type HttpCost } from './http-load.ts';
import { markdownTable } from './numbers.ts';
import { publish } from './page.ts';
import { machine, otherLoad } from './report.ts';
import { layCable } from './watched-pool.ts';

const loadMs = Number(process.env['BENCH_LOAD_MS'] ?? 20_000);
const intervalMs = 5_000;
const readers = 200;
const askers = 8;

function table(costs: readonly HttpCost[]): string {
  const head = [
    'nodes',
    'kB an answer',
    'requests/s',
    'p50 / p99 ms',
    'slip p99 / max ms, at rest',
    'slip p99 / max ms, under load',
    'CPU',
    'RSS MiB',
    'events a reader',
  ];
  const rows = costs.map((cost) => [
    String(cost.nodes),
    (cost.answerBytes / 1000).toFixed(1),
    cost.perSecond.toFixed(0),
    `${cost.p50Ms.toFixed(1)} / ${cost.p99Ms.toFixed(1)}`,
    `${cost.idleSlip.p99Ms.toFixed(1)} / ${cost.idleSlip.maxMs.toFixed(1)}`,
    `${cost.slip.p99Ms.toFixed(1)} / ${cost.slip.maxMs.toFixed(1)}`,
    `${(cost.cpuShare * 100).toFixed(0)} %`,
    (cost.rssBytes / 2 ** 20).toFixed(0),
    cost.eventsEach.toFixed(1),
  ]);
  return markdownTable([head, ...rows]);
}

test('the HTTP interface beside the monitor', async () => {
  const load = otherLoad();
  await layCable();
  const costs: HttpCost[] = [];
  for (const nodes of [3, 1000]) {
    const cost = await measureHttp({ nodes, intervalMs, loadMs, readers, askers });
    console.log(JSON.stringify(cost));
    costs.push(cost);
  }
  const commit = (await execa('git', ['rev-parse', '--short', 'HEAD'])).stdout;
  const quiet = load <= cpus().length / 4;
  const worst = Math.max(...costs.map(({ slip }) => slip.p99Ms));
  const sections = [
    [
      `- ${new Date().toISOString().slice(0, 10)}, commit ${commit}`,
      `- ${machine()}`,
      quiet
        ? `- Nothing else to speak of ran (load average ${load.toFixed(1)} before)`
        : `- **Other work had the machine (load average ${load.toFixed(1)} before): no verdict**`,
      `- Node ${process.version}; ${readers} readers of events, an event a second, ${askers} connections that ask for /v1/status without a pause, from the same machine, for ${loadMs / 1000} s`,
    ].join('\n'),
    table(costs),
    `The worst slip p99 under load is **${worst.toFixed(0)}** ms (expected: below 250).`,
  ].join('\n\n');
  console.log(sections);
  await publish('http', sections);
});
