import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { Pause, PauseScope } from '../store/pauses.ts';
import type { CliContext } from './context.ts';
import { operatorName } from './operator.ts';
import { pauseText, scopeOf, scopeText } from './pause-text.ts';

/** The JSON answer of `regrow resume`. */
export interface ResumeAnswer {
  readonly scope: PauseScope;
  /** The pause that was cleared; null when there was none. */
  readonly cleared: Pause | null;
  /** Nodes whose fault was given up or held, and is tried again. */
  readonly retried: readonly string[];
  /** Pauses that still hold what was resumed, or a part of it. */
  readonly remaining: readonly Pause[];
}

interface ResumeOptions {
  readonly reason?: string;
}

/** `regrow resume [NODE]`: ends a pause, and has faults tried again that were given up. */
export function register(program: Command, context: CliContext): void {
  program
    .command('resume')
    .description('end a pause; also has a fault tried again that was given up or held')
    .argument('[node]', 'only this node')
    .option('--reason <text>', 'why, for the record')
    .action(
      context.run(async (node: string | undefined, { reason = '' }: ResumeOptions) => {
        const { config } = await context.config();
        const scope = await scopeOf(config, node);
        const journal = await context.journal();
        const at = new Date().toISOString();
        const answer = journal.atomically((): ResumeAnswer => {
          const pauses = journal.pauses.active(at);
          const cleared = pauses.find((each) => each.scope === scope) ?? null;
          // Also one that is over is no longer needed.
          journal.pauses.clear(scope);
          const retried = journal.faults.resume(node ?? null);
          // The pool's order also ends the brake on many rebuilds within an hour.
          if (node === undefined)
            journal.events.append({ at, type: 'pool.resumed', data: { by: operatorName(context.env), reason } });
          if (cleared !== null || retried.length > 0) {
            const data = { scope, was_paused: cleared !== null, retried, by: operatorName(context.env), reason };
            journal.events.append({ at, node: node ?? null, type: 'pause.cleared', data });
          }
          const isLeft = (each: Pause): boolean =>
            each.scope !== scope && (node === undefined || each.scope === 'pool');
          return { scope, cleared, retried, remaining: pauses.filter(isLeft) };
        });
        await context.answer(answer, () => textOf(answer));
        return exitCodes.done;
      }),
    );
}

function textOf({ scope, cleared, retried, remaining }: ResumeAnswer): string {
  const whom = scopeText(scope);
  const done =
    cleared === null ? `No pause of ${whom} was set.` : `Resumed ${whom} (was paused ${pauseText(cleared)}).`;
  const again = retried.length === 0 ? '' : ` Tried again: ${retried.join(', ')}.`;
  const left = remaining.map((pause) => `; ${scopeText(pause.scope)} ${pauseText(pause)}`).join('');
  return `${done}${again}${left === '' ? '' : ` Still paused: ${left.slice(2)}.`}\n`;
}
