import type { NodeReport, PoolReport, ReportState } from '../pool/report.ts';
import type { Look } from './look.ts';
import { renderTable } from './output.ts';
import { displayWidth, inert, withoutColour, wrap } from './terminal-text.ts';
import { ago, withLocalTimes } from './when.ts';

type Told = Pick<PoolReport, 'at' | 'nodes'>;

const headings = ['NODE', 'STATE', 'ADDRESS', 'VM', 'SINCE', 'FAILED'];

/** A column of reasons narrower than this is hard to read. */
const leastColumns = 40;
/** From this width on there is room for more than the present. */
const wideColumns = 140;
/** Lines of a report beside those of nodes, and the prompt. */
const otherLines = 9;

/**
 * The nodes, those first that are not healthy. Where there is no room for the reasons beside the rest, each stands below its node. On a
 * terminal that is too low, healthy nodes are only counted.
 */
export function nodeTable(report: Told, look: Look): string {
  const { nodes, left } = nodesThatFit(failingFirst(report.nodes), look.rows);
  const table = look.columns === undefined ? besideTable(report, nodes, look) : fittedTable(report, nodes, look);
  return left === 0
    ? table
    : `${table}${look.style.dim(`and ${left} healthy nodes, for which the terminal is too low`)}\n`;
}

/** Otherwise in the order of the pool. */
export function failingFirst(nodes: readonly NodeReport[]): readonly NodeReport[] {
  return nodes.toSorted((a, b) => Number(a.state === 'healthy') - Number(b.state === 'healthy'));
}

function nodesThatFit(
  nodes: readonly NodeReport[],
  rows: number | undefined,
): { readonly nodes: readonly NodeReport[]; readonly left: number } {
  if (rows === undefined) return { nodes, left: 0 };
  const failing = nodes.filter(({ state }) => state !== 'healthy').length;
  const shown = Math.max(failing, rows - otherLines - failing);
  return nodes.length <= shown ? { nodes, left: 0 } : { nodes: nodes.slice(0, shown), left: nodes.length - shown };
}

function fittedTable(report: Told, nodes: readonly NodeReport[], look: Look): string {
  const { style, columns = 80 } = look;
  const [heads, rows] = cellsOf(report, nodes, look);
  // Below, the reason of a healthy node would only bury the others.
  const reasons = nodes.map(({ state, why }) => (state === 'healthy' ? '' : inert(withLocalTimes(why))));
  const plainLines = renderTable(heads, rows).trimEnd().split('\n');
  const taken = Math.max(...plainLines.map((line) => displayWidth(withoutColour(line))));
  const room = columns - taken - 2;
  if (room >= leastColumns || reasons.every((reason) => displayWidth(reason) <= room))
    return besideTable(report, nodes, look, room);
  const [heading = '', ...lines] = renderTable(heads, rows, style).trimEnd().split('\n');
  const below = lines.flatMap((line, index) => [line, ...belowNode(reasons[index] ?? '', look)]);
  return `${[heading, ...below].join('\n')}\n`;
}

function besideTable(report: Told, nodes: readonly NodeReport[], look: Look, room = Number.POSITIVE_INFINITY): string {
  const [heads, rows] = cellsOf(report, nodes, look);
  const cells = rows.flatMap((row, index) => {
    const [first = '', ...more] = wrap(inert(withLocalTimes(nodes[index]?.why ?? '')), room);
    return [[...row, first], ...more.map((line) => [...row.map(() => ''), line])];
  });
  return renderTable([...heads, 'WHY'], cells, look.style);
}

function cellsOf(
  { at }: Told,
  nodes: readonly NodeReport[],
  look: Look,
): readonly [readonly string[], readonly (readonly string[])[]] {
  const nowMs = Date.parse(at);
  const isWide = (look.columns ?? 0) >= wideColumns;
  const rows = nodes.map((node) => [
    inert(node.name),
    stateText(node, look),
    inert(node.address ?? '-'),
    inert(node.moid ?? '-'),
    node.since === null ? '-' : ago(node.since, nowMs),
    counterText(node),
    ...(isWide ? [lastRunText(node, nowMs)] : []),
  ]);
  return [isWide ? [...headings, 'LAST RUN'] : headings, rows];
}

function belowNode(reason: string, { style, isUnicode, columns = 80 }: Look): readonly string[] {
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

/** The state in its shape and colour. */
export function stateText({ state, paused }: NodeReport, { style, isUnicode }: Look): string {
  const { sign, ascii, colour } = stateLooks[state] ?? stateLooks.unknown;
  return style[colour](`${isUnicode ? sign : ascii} ${inert(state)}${paused ? ' (paused)' : ''}`);
}

/** How near the worst check is to its verdict. */
function counterText({ checks }: NodeReport): string {
  const failing = checks.filter(({ failures }) => failures > 0);
  const [worst] = failing.toSorted((a, b) => b.failures / b.of - a.failures / a.of);
  return worst === undefined ? '-' : `${worst.failures}/${worst.of}`;
}

function lastRunText({ last_run: run }: NodeReport, nowMs: number): string {
  if (run === null || run === undefined) return '-';
  const became =
    run.outcome === null ? `${run.kind} ${run.step ?? run.state.replaceAll('_', ' ')}` : (run.class ?? run.outcome);
  return inert(`${became} ${ago(run.ended_at ?? run.started_at, nowMs)}`);
}
