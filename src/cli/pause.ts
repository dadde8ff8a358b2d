import { InvalidArgumentError, type Command } from 'commander';
import { member } from '../config/document.ts';
import { exitCodes } from '../pool/outcome.ts';
import { durationArgument, reasonArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { operatorName } from './operator.ts';
import { pauseIn, pauseText, scopeOf, scopeText, type ToldPause } from './pause-text.ts';
import { localOption, reachOf, sayHereAlone, sayReach, whereTo } from './reach.ts';
import { serverArgument } from './server-argument.ts';

interface PauseOptions {
  readonly for?: number;
  readonly reason?: string;
  readonly server?: string;
  readonly local?: boolean;
}

const yearMs = 366 * 24 * 3_600_000;

/** `regrow pause [NODE]`: actions are held, on every controller of the pool that can be reached; measuring goes on. */
export function register(program: Command, context: CliContext): void {
  program
    .command('pause')
    .description('hold all actions on a node, or on the whole pool, by every controller; measuring goes on')
    .argument('[node]', 'only this node')
    .option('--for <duration>', 'how long, such as 30m or 2h; else until it is resumed', expiry)
    .option('--reason <text>', 'why; shown wherever the pause holds something', reasonArgument)
    .addOption(localOption())
    .option('--server <url>', 'order it of the controller there, and through it of the others', serverArgument)
    .action(context.run((node: string | undefined, options: PauseOptions) => pause(context, node, options)));
}

async function pause(context: CliContext, node: string | undefined, options: PauseOptions): Promise<number> {
  const { for: forMs, reason = '' } = options;
  const { config } = await context.config();
  await scopeOf(config, node);
  const by = operatorName(context.env);
  const target = await whereTo(context, options);
  if ('why' in target) {
    const { orderPause } = await import('../remediation/orders.ts');
    const answer = orderPause(
      await context.journal(),
      { node: node ?? null, forMs: forMs ?? null, reason, by },
      new Date(),
    );
    await context.answer({ ...answer, controllers: null, unreached: null }, () => textOf(answer));
    sayHereAlone(context, target.why);
    return exitCodes.done;
  }
  const { expectAccepted } = await import('./expect-accepted.ts');
  const body = { reason, by, ...(forMs === undefined ? {} : { for: `${Math.ceil(forMs / 1000)}s` }) };
  const told = await expectAccepted(target, node === undefined ? '/v1/pause' : `/v1/nodes/${node}/pause`, body);
  const set = member(told, 'pause');
  const answer = {
    ...pauseIn(set),
    replaced: member(told, 'replaced') === null ? null : pauseIn(member(told, 'replaced')),
  };
  const reach = reachOf(told);
  await context.answer({ ...answer, ...reach }, () => textOf(answer));
  sayReach(context, reach);
  return exitCodes.done;
}

function textOf({ replaced, ...set }: ToldPause & { readonly replaced: ToldPause | null }): string {
  const before = replaced === null ? '' : ` (before: ${pauseText(replaced)})`;
  return `Paused ${scopeText(set.scope)} ${pauseText(set)}${before}\n`;
}

function expiry(text: string): number {
  const ms = durationArgument(text);
  if (ms > yearMs) throw new InvalidArgumentError('A pause ends within a year.');
  return ms;
}
