import { describe, expect, it } from 'vitest';
import { eventually } from '../lab/lab.ts';
import { useStage } from '../lab/stage.ts';
import { Vsphere } from '../lab/vsphere.ts';

describe('the vCenter of the lab', () => {
  const stage = useStage();

  it('refuses a wrong password and an unknown user', async () => {
    const stranger = new Vsphere(stage.lab.dir);
    const refused = {
      ok: false,
      fault: 'InvalidLogin',
      msg: expect.stringContaining('incorrect user name or password'),
    };
    expect(await stranger.login('wrong')).toMatchObject(refused);
    expect(await stranger.login(stage.lab.password(), 'root')).toMatchObject(refused);
    stranger.close();
  });

  it('lets exactly one of many callers make a folder', async () => {
    const racers = await Promise.all([stage.client(), stage.client(), stage.client(), stage.client()]);
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        racers.map((r) => r.refusal('create_folder', { parent: stage.folder, name: `claim.${round}` })),
      );
      expect(answers.toSorted()).toEqual(['DuplicateName', 'DuplicateName', 'DuplicateName', 'none']);
    }
    for (const r of racers) r.close();
  });

  it('lets exactly one of many callers rename a folder to a name', async () => {
    const tokens = await Promise.all(
      ['A', 'B', 'C'].map((t) => stage.vsphere.text('create_folder', { parent: stage.folder, name: `tok.${t}` })),
    );
    const racers = await Promise.all(tokens.map(() => stage.client()));
    const answers = await Promise.all(racers.map((r, i) => r.refusal('rename', { moid: tokens[i], name: 'end' })));
    expect(answers.toSorted()).toEqual(['DuplicateName', 'DuplicateName', 'none']);
    const winner = tokens[answers.indexOf('none')];
    const renamed = stage.lab.operations().filter((o) => o.operation === 'rename_folder' && o.result === 'success');
    expect(renamed.map((o) => [o.moid, o.detail?.['new']])).toEqual([[winner, 'end']]);
    for (const r of racers) r.close();
  });

  it('refuses a second VM of a name in a folder, by a lease in state error, and takes it in another folder', async () => {
    const moid = await stage.deploy('twin', { on: false });
    expect(await stage.vsphere.refusal('import_vm', { name: 'twin', ovf: stage.image.ovf })).toBe('DuplicateName');
    const other = await stage.deploy('other', { on: false });
    expect(await stage.vsphere.refusal('rename', { moid: other, name: 'twin' })).toBe('DuplicateName');
    expect(await stage.vsphere.refusal('reconfigure', { moid: other, name: 'twin' })).toBe('DuplicateName');
    const elsewhere = await stage.vsphere.text('deploy', {
      name: 'twin',
      ...stage.image,
      on: false,
      folder: '/losangelesctr/vm',
    });
    expect(await stage.vsphere.value('list_vms')).toEqual(['other', 'twin', 'twin']);
    expect(elsewhere).not.toBe(moid);
    await stage.vsphere.value('destroy', { moid: elsewhere });
  });

  it('neither powers on nor destroys a VM whose upload lease is open, and removes it when the lease ends', async () => {
    const imported = await stage.vsphere.value('import_vm', {
      name: 'half',
      ovf: stage.image.ovf,
      annotation: 'regrow: building',
    });
    expect(imported).toMatchObject({ timeout: 2 });
    const { moid } = await stage.lab.vm('half');
    expect(await stage.vsphere.refusal('power', { moid, on: true })).toBe('TaskInProgress');
    expect(await stage.vsphere.refusal('destroy', { moid })).toBe('TaskInProgress');
    await eventually('the half-uploaded VM is removed', 10_000, async () =>
      (await stage.lab.state()).vms.length === 0 ? true : undefined,
    );
    expect(await stage.vsphere.value('lease_state', { moid })).toEqual({ state: 'error', error: 'Timedout' });
    expect(stage.did(moid)).toEqual([
      'deploy success',
      'power_on TaskInProgress',
      'destroy TaskInProgress',
      'import_removed success',
    ]);
  });

  it('keeps the VM of a client that died in the middle of its upload until the lease ends', async () => {
    await stage.lab.vcenter('slow-upload', '100000');
    const doomed = await stage.client();
    void doomed.ask('deploy', { name: 'cut', ...stage.image }).catch(() => 'ended');
    const { moid } = await eventually('the upload runs', 5_000, async () =>
      (await stage.lab.state()).vms.find((vm) => vm.name === 'cut' && vm.lease),
    );
    doomed.close();
    expect(await stage.vsphere.refusal('import_vm', { name: 'cut', ovf: stage.image.ovf })).toBe('DuplicateName');
    await eventually('the VM is removed', 10_000, async () =>
      (await stage.lab.state()).vms.length === 0 ? true : undefined,
    );
    expect(stage.did(moid)).toEqual(['deploy success', 'import_removed success']);
  });

  it('removes a VM whose import is aborted', async () => {
    await stage.vsphere.value('import_vm', { name: 'aborted', ovf: stage.image.ovf });
    const { moid } = await stage.lab.vm('aborted');
    await stage.vsphere.value('abort', { moid });
    expect((await stage.lab.state()).vms).toEqual([]);
  });

  it('gives a VM made again under its name another identity, and keeps the annotation of its OVF', async () => {
    const identity = ['config.instanceUuid', 'config.uuid', 'config.annotation', 'config.changeVersion'];
    const first = await stage.deploy('again', { on: false, annotation: 'regrow: building I.1' });
    const before = await stage.vsphere.value('get', { moid: first, props: identity });
    const { mac } = await stage.lab.vm('again');
    expect(before).toMatchObject({ 'config.annotation': 'regrow: building I.1' });
    await stage.vsphere.value('destroy', { moid: first });
    const second = await stage.deploy('again', { on: false, annotation: 'regrow: building I.2' });
    const after = await stage.vsphere.value('get', { moid: second, props: identity });
    expect(after).toMatchObject({ 'config.annotation': 'regrow: building I.2' });
    const values = [before, after].flatMap((v) => Object.values(v ?? {}));
    expect(new Set(values).size).toBe(8);
    expect((await stage.lab.vm('again')).mac).not.toBe(mac);
  });

  it('finds a VM by its instance uuid as long as it exists', async () => {
    const moid = await stage.deploy('found', { on: false });
    const { instance_uuid: uuid } = await stage.lab.vm('found');
    expect(await stage.vsphere.value('find_uuid', { uuid, instance: true })).toBe(moid);
    await stage.vsphere.value('destroy', { moid });
    expect(await stage.vsphere.value('find_uuid', { uuid, instance: true })).toBeNull();
    expect(await stage.vsphere.refusal('get', { moid, props: ['name'] })).toBe('ManagedObjectNotFound');
  });

  it('refuses a change that was made from an old reading', async () => {
    const moid = await stage.deploy('changed', { on: false });
    const { 'config.changeVersion': version } = Object(
      await stage.vsphere.value('get', { moid, props: ['config.changeVersion'] }),
    );
    await stage.vsphere.value('reconfigure', { moid, annotation: 'first', change_version: version });
    const late = await stage.vsphere.refusal('reconfigure', { moid, annotation: 'second', change_version: version });
    expect(late).toBe('ConcurrentAccess');
    expect((await stage.lab.vm('changed')).annotation).toBe('first');
  });

  it('records each operation with time, user, caller, VM, instance uuid and result', async () => {
    const moid = await stage.deploy('recorded', { annotation: 'note 1' });
    const { instance_uuid: uuid } = await stage.lab.vm('recorded');
    await stage.vsphere.value('reconfigure', { moid, annotation: 'note 2' });
    expect(await stage.vsphere.refusal('destroy', { moid })).toBe('InvalidPowerState');
    await stage.vsphere.value('power', { moid, on: false });
    await stage.vsphere.value('rename', { moid, name: 'recorded.q' });
    await stage.vsphere.value('destroy', { moid });
    expect(stage.did(moid)).toEqual([
      'deploy success',
      'upload_complete success',
      'power_on success',
      'guest_boot success',
      'reconfigure success',
      'destroy InvalidPowerState',
      'power_off success',
      'rename success',
      'destroy success',
    ]);
    for (const o of stage.about(moid)) {
      expect(o.instance_uuid).toBe(uuid);
      expect(Date.parse(o.time)).toBeGreaterThan(Date.now() - 60_000);
      const asked = o.operation === 'guest_boot' ? ['vpxd', '10.77.0.2'] : ['svc-regrow@vsphere.local', '10.77.0.1'];
      expect([o.user, o.from]).toEqual(asked);
    }
    const detail = (op: string) => stage.about(moid).find((o) => o.operation === op)?.detail;
    expect(detail('deploy')).toEqual({ annotation: 'note 1', folder: stage.folder });
    expect(detail('reconfigure')).toEqual({ annotation: 'note 2' });
    expect(detail('rename')).toEqual({ old: 'recorded', new: 'recorded.q' });
  });
});
