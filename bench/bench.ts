import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { Lab } from '../test/lab/lab.ts';
import { runBare, runThroughEngine, type Bench, type MeasuredRun } from './engine.ts';
import { publish } from './page.ts';
import { rebuildAsInTheArticle, rebuildAsWeDo } from './rebuilds.ts';
import { circumstances, engineSection, otherLoad, rebuildSection } from './report.ts';

const pairs = Number(process.env['BENCH_PAIRS'] ?? 5);
const node = 'webbox3';

type Measure = () => Promise<MeasuredRun>;

/** A B, B A, A B, ...: a machine that slows down or speeds up hits both alike. */
async function inTurn(
  label: string,
  first: Measure,
  second: Measure,
): Promise<readonly [MeasuredRun[], MeasuredRun[]]> {
  const [a, b]: [MeasuredRun[], MeasuredRun[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) a.push(await first());
    b.push(await second());
    if (pair % 2 === 1) a.push(await first());
    console.log(`${label}, pair ${pair + 1}: ${a.at(-1)?.seconds.toFixed(2)} s, ${b.at(-1)?.seconds.toFixed(2)} s`);
  }
  return [a, b];
}

test('benchmarks', async () => {
  const load = otherLoad();
  const lab = await Lab.up({ nodes: 3 });
  try {
    const { config } = await loadConfig(join(lab.dir, 'regrow.yml'));
    const runsDir = join(lab.dir, 'bench-runs');
    await mkdir(runsDir, { mode: 0o700 });
    const bench: Bench = { config, runsDir, environment: { VMWARE_PASSWORD: lab.password() } };

    const measuredOn = await circumstances(pairs, load, config.ansible.python_path);
    const [bare, engine] = await inTurn(
      'by hand, through the engine',
      () => runBare(bench, 'local.yml'),
      () => runThroughEngine(bench, 'local.yml'),
    );
    const [article, ours] = await inTurn(
      'the article, ours',
      () => rebuildAsInTheArticle(lab, bench, node),
      () => rebuildAsWeDo(lab, node),
    );
    const sections = [
      measuredOn,
      '### One rebuild: the article and ours',
      rebuildSection(article, ours),
      '### One playbook: by hand and through the engine',
      engineSection(bare, engine),
    ];
    await publish('measured', sections.join('\n\n'));
    console.log(sections.join('\n\n'));
  } finally {
    await lab.down();
  }
});
