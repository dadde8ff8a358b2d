import type { CheckReport, GateReport, NodeReport, PoolReport } from '../../src/pool/report.ts';
import type { HistoryBucketReport, HistoryRange, HistoryReport } from '../../src/pool/history-report.ts';
import type { TaskReport } from '../../src/pool/run-report.ts';
import type { ControllerAnswer, FaultView, RunPageView } from '../../src/http/page/page-view.ts';

/* A pool as the pages may have to show it, the same at each call: for tests, for screenshots and for benches. */

/** The present of all samples. */
export const now = '2026-11-24T18:02:40.000Z';

/** An ISO time so many seconds before the present. */
export function before(seconds: number): string {
  return new Date(Date.parse(now) - seconds * 1000).toISOString();
}

export function sampleCheck(name: string, more: Partial<CheckReport> = {}): CheckReport {
  return {
    name,
    type: name,
    on_failure: name === 'ping' ? 'rebuild' : 'restore',
    verdict: 'healthy',
    failures: 0,
    of: 3,
    last: { status: 'ok', at: before(4), latency_ms: name === 'ping' ? 0.42 : 12.7, detail: 'ok' },
    ...more,
  };
}

export function sampleNode(index: number, more: Partial<NodeReport> = {}): NodeReport {
  return {
    name: `webbox${index}`,
    state: 'healthy',
    why: 'all checks pass',
    since: before(86_400 * 3 + index * 977),
    address: `10.77.${Math.floor(index / 250)}.${50 + (index % 200)}`,
    address_seen_at: before(9),
    moid: `vm-${40 + index}`,
    instance_uuid: `5031c3d8-${String(1000 + index)}-4a1e-9d0c-88f1b2c3d4e5`,
    power: 'on',
    connection: 'connected',
    heartbeat: 'green',
    certified: true,
    paused: false,
    checks: [
      sampleCheck('ping'),
      sampleCheck('web', { last: { status: 'ok', at: before(6), latency_ms: 12.7, detail: 'HTTP 200' } }),
    ],
    fault: null,
    gates: [],
    decided_at: null,
    holds: [],
    last_run: null,
    ...more,
  };
}

const gates: readonly GateReport[] = [
  { gate: 'max_unhealthy', holds: false, message: '1 of 3 nodes are unhealthy, at most 1 may be', facts: {} },
  { gate: 'max_concurrent', holds: false, message: '0 of at most 1 rebuilds are under way', facts: {} },
  { gate: 'self_trust', holds: false, message: 'this controller trusts itself', facts: {} },
  { gate: 'heartbeat', holds: false, message: 'the heartbeat is red, which proves nothing', facts: {} },
  {
    gate: 'quorum',
    holds: false,
    message: '2 of 2 voices needed agree (self, webbox2)',
    facts: {
      votes: [
        { observer: 'webbox2', answer: 'unhealthy' },
        { observer: 'webbox3', answer: 'silent' },
      ],
    },
  },
  {
    gate: 'confirm',
    holds: false,
    message: 'a fresh probe confirms the failure: no answer to an SSH greeting',
    facts: {},
  },
];

const failedChecks = [
  sampleCheck('ping', {
    verdict: 'unhealthy',
    failures: 3,
    last: { status: 'failed', at: before(31), latency_ms: null, detail: 'no answer within 15 s' },
  }),
  sampleCheck('web', {
    failures: 2,
    last: { status: 'failed', at: before(33), latency_ms: null, detail: 'connect timed out' },
  }),
];

/** webbox3 while webbox1 rebuilds it. */
export const rebuildingNode = sampleNode(3, {
  state: 'remediating',
  why: 'ping failed; rebuilding it: the new VM has its address and is being loaded',
  since: before(24),
  heartbeat: 'red',
  checks: failedChecks,
  fault: { opened_at: before(31), attempts: 1, checks: ['ping'], run: '01jdrun9' },
  gates,
  decided_at: before(25),
  last_run: {
    id: '01jdrun9',
    kind: 'rebuild',
    state: 'running',
    outcome: null,
    class: null,
    gate: null,
    step: 'load',
    started_at: before(24),
    ended_at: null,
  },
});

