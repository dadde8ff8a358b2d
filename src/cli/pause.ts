import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { Pause } from '../store/pauses.ts';
import { durationArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { operatorName } from './operator.ts';
import { pauseText, scopeOf, scopeText } from './pause-text.ts';

/** The JSON answer of `regrow pause`. */
export interface PauseAnswer extends Pause {
  /** The pause that this one takes the place of. */
  readonly replaced: Pause | null;
}

interface PauseOptions {
  readonly for?: number;
  readonly reason?: string;
}

const yearMs = 366 * 24 * 3_600_000;

/** `regrow pause [NODE]`: actions are held, measuring goes on. A controller that runs here notices it by itself. */
export function register(program: Command, context: CliContext): void {
  program
    .command('pause')
    .description('hold all actions on a node, or on the whole pool; measuring goes on')
    .argument('[node]', 'only this node')
    .option('--for <duration>', 'how long, such as 30m or 2h; else until it is resumed', expiry)
    .option('--reason <text>', 'why; shown wherever the pause holds something', reasonArgument)
    .action(
      context.run(async (node: string | undefined, { for: forMs, reason = '' }: PauseOptions) => {
        const { config } = await context.config();
        const scope = await scopeOf(config, node);
        const now = Date.now();
        const pause: Pause = {
          scope,
          until: forMs === undefined ? null : new Date(now + forMs).toISOString(),
          reason,
          by: operatorName(context.env),
          at: new Date(now).toISOString(),
        };
        const journal = await context.journal();
        const replaced = journal.atomically(() => {
          const before = journal.pauses.active(pause.at).find((each) => each.scope === scope) ?? null;
          journal.pauses.set(pause);
          const { until, by, at } = pause;
          const data = { scope, until, reason, by, replaced: before !== null };
          journal.events.append({ at, node: node ?? null, type: 'pause.set', data });
          return before;
        });
        const answer: PauseAnswer = { ...pause, replaced };
        await context.answer(answer, () => textOf(answer));
        return exitCodes.done;
      }),
    );
}

function textOf({ replaced, ...pause }: PauseAnswer): string {
  const before = replaced === null ? '' : ` (before: ${pauseText(replaced)})`;
  return `Paused ${scopeText(pause.scope)} ${pauseText(pause)}${before}\n`;
}

function expiry(text: string): number {
  if (!/[a-z]$/.test(text)) throw new InvalidArgumentError('Expected a duration with its unit, such as 30m or 2h.');
  const ms = durationArgument(text);
  if (ms < 1 || ms > yearMs) throw new InvalidArgumentError('A pause ends in the future, within a year.');
  return ms;
}

function reasonArgument(text: string): string {
  return text.trim();
}
