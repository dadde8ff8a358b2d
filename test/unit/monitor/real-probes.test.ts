import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/monitor/clock.ts';
import type { Measurement } from '../../../src/monitor/measurement.ts';
import { Monitor } from '../../../src/monitor/monitor.ts';
import { realProbes } from '../../../src/monitor/probes/real-probes.ts';
import { ok } from '../../fakes/probes.ts';
import { command, ping, playbook, tcp } from './monitor-bench.ts';

it('a monitor with real probes and a real clock measures by fping, by connecting, by a command and by a playbook', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reported = new Map<string, Measurement>();
  const playbooks: string[] = [];
  await new Promise<void>((resolve) => {
    const monitor = new Monitor({
      clock: systemClock(),
      target: (name) => ({ name, address: name === 'lost' ? undefined : '127.0.0.1', subject: 'a VM' }),
      probes: realProbes({
        path: process.env['PATH'] ?? '/usr/bin:/bin',
        playbook: async (check, target) => {
          playbooks.push(`${check.playbook} for ${target.name}`);
          return ok;
        },
      }),
      onMeasured: (measurement) => {
        reported.set(`${measurement.node} ${measurement.check}`, measurement);
        if (reported.size < 6) return;
        monitor.stop();
        resolve();
      },
      onStalled: () => {},
    });
    const plan = [
      ping('web0'),
      tcp('web0', { port }),
      command('web0'),
      playbook('web0'),
      ping('lost'),
      playbook('lost'),
    ];
    monitor.setPlan(plan.map((entry) => ({ ...entry, check: { ...entry.check, interval: 500 } })));
    monitor.start();
  });
  server.close();
  const statuses = [...reported].map(([what, { result }]) => [what, result.status]);
  expect(Object.fromEntries(statuses)).toEqual({
    'web0 ping': 'ok',
    'web0 ssh': 'ok',
    'web0 disk': 'ok',
    'web0 deep': 'ok',
    'lost ping': 'unknown',
    'lost deep': 'unknown',
  });
  expect(new Set(playbooks)).toEqual(new Set(['ping_monitor.yml for web0']));
});
