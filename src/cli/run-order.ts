import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { Orderer, OrderResult } from '../pool/order.ts';
import type { Journal } from '../store/journal.ts';
import { reasonArgument } from './arguments.ts';
import type { CliContext } from './context.ts';
import { operatorName } from './operator.ts';
import { serverArgument } from './server-argument.ts';

/** An order about one run: `approve`, `reject`, `cancel`. */
export interface RunOrder {
  readonly verb: 'approve' | 'reject' | 'cancel';
  readonly description: string;
  /** What people are told when it was taken. */
  readonly done: (run: string, node: string) => string;
  /** Writes it into this machine's journal, where whoever is concerned finds it. */
  give(journal: Journal, run: string, orderer: Orderer, now: Date): Promise<OrderResult>;
}

interface Options {
  readonly reason?: string;
  readonly server?: string;
}

/** Declares `regrow VERB RUN`. Here the order goes through the journal, so that it needs no token and survives a restart. */
export function registerRunOrder(program: Command, context: CliContext, runOrder: RunOrder): void {
  program
    .command(runOrder.verb)
    .description(runOrder.description)
    .argument('<run>', 'id of the run, the beginning of one, or `last`; with --server the whole id')
    .option('--reason <text>', 'why, for the record', reasonArgument)
    .option('--server <url>', 'order it of the controller there', serverArgument)
    .action(
      context.run(async (wanted: string, { reason = '', server }: Options) => {
        const orderer = { by: operatorName(context.env), reason };
        const result = await (server === undefined
          ? here(context, runOrder, wanted, orderer)
          : there(context, runOrder.verb, { wanted, server, orderer }));
        if (result.kind === 'unknown') {
          const { RegrowError } = await import('../errors.ts');
          throw new RegrowError('RUN_UNKNOWN', result.message, {
            facts: { run: wanted },
            remedy: unknownRemedy(server),
          });
        }
        await context.answer(answerOf(result), () => textOf(result, runOrder));
        return result.kind === 'accepted' ? exitCodes.done : exitCodes.nothingToDo;
      }),
    );
}

async function here(context: CliContext, order: RunOrder, wanted: string, orderer: Orderer): Promise<OrderResult> {
  const { findRun } = await import('./recorded-run.ts');
  const journal = await context.journal();
  return order.give(journal, findRun(journal, wanted).id, orderer, new Date());
}

async function there(
  context: CliContext,
  verb: string,
  given: { readonly wanted: string; readonly server: string; readonly orderer: Orderer },
): Promise<OrderResult> {
  const { detailOf, notTaken, order, serverTarget } = await import('./order-client.ts');
  const target = await serverTarget(context, given.server);
  const path = `/v1/runs/${encodeURIComponent(given.wanted)}/${verb}`;
  const ordered = await order(target, path, { ...given.orderer });
  const { member } = await import('../config/document.ts');
  const node = member(ordered.body, 'node');
  if (ordered.status === 202)
    return { kind: 'accepted', run: given.wanted, node: typeof node === 'string' ? node : null, status: verb };
  if (ordered.status === 404) return { kind: 'unknown', message: detailOf(ordered) };
  if (ordered.status !== 409) throw notTaken(ordered, { run: given.wanted });
  return { kind: 'conflict', message: detailOf(ordered), facts: {} };
}

function unknownRemedy(server: string | undefined): string {
  return server === undefined
    ? 'regrow history lists the runs.'
    : `Give the whole id of a run of that controller: ${server}/v1/runs lists them.`;
}

function answerOf(result: OrderResult): object {
  return result.kind === 'accepted' ? { run: result.run, node: result.node, status: result.status } : result;
}

function textOf(result: OrderResult, { done }: RunOrder): string {
  return result.kind === 'accepted' ? `${done(result.run ?? '', result.node ?? 'its node')}\n` : `${result.message}\n`;
}
