import { InvalidArgumentError, type Command } from 'commander';
import { exitCodeOf, exitCodes, type VmIdentity } from '../pool/outcome.ts';
import { forceableGates } from '../pool/gates.ts';
import type { RebuildResult } from '../remediation/conclude-rebuild.ts';
import { reasonArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import type { OrderTarget } from './order-client.ts';
import { fromMonit, monitReason } from './monit-order.ts';
import { operatorName } from './operator.ts';
import { serverArgument } from './server-argument.ts';

/** As the command line has them. */
export interface RebuildOptions {
  readonly dryRun?: boolean;
  readonly force?: readonly string[];
  readonly reason?: string;
  readonly wait: boolean;
  readonly confirm?: string;
  readonly judged?: VmIdentity;
  readonly server?: string;
  readonly fromMonit?: boolean;
}

/**
 * `regrow rebuild NODE`: the operator's trigger. A daemon that runs here, or at --server, does it, by all of its gates. Without one this
 * process does it by itself, and asks its own gates and those of the playbook; for Monit also those of a daemon.
 */
export function register(program: Command, context: CliContext): void {
  program
    .command('rebuild <node>')
    .description('fence, destroy and rebuild a failed node; the gates decide')
    .option('--dry-run', 'look, probe and judge, and change nothing')
    .option(
      '--force <gates>',
      `override named gates (${forceableGates.join(', ')}); recorded`,
      gatesArgument(forceableGates),
    )
    .option('--reason <text>', 'why, for the journal', reasonArgument)
    .option('--no-wait', 'start it and return')
    .option('--confirm <node>', 'the node again: needed where nobody can be asked')
    .option(
      '--judged <moid/uuid>',
      'the VM that the verdict is about; refused when the name has another by now',
      parseJudged,
    )
    .option('--server <url>', 'order it of the controller there, such as http://webbox2:8460', serverArgument)
    .addOption(fromMonit())
    .action(context.run((node: string, options: RebuildOptions) => rebuild(context, node, ordered(context, options))));
}

/** Reads names of gates with commas between; the option may be given several times. `known`: those that may be forced. */
export function gatesArgument(known: readonly string[]) {
  return (text: string, before: readonly string[] | undefined): readonly string[] => {
    const gates = text.split(',').map((gate) => gate.trim());
    const unknown = gates.filter((gate) => !known.includes(gate));
    if (unknown.length > 0)
      throw new InvalidArgumentError(`${unknown.join(', ')}: not a gate that can be forced (${known.join(', ')})`);
    return [...(before ?? []), ...gates];
  };
}

function parseJudged(text: string): VmIdentity {
  const [moid = '', instanceUuid = '', ...rest] = text.split('/');
  if (moid === '' || instanceUuid === '' || rest.length > 0)
    throw new InvalidArgumentError('expected MOID/INSTANCE-UUID');
  return { moid, instanceUuid };
}

/** The order with its reason: Monit tells its own. */
function ordered({ env }: CliContext, options: RebuildOptions): RebuildOptions {
  return options.fromMonit === true ? { reason: monitReason(env), ...options } : options;
}

async function rebuild(context: CliContext, node: string, options: RebuildOptions): Promise<number> {
  const { nodeSettings } = await import('../config/node-settings.ts');
  const { config } = await context.config();
  nodeSettings(config, node);
  if (options.dryRun !== true) {
    const { confirmNode } = await import('./confirm.ts');
    await confirmNode(context, node, options.confirm, options.fromMonit !== true);
  }
  const target = await targetOf(context, options);
  if (target !== undefined) {
    const { rebuildThere } = await import('./rebuild-there.ts');
    return rebuildThere(context, target, node, options);
  }
  if (options.fromMonit === true) {
    const { rebuildForMonit } = await import('./monit-rebuild.ts');
    return rebuildForMonit(context, node, options);
  }
  return rebuildHere(context, node, options);
}

/** The daemon that is to do it; undefined: none runs here. One that runs is never gone around. Throws TOKEN_REFUSED. */
async function targetOf(
  context: CliContext,
  { server }: Pick<RebuildOptions, 'server'>,
): Promise<OrderTarget | undefined> {
  const { runningTarget, serverTarget } = await import('./order-client.ts');
  return server === undefined ? runningTarget(context) : serverTarget(context, server);
}

async function rebuildHere(context: CliContext, node: string, options: RebuildOptions): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { startRebuild } = await import('../remediation/rebuild.ts');
  const { recoverRuns } = await import('../remediation/recovery.ts');
  const { followRun, handOver } = await import('./follow.ts');
  const parts = await partsFor(context);
  // Recovery ends claims and removes half-built VMs; a dry run changes nothing.
  const alive = options.dryRun === true ? undefined : await recoverRuns(parts);
  const isSame = alive !== undefined && parts.journal.runs.get(alive.run)?.node === node;
  if (alive !== undefined && !isSame) handOver(parts, alive.run);
  if (isSame) context.say(`Run ${alive.run} of a controller that ended goes on; following it.`);
  const started = isSame
    ? alive
    : await startRebuild(parts, {
        kind: 'rebuild',
        nodes: [node],
        trigger: 'operator',
        reason: options.reason ?? null,
        force: options.force ?? [],
        dryRun: options.dryRun === true,
        judged: options.judged,
        by: operatorName(context.env),
      });
  if (started.kind === 'busy') return busy(context, started.busy.holder);
  if (started.kind === 'refused') return tell(context, started.result, options);
  if (!options.wait) {
    handOver(parts, started.run);
    await context.answer({ run: started.run, node, state: 'running' }, () => `${started.run}\n`);
    return exitCodes.done;
  }
  const followed = await followRun(context, parts, started);
  const result = followed.kind === 'ended' ? followed.results[0] : undefined;
  if (result === undefined) {
    await context.answer({ run: started.run, node, state: 'running' }, () => `${started.run}\n`);
    return exitCodes.done;
  }
  return tell(context, result, options);
}

