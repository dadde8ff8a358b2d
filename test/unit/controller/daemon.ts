import { createServer } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Controller } from '../../../src/controller.ts';
import { createLogger, SecretValues } from '../../../src/logging.ts';
import { minimalText } from '../config/sample.ts';
import { temporaryFolder } from '../store/folders.ts';

/** A daemon on web1 that checks a port of its own machine. No Ansible is found, so it never reads vCenter, nor learns an address. */
export async function daemon() {
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
  return { controller, url, stateDir, lines };
}
