import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { eventually } from '../lab/lab.ts';
import { useStage } from '../lab/stage.ts';
import { Vsphere } from '../lab/vsphere.ts';

describe('the faults of the lab', () => {
  const stage = useStage();

  it('down: nobody connects, and the guests run on', async () => {
    await stage.node('webbox1');
    await stage.lab.vcenter('down');
    const { exitCode } = await execa('bash', ['-c', 'exec 3<>/dev/tcp/10.77.0.2/443'], { reject: false });
    expect(exitCode).not.toBe(0);
    expect((await stage.lab.ssh('webbox1', 'true')).exitCode).toBe(0);
    await stage.lab.vcenter('ok');
    await stage.logInAgain();
    expect(await stage.vsphere.value('list_vms')).toEqual(['webbox1']);
  });

  it('refuse-logins: no login is accepted, a session that is open goes on', async () => {
    await stage.lab.vcenter('refuse-logins');
    const stranger = new Vsphere(stage.lab.dir);
    expect(await stranger.refusal('login', { user: 'svc-regrow@vsphere.local', password: stage.lab.password() })).toBe(
      'InvalidLogin',
    );
    expect(await stage.vsphere.value('list_vms')).toEqual([]);
    stranger.close();
  });

  it('slow: each request takes its time', async () => {
    await stage.lab.vcenter('slow', '300');
    const began = Date.now();
    await stage.vsphere.value('children', { path: stage.folder });
    expect(Date.now() - began).toBeGreaterThan(800);
  });

  it('fail-upload: the upload breaks, and the VM goes with its lease', async () => {
    await stage.lab.vcenter('fail-upload', '1');
    expect((await stage.vsphere.ask('deploy', { name: 'broken', ...stage.image })).ok).toBe(false);
    const { moid } = await stage.lab.vm('broken');
    await eventually('the VM is removed', 10_000, async () =>
      (await stage.lab.state()).vms.length === 0 ? true : undefined,
    );
    expect(stage.did(moid)).toEqual(['deploy success', 'import_removed success']);
    expect(await stage.deploy('broken', { on: false })).not.toBe(moid);
  });

  it('full: the import fails for want of space', async () => {
    await stage.lab.vcenter('full');
    const answer = await stage.vsphere.ask('deploy', { name: 'big', ...stage.image });
    expect(answer).toEqual({ ok: false, fault: 'NoDiskSpace', msg: "Insufficient disk space on datastore 'ds1'." });
  });

  it('no-power-on: power-on fails for want of memory', async () => {
    const moid = await stage.deploy('tired', { on: false });
    await stage.lab.vcenter('no-power-on');
    const answer = await stage.vsphere.ask('power', { moid, on: true });
    expect(answer).toMatchObject({ ok: false, msg: expect.stringContaining('Insufficient') });
    expect((await stage.lab.vm('tired')).power).toBe('poweredOff');
  });

  it('no-annotation: the note of the OVF is lost', async () => {
    await stage.lab.vcenter('no-annotation');
    await stage.deploy('bare', { on: false, annotation: 'lost' });
    expect((await stage.lab.vm('bare')).annotation).toBe('');
  });

  it('no-address: the guest has a link-local address alone, until DHCP answers again', async () => {
    await stage.lab.vcenter('no-address');
    await stage.deploy('webbox1');
    await stage.lab.until('webbox1', (vm) => vm.address.startsWith('169.254.'));
    await stage.lab.vcenter('ok');
    await stage.lab.until('webbox1', (vm) => vm.address.startsWith('10.77.0.'));
  });

  it('no-sshd: the guest is up and nobody listens', async () => {
    await stage.lab.vcenter('no-sshd');
    await stage.node('webbox1');
    const { address } = await stage.lab.vm('webbox1');
    expect((await execa('ping', ['-c1', '-W2', address], { reject: false })).exitCode).toBe(0);
    expect((await stage.lab.ssh('webbox1', 'true')).exitCode).not.toBe(0);
  });

  it('half-list and empty-list: VMs are missing from lists, and a VM read by its id is there', async () => {
    const moid = await stage.deploy('a', { on: false });
    await stage.deploy('b', { on: false });
    await stage.lab.vcenter('half-list');
    expect(await stage.vsphere.value('list_vms')).toHaveLength(1);
    await stage.lab.vcenter('empty-list');
    expect(await stage.vsphere.value('list_vms')).toEqual([]);
    expect(await stage.vsphere.value('get', { moid, props: ['name'] })).toEqual({ name: 'a' });
  });

  it('disconnected-host: its VMs run on, and vCenter cannot touch them', async () => {
    const moid = await stage.node('webbox1');
    await stage.lab.vcenter('disconnected-host', 'webbox1');
    expect(await stage.lab.vm('webbox1')).toMatchObject({
      connection: 'disconnected',
      power: 'poweredOn',
      guest: 'running',
    });
    expect(await stage.vsphere.refusal('power', { moid, on: false })).toBe('HostNotConnected');
    expect((await stage.lab.ssh('webbox1', 'true')).exitCode).toBe(0);
  });
});
