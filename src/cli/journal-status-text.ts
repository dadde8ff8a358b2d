import type { NodeReason, NodeStatus, PoolStatus } from '../store/pool-status.ts';
import { renderTable, type Style } from './output.ts';
import { pauseText, scopeText } from './pause-text.ts';
import { ago } from './when.ts';

/** What people read of the pool where no controller runs. */
export function journalStatusText(status: PoolStatus, style: Style): string {
  const nowMs = Date.parse(status.at);
  const rows = status.nodes.map((node) => [
    node.name,
    stateText(node, style),
    node.address ?? '-',
    node.moid ?? '-',
    node.seen_at === null ? 'never' : ago(node.seen_at, nowMs),
    lastRunText(node, nowMs),
  ]);
  const table = renderTable(['NODE', 'STATE', 'ADDRESS', 'VM', 'SEEN', 'LAST RUN'], rows, style);
  const healthyCount = status.nodes.filter((node) => node.state === 'healthy').length;
  const summary = `${healthyCount} of ${status.nodes.length} nodes of ${status.pool} healthy`;
  const pauses = status.pauses.map((pause) => style.yellow(`paused: ${scopeText(pause.scope)} ${pauseText(pause)}`));
  return `${table}\n${[status.healthy ? style.green(summary) : style.yellow(summary), ...pauses].join('\n')}\n`;
}

const reasonTexts: Readonly<Record<NodeReason, string>> = {
  well: '',
  being_rebuilt: '',
  never_seen: 'never seen',
  seen_too_long_ago: 'not seen lately',
  missing: 'no VM',
  powered_off: 'powered off',
  host_lost: 'its host is lost',
  uncertified: 'not certified',
  no_address: 'no address',
  no_heartbeat: 'no heartbeat',
};

function stateText(node: NodeStatus, style: Style): string {
  const reason = reasonTexts[node.reason];
  const text = reason === '' ? node.state : `${node.state}: ${reason}`;
  switch (node.state) {
    case 'healthy':
      return style.green(text);
    case 'unhealthy':
      return style.red(text);
    case 'unknown':
    case 'rebuilding':
      return style.yellow(text);
  }
}

function lastRunText({ last_run: run }: NodeStatus, nowMs: number): string {
  if (run === null) return '-';
  const outcome = run.outcome === null ? `${run.kind} ${run.step ?? run.state}` : (run.class ?? run.outcome);
  return `${outcome} ${ago(run.ended_at ?? run.started_at, nowMs)}`;
}
