import type { Command } from 'commander';
import { itemsOf, member } from '../config/document.ts';
import { nearest } from '../config/nearest.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { FaultReport, NodeReport, PoolReport } from '../pool/report.ts';
import type { CliContext } from './context.ts';
import { askController, unreachable } from './controller-client.ts';
import { fittedTable } from './fitted-table.ts';
import { gateTable } from './gate-table.ts';
import { lookOf, type Look } from './look.ts';
import { stateText } from './node-table.ts';
import { serverArgument } from './server-argument.ts';
import { inert, wrap } from './terminal-text.ts';
import { ago, duration, withLocalTimes } from './when.ts';

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
        await context.answer(node, () => explanation(node, report, lookOf(context)));
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
  const near = nearest(name, names);
  return new RegrowError('NODE_UNKNOWN', `The pool ${pool} has no node ${JSON.stringify(name)}.`, {
    facts: { node: name },
    remedy: near === undefined ? `choose one of: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

/** What people read of a node: where it stands and why, what holds it, and what all of it rests on. */
export function explanation(node: NodeReport, report: PoolReport, look: Look): string {
  const nowMs = Date.parse(report.at);
  const { style } = look;
  const lasting = node.since === null ? '' : ` since ${ago(node.since, nowMs)}`;
  return [
    `${style.bold(inert(node.name))} is ${stateText(node, look)}${lasting}\n`,
    wrapped(withLocalTimes(node.why), look, '  '),
    '\n',
    ...factsOf(node, nowMs).map(([name, value]) => fact(name, value, look)),
    checksText(node, nowMs, look),
    gatesText(node, nowMs, look),
    votesText(node, look),
    `\n${style.dim(`As ${inert(report.controller.name)} sees it.`)}\n`,
  ].join('');
}

function factsOf(node: NodeReport, nowMs: number): readonly (readonly [string, string])[] {
  const { fault, last_run: run } = node;
  const vm = [node.moid, node.instance_uuid].filter((each) => each !== null).join(' ');
  const traits = [
    node.certified ? 'certified' : 'not certified',
    ...(node.power === null ? [] : [`power ${node.power}`]),
    ...(node.heartbeat === null ? [] : [`heartbeat ${node.heartbeat}`]),
  ];
  const seen = node.address_seen_at === null ? '' : `, told by vCenter ${ago(node.address_seen_at, nowMs)}`;
  return [
    ['fault', fault === null ? 'none open: nothing is to be decided' : faultText(fault, nowMs)],
    ['VM', vm === '' ? 'none of that name' : `${vm}, ${traits.join(', ')}`],
    ['address', node.address === null ? 'not known' : `${node.address}${seen}`],
    [
      'last run',
      run === null
        ? 'none'
        : `${run.outcome ?? `${run.kind}, ${run.step ?? run.state.replaceAll('_', ' ')}`} ${ago(run.ended_at ?? run.started_at, nowMs)}: regrow show ${run.id}`,
    ],
  ];
}

function faultText({ opened_at: openedAt, attempts, run }: FaultReport, nowMs: number): string {
  const tries = attempts === 0 ? 'no rebuild yet' : attempts === 1 ? '1 rebuild' : `${attempts} rebuilds`;
  const now = run === null ? '' : `; now: regrow logs -f ${run}`;
  return `since ${ago(openedAt, nowMs)}, ${tries} within the stability window${now}`;
}

function fact(name: string, value: string, { style, columns }: Look): string {
  const lines = wrap(inert(value), columns === undefined ? Number.POSITIVE_INFINITY : columns - 12);
  return lines.map((line, index) => `  ${style.dim((index === 0 ? name : '').padEnd(9))} ${line}\n`).join('');
}

function wrapped(text: string, { columns }: Look, indent: string): string {
  const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - indent.length;
  return wrap(inert(text), room)
    .map((line) => `${indent}${line}\n`)
    .join('');
}

function checksText({ checks }: NodeReport, nowMs: number, look: Look): string {
  if (checks.length === 0) return '';
  const { style } = look;
  const colours = { healthy: style.green, unhealthy: style.red, unknown: style.yellow };
  const rows = checks.map(({ name, on_failure: action, verdict, failures, of, last }) => [
    inert(name),
    (colours[verdict] ?? style.yellow)(inert(verdict)),
    `${failures}/${of}`,
    inert(action),
    last === null ? 'never measured' : inert(`${last.status} ${ago(last.at, nowMs)}: ${last.detail}`),
  ]);
  return `\n${fittedTable(['CHECK', 'VERDICT', 'FAILED', 'LEADS TO', 'LAST RESULT'], rows, look)}`;
}

function gatesText({ gates, decided_at: decidedAt, fault }: NodeReport, nowMs: number, look: Look): string {
  if (fault === null) return '';
  if (decidedAt === null)
    return `\n${wrapped('The gates were not asked yet: its turn has not come, or its checks lead to no rebuild.', look, '')}`;
  const holding = gates.filter(({ holds }) => holds).map(({ gate }) => inert(gate));
  const verdict = holding.length === 0 ? look.style.green('all pass') : look.style.red(`held by ${holding.join(', ')}`);
  return `\nThe gates, asked ${ago(decidedAt, nowMs)}: ${verdict}\n${gateTable(gates, look)}`;
}

function votesText({ gates }: NodeReport, look: Look): string {
  const votes = itemsOf(gates.find(({ gate }) => gate === 'quorum')?.facts['votes']);
  if (votes.length === 0) return '';
  const rows = votes.map((vote) => [word(member(vote, 'observer')), word(member(vote, 'answer')), howText(vote)]);
  return `\n${fittedTable(['OBSERVER', 'SAYS', 'HOW'], rows, look)}`;
}

/** How old what it says is, and how long it took to say it. */
function howText(vote: unknown): string {
  const [ageMs, tookMs, detail] = ['ageMs', 'latencyMs', 'detail'].map((key) => member(vote, key));
  return [
    ...(typeof ageMs === 'number' ? [`measured ${duration(ageMs)} before`] : []),
    ...(typeof tookMs === 'number' ? [`answered within ${Math.round(tookMs)} ms`] : []),
    ...(typeof detail === 'string' && detail !== '' ? [inert(detail)] : []),
  ].join(', ');
}

function word(value: unknown): string {
  return typeof value === 'string' ? inert(value) : '-';
}
