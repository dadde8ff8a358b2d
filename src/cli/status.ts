import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { askController, unreachable, type Asker } from './controller-client.ts';
import type { Refresh } from './journal-status.ts';
import { lookOf } from './look.ts';
import { reportText, type StatusReport } from './report-text.ts';
import { serverArgument } from './server-argument.ts';

/** What `status` is handed by the program. */
export interface StatusSeams {
  readonly refresh?: Refresh;
}

interface StatusOptions {
  readonly refresh: boolean;
  readonly watch?: boolean;
  readonly server?: string;
}

/** Another controller may be far away. */
const serverAnswersWithinMs = 5_000;

/** `regrow status`: the pool at a glance, as the controller here or elsewhere sees it; exit code 0 when every node is healthy, else 3. */
export function register(program: Command, context: CliContext, seams: StatusSeams = { refresh: askVCenter }): void {
  program
    .command('status')
    .description('the pool at a glance')
    .option('--server <url>', 'ask the controller there, such as http://webbox2:8460', serverArgument)
    .option('--watch', 'go on, and show what changes')
    .option('--no-refresh', 'where no controller runs: tell what the journal knows, without asking vCenter')
    .action(
      context.run(async (options: StatusOptions, command: Command) => {
        const { server, refresh } = options;
        if (options.watch && context.format !== 'table')
          command.error('error: --watch has no json or yaml form; GET /v1/events has');
        const ask = server === undefined ? await askerHere(context) : askerAt(server);
        if (options.watch) {
          const { watchStatus } = await import('./watch-status.ts');
          return watchStatus(context, ask, server);
        }
        const asked = await ask();
        if (asked.kind === 'report') return answerReport(context, asked.report);
        if (server !== undefined) throw unreachable(server, asked.reason);
        if (asked.kind === 'silent') sayWhyNot(context, asked.reason);
        return answerFromJournal(context, refresh ? seams.refresh : undefined);
      }),
    );
}

async function askerHere(context: CliContext): Promise<Asker> {
  const { localController } = await import('./local-controller.ts');
  return localController(context);
}

function askerAt(server: string): Asker {
  return (signal) => askController(server, serverAnswersWithinMs, signal);
}

/** A controller that should be here and is none. */
function sayWhyNot(context: CliContext, reason: string): void {
  context.say(`${context.errorStyle.yellow('warning:')} the controller here was not asked: ${reason}`);
}

async function answerReport(context: CliContext, report: StatusReport): Promise<number> {
  await context.answer(report, () => reportText(report, lookOf(context)));
  return report.healthy ? exitCodes.done : exitCodes.degraded;
}

async function answerFromJournal(context: CliContext, refresh: Refresh | undefined): Promise<number> {
  const { journalStatus } = await import('./journal-status.ts');
  const report = await journalStatus(context, refresh);
  const exitCode = await answerReport(context, report);
  const { error } = report.discovery;
  if (error === null) return exitCode;
  const warning = context.errorStyle.yellow('warning:');
  context.say(`${warning} vCenter was not read: ${error.replace(/\.$/, '')}. This is what the journal knows.`);
  // A pool that cannot be read is not known to be healthy.
  return exitCodes.degraded;
}

async function askVCenter(context: CliContext): Promise<void> {
  const { askVCenter: ask } = await import('./journal-status.ts');
  await ask(context);
}
