import { execa } from 'execa';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { MeasuredRun } from './engine.ts';
import { markdownTable, showSpread, spreadOf, type Spread } from './numbers.ts';
import { certifyEndsWithTheNote, stretchesOf, type Stretch } from './phases.ts';

/** Look to certify: what the article's four tasks do, done safely. */
export const hypervisorSteps = ['look', 'claim', 'fence', 'create', 'boot', 'certify'] as const;
const ourSteps = ['start and end', 'preflight', ...hypervisorSteps, 'load', 'verify', 'retire'];
const articleSteps = ['start and end', 'facts', 'power off', 'destroy', 'deploy'];

interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  readonly modules: number;
}

type Cut = { readonly run: MeasuredRun; readonly stretches: readonly Stretch[] };

function cut(run: MeasuredRun): Cut {
  return { run, stretches: certifyEndsWithTheNote(stretchesOf(run.events)) };
}

function costOf({ run, stretches }: Cut, steps: readonly string[]): Cost {
  const chosen = stretches.filter(({ step }) => steps.includes(step));
  const total = (value: (each: Stretch) => number): number => chosen.reduce((sum, each) => sum + value(each), 0);
  return {
    seconds: total(({ from, to }) => to - from),
    cpu: total(({ from, to }) => run.sampler.between(from, to)),
    modules: total(({ modules }) => modules),
  };
}

function row(label: string, costs: readonly Cost[]): readonly string[] {
  const spread = (key: keyof Cost): Spread => spreadOf(costs.map((each) => each[key]));
  return [label, showSpread(spread('seconds')), showSpread(spread('cpu')), String(spread('modules').median)];
}

const columns = ['wall s', 'CPU s', 'module calls'];

/** What one ratio comes to, from the medians. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return spreadOf(ours).median / spreadOf(theirs).median;
}

/** The article's four tasks beside ours. */
export function rebuildSection(article: readonly MeasuredRun[], ours: readonly MeasuredRun[]): string {
  const theirCuts = article.map(cut);
  const ourCuts = ours.map(cut);
  const perStep = (cuts: readonly Cut[], steps: readonly string[]): readonly (readonly string[])[] =>
    steps.map((step) =>
      row(
        step,
        cuts.map((each) => costOf(each, [step])),
      ),
    );
  const ourParts = ourCuts.map((each) => costOf(each, hypervisorSteps));
  const withPreflight = ourCuts.map((each) => costOf(each, ['preflight', ...hypervisorSteps, 'retire']));
  const wholeOf = (runs: readonly MeasuredRun[], cuts: readonly Cut[]): readonly Cost[] =>
    runs.map(({ seconds, cpu }, index) => {
      const modules = cuts[index]?.stretches.reduce((sum, each) => sum + each.modules, 0) ?? 0;
      return { seconds, cpu, modules };
    });
  const summary = [
    ['', ...columns],
    row(
      "the article's four tasks, first to last",
      theirCuts.map((each) => costOf(each, articleSteps.slice(1))),
    ),
    row('ours, look to certifying note', ourParts),
    row('ours, with preflight and destroying the old VM', withPreflight),
    row("the article's playbook, whole", wholeOf(article, theirCuts)),
    row('`regrow rebuild`, whole: also loads and verifies the guest', wholeOf(ours, ourCuts)),
  ];
  const seconds = (costs: readonly Cost[]): readonly number[] => costs.map((each) => each.seconds);
  const theirTasks = theirCuts.map((each) => costOf(each, articleSteps.slice(1)));
  return [
    markdownTable(summary),
    `Ours, look to certifying note, takes **${ratio(seconds(ourParts), seconds(theirTasks)).toFixed(2)}** of the article's time` +
      ` (expected: at most 0.50); with preflight and the old VM destroyed ${ratio(seconds(withPreflight), seconds(theirTasks)).toFixed(2)}.`,
    'Ours, step by step:',
    markdownTable([['step', ...columns], ...perStep(ourCuts, ourSteps)]),
    "The article's, step by step:",
    markdownTable([['step', ...columns], ...perStep(theirCuts, articleSteps)]),
  ].join('\n\n');
}

/** A playbook started by hand beside the same one through the engine. */
export function engineSection(bare: readonly MeasuredRun[], engine: readonly MeasuredRun[]): string {
  const line = (label: string, runs: readonly MeasuredRun[]): readonly string[] => [
    label,
    showSpread(spreadOf(runs.map(({ seconds }) => seconds))),
    showSpread(spreadOf(runs.map(({ cpu }) => cpu))),
  ];
  const wall = engine.map(({ seconds }, index) => seconds / (bare[index]?.seconds ?? Number.NaN));
  const cpu = engine.map((each, index) => each.cpu / (bare[index]?.cpu ?? Number.NaN));
  const percent = (values: readonly number[]): string =>
    `${showSpread(spreadOf(values.map((value) => (value - 1) * 100)), 1)} %`;
  return [
    markdownTable([
      ['', 'wall s', 'CPU s'],
      line('`ansible-playbook` by hand', bare),
      line('through the engine', engine),
    ]),
    `Pair by pair the engine adds ${percent(wall)} wall time (expected: at most 3 %) and ${percent(cpu)} CPU time of Ansible's processes.`,
  ].join('\n\n');
}

/** Processes that other work kept ready to run in the last minute, when nothing was measured yet. */
export function otherLoad(): number {
  return loadavg()[0] ?? 0;
}

/** Processors, memory and kernel. */
export function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
}

/** What the figures were measured on. `load`: of other work, before the first measurement. */
export async function circumstances(pairs: number, load: number, pythonPath: readonly string[]): Promise<string> {
  const text = async (file: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const { stdout } = await execa(file, args, { reject: false, env });
    return typeof stdout === 'string' ? stdout.trim() : '';
  };
  const [core, collection, pyvmomi, commit, changes] = await Promise.all([
    text('ansible-playbook', ['--version']).then((all) => /core ([\d.]+)/.exec(all)?.[1] ?? '?'),
    text('ansible-galaxy', ['collection', 'list', 'community.vmware']).then(
      (all) => /vmware\s+([\d.]+)/.exec(all)?.[1] ?? '?',
    ),
    text('python3', ['-c', 'import pyVmomi, importlib.metadata as m; print(m.version("pyvmomi"))'], {
      PYTHONPATH: pythonPath.join(':'),
    }),
    text('git', ['rev-parse', '--short', 'HEAD']),
    text('git', ['status', '--porcelain', '--', 'src', 'ansible']),
  ]);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, commit ${commit}${changes === '' ? '' : ' with changes'}`,
    `- ${machine()}`,
    load <= cpus().length / 4
      ? `- Nothing else to speak of ran (load average ${load.toFixed(1)} before)`
      : `- **Other work had the machine (load average ${load.toFixed(1)} before): the wall times are no verdict**, the article waits` +
        ' while we compute; compare CPU seconds, and measure again on a quiet machine',
    `- Node ${process.version}, ansible-core ${core}, community.vmware ${collection}, pyVmomi ${pyvmomi}`,
    `- ${pairs} pairs, one after the other, each first in turn: median (least-greatest)`,
  ].join('\n');
}
