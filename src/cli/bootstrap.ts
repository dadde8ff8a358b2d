import type { Command } from 'commander';
import { exitCodeOf, exitCodes } from '../pool/outcome.ts';
import type { RebuildResult } from '../remediation/conclude-rebuild.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import type { SlotBusy } from '../remediation/slot.ts';
import type { CliContext } from './context.ts';

/** So many nodes a run: each run has the deadline of a rebuild, and this machine sends each of its nodes the image. */
const nodesOfARun = 3;

/**
 * `regrow bootstrap`: deploys the VMs that the pool lacks. A node that has a VM is left alone. A large pool takes several runs, one after
 * the other; as in a play with `serial`, the next is not begun when every node of one came to nothing.
 */
export function register(program: Command, context: CliContext): void {
  program
    .command('bootstrap')
    .description("deploy the pool's missing VMs from the image, and certify them")
    .option('--node <node...>', 'only these nodes')
    .action(context.run((options: { readonly node?: readonly string[] }) => bootstrap(context, options.node ?? [])));
}

async function bootstrap(context: CliContext, only: readonly string[]): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { chosenNodes } = await import('../remediation/rebuild.ts');
  const { recoverRuns } = await import('../remediation/recovery.ts');
  const { nodeSettings } = await import('../config/node-settings.ts');
  const parts = await partsFor(context);
  for (const node of only) nodeSettings(parts.config, node);
  const { handOver } = await import('./follow.ts');
  const alive = await recoverRuns(parts);
  if (alive !== undefined) handOver(parts, alive.run);
  const nodes = chosenNodes(parts, only).filter((node) => node !== parts.self);
  if (nodes.length === 0) {
    context.say('Nothing to deploy: the only node asked for is this machine.');
    return exitCodes.nothingToDo;
  }
  const results: RebuildResult[] = [];
  let begun = 0;
  let stopped: Stopped | undefined;
  while (begun < nodes.length) {
    const batch = nodes.slice(begun, begun + nodesOfARun);
    const ended = await bootstrapRun(context, parts, batch);
    if (ended.begun) begun += batch.length;
    if (ended.results === undefined) {
      stopped = ended;
      break;
    }
    results.push(...ended.results);
    if (!ended.results.some(({ outcome }) => isDone(outcome))) break;
  }
  const exitCode = await conclude(context, results, stopped);
  if (begun < nodes.length && begun > 0)
    context.say(`${nodes.length - begun} of ${nodes.length} nodes were not begun. To go on: regrow bootstrap`);
  return exitCode;
}

/** A run that was not begun, or goes on without us. */
interface Stopped {
  readonly begun: boolean;
  readonly results?: undefined;
  readonly exitCode: number;
  /** Who has this machine's slot instead. */
  readonly busy?: SlotBusy;
}

/** What came of one run. */
type Ended = { readonly begun: true; readonly results: readonly RebuildResult[] } | Stopped;

async function bootstrapRun(context: CliContext, parts: ControllerParts, nodes: readonly string[]): Promise<Ended> {
  const { startRebuild } = await import('../remediation/rebuild.ts');
  const { followRun } = await import('./follow.ts');
  const started = await startRebuild(parts, {
    kind: 'bootstrap',
    nodes,
    trigger: 'operator',
    reason: null,
    force: [],
    dryRun: false,
  });
  if (started.kind === 'busy') return { begun: false, exitCode: exitCodes.busy, busy: started.busy };
  if (started.kind === 'refused') return { begun: false, exitCode: exitCodes.refused };
  const followed = await followRun(context, parts, started);
  return followed.kind === 'detached'
    ? { begun: true, exitCode: exitCodes.done }
    : { begun: true, results: followed.results };
}

/** Answers once, whatever of it came to an end. */
async function conclude(
  context: CliContext,
  results: readonly RebuildResult[],
  stopped: Stopped | undefined,
): Promise<number> {
  const { busy, sayBusy } = await import('./rebuild.ts');
  if (results.length === 0 && stopped?.busy !== undefined) return busy(context, stopped.busy.holder);
  if (stopped?.busy !== undefined) sayBusy(context, stopped.busy.holder);
  const exitCode = results.length === 0 ? exitCodes.done : await answer(context, results);
  return stopped?.exitCode ?? exitCode;
}

async function answer(context: CliContext, results: readonly RebuildResult[]): Promise<number> {
  const { resultData, resultText } = await import('./rebuild.ts');
  await context.answer({ run: results.at(-1)?.run ?? null, nodes: results.map(resultData) }, () =>
    results.map((result) => resultText(context, { ...result, run: null })).join(''),
  );
  const codes = results.flatMap(({ outcome }) => (isDone(outcome) ? [] : [exitCodeOf(outcome)]));
  const worst = [exitCodes.failed, exitCodes.refused].find((code) => codes.includes(code));
  return worst ?? codes[0] ?? exitCodes.done;
}

const isDone = (outcome: RebuildResult['outcome']): boolean => outcome === 'rebuilt' || outcome === 'already_healthy';
