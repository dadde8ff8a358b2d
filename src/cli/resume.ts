import type { Command } from 'commander';
import { itemsOf, member } from '../config/document.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { reasonArgument } from './arguments.ts';
import { operatorName } from './operator.ts';
import { pauseIn, pauseText, scopeOf, scopeText, type ToldPause } from './pause-text.ts';
import { localOption, reachOf, sayHereAlone, sayReach, whereTo } from './reach.ts';
import { serverArgument } from './server-argument.ts';

interface ResumeOptions {
  readonly reason?: string;
  readonly server?: string;
  readonly local?: boolean;
}

/** `regrow resume [NODE]`: ends a pause, and has faults tried again that were given up or rejected; of the pool, also the storm brake. */
export function register(program: Command, context: CliContext): void {
  program
    .command('resume')
    .description(
      'end a pause; also has a fault tried again that was given up, held or rejected, and releases the storm brake',
    )
    .argument('[node]', 'only this node')
    .option('--reason <text>', 'why, for the record', reasonArgument)
    .addOption(localOption())
    .option('--server <url>', 'order it of the controller there, and through it of the others', serverArgument)
    .action(context.run((node: string | undefined, options: ResumeOptions) => resume(context, node, options)));
}

async function resume(context: CliContext, node: string | undefined, options: ResumeOptions): Promise<number> {
  const { reason = '' } = options;
  const { config } = await context.config();
  const scope = await scopeOf(config, node);
  const by = operatorName(context.env);
  const target = await whereTo(context, options);
  if ('why' in target) {
    const { orderResume } = await import('../remediation/orders.ts');
    const answer = orderResume(await context.journal(), { node: node ?? null, reason, by }, new Date());
    await context.answer({ ...answer, controllers: null, unreached: null }, () => textOf(answer));
    sayHereAlone(context, target.why);
    return exitCodes.done;
  }
  const { expectAccepted } = await import('./expect-accepted.ts');
  const path = node === undefined ? '/v1/resume' : `/v1/nodes/${node}/resume`;
  const told = await expectAccepted(target, path, { reason, by });
  const cleared = member(told, 'cleared');
  const answer = {
    scope,
    cleared: cleared === null ? null : pauseIn(cleared),
    retried: itemsOf(member(told, 'retried')).map(String),
    remaining: itemsOf(member(told, 'remaining')).map(pauseIn),
  };
  const reach = reachOf(told);
  await context.answer({ ...answer, ...reach }, () => textOf(answer));
  sayReach(context, reach);
  return exitCodes.done;
}

interface Resumed {
  readonly scope: string;
  readonly cleared: ToldPause | null;
  readonly retried: readonly string[];
  readonly remaining: readonly ToldPause[];
}

function textOf({ scope, cleared, retried, remaining }: Resumed): string {
  const whom = scopeText(scope);
  const done =
    cleared === null ? `No pause of ${whom} was set.` : `Resumed ${whom} (was paused ${pauseText(cleared)}).`;
  const again = retried.length === 0 ? '' : ` Tried again: ${retried.join(', ')}.`;
  const left = remaining.map((pause) => `; ${scopeText(pause.scope)} ${pauseText(pause)}`).join('');
  return `${done}${again}${left === '' ? '' : ` Still paused: ${left.slice(2)}.`}\n`;
}
