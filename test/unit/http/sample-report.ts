import type { CheckReport, NodeReport, PoolReport } from '../../../src/pool/report.ts';

/** A check of which nothing is wrong. */
export const healthyCheck: CheckReport = {
  name: 'ping',
  type: 'ping',
  on_failure: 'rebuild',
  verdict: 'healthy',
  failures: 0,
  of: 3,
  last: { status: 'ok', at: '2026-01-01T10:00:00.000Z', latency_ms: 1, detail: '1 ms' },
};

/** A healthy node, with what differs. */
export function nodeReport(name: string, more: Partial<NodeReport> = {}): NodeReport {
  return {
    name,
    state: 'healthy',
    why: '',
    since: '2026-01-01T09:00:00.000Z',
    address: '10.77.0.51',
    address_seen_at: '2026-01-01T10:00:00.000Z',
    moid: 'vm-1',
    instance_uuid: '5031c3d8-aaaa',
    power: 'on',
    connection: 'connected',
    heartbeat: 'green',
    certified: true,
    paused: false,
    checks: [healthyCheck],
    fault: null,
    gates: [],
    decided_at: null,
    holds: [],
    last_run: null,
    ...more,
  };
}

/** A pool of healthy nodes, with what differs. */
export function poolReport(more: Partial<PoolReport> = {}): PoolReport {
  const nodes = more.nodes ?? ['webbox1', 'webbox2', 'webbox3'].map((name) => nodeReport(name));
  return {
    pool: 'web',
    at: '2026-01-01T10:00:00.000Z',
    healthy: nodes.every(({ state }) => state === 'healthy'),
    controller: { name: 'webbox1', node: 'webbox1', version: '0.1.0', started_at: '2026-01-01T08:00:00.000Z' },
    pauses: [],
    discovery: { ok: true, at: '2026-01-01T09:59:55.000Z', error: null },
    host_checks: [],
    images: [],
    membership: { version: 1, by: null, conflict: null },
    mode: 'act',
    budget: { in_use: 0, max: 1, per_hour: { used: 0, max: 3 } },
    storm: null,
    ...more,
    nodes,
  };
}