/** webbox3 when a gate holds its rebuild. */
export const heldNode = sampleNode(3, {
  ...rebuildingNode,
  state: 'held',
  why: 'webbox2 sees it alive',
  gates: gates.map((each) =>
    each.gate === 'quorum'
      ? {
          ...each,
          holds: true,
          message: 'webbox2 sees it alive',
          facts: { votes: [{ observer: 'webbox2', answer: 'healthy' }] },
        }
      : each,
  ),
  holds: [{ gate: 'quorum', message: 'webbox2 sees it alive' }],
  last_run: null,
});

/** webbox3 while a person is asked whether it may be rebuilt. */
export const awaitingNode = sampleNode(3, {
  ...rebuildingNode,
  state: 'held',
  why: 'a person has to approve it: `regrow approve 01jdrun9` or `regrow reject 01jdrun9`',
  fault: { opened_at: before(31), attempts: 0, checks: ['ping'], run: null },
  gates: [
    {
      gate: 'approval',
      holds: true,
      message: 'a person has to approve it: `regrow approve 01jdrun9` or `regrow reject 01jdrun9`',
      facts: {},
    },
    ...gates,
  ],
  holds: [{ gate: 'approval', message: 'a person has to approve it' }],
  last_run: {
    id: '01jdrun9',
    kind: 'rebuild',
    state: 'awaiting_approval',
    outcome: null,
    class: null,
    gate: null,
    step: null,
    started_at: before(24),
    ended_at: null,
  },
});

export function sampleReport(nodes: readonly NodeReport[], more: Partial<PoolReport> = {}): PoolReport {
  return {
    pool: 'web',
    at: now,
    healthy: nodes.every(({ state }) => state === 'healthy'),
    controller: { name: 'webbox1', node: 'webbox1', version: '0.1.0', started_at: before(86_400 * 9) },
    pauses: [],
    discovery: { ok: true, at: before(7), error: null },
    membership: { version: 1, by: null, conflict: null },
    mode: 'act',
    budget: { in_use: 0, max: 1, per_hour: { used: 0, max: 3 } },
    storm: null,
    host_checks: [],
    images: [],
    nodes,
    ...more,
  };
}

const ownChecks = [
  sampleCheck('index', { type: 'http', on_failure: 'reboot' }),
  sampleCheck('rootfs', {
    type: 'filesystem',
    on_failure: 'alert',
    of: 1,
    last: { status: 'ok', at: before(12), latency_ms: null, detail: '43 % used' },
  }),
];

/** Three nodes, one of them being rebuilt. */
export function failingPool(): PoolReport {
  return sampleReport([sampleNode(1, { checks: [], why: 'this machine' }), sampleNode(2), rebuildingNode], {
    budget: { in_use: 1, max: 1, per_hour: { used: 1, max: 3 } },
    host_checks: ownChecks,
  });
}

/** Three nodes that are well. */
export function healthyPool(): PoolReport {
  return sampleReport([sampleNode(1, { checks: [], why: 'this machine' }), sampleNode(2), sampleNode(3)], {
    host_checks: ownChecks,
  });
}

/** A thousand nodes, some of them not well. */
export function largePool(count = 1000): PoolReport {
  const nodes = Array.from({ length: count }, (_, index) => {
    if (index === 411)
      return sampleNode(index, {
        state: 'exhausted',
        why: 'ping failed; given up after 3 rebuilds, `regrow resume webbox411` tries again',
        since: before(5400),
      });
    if (index === 77)
      return sampleNode(index, {
        state: 'remediating',
        why: 'ping failed; webbox12 is rebuilding it',
        since: before(41),
      });
    if (index === 620 || index === 621)
      return sampleNode(index, { state: 'suspect', why: 'ping failed 2 of 3 times', since: before(28) });
    if (index === 903)
      return sampleNode(index, {
        state: 'unknown',
        why: 'other nodes observe it; vCenter does not show it at work',
        since: before(300),
      });
    return sampleNode(index);
  });
  return sampleReport(nodes, { budget: { in_use: 1, max: 2, per_hour: { used: 2, max: 6 } } });
}

