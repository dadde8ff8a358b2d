import { imageDifferences } from '../pool/image-versions.ts';
import type { NodeReport, PoolReport } from '../pool/report.ts';

/** The pool as a plain table, for curl and for scripts of people. Times are UTC. Ends with a newline. */
export function statusText(report: PoolReport): string {
  const rows = report.nodes.map((node) => [
    node.name,
    node.paused ? `${node.state} (paused)` : node.state,
    node.address ?? '-',
    node.moid ?? '-',
    node.since ?? '-',
    node.why === '' ? '-' : node.why,
  ]);
  return [
    ...columns([['NODE', 'STATE', 'ADDRESS', 'VM', 'SINCE', 'WHY'], ...rows]),
    '',
    summary(report),
    ...report.host_checks
      .filter(({ verdict }) => verdict === 'unhealthy')
      .map(({ name, last }) => `own machine: ${name} fails: ${last?.detail ?? 'not measured yet'}`),
    ...report.pauses.map(
      ({ scope, until, by, reason }) =>
        `paused: ${scope} by ${by}${until === null ? '' : ` until ${until}`}: ${reason}`,
    ),
    ...(report.storm === null ? [] : [`storm brake tripped: ${report.storm.reason}`]),
    ...imageDifferences(report.images),
    ...(report.discovery.ok ? [] : [`vCenter is not read: ${report.discovery.error ?? 'not yet'}`]),
    ...(report.membership.conflict === null ? [] : [`membership: ${report.membership.conflict}`]),
  ]
    .map((line) => `${line.replace(/\p{Cc}/gu, ' ').trimEnd()}\n`)
    .join('');
}

function summary({ pool, at, controller, nodes }: PoolReport): string {
  const isHealthy = ({ state }: NodeReport): boolean => state === 'healthy';
  return `${nodes.filter(isHealthy).length} of ${nodes.length} nodes of ${pool} healthy, as ${controller.name} sees it at ${at}`;
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
