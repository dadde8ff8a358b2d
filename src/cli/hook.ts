import { Argument, InvalidArgumentError, type Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { RebuildHook } from '../remediation/hooks.ts';
import type { CliContext } from './context.ts';

interface HookOptions {
  readonly run: string;
  readonly until: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

const hooks: readonly RebuildHook[] = ['before_rebuild', 'after_rebuild'];
/** Kept of the rebuild's time for its own end, in milliseconds. */
const reserveMs = 10_000;

/** `regrow hook before_rebuild|after_rebuild NODE`: how the playbook of a rebuild runs those of the user. Not for people. */
export function register(program: Command, context: CliContext): void {
  program
    .command('hook', { hidden: true })
    .description("run the user's own playbooks around a rebuild; called by the playbook of the rebuild")
    .addArgument(new Argument('<hook>', 'which ones').choices(hooks))
    .argument('<node>', 'the node that is rebuilt')
    .requiredOption('--run <run>', "the rebuild's run")
    .requiredOption('--until <time>', 'when the rebuild is over at the latest', timeArgument)
    .requiredOption('--facts <json>', 'further extra-vars', factsArgument)
    .action(context.run((hook: RebuildHook, node: string, options: HookOptions) => run(context, hook, node, options)));
}

async function run(context: CliContext, hook: RebuildHook, node: string, options: HookOptions): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { runHooks } = await import('../remediation/hooks.ts');
  const { until, facts } = options;
  const leftMs = until - Date.now() - reserveMs;
  const result = await runHooks(await partsFor(context), { hook, node, run: options.run, facts, leftMs });
  await context.answer(result, () => `${result.output}${result.message}\n`);
  return result.ok ? exitCodes.done : exitCodes.failed;
}

function timeArgument(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Expected a time in ISO 8601.');
  return time;
}

function factsArgument(text: string): Readonly<Record<string, unknown>> {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch {
    facts = undefined;
  }
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts))
    throw new InvalidArgumentError('Expected an object of JSON.');
  return Object.fromEntries(Object.entries(facts));
}