const bucketsOf: Readonly<Record<HistoryRange, readonly [count: number, seconds: number]>> = {
  '1h': [60, 60],
  '24h': [1440, 60],
  '7d': [168, 3600],
  '30d': [720, 3600],
};

/** Measurements of every node: mostly well, a failure long ago, a gap in which nobody looked, and what fails now fails at the end. */
export function sampleHistory(report: PoolReport, range: HistoryRange = '1h'): HistoryReport {
  const [count, seconds] = bucketsOf[range];
  const from = before(count * seconds);
  const bucket = (index: number, node: NodeReport, number: number): HistoryBucketReport | undefined => {
    const at = new Date(Date.parse(from) + index * seconds * 1000).toISOString();
    const share = index / count;
    if (share > 0.28 && share < 0.33) return undefined;
    const isFailing = node.state !== 'healthy' && node.state !== 'unknown' && share >= 0.97;
    const isFlaky = number % 7 === 2 && share > 0.6 && share < 0.63;
    const mean = 0.4 + 0.12 * Math.sin(index / 5 + number) + (index % 17 === 3 ? 0.25 : 0);
    return {
      at,
      ok: isFailing ? 0 : isFlaky ? 2 : 3,
      failed: isFailing ? 3 : isFlaky ? 1 : 0,
      unknown: 0,
      latency_ms: isFailing ? null : { min: mean * 0.8, mean, max: mean * 1.6 },
    };
  };
  const nodes = report.nodes.map((node, number) => {
    const buckets = Array.from({ length: count }, (_, index) => bucket(index, node, number)).filter(
      (each) => each !== undefined,
    );
    return [node.name, { ping: buckets }] as const;
  });
  return { range, bucket_seconds: seconds, from, nodes: Object.fromEntries(nodes) };
}

const told: readonly (readonly [step: string, name: string, seconds: number])[] = [
  ['preflight', 'Verify the OVF and every file that it names', 0.4],
  ['look', 'Read the pool from vCenter', 0.9],
  ['look', 'Probe the node afresh', 2.1],
  ['claim', 'Claim the incident', 0.3],
  ['fence', 'Power off exactly the judged VM', 1.2],
  ['fence', 'Set it aside under its quarantine name', 0.5],
  ['create', 'Deploy the new VM from the image', 9.6],
  ['boot', 'Wait for an address that is not link-local', 4.2],
  ['load', 'Pin the host key of the new VM', 0.7],
];

/** What one run did so far. */
export function sampleTasks(beganSecondsAgo: number): readonly TaskReport[] {
  let at = beganSecondsAgo;
  const done = told.map(([step, name, seconds]): TaskReport => {
    const started = before(at);
    at -= seconds;
    return {
      step,
      name,
      started_at: started,
      ended_at: before(at),
      outcome: step === 'look' ? 'ok' : 'changed',
      failed_hosts: [],
      retries: 0,
      message: null,
    };
  });
  return [
    ...done,
    {
      step: 'load',
      name: 'Copy the image to the new node',
      started_at: before(at),
      ended_at: null,
      outcome: null,
      failed_hosts: [],
      retries: 0,
      message: null,
    },
  ];
}

