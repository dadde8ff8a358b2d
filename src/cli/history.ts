import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import { runList, type RunReport } from '../pool/run-report.ts';
import { runReport } from '../remediation/run-report.ts';
import { runKinds } from '../store/runs.ts';
import type { CliContext } from './context.ts';
import { renderTable, type Style } from './output.ts';
import { actingKinds, findRun } from './recorded-run.ts';
import { outcomeText } from './show.ts';
import { shortTime, took } from './when.ts';

interface HistoryOptions {
  readonly limit: number;
  readonly all?: boolean;
  readonly before?: string;
}

/** `regrow history [NODE]`: past runs, newest first. */
export function register(program: Command, context: CliContext): void {
  program
    .command('history')
    .description('past runs, newest first')
    .argument('[node]', 'only the runs of this node')
    .option('-n, --limit <count>', 'how many at most', wholeNumber, 20)
    .option('--before <run>', 'only runs older than this one')
    .option('--all', 'also the runs that only read the pool or copy files')
    .action(
      context.run(async (node: string | undefined, { limit, all, before }: HistoryOptions) => {
        const { config } = await context.config();
        const journal = await context.journal();
        const kinds = all ? runKinds : actingKinds;
        const until = before === undefined ? undefined : findRun(journal, before).id;
        const found = journal.runs.list({ node, limit: limit + 1, before: until, kinds });
        if (node !== undefined && found.length === 0) {
          const { nodeSettings } = await import('../config/node-settings.ts');
          nodeSettings(config, node);
        }
        const list = runList(found.map(runReport), limit);
        await context.answer(list, () => renderHistory(list.runs, context.style));
        return exitCodes.done;
      }),
    );
}

/** What people read of several runs. */
function renderHistory(runs: readonly RunReport[], style: Style): string {
  if (runs.length === 0) return 'No runs yet.\n';
  const rows = runs.map((run) => [
    run.id,
    run.node ?? '-',
    run.kind,
    shortTime(run.started_at),
    took(run.started_at, run.ended_at),
    outcomeText(run, style),
  ]);
  return renderTable(['RUN', 'NODE', 'KIND', 'STARTED', 'TOOK', 'OUTCOME'], rows, style);
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!/^[0-9]{1,6}$/.test(text) || count < 1) throw new InvalidArgumentError('expected a count of 1 or more');
  return count;
}
