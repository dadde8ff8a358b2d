import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, type Machine } from '../lab/machine.ts';

/* The unit that `regrow install-service` writes, under a real systemd. */

const main = '/opt/checkout/dist/main.js';
let machine: Machine;

const inside: Machine['inside'] = (...argv) => machine.inside(...argv);
const write: Machine['write'] = (path, text, mode) => machine.write(path, text, mode);
const property = (name: string): string => inside('systemctl', 'show', '-P', name, 'regrow.service').text;
/** The daemon's main process, once it is another one than before and ready. */
async function daemon(before = ''): Promise<string> {
  return machine.until('an active daemon', () => {
    const running = property('MainPID');
    return running !== '0' && running !== before && property('ActiveState') === 'active' ? running : undefined;
  });
}

beforeAll(async () => {
  machine = await bootMachine('systemd');
  const config = `pool: {name: web, nodes: [webbox1, webbox2]}
self: none
state_dir: /var/lib/regrow
vcenter: {hostname: 127.0.0.1, port: 1, username: u, password: {env: VCENTER_PASSWORD}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1, networks: {VM Network: N}}
image: {ovf: /image.ovf}
http: {listen: "127.0.0.1:8461"}
checks: {ping: {type: ping, on_failure: rebuild}}
host_checks:
  long: {type: command, command: [/bin/false], interval: 1s, timeout: 1s, failures: 1, on_failure: {exec: [/bin/sleep, "3600"]}}
`;
  inside('mkdir', '-p', '/etc/regrow', '/var/lib/regrow');
  write('/etc/regrow/regrow.yml', config, '600');
  write('/etc/regrow/environment', 'VCENTER_PASSWORD=secret\n', '600');
}, 300_000);

afterAll(() => machine.end());

describe('the service under systemd', { timeout: 150_000 }, () => {
  it('is installed, enabled and ready by one command', async () => {
    const { status, text } = inside(process.execPath, main, 'install-service', '--enable');
    expect(text).toContain('/etc/systemd/system/regrow.service: written');
    expect(status).toBe(0);
    await daemon();
    expect(inside('systemctl', 'is-enabled', 'regrow.service').text).toBe('enabled');
    expect(property('StatusText')).toMatch(/^0 of 2 nodes of web healthy/);
  });

  it('is started anew after a kill -9, and after it was frozen', async () => {
    const first = await daemon();
    inside('kill', '-9', first);
    const second = await daemon(first);
    inside('mkdir', '-p', '/run/systemd/system/regrow.service.d');
    write('/run/systemd/system/regrow.service.d/watchdog.conf', '[Service]\nWatchdogSec=5\n', '644');
    inside('systemctl', 'daemon-reload');
    inside('systemctl', 'restart', 'regrow.service');
    const third = await daemon(second);
    inside('kill', '-STOP', third);
    await daemon(third);
    expect(inside('journalctl', '--no-pager', '-u', 'regrow.service').text).toContain('Watchdog timeout');
  });

  it('lets what it has begun go on over a restart, as a rebuild must', async () => {
    const working = await machine.until('its child', () => inside('pgrep', '-f', '^/bin/sleep 3600').text || undefined);
    const before = await daemon();
    inside('systemctl', 'restart', 'regrow.service');
    await daemon(before);
    expect(inside('pgrep', '-f', '^/bin/sleep 3600').text.split('\n')).toContain(working.split('\n')[0]);
  });

  it('reads its configuration again on a reload, as the same process', async () => {
    const before = await daemon();
    expect(inside('systemctl', 'reload', 'regrow.service').status).toBe(0);
    await machine.until('a reload in the journal', () =>
      inside('journalctl', '--no-pager', '-u', 'regrow.service').text.includes('the configuration was read again')
        ? true
        : undefined,
    );
    expect(property('MainPID')).toBe(before);
  });

  it('waits for its configuration on a machine that has none', async () => {
    inside('systemctl', 'stop', 'regrow.service');
    inside('mv', '/etc/regrow/regrow.yml', '/etc/regrow/later');
    inside('systemctl', 'start', 'regrow.service');
    expect(property('ConditionResult')).toBe('no');
    inside('mv', '/etc/regrow/later', '/etc/regrow/regrow.yml');
    inside('systemctl', 'start', 'regrow.service');
    await daemon();
  });
});
