import { createServer } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Controller } from '../../../src/controller.ts';
import { createLogger, SecretValues } from '../../../src/logging.ts';
import { openJournal } from '../../../src/store/journal.ts';
import { startPrometheus } from '../http/metrics/prometheus.ts';
import { minimalText } from '../config/sample.ts';
import { temporaryFolder } from '../store/folders.ts';

/** A daemon on web1 that checks a port of its own machine. No Ansible is found, so it never reads vCenter, nor learns an address. */
async function daemon() {
  const folder = temporaryFolder();
  const stateDir = join(folder, 'state');
  const service = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const address = service.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const path = join(folder, 'regrow.yml');
  const check = 'type: tcp, interval: 1s, timeout: 1s, on_failure: alert';
  writeFileSync(
    path,
    `${minimalText}
state_dir: ${stateDir}
http: {listen: "127.0.0.1:0"}
checks: {ssh: {port: 22, ${check}}}
host_checks: {service: {port: ${port}, ${check}}}
`,
  );
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    secrets: new SecretValues(),
    destination: { write: (line: string) => lines.push(line) > 0 },
  });
  const controller = await Controller.start({
    loaded: await loadConfig(path),
    load: () => loadConfig(path),
    env: { PATH: folder, VCENTER_PASSWORD: 'x' },
    hostname: 'web1',
    command: [process.execPath],
    version: '9.9.9',
    log,
  });
  const url = /"url":"([^"]+)"/.exec(lines.join(''))?.[1] ?? '';
  return { controller, url, stateDir };
}

it('a daemon is scraped by a real Prometheus, and keeps what it measured over its end', async () => {
  const { controller, url, stateDir } = await daemon();
  const ended = { by: (): Promise<void> => controller.stop() };
  onTestFinished(() => ended.by());
  const prometheus = await startPrometheus(new URL(url).host, []);
  const own = await prometheus.eventually('regrow_check_results_total{node="web1",check="service",result="ok"} > 0');
  expect(own).toHaveLength(1);
  // Nobody knows where web2 is.
  expect(await prometheus.eventually('regrow_check_results_total{node="web2",result="unknown"} > 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_node_state{node="web2",state="unknown"} == 1')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_schedule_slip_seconds_count > 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_discovery_up == 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_build_info{version="9.9.9"}')).toHaveLength(1);

  const history: unknown = await (await fetch(`${url}/v1/history?range=1h`)).json();
  const some = (bucket: object): unknown => expect.arrayContaining([expect.objectContaining(bucket)]);
  expect(history).toMatchObject({
    range: '1h',
    bucket_seconds: 60,
    nodes: { web1: { service: some({ failed: 0 }) }, web2: { ssh: some({ ok: 0, failed: 0, latency_ms: null }) } },
  });
  await controller.stop();
  ended.by = async () => undefined;
  const journal = openJournal(stateDir);
  onTestFinished(() => journal.close());
  const kept = journal.history.list({ seconds: 86_400, from: 0, to: 1e11 });
  const names = new Set(kept.map(({ node, check }) => `${node}/${check}`));
  expect([...names].toSorted()).toEqual(['web1/service', 'web2/ssh', 'web3/ssh']);
}, 60_000);
