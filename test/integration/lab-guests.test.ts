import { existsSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { alive, useStage } from '../lab/stage.ts';

describe('the guests of the lab', () => {
  const stage = useStage();

  it('boot in seconds with a DHCP address, an sshd, the keys of the OVF, and the controller', async () => {
    const began = Date.now();
    await stage.node('webbox1');
    const { stdout } = await stage.lab.ssh('webbox1', 'hostname; ls /opt/regrow /etc/regrow; cat /etc/machine-id');
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(stdout).toMatch(/^webbox1\n/);
    expect(stdout).toContain('node_modules');
    expect(stdout).not.toContain(readFileSync('/etc/machine-id', 'utf8').trim());
    const vm = await stage.lab.vm('webbox1');
    expect([vm.tools, vm.heartbeat, vm.guest]).toEqual(['guestToolsRunning', 'green', 'running']);
  });

  it('share nothing writable with this machine, and do not see the lab or the checkout', async () => {
    await stage.node('webbox1');
    const probe = `touch /usr/bin/from-guest /etc/from-guest; ls -d ${stage.lab.dir} ${process.cwd()} 2>&1; cd /proc/sys/vm && v=$(cat swappiness) && echo $v >swappiness`;
    const { stdout, stderr } = await stage.lab.exec('webbox1', ['sh', '-c', probe]);
    expect(stdout.match(/No such file/g)).toHaveLength(2);
    expect(stderr).toContain('Read-only file system');
    expect(existsSync('/usr/bin/from-guest') || existsSync('/etc/from-guest')).toBe(false);
  });

  it('die with their VM still powered on when killed, and their heartbeat turns gray, then red', async () => {
    const moid = await stage.node('webbox1');
    const before = await stage.lab.vm('webbox1');
    await stage.lab.kill('webbox1');
    const dead = await stage.lab.vm('webbox1');
    expect([dead.power, dead.guest, dead.address]).toEqual(['poweredOn', 'dead', before.address]);
    expect((await execa('ping', ['-c1', '-W1', before.address], { reject: false })).exitCode).not.toBe(0);
    expect(alive(before.pid)).toBe(false);
    await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'gray' && vm.tools === 'guestToolsNotRunning');
    await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'red');
    await stage.vsphere.value('power', { moid, on: false });
    expect(await stage.lab.vm('webbox1')).toMatchObject({ power: 'poweredOff', guest: 'off', address: before.address });
    await stage.vsphere.value('power', { moid, on: true });
    await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'green');
  });

  it('have another address after the node was built anew, while the old VM keeps its own', async () => {
    const old = await stage.node('webbox1');
    const { address } = await stage.lab.vm('webbox1');
    await stage.vsphere.value('power', { moid: old, on: false });
    await stage.vsphere.value('rename', { moid: old, name: 'webbox1.q' });
    const young = await stage.node('webbox1');
    expect(young).not.toBe(old);
    expect((await stage.lab.vm('webbox1')).address).not.toBe(address);
    expect((await stage.lab.vm('webbox1.q')).address).toBe(address);
  });

  it('lose their link with their network card, also over a power cycle', async () => {
    const moid = await stage.node('webbox1');
    const carrier = async () => (await stage.lab.exec('webbox1', ['cat', '/sys/class/net/eth0/carrier'])).stdout;
    expect(await carrier()).toBe('1');
    await stage.vsphere.value('connect_card', { moid, connected: false });
    expect(await carrier()).toBe('0');
    await stage.vsphere.value('power', { moid, on: false });
    await stage.vsphere.value('power', { moid, on: true });
    const up = await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'green');
    expect([up.address, await carrier()]).toEqual(['', '0']);
    await stage.vsphere.value('connect_card', { moid, connected: true });
    await stage.lab.until('webbox1', (vm) => vm.address.startsWith('10.77.0.'));
  });

  it('keep their disk over a reboot from within, and show as off when they shut down', async () => {
    const moid = await stage.node('webbox1');
    const { pid } = await stage.lab.vm('webbox1');
    await stage.lab.exec('webbox1', ['sh', '-c', 'echo kept >/etc/kept; nohup reboot >/dev/null 2>&1 &']);
    await stage.lab.until('webbox1', (vm) => vm.guest === 'running' && vm.pid !== pid && vm.heartbeat === 'green');
    expect((await stage.lab.exec('webbox1', ['cat', '/etc/kept'])).stdout).toBe('kept');
    await stage.lab.exec('webbox1', ['sh', '-c', 'nohup poweroff >/dev/null 2>&1 &']);
    await stage.lab.until('webbox1', (vm) => vm.power === 'poweredOff' && vm.guest === 'off');
    expect(stage.did(moid)).toContain('guest_reboot success');
    expect(stage.did(moid)).toContain('guest_shutdown success');
  });

  it('stand still when hung, and go on when healed', async () => {
    await stage.node('webbox1');
    await stage.lab.hang('webbox1');
    expect((await stage.lab.ssh('webbox1', 'true')).exitCode).not.toBe(0);
    await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'gray');
    await stage.lab.heal('webbox1');
    await stage.lab.until('webbox1', (vm) => vm.heartbeat === 'green');
    expect((await stage.lab.ssh('webbox1', 'true')).exitCode).toBe(0);
  });

  it('reach nobody, or vCenter alone, when partitioned', async () => {
    await Promise.all([stage.node('webbox1'), stage.node('webbox2')]);
    const [one, two] = [await stage.lab.vm('webbox1'), await stage.lab.vm('webbox2')];
    const reach = async (from: string, to: string): Promise<boolean> => {
      const script = `exec 3<>/dev/tcp/${to}`;
      return (await stage.lab.exec(from, ['timeout', '1', 'bash', '-c', script])).exitCode === 0;
    };
    const view = async (): Promise<boolean[]> => [
      await reach('webbox1', `${two.address}/22`),
      await reach('webbox2', `${one.address}/22`),
      await reach('webbox1', '10.77.0.2/443'),
      (await stage.lab.ssh('webbox1', 'true')).exitCode === 0,
    ];
    expect(await view()).toEqual([true, true, true, true]);
    await stage.lab.partition('webbox1', { keepVcenter: true });
    expect(await view()).toEqual([false, false, true, false]);
    await stage.lab.heal('webbox1');
    expect(await view()).toEqual([true, true, true, true]);
    await stage.lab.partition('webbox1');
    expect(await view()).toEqual([false, false, false, false]);
    await stage.lab.heal('webbox1');
    expect(await view()).toEqual([true, true, true, true]);
    expect((await stage.lab.vm('webbox1')).heartbeat).toBe('green');
  });
});
