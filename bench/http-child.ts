// The HTTP server of a pool beside its monitor, as installed, in a process of its own: real journal, real report, real pings.
// Arguments: how many nodes, interval in ms. Writes its URL as a line of JSON; for each line that it reads, the slip and the CPU time since the last one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadConfig } from '../src/config/load.ts';
import { nodeNames } from '../src/config/node-settings.ts';
import { poolPolicy } from '../src/config/pool-policy.ts';
import { journalView } from '../src/controller/journal-view.ts';
import { Idempotent } from '../src/http/idempotency.ts';
import { startHttpServer } from '../src/http/server.ts';
import { systemClock } from '../src/monitor/clock.ts';
import { Monitor } from '../src/monitor/monitor.ts';
import { realProbes } from '../src/monitor/probes/real-probes.ts';
import { calm } from '../src/pool/brake.ts';
import { Outlook } from '../src/remediation/outlook.ts';
import { openJournal } from '../src/store/journal.ts';

const [count = 3, interval = 5_000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'regrow-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const names = Array.from({ length: count }, (_, index) => `web${index}`);

writeFileSync(
  join(folder, 'regrow.yml'),
  `pool: {name: web, nodes: [${names.join(', ')}]}
self: none
state_dir: ${folder}/state
vcenter: {hostname: vc.lab, username: u, password: {env: P}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1}
image: {ovf: /image.ovf}
checks: {ping: {type: ping, on_failure: rebuild, interval: ${interval}ms, timeout: ${interval / 2}ms}}
`,
);
const { config } = await loadConfig(join(folder, 'regrow.yml'));
const policy = poolPolicy(config, { self: null, builder: 'admin', isTakenOut: false });
const journal = openJournal(config.state_dir);
const at = new Date().toISOString();
journal.atomically(() =>
  names.forEach((name, index) => {
    const identity = {
      moid: `vm-${index}`,
      instance_uuid: `uuid-${index}`,
      address: `10.9.${index >> 8}.${index & 255}`,
    };
    journal.nodes.upsert({ name, ...identity, power: 'poweredOn', certified: true, seen_at: at });
    const run = `0${String(index).padStart(13, '0')}`;
    journal.runs.insert({
      id: run,
      node: name,
      kind: 'bootstrap',
      trigger: 'operator',
      builder: 'admin',
      reason: null,
      force: false,
      started_at: at,
    });
    journal.runs.finish(run, { outcome: 'rebuilt', ended_at: at });
  }),
);

const clock = systemClock();
const outlook = new Outlook({
  journal,
  config: () => config,
  policy: () => policy,
  state: () => ({ nodes: {}, pauses: [], isReadable: true, rebuiltAt: [], brake: calm }),
  controller: () => ({ name: 'admin', node: null, version: 'bench', started_at: at }),
  membership: () => ({ version: 1, by: null, conflict: null }),
  images: () => [],
  hostChecks: () => [],
  isTrusted: () => true,
  monotonicMs: () => clock.now(),
  now: () => new Date(),
});
const monitor = new Monitor({
  clock,
  target: (name) => {
    const index = Number(name.slice(3));
    return { name, address: `10.9.${index >> 8}.${index & 255}`, subject: null };
  },
  probes: realProbes({
    path: process.env['PATH'] ?? '/usr/bin:/bin',
    playbook: () => Promise.reject(new Error('no playbooks here')),
  }),
  onMeasured: ({ node, check, endedAt, result: { status, detail, latencyMs } }) =>
    outlook.measured(node, check, { status, detail, latencyMs, atMs: endedAt }),
  onStalled: (ms) => say({ stalled: ms }),
});
const refused = (): Promise<never> => Promise.reject(new Error('no orders here'));
const server = await startHttpServer({
  listen: '127.0.0.1:0',
  view: {
    ...journalView(journal, config.state_dir),
    report: () => outlook.report(),
    observation: (node) => outlook.observation(node),
    history: () => undefined,
    metrics: () => Promise.resolve(''),
    membership: () => ({}),
    image: () => Promise.resolve({ version: null, made_at: null, problem: null }),
    notifications: () => ({ controller: 'admin', notifications: [] }),
    askControllers: () => Promise.resolve([]),
    health: () => ({ ok: true, detail: '' }),
    ready: () => ({ ok: true }),
    orders: {
      rebuild: refused,
      restore: refused,
      pause: refused,
      resume: refused,
      approve: refused,
      reject: refused,
      cancel: refused,
    },
    idempotent: new Idempotent(journal.idempotency),
    token: () => Promise.resolve(null),
  },
  onFault: (error) => say({ fault: String(error) }),
});
const { ping } = config.checks;
if (ping === undefined) throw new Error('its own configuration has no such check');
monitor.setPlan(nodeNames(config).map((node) => ({ node, name: 'ping', check: ping })));
monitor.start();
// An event a second, for the readers of events.
setInterval(() => {
  journal.events.append({
    at: new Date().toISOString(),
    node: 'web0',
    type: 'check.suspect',
    data: { check: 'ping', failures: 1, of: 3 },
  });
}, 1_000);

let cpu = process.cpuUsage();
monitor.takeSlip();
createInterface({ input: process.stdin }).on('line', () => {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  say({ slip: monitor.takeSlip(), cpuSeconds: (user + system) / 1e6, rss: process.memoryUsage.rss() });
});
say({ url: server.url });
