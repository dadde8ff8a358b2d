import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { served } from '../test/unit/http/fake-controller.ts';
import { nodeReport, poolReport } from '../test/unit/http/sample-report.ts';
import { markdownTable, showSpread, spreadOf } from './numbers.ts';
import { publish } from './page.ts';
import { machine, otherLoad } from './report.ts';

const times = Number(process.env['BENCH_TIMES'] ?? 21);
const program = resolve(import.meta.dirname, '../dist/main.js');
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `webbox${index + 1}`);

/** A configuration of a machine whose controller, here, reports so many nodes. */
async function machineWith(folder: string, nodes: number): Promise<string> {
  const report = poolReport({ nodes: names(nodes).map((name) => nodeReport(name)) });
  const { url } = await served({ report: () => report });
  const config = join(folder, `${nodes}.yml`);
  const text = `pool: {name: web, nodes: [${names(nodes).join(', ')}]}\nhttp: {listen: '${new URL(url).host}'}\n`;
  await writeFile(config, text);
  return config;
}

/** Wall time in milliseconds from the start of a Node to its end. */
async function wallMs(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await execa(process.execPath, args);
  return performance.now() - startedAt;
}

test('the command line', async () => {
  const load = otherLoad();
  const folder = await mkdtemp(join(tmpdir(), 'regrow-bench-cli-'));
  try {
    const [small, large] = [await machineWith(folder, 3), await machineWith(folder, 1000)];
    const lines: readonly (readonly [string, readonly string[]])[] = [
      ['`node -e 0`: a Node that does nothing', ['-e', '0']],
      ['`regrow version`', [program, 'version']],
      ['`regrow status`, 3 nodes', [program, '--config', small, 'status']],
      ['`regrow status --json`, 3 nodes', [program, '--config', small, 'status', '--json']],
      ['`regrow status`, 1000 nodes', [program, '--config', large, 'status']],
      ['`regrow complete nodes`: what a completion asks, 3 nodes', [program, '--config', small, 'complete', 'nodes']],
    ];
    const measured = lines.map((): number[] => []);
    // In turn: what else the machine does hits all alike.
    for (let time = 0; time < times; time += 1)
      for (const [index, [, args]] of lines.entries()) measured[index]?.push(await wallMs(args));
    const rows = lines.map(([label], index) => [label, showSpread(spreadOf(measured[index] ?? []), 0)]);
    const { median } = spreadOf(measured[2] ?? []);
    const text = [
      [
        `- ${new Date().toISOString().slice(0, 10)}, ${machine()}, Node ${process.version}`,
        `- Load average ${load.toFixed(1)} before, on ${cpus().length} processors; each ${times} times, in turn: median (least-greatest)`,
      ].join('\n'),
      markdownTable([['', 'wall ms'], ...rows]),
      `\`regrow status\` against a controller takes **${median.toFixed(0)} ms** (expected: below 150 ms).`,
    ].join('\n\n');
    await publish('cli', text);
    console.log(text);
    expect(median).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
