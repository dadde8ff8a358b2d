import type { Command } from 'commander';
import { itemsOf, member } from '../config/document.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { NodeReport, PoolReport } from '../pool/report.ts';
import type { CliContext } from './context.ts';
import { askController, unreachable } from './controller-client.ts';
import { gateTable } from './gate-table.ts';
import { renderTable, type Style } from './output.ts';
import { serverArgument } from './server-argument.ts';
import { ago } from './when.ts';

interface ExplainOptions {
  readonly server?: string;
}

const answersWithinMs = 5_000;

/** `regrow explain NODE`: what the controller here knows of a node, and every gate: pass or hold, with the facts it used. */
export function register(program: Command, context: CliContext): void {
  program
    .command('explain <node>')
    .description('why something is done about a node, or why not: every gate with what it rests on')
    .option('--server <url>', 'ask the controller there, such as http://webbox2:8460', serverArgument)
    .action(
      context.run(async (name: string, { server }: ExplainOptions) => {
        const report = await reportOf(context, server);
        const node = report.nodes.find((each) => each.name === name);
        if (node === undefined) throw unknownNode(report, name);
        await context.answer(node, () => explanation(node, report, context.style));
        return exitCodes.done;
      }),
    );
}

async function reportOf(context: CliContext, server: string | undefined): Promise<PoolReport> {
  const { localController } = await import('./local-controller.ts');
  const asked = await (server === undefined
    ? (await localController(context))()
    : askController(server, answersWithinMs));
  if (asked.kind !== 'report') throw unreachable(server ?? 'this machine', asked.reason);
  return asked.report;
}

function unknownNode({ pool, nodes }: PoolReport, name: string): RegrowError {
  const names = nodes.map((each) => each.name);
  return new RegrowError('NODE_UNKNOWN', `The pool ${pool} has no node ${JSON.stringify(name)}.`, {
    facts: { node: name },
    remedy: `choose one of: ${names.join(', ')}`,
  });
}

/** What people read of a node. */
export function explanation(node: NodeReport, report: PoolReport, style: Style): string {
  const nowMs = Date.parse(report.at);
  const parts = [
    `${style.bold(node.name)} is ${node.state}: ${node.why}\n`,
    `VM ${node.moid ?? '-'} ${node.instance_uuid ?? ''}, ${node.certified ? 'certified' : 'not certified'}, power ${node.power ?? '-'}, heartbeat ${node.heartbeat ?? '-'}, address ${node.address ?? '-'}\n`,
    checksText(node, nowMs, style),
    node.fault === null
      ? '\nNo fault is open: nothing is to be decided.\n'
      : `\nFault since ${ago(node.fault.opened_at, nowMs)}, ${node.fault.attempts} rebuilds within the stability window.\n`,
    gatesText(node, nowMs, style),
    votesText(node, style),
    style.dim(`As ${report.controller.name} sees it.\n`),
  ];
  return parts.join('');
}

function checksText({ checks }: NodeReport, nowMs: number, style: Style): string {
  if (checks.length === 0) return '';
  const rows = checks.map(({ name, on_failure: action, verdict, failures, of, last }) => [
    name,
    verdict,
    `${failures}/${of}`,
    action,
    last === null ? 'never measured' : `${last.status} ${ago(last.at, nowMs)}: ${last.detail}`,
  ]);
  return `\n${renderTable(['CHECK', 'VERDICT', 'FAILED', 'LEADS TO', 'LAST RESULT'], rows, style)}`;
}

function gatesText({ gates, decided_at: decidedAt, fault }: NodeReport, nowMs: number, style: Style): string {
  if (fault === null) return '';
  if (decidedAt === null)
    return '\nThe gates were not asked yet: its turn has not come, or its checks lead to no rebuild.\n';
  return `\nThe gates, asked ${ago(decidedAt, nowMs)}:\n${gateTable(gates, style)}`;
}

function votesText({ gates }: NodeReport, style: Style): string {
  const votes = itemsOf(gates.find(({ gate }) => gate === 'quorum')?.facts['votes']);
  if (votes.length === 0) return '';
  const rows = votes.map((vote) =>
    ['observer', 'answer', 'ageMs', 'latencyMs', 'detail'].map((key) => text(member(vote, key))),
  );
  return `\nWhat the others say:\n${renderTable(['OBSERVER', 'ANSWER', 'AGE MS', 'TOOK MS', ''], rows, style)}`;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}