export const runningRun: RunPageView = {
  id: '01jdrun9',
  node: 'webbox3',
  kind: 'rebuild',
  state: 'running',
  outcome: null,
  class: null,
  gate: null,
  step: 'load',
  vm: { moid: 'vm-57', instance_uuid: '5031c3d8-1057-4a1e-9d0c-88f1b2c3d4e5' },
  by: 'monitor',
  reason: 'ping failed',
  started_at: before(24),
  ended_at: null,
  phases: [
    { name: 'detected', at: before(31) },
    { name: 'decided', at: before(25) },
    { name: 'fenced', at: before(19) },
    { name: 'deployed', at: before(9) },
    { name: 'booted', at: before(5) },
    { name: 'loaded', at: null },
    { name: 'certified', at: null },
  ],
  message: null,
  remedy: null,
  builder: 'webbox1',
  forced: false,
  incident: 'webbox3.5d41402abc4b',
  generation: 1,
  old_vm: { moid: 'vm-43', instance_uuid: '5031c3d8-1003-4a1e-9d0c-88f1b2c3d4e5' },
  address: '10.77.0.61',
  tasks: sampleTasks(24),
  decision: { at: before(25), gates },
  output: sampleOutput(),
};

/** A run that failed, hours ago. */
export const failedRun: RunPageView = {
  ...runningRun,
  id: '01jdrun7',
  node: 'webbox2',
  state: 'done',
  outcome: 'failed',
  class: 'no_capacity',
  step: 'create',
  vm: null,
  address: null,
  started_at: before(9000),
  ended_at: before(8978),
  phases: runningRun.phases.map(({ name }) => {
    const at = new Map<string, string>([
      ['detected', before(9007)],
      ['decided', before(9001)],
      ['fenced', before(8994)],
    ]).get(name);
    return { name, at: at ?? null };
  }),
  message: 'The new VM could not be created: datastore ds1 has 1.2 GiB free, and the image takes 4 GiB.',
  remedy: 'Make room on the datastore or on the hosts, then rebuild again.',
  tasks: sampleTasks(9000)
    .slice(0, 7)
    .map((task, index, { length }) =>
      index < length - 1
        ? task
        : {
            ...task,
            step: 'create',
            ended_at: before(8978),
            outcome: 'failed',
            failed_hosts: ['webbox2'],
            message: 'Insufficient disk space on datastore ds1.',
          },
    ),
};

export const rebuiltRun: RunPageView = {
  ...runningRun,
  id: '01jdrun8',
  node: 'webbox2',
  state: 'done',
  outcome: 'rebuilt',
  step: 'retire',
  started_at: before(8700),
  ended_at: before(8655),
  phases: (['detected', 'decided', 'fenced', 'deployed', 'booted', 'loaded', 'certified'] as const).map(
    (name, index) => ({
      name,
      at: before(8707 - ([0, 6, 13, 24, 29, 44, 49][index] ?? 0)),
    }),
  ),
};

export const sampleFaults: readonly FaultView[] = [
  { node: 'webbox3', opened_at: before(31), closed_at: null, reason: null },
  { node: 'webbox1', opened_at: before(200_000), closed_at: before(199_930), reason: 'recovered' },
];

/** What Ansible prints of a run. */
export function sampleOutput(tasks = 12): string {
  const lines = ['PLAY [Rebuild a failed node] ***************************************************', ''];
  for (let index = 1; index <= tasks; index += 1)
    lines.push(
      `TASK [rebuild : Step ${index} of the protocol] *********************************`,
      `changed: [webbox3] => {"moid": "vm-${40 + index}"}`,
      '',
    );
  return `${lines.join('\n')}\n`;
}

/** The pool as three controllers see it, one of which is silent. */
export function sampleAnswers(report: PoolReport): readonly ControllerAnswer[] {
  const seenBy2 = {
    ...report,
    controller: { ...report.controller, name: 'webbox2', node: 'webbox2', started_at: before(86_400 * 2) },
  };
  return [
    { name: 'webbox1', ok: true, error: null, report },
    { name: 'webbox2', ok: true, error: null, report: seenBy2 },
    { name: 'webbox3', ok: false, error: 'no answer within 2 s', report: null },
  ];
}
