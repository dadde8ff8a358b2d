import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostCheck } from '../../src/config/schema.ts';
import { HostWatch } from '../../src/controller/host-watch.ts';
import { createLogger, SecretValues } from '../../src/logging.ts';
import { systemClock } from '../../src/monitor/clock.ts';
import { memoryUsed } from '../../src/monitor/probes/machine.ts';
import { realProbes } from '../../src/monitor/probes/real-probes.ts';
import { openJournal, type Journal } from '../../src/store/journal.ts';

/* Checks of the own machine against what really happens to it: a full filesystem, used memory, busy processors, a stopped server. */

const folder = mkdtempSync(join(tmpdir(), 'regrow-own-host-'));
const small = join(folder, 'small');
const journal: Journal = openJournal(join(folder, 'state'));
let server: Server;
const children: ChildProcess[] = [];

const timing = { interval: 1000, timeout: 3000, failures: 2, successes: 1, on_failure: 'alert' } as const;

/** A watch with this one check, named `own`. */
function watchOf(check: HostCheck): HostWatch {
  const watch = new HostWatch({
    clock: systemClock(),
    probes: realProbes({ path: '/usr/bin:/bin', playbook: () => Promise.reject(new Error('no playbook here')) }),
    journal,
    log: createLogger({ level: 'error', secrets: new SecretValues(), destination: { write: () => true } }),
    name: () => 'webbox1',
    checks: () => ({ own: check }),
    hold: () => null,
    act: () => Promise.reject(new Error('nothing to do here')),
    onMeasured: () => undefined,
    now: () => new Date(),
  });
  watch.start();
  return watch;
}

function listen(port: number): Promise<Server> {
  const started = createServer((_, response) => response.end('index'));
  return new Promise((resolve) => started.listen(port, '127.0.0.1', () => resolve(started)));
}

/** Processes that do nothing but work, or that hold memory, until they are killed. */
function busy(script: string): void {
  children.push(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }));
}

async function until<T>(what: string, watch: HostWatch, read: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}: ${JSON.stringify(watch.report())}`);
    await setTimeout(100);
  }
}

/** It is healthy, opens a fault and alerts when `fail` is done, and closes the fault when `mend` is. */
async function crosses(check: HostCheck, fail: () => unknown, mend: () => unknown): Promise<void> {
  const watch = watchOf(check);
  const event = (type: string, after: number): Promise<number> =>
    until(type, watch, () => journal.events.list({ after }).find((each) => each.type === type)?.id);
  try {
    await until('healthy', watch, () => (watch.report()[0]?.verdict === 'healthy' ? true : undefined));
    const before = journal.events.lastId();
    await fail();
    const opened = await event('host.fault.opened', before);
    await event('alert.raised', before);
    await mend();
    await event('host.fault.closed', opened);
  } finally {
    watch.stop();
  }
}

beforeAll(async () => {
  spawnSync('mkdir', [small]);
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', small]).status).toBe(0);
  server = await listen(0);
});

afterAll(() => {
  journal.close();
  server.close();
  for (const child of children) child.kill('SIGKILL');
  spawnSync('umount', ['-l', small]);
  rmSync(folder, { recursive: true, force: true });
});

describe('checks of the own machine', () => {
  it('see a filesystem fill up and be emptied', async () => {
    const file = join(small, 'file');
    await crosses(
      { ...timing, type: 'filesystem', path: small, max_used: 90 },
      () => writeFileSync(file, Buffer.alloc(15 * 1024 * 1024)),
      () => unlinkSync(file),
    );
  });

  it('see a command fail and pass again', async () => {
    const file = join(folder, 'wanted');
    writeFileSync(file, '');
    await crosses(
      { ...timing, type: 'command', command: ['test', '-e', file] },
      () => unlinkSync(file),
      () => writeFileSync(file, ''),
    );
  });

  it('see the index page go and come back', async () => {
    const { port } = server.address() as AddressInfo;
    await crosses(
      { ...timing, type: 'http', url: `http://127.0.0.1:${port}/`, status: null, text: null, validate_certs: true },
      () => {
        server.close();
        server.closeAllConnections();
      },
      async () => (server = await listen(port)),
    );
  });

  it('see memory in use and given back', async () => {
    const meminfo = readFileSync('/proc/meminfo', 'utf8');
    const bytes = Math.round(Number(/^MemTotal: +(\d+)/m.exec(meminfo)?.[1]) * 1024 * 0.2);
    await crosses(
      { ...timing, type: 'memory', max_used: memoryUsed(meminfo) + 10 },
      () =>
        busy(
          `const b = []; for (let n = ${bytes}; n > 0; n -= 1e8) b.push(Buffer.alloc(1e8, 1)); setInterval(() => b, 1e6)`,
        ),
      () => children.at(-1)?.kill('SIGKILL'),
    );
  });

  it('see all processors busy and idle', async () => {
    const before = children.length;
    await crosses(
      { ...timing, type: 'cpu', max_used: 97 },
      () => {
        for (let index = 0; index < 4; index += 1) busy('for (;;);');
      },
      () => children.slice(before).forEach((child) => child.kill('SIGKILL')),
    );
  });
});