/** Answers who holds this machine's slot. */
export async function busy(context: CliContext, holder: object | undefined): Promise<number> {
  await context.answer({ outcome: 'busy', holder: holder ?? null }, () => '');
  sayBusy(context, holder);
  return exitCodes.busy;
}

/** Tells people alone who holds it. */
export function sayBusy(context: CliContext, holder: object | undefined): void {
  const { run, node } = { run: '?', node: '?', ...holder };
  context.say(`A run on ${node} already goes on on this machine (run ${run}). Follow it with: regrow logs -f ${run}`);
}

/** Answers with what became of it. */
export async function tell(
  context: CliContext,
  result: RebuildResult,
  options: Pick<RebuildOptions, 'dryRun'>,
): Promise<number> {
  await context.answer(resultData(result), () => resultText(context, result));
  return options.dryRun === true && result.gate === 'dry_run' ? exitCodes.done : exitCodeOf(result.outcome);
}

/** The result as programs read it. */
export function resultData(result: RebuildResult): object {
  return { ...result };
}

const isBroken = ({ outcome }: RebuildResult): boolean =>
  outcome === 'failed' || outcome === 'cancelled' || outcome === 'interrupted';

/** The result as people read it. */
export function resultText({ style }: Pick<CliContext, 'style'>, result: RebuildResult): string {
  const paint = result.outcome === 'rebuilt' ? style.green : result.outcome === 'failed' ? style.red : style.yellow;
  const code = [result.outcome, result.gate ?? result.class].filter((each) => each !== null).join(': ');
  const lines = [`${style.bold(result.node)}  ${paint(code)}  ${result.message}`];
  if (result.address !== null) lines.push(`address: ${result.address}`);
  if (result.fenced && (isBroken(result) || result.outcome === 'lost_race')) {
    const more = result.run === null ? '' : ` Where it is, and how to bring it back: regrow show ${result.run}`;
    lines.push(`The old VM of ${result.node} is powered off.${more}`);
  }
  if (result.remedy !== null) lines.push(`what to do: ${result.remedy}`);
  if (result.run !== null) lines.push(style.dim(`run ${result.run}`));
  return `${lines.join('\n')}\n`;
}
