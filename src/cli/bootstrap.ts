import type { Command } from 'commander';
import { exitCodeOf, exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';

/** `regrow bootstrap`: deploys the VMs that the pool lacks, all in one run. A node that has a VM is left alone. */
export function register(program: Command, context: CliContext): void {
  program
    .command('bootstrap')
    .description("deploy the pool's missing VMs from the image, and certify them")
    .option('--node <node...>', 'only these nodes')
    .action(context.run((options: { readonly node?: readonly string[] }) => bootstrap(context, options.node ?? [])));
}

async function bootstrap(context: CliContext, only: readonly string[]): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { startRebuild, chosenNodes } = await import('../remediation/rebuild.ts');
  const { recoverRuns } = await import('../remediation/recovery.ts');
  const parts = await partsFor(context);
  const { followRun, handOver } = await import('./follow.ts');
  const alive = await recoverRuns(parts);
  if (alive !== undefined) handOver(parts, alive.run);
  const nodes = chosenNodes(parts, only).filter((node) => node !== parts.self);
  if (nodes.length === 0) {
    context.say('Nothing to deploy: the only node asked for is this machine.');
    return exitCodes.nothingToDo;
  }
  const started = await startRebuild(parts, {
    kind: 'bootstrap',
    nodes,
    trigger: 'operator',
    reason: null,
    force: [],
    dryRun: false,
  });
  if (started.kind === 'busy') {
    context.say(`A run already goes on here (${started.busy.holder?.run ?? '?'}).`);
    return exitCodes.busy;
  }
  if (started.kind === 'refused') return exitCodes.refused;
  const { resultData, resultText } = await import('./rebuild.ts');
  const followed = await followRun(context, parts, started);
  if (followed.kind === 'detached') return exitCodes.done;
  await context.answer({ run: started.run, nodes: followed.results.map(resultData) }, () =>
    followed.results.map((result) => resultText(context, { ...result, run: null })).join(''),
  );
  const open = followed.results.filter(({ outcome }) => outcome !== 'rebuilt' && outcome !== 'already_healthy');
  const codes = open.map(({ outcome }) => exitCodeOf(outcome));
  const worst = [exitCodes.failed, exitCodes.refused].find((code) => codes.includes(code));
  return worst ?? codes[0] ?? exitCodes.done;
}
