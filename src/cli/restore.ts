import { Option, type Command } from 'commander';
import { exitCodeOf, exitCodes } from '../pool/outcome.ts';
import type { JournalEvent } from '../store/events.ts';
import type { Journal } from '../store/journal.ts';
import { reasonArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { fromMonit, monitReason } from './monit-order.ts';
import { operatorName } from './operator.ts';
import { busy, gatesArgument, resultText } from './rebuild.ts';

interface RestoreOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly force?: readonly string[];
  readonly reason?: string;
  readonly fromMonit?: boolean;
}

/** Of the gates that hold a restore by hand, those that may be forced. */
const restoreGates = ['paused', 'dry_run'];

/** `regrow restore NODE`: settings, files and services of a node again, without a rebuild. */
export function register(program: Command, context: CliContext): void {
  program
    .command('restore <node>')
    .description("bring a node's settings, files and services back to what is configured; its VM stays")
    .option('--check', 'tell what would change, and change nothing')
    .option('--diff', 'show each change of a file')
    .addOption(
      new Option('--force <gates>', 'override named gates; recorded')
        .choices(restoreGates)
        .argParser(gatesArgument(restoreGates)),
    )
    .option('--reason <text>', 'why, for the journal', reasonArgument)
    .addOption(fromMonit().conflicts(['force', 'check']))
    .action(context.run((node: string, options: RestoreOptions) => restore(context, node, options)));
}

async function restore(context: CliContext, node: string, options: RestoreOptions): Promise<number> {
  const { nodeSettings } = await import('../config/node-settings.ts');
  nodeSettings((await context.config()).config, node);
  if (options.fromMonit !== true) return restoreHere(context, node, options);
  const monits = { reason: monitReason(context.env), ...options };
  const { runningTarget } = await import('./order-client.ts');
  const target = await runningTarget(context);
  if (target === undefined) return restoreHere(context, node, monits);
  const { restoreThere } = await import('./rebuild-there.ts');
  return restoreThere(context, target, node, monits);
}

async function restoreHere(context: CliContext, node: string, options: RestoreOptions): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { startRebuild } = await import('../remediation/rebuild.ts');
  const { recoverRuns } = await import('../remediation/recovery.ts');
  const { followRun, handOver } = await import('./follow.ts');
  const { freshAddresses } = await import('./fresh-addresses.ts');
  const parts = await partsFor(context);
  const isCheck = options.check === true;
  const alive = isCheck ? undefined : await recoverRuns(parts);
  if (alive !== undefined) handOver(parts, alive.run);
  await freshAddresses(context);
  const started = await startRebuild(parts, {
    kind: 'restore',
    nodes: [node],
    trigger: options.fromMonit === true ? 'monit' : 'operator',
    by: options.fromMonit === true ? 'Monit' : operatorName(context.env),
    reason: options.reason ?? null,
    force: options.force ?? [],
    dryRun: isCheck,
  });
  if (started.kind === 'busy') return busy(context, started.busy.holder);
  if (started.kind === 'refused') {
    await context.answer(started.result, () => resultText(context, started.result));
    return exitCodeOf(started.result.outcome);
  }
  const followed = await followRun(context, parts, started);
  const result = followed.kind === 'ended' ? followed.results[0] : undefined;
  if (result === undefined) {
    await context.answer({ run: started.run, node, state: 'running' }, () => `${started.run}\n`);
    return exitCodes.done;
  }
  const changes = changesOf(parts.journal, started.run);
  await context.answer({ ...result, changes }, () =>
    [resultText(context, result), ...changes.map((change) => changeText(change, isCheck, options.diff === true))].join(
      '',
    ),
  );
  return isCheck && result.gate === 'dry_run' ? exitCodes.done : exitCodeOf(result.outcome);
}

/** What a restore changed, or would change. */
export function changesOf(journal: Journal, run: string): readonly JournalEvent['data'][] {
  const events = journal.events.list({ run, limit: 10_000 });
  return events.filter(({ type }) => type === 'restore.changed').map(({ data }) => data);
}

/** One change, as people read it. */
export function changeText(data: JournalEvent['data'], isCheck: boolean, withDiff: boolean): string {
  const { task, item, diff } = data;
  const what = `${isCheck ? 'would change' : 'changed'}: ${String(task)}${typeof item === 'string' ? ` (${item})` : ''}\n`;
  return withDiff && typeof diff === 'string' ? `${what}${diff}` : what;
}
