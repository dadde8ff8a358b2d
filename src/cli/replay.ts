import { hostname } from 'node:os';
import { Option, type Command } from 'commander';
import { entriesOf, itemsOf, member } from '../config/document.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { DecisionCase } from '../pool/replay.ts';
import type { Streak, StreakVerdict } from '../pool/replay-checks.ts';
import { durationArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { renderTable, type Style } from './output.ts';
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

/** Failures of a check in a row, and whether they are a fault by the other policy. */
export interface StreakRow {
  /** ISO UTC, of the first failure. */
  readonly at: string;
  readonly node: string;
  readonly check: string;
  /** Seen in a row, up to the fault where there was one. */
  readonly failures: number;
  readonly fault: boolean;
  readonly would: StreakVerdict;
  readonly differs: boolean;
}

const weekMs = 7 * 24 * 60 * 60_000;

/**
 * `regrow replay`: the recorded failures of checks and the recorded decisions again, by the policy of another configuration. Nothing is
 * asked and nothing done.
 */
export function register(program: Command, context: CliContext): void {
  program
    .command('replay')
    .description('what another policy would have made of the recorded failures and decisions')
    .requiredOption('--policy <file>', 'a regrow.yml whose policy is tried')
    .addOption(
      new Option('--since <time>', 'how far back, such as 12h or 7d').argParser(durationArgument).default(weekMs, '7d'),
    )
    .action(
      context.run(async ({ since, policy: file }: ReplayOptions) => {
        const { loadConfig } = await import('../config/load.ts');
        const { poolPolicy } = await import('../config/pool-policy.ts');
        const { machineName, resolveSelf } = await import('../config/node-settings.ts');
        const { replay } = await import('../pool/replay.ts');
        const { replayStreak, streaksOf } = await import('../pool/replay-checks.ts');
        const { checkEvents, observedIn } = await import('./recorded-streaks.ts');
        const { config } = await loadConfig(file).catch((error: unknown) => {
          throw isNotFound(error) ? noPolicy(error) : error;
        });
        const machine = machineName(hostname());
        const self = resolveSelf(config, machine);
        const policy = poolPolicy(config, { self, builder: self ?? machine, isTakenOut: false });
        const journal = await context.journal();
        const from = new Date(Date.now() - since).toISOString();
        const events = journal.events.lately(['decision'], from);
        const decisions = events.flatMap(({ at, data }): readonly ReplayRow[] => {
          const given = recordedCase(data['case']);
          if (given === undefined || policy.nodes[given.node] === undefined) return [];
          const would = replay(given, policy).gates.filter(({ holds }) => holds);
          return [
            rowOf(
              at,
              given,
              heldIn(data['gates']),
              would.map(({ gate }) => gate),
            ),
          ];
        });
        const checks = streaksOf(journal.events.lately(checkEvents, from).flatMap(observedIn)).map((streak) =>
          streakRowOf(streak, replayStreak(streak, policy)),
        );
        await context.answer({ decisions, checks }, () => {
          const style = context.style;
          return `${checksText(checks, style)}${decisionsText(decisions, events.length, style)}`;
        });
        return exitCodes.done;
      }),
    );
}

function isNotFound(error: unknown): error is RegrowError {
  return error instanceof RegrowError && error.code === 'CONFIG_NOT_FOUND';
}

/** It is not the file of --config that is missing. */
function noPolicy({ code, message, facts, cause }: RegrowError): RegrowError {
  return new RegrowError(code, message, { facts, cause, remedy: 'name another file with --policy' });
}

function checksText(rows: readonly StreakRow[], style: Style): string {
  const different = rows.filter(({ differs }) => differs);
  const summary = `Checks began to fail ${rows.length} times; ${different.length} would have ended otherwise.\n`;
  if (different.length === 0) return summary;
  const table = renderTable(
    ['FAILED FROM', 'NODE', 'CHECK', 'IT WAS', 'IT WOULD BE'],
    different.map(({ at, node, check, failures, fault, would }) => [
      localTime(at),
      node,
      check,
      fault ? `a fault after ${failures} failures` : `no fault: ${failures} failures in a row`,
      { fault: 'a fault', 'no fault': 'no fault', unknown: 'not known: it was seen for too short a time' }[would],
    ]),
    style,
  );
  return `${table}\n${summary}\n`;
}

function decisionsText(rows: readonly ReplayRow[], recorded: number, style: Style): string {
  const different = rows.filter(({ differs }) => differs);
  const summary = `${rows.length} of ${recorded} recorded decisions were tried; ${different.length} would have been another.\n`;
  if (different.length === 0) return summary;
  const table = renderTable(
    ['DECIDED', 'NODE', 'IT DID', 'IT WOULD'],
    different.map(({ at, node, held, would_hold: would }) => [localTime(at), node, words(held), words(would)]),
    style,
  );
  return `${table}\n${summary}`;
}

function streakRowOf({ at, node, check, failures, fault }: Streak, would: StreakVerdict): StreakRow {
  const isFault = fault !== null;
  const differs = would !== (isFault ? 'fault' : 'no fault');
  return { at: new Date(at).toISOString(), node, check, failures, fault: isFault, would, differs };
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
