import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

const handOverMs = 60_000;

/** `regrow attend RUN`: takes up a run whose controller has ended. Started by commands that detach, never by people. */
export function register(program: Command, context: CliContext): void {
  program
    .command('attend <run>', { hidden: true })
    .description('take up a run whose controller has ended, and see it to its end')
    .action(
      context.run(async (id: string) => {
        const { partsFor } = await import('./parts.ts');
        const { recoverRun } = await import('../remediation/recovery.ts');
        const parts = await partsFor(context);
        const giveUpAt = performance.now() + handOverMs;
        for (;;) {
          const run = parts.journal.runs.get(id);
          if (run === undefined || run.state === 'done') return 0;
          const started = await recoverRun(parts, run);
          if (started !== undefined) await started.attend();
          else if (performance.now() > giveUpAt) return 0;
          await delay(200);
        }
      }),
    );
}
