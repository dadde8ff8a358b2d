import type { NodeReport, PoolReport, ReportState } from '../pool/report.ts';
import type { CliContext } from './context.ts';
import { renderTable, type Style, type Writer } from './output.ts';
import { pauseText, scopeText } from './pause-text.ts';
import { knowsUnicode } from './terminal.ts';
import { displayWidth, inert, withoutColour, wrap } from './terminal-text.ts';
import { ago, duration } from './when.ts';

/** How a report is to look. */
export interface ReportLook {
  readonly style: Style;
  readonly isUnicode: boolean;
  /** Of the terminal; undefined elsewhere: then lines are as long as they are. */
  readonly columns: number | undefined;
}

/** How a report looks on this program's stdout. */
export function lookOf({ stdout, isTTY, style, env }: CliContext): ReportLook {
  const { columns }: Writer & { readonly columns?: number } = stdout;
  return { style, isUnicode: knowsUnicode(env), columns: isTTY.stdout ? columns : undefined };
}

/** What people read of a pool that a controller reports: a table, and what concerns the pool as a whole. Ends with a newline. */
export function reportText(report: PoolReport, look: ReportLook): string {
  return [nodeTable(report, look), '\n', ...summaryLines(report, look.style).map((line) => `${line}\n`)].join('');
}

const headings = ['NODE', 'STATE', 'ADDRESS', 'VM', 'SINCE', 'COUNTER'];

/** A column of reasons narrower than this is hard to read. */
const leastColumns = 40;

/** Where there is no room for the reasons beside the rest, each stands below its node. */
function nodeTable({ nodes, at }: PoolReport, look: ReportLook): string {
  const { style, columns } = look;
  const nowMs = Date.parse(at);
  const rows = nodes.map((node) => [
    inert(node.name),
    stateText(node, look),
    inert(node.address ?? '-'),
    inert(node.moid ?? '-'),
    node.since === null ? '-' : ago(node.since, nowMs),
    counterText(node),
  ]);
  const reasons = nodes.map(({ why }) => inert(why));
  const [heading = '', ...lines] = renderTable(headings, rows, style).trimEnd().split('\n');
  const taken = Math.max(
    ...renderTable(headings, rows)
      .split('\n')
      .map((line) => displayWidth(withoutColour(line))),
  );
  const left = columns === undefined ? Number.POSITIVE_INFINITY : columns - taken - 2;
  if (left < leastColumns && reasons.some((reason) => displayWidth(reason) > left)) {
    const below = (reason: string): readonly string[] => belowNode(reason, look);
    return `${[heading, ...lines.flatMap((line, index) => [line, ...below(reasons[index] ?? '')])].join('\n')}\n`;
  }
  const beside = rows.flatMap((row, index) => {
    const [first = '-', ...more] = wrap(reasons[index] ?? '', left);
    return [[...row, first], ...more.map((line) => [...row.map(() => ''), line])];
  });
  return renderTable([...headings, 'WHY'], beside, style);
}

function belowNode(reason: string, { style, isUnicode, columns = 80 }: ReportLook): readonly string[] {
  const sign = isUnicode ? '└' : '`';
  return wrap(reason, columns - 5).map((line, index) => `  ${style.dim(index > 0 ? ' ' : sign)} ${line}`);
}

interface StateLook {
  readonly sign: string;
  readonly ascii: string;
  readonly colour: 'green' | 'yellow' | 'red';
}

/** Each state has a shape of its own, so that it is told apart without colour, too. */
const stateLooks: Readonly<Record<ReportState, StateLook>> = {
  healthy: { sign: '●', ascii: '+', colour: 'green' },
  suspect: { sign: '◐', ascii: '~', colour: 'yellow' },
  faulted: { sign: '✗', ascii: 'x', colour: 'red' },
  remediating: { sign: '⟳', ascii: '>', colour: 'yellow' },
  warming: { sign: '◌', ascii: '.', colour: 'yellow' },
  held: { sign: '‖', ascii: '=', colour: 'yellow' },
  exhausted: { sign: '⊘', ascii: '!', colour: 'red' },
  unknown: { sign: '○', ascii: '?', colour: 'yellow' },
};

function stateText({ state, paused }: NodeReport, { style, isUnicode }: ReportLook): string {
  const { sign, ascii, colour } = stateLooks[state] ?? stateLooks.unknown;
  return style[colour](`${isUnicode ? sign : ascii} ${inert(state)}${paused ? ' (paused)' : ''}`);
}

/** How near the worst check is to its verdict. */
function counterText({ checks }: NodeReport): string {
  const failing = checks.filter(({ failures }) => failures > 0);
  const [worst] = failing.toSorted((a, b) => b.failures / b.of - a.failures / a.of);
  return worst === undefined ? '-' : `${worst.failures}/${worst.of}`;
}

function modeText(mode: PoolReport['mode']): string {
  return mode === 'approve'
    ? 'mode approve: every rebuild waits for regrow approve'
    : `mode ${inert(mode)}: nothing is done, only told`;
}

function stormText({ since, reason }: NonNullable<PoolReport['storm']>, nowMs: number): string {
  return `storm brake tripped ${ago(since, nowMs)}: ${inert(reason)}; nothing is rebuilt by itself before regrow resume`;
}

function summaryLines(
  { pool, at, nodes, healthy, pauses, discovery, membership, controller, mode, storm, host_checks }: PoolReport,
  style: Style,
): readonly string[] {
  const nowMs = Date.parse(at);
  const healthyCount = nodes.filter(({ state }) => state === 'healthy').length;
  const summary = `${healthyCount} of ${nodes.length} nodes of ${inert(pool)} healthy`;
  const seen = discovery.at === null ? 'vCenter was not read yet' : `vCenter read ${ago(discovery.at, nowMs)}`;
  const upMs = nowMs - Date.parse(controller.started_at);
  const teller = `controller ${inert(controller.name)}, version ${inert(controller.version)}, up ${duration(upMs)}`;
  return [
    style[healthy ? 'green' : 'yellow'](summary),
    style.dim(`${seen}; ${teller}`),
    ...(discovery.ok || discovery.error === null
      ? []
      : [style.yellow(`vCenter cannot be read: ${inert(discovery.error)}`)]),
    ...(mode === undefined || mode === 'act' ? [] : [style.yellow(modeText(mode))]),
    ...(storm === undefined || storm === null ? [] : [style.red(stormText(storm, nowMs))]),
    ...(membership.conflict === null ? [] : [style.red(`membership conflict: ${inert(membership.conflict)}`)]),
    ...hostCheckLines(host_checks, style),
    ...pauses.map((pause) => style.yellow(`paused: ${inert(scopeText(pause.scope))} ${pauseText(pause)}`)),
  ];
}

/** Checks of the controller's own machine are shown when they fail. */
function hostCheckLines(checks: PoolReport['host_checks'] | undefined, style: Style): readonly string[] {
  return (checks ?? [])
    .filter(({ failures, verdict }) => failures > 0 || verdict === 'unhealthy')
    .map(({ name, failures, of, verdict, last }) => {
      const text = `own machine: ${inert(name)} ${failures}/${of}: ${inert(last?.detail ?? 'not measured yet')}`;
      return style[verdict === 'unhealthy' ? 'red' : 'yellow'](text);
    });
}
