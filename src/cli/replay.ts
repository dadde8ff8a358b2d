import { hostname } from 'node:os';
import type { Command } from 'commander';
import { entriesOf, itemsOf, member } from '../config/document.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { DecisionCase } from '../pool/replay.ts';
import { durationArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { renderTable } from './output.ts';
import { recordedCase } from './recorded-case.ts';
import { localTime } from './when.ts';

interface ReplayOptions {
  readonly since: number;
  readonly policy: string;
}

/** One recorded decision, and what the other policy would have made of it. */
export interface ReplayRow {
  /** ISO UTC. */
  readonly at: string;
  readonly node: string;
  /** Gates that held; none: it acted. */
  readonly held: readonly string[];
  readonly would_hold: readonly string[];
  readonly differs: boolean;
}

const weekMs = 7 * 24 * 60 * 60_000;

/** `regrow replay`: the recorded decisions again, by the policy of another configuration. Nothing is asked and nothing done. */
export function register(program: Command, context: CliContext): void {
  program
    .command('replay')
    .description('what another policy would have decided on what was recorded')
    .requiredOption('--policy <file>', 'a regrow.yml whose policy is tried')
    .option('--since <time>', 'how far back, such as 12h or 7d', durationArgument, weekMs)
    .action(
      context.run(async ({ since, policy: file }: ReplayOptions) => {
        const { loadConfig } = await import('../config/load.ts');
        const { poolPolicy } = await import('../config/pool-policy.ts');
        const { resolveSelf } = await import('../config/node-settings.ts');
        const { replay } = await import('../pool/replay.ts');
        const { config } = await loadConfig(file);
        const machine = hostname().split('.')[0] ?? 'localhost';
        const self = resolveSelf(config, machine);
        const policy = poolPolicy(config, { self, builder: self ?? machine, isTakenOut: false });
        const journal = await context.journal();
        const events = journal.events.lately(['decision'], new Date(Date.now() - since).toISOString());
        const rows = events.flatMap(({ at, data }): readonly ReplayRow[] => {
          const given = recordedCase(data['case']);
          if (given === undefined || policy.nodes[given.node] === undefined) return [];
          return [
            rowOf(
              at,
              given,
              heldIn(data['gates']),
              replay(given, policy)
                .gates.filter(({ holds }) => holds)
                .map(({ gate }) => gate),
            ),
          ];
        });
        await context.answer({ decisions: rows }, () => textOf(rows, events.length));
        return exitCodes.done;
      }),
    );

  function textOf(rows: readonly ReplayRow[], recorded: number): string {
    const different = rows.filter(({ differs }) => differs);
    const summary = `${rows.length} of ${recorded} recorded decisions were tried; ${different.length} would have been another.\n`;
    if (different.length === 0) return summary;
    const table = renderTable(
      ['DECIDED', 'NODE', 'IT DID', 'IT WOULD'],
      different.map(({ at, node, held, would_hold: would }) => [localTime(at), node, words(held), words(would)]),
      context.style,
    );
    return `${table}\n${summary}`;
  }
}

function rowOf(at: string, { node }: DecisionCase, held: readonly string[], would: readonly string[]): ReplayRow {
  return { at, node, held, would_hold: would, differs: (held.length === 0) !== (would.length === 0) };
}

function words(gates: readonly string[]): string {
  return gates.length === 0 ? 'rebuild' : `hold: ${gates.join(', ')}`;
}

function heldIn(gates: unknown): readonly string[] {
  return itemsOf(gates).flatMap((each) => {
    const gate = member(each, 'gate');
    return typeof gate === 'string' && member(each, 'holds') === true && entriesOf(each).length > 0 ? [gate] : [];
  });
}
