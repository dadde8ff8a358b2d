import { execa } from 'execa';
import { join } from 'node:path';
import { test } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { Lab } from '../test/lab/lab.ts';
import { ArticlePool } from './healing-article.ts';
import { healAsWeDo } from './healing-ours.ts';
import { phases, secondsOf, thresholds, totalSeconds, type Healing, type Phase } from './healing.ts';
import { markdownTable } from './numbers.ts';
import { publish } from './page.ts';
import { machine, otherLoad } from './report.ts';

const kills = Number(process.env['BENCH_KILLS'] ?? 2);
const names = ['webbox1', 'webbox2', 'webbox3'] as const;
const node = 'webbox3';

/** What ends each phase: ours, and the article's. */
const meaning: Readonly<Record<Phase, readonly [string, string]>> = {
  detect: ['`fault.opened` of the one that acts', "Monit's exec"],
  decide: ['claim made', 'facts read'],
  fence: ['old VM off, renamed', 'old VM off, **destroyed**'],
  deploy: ['upload complete', 'upload complete'],
  boot: ['address known', 'the wait for the address over'],
  load: ['node loaded', ''],
  verify: ['checks pass', ''],
  certify: ['note written', 'note written'],
  retire: ['old VM destroyed', ''],
};

/** The article's thresholds in the lab's configuration. */
function withTheArticlesThresholds(regrowYml: string): string {
  const { cycleSeconds, timeoutSeconds, failures } = thresholds;
  return regrowYml.replace(
    /^ {2}ping: .*$/m,
    `  ping: {type: ping, interval: ${cycleSeconds}s, timeout: ${timeoutSeconds}s, failures: ${failures}, successes: 1, on_failure: rebuild}`,
  );
}

function table(ours: readonly Healing[], article: readonly Healing[]): string {
  const all = (values: readonly (number | undefined)[]): string =>
    values.map((value) => value?.toFixed(1) ?? '-').join(' / ');
  const rows = phases.map((phase) => {
    const of = (healings: readonly Healing[]): string => all(healings.map((each) => secondsOf(each)[phase]));
    return [phase, of(ours), of(article), ...meaning[phase]];
  });
  const total = ['**kill to note**', all(ours.map(totalSeconds)), all(article.map(totalSeconds)), '', ''];
  const head = ['phase', 'ours s', "the article's s", 'ours ends with', "the article's ends with"];
  return markdownTable([head, ...rows, total]);
}

test('from the kill to the certified replacement', async () => {
  const load = otherLoad();
  const lab = await Lab.up({ nodes: names.length, daemons: true, edit: withTheArticlesThresholds });
  const loads = [load];
  const [ours, article]: [Healing[], Healing[]] = [[], []];
  try {
    const { config } = await loadConfig(join(lab.dir, 'regrow.yml'));
    for (let kill = 0; kill < kills; kill += 1) {
      ours.push(await healAsWeDo(lab, names, node));
      console.log('ours', JSON.stringify(secondsOf(ours.at(-1) ?? { killedAt: 0, ends: {} })));
    }
    loads.push(otherLoad());
    for (const name of names) await lab.daemon(name, 'stop');
    const pool = await ArticlePool.start(lab, config, names, names[0]);
    for (let kill = 0; kill < kills; kill += 1) {
      article.push(await pool.heal(node));
      console.log("the article's", JSON.stringify(secondsOf(article.at(-1) ?? { killedAt: 0, ends: {} })));
    }
    loads.push(otherLoad());
  } finally {
    await lab.down();
  }
  const first = async (file: string, option: string): Promise<string> =>
    (await execa(file, [option])).stdout.split('\n')[0] ?? '';
  const { cycleSeconds, timeoutSeconds, failures } = thresholds;
  const [before, between, after] = loads.map((each) => each.toFixed(1));
  const sections = [
    [
      `- ${new Date().toISOString().slice(0, 10)}, commit ${(await execa('git', ['rev-parse', '--short', 'HEAD'])).stdout}`,
      `- ${machine()}; load average ${before} before, ${between} after ours, ${after} after the article's (its own work included)`,
      `- Node ${process.version}, ${await first('ansible-playbook', '--version')}, ${await first('monit', '-V')}`,
      `- Kills: ${kills} each; cycle ${cycleSeconds} s, timeout ${timeoutSeconds} s, ${failures} failures; killed half a cycle after a check began`,
    ].join('\n'),
    table(ours, article),
  ].join('\n\n');
  console.log(sections);
  await publish('heal', sections);
});
