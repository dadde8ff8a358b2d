import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openJournal } from '../../src/store/journal.ts';
import { Lab, type Operation } from '../lab/lab.ts';
import { Vsphere } from '../lab/vsphere.ts';
import { expectClaimsClosed } from './claims.ts';
import { adminController, rebuild, rebuildFrom } from './controllers.ts';
import { hookPlaybook } from './hook-playbook.ts';
import { ArgvWatch, filesHolding } from './secret-watch.ts';

const doctorSchema = z.object({ findings: z.array(z.object({ item: z.string(), status: z.string() })) });
let lab: Lab;
const harmful = ['power_off', 'rename', 'destroy'];

beforeAll(async () => {
  lab = await Lab.up({ nodes: 3 });
}, 500_000);
afterAll(async () => lab.down());

/** vCenter's record of what the body did. */
async function during(body: () => Promise<void>): Promise<readonly Operation[]> {
  const before = lab.operations().length;
  await body();
  return lab.operations().slice(before);
}

describe('a healthy pool', () => {
  it('is left alone: the answer is already_healthy, exit code 7, and vCenter records nothing', async () => {
    const operations = await during(async () => {
      expect(await rebuild(lab, 'webbox1')).toMatchObject({ outcome: 'already_healthy', exitCode: 7 });
    });
    expect(operations).toEqual([]);
  });

  it('shows as healthy, with identities and addresses from vCenter, exit code 0', async () => {
    const { exitCode, stdout } = await lab.regrow(['status', '--json']);
    const vm = await lab.vm('webbox2');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain(vm.instance_uuid);
    expect(stdout).toContain(vm.address);
  });

  it('has all that the doctor looks for in vCenter; what it lacks is named; vCenter records nothing', async () => {
    const examine = async (config?: string): Promise<readonly string[]> => {
      const { stdout } = await lab.regrow(['doctor', '--json'], config === undefined ? {} : { config });
      const { findings } = doctorSchema.parse(JSON.parse(stdout));
      return findings.map(({ item, status }) => `${status} ${item}`);
    };
    const operations = await during(async () => {
      const sound = ['ok privileges', 'ok datastore ds1', 'ok cluster c1', 'ok network DYNAMIC_NET'];
      expect(await examine()).toEqual(expect.arrayContaining(sound));
      const config = await adminController(lab, 'elsewhere', (text) =>
        text.replace('datastore: ds1', 'datastore: ds9'),
      );
      expect(await examine(config)).toEqual(expect.arrayContaining(['fail datastore ds9', 'ok cluster c1']));
    });
    expect(operations).toEqual([]);
  });

  it('is not rebuilt by a command that nobody confirmed', async () => {
    const { exitCode, stderr } = await lab.regrow(['rebuild', 'webbox1']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--confirm webbox1');
  });
});

describe('a node that failed', () => {
  it('changes nothing in vCenter under --dry-run, and tells what would be done', async () => {
    await lab.kill('webbox3');
    const operations = await during(async () => {
      const answer = await rebuild(lab, 'webbox3', { args: ['--dry-run'] });
      expect(answer).toMatchObject({ exitCode: 0, gate: 'dry_run' });
      expect(answer.message).toContain('would fence');
    });
    expect(operations).toEqual([]);
  });

  it('is fenced, rebuilt and certified: exactly the judged VM is touched, and no secret is seen anywhere', async () => {
    const old = await lab.vm('webbox3');
    const watch = new ArgvWatch(lab.password());
    const operations = await during(async () => {
      expect(await rebuild(lab, 'webbox3')).toMatchObject({ outcome: 'rebuilt', exitCode: 0, fenced: true });
    });
    expect(await watch.stop()).toEqual([]);
    expect(watch.samples).toBeGreaterThan(10);

    const now = await lab.vm('webbox3');
    expect(now.address).not.toBe(old.address);
    expect(now.instance_uuid).not.toBe(old.instance_uuid);
    expect(now.annotation).toMatch(/^regrow: certified pool=web by=\S+ run=\S+ at=\S+$/);
    const harm = operations.filter(({ operation }) => harmful.includes(operation));
    expect(harm.map(({ operation, instance_uuid }) => [operation, instance_uuid])).toEqual([
      ['power_off', old.instance_uuid],
      ['rename', old.instance_uuid],
      ['destroy', old.instance_uuid],
    ]);
    expect(operations.filter(({ operation }) => operation === 'deploy').map(({ vm }) => vm)).toEqual(['webbox3']);
    const certify = operations.findIndex((each) => /certified/.test(JSON.stringify(each.detail?.['annotation'] ?? '')));
    const destroy = operations.findIndex(({ operation }) => operation === 'destroy');
    expect(certify).toBeGreaterThan(-1);
    expect(destroy).toBeGreaterThan(certify);
    expect((await lab.state()).vms.map(({ name }) => name).toSorted()).toEqual(['webbox1', 'webbox2', 'webbox3']);

    const admin = join(lab.dir, 'admin');
    expect(await filesHolding(admin, lab.password())).toEqual([]);
    expect(await filesHolding('/tmp', lab.password())).toEqual([]);
  });

  it('gets the configuration with all nodes, the image, and keys of its own', async () => {
    const config = await lab.ssh('webbox3', 'cat /etc/regrow/regrow.yml');
    for (const node of ['webbox1', 'webbox2', 'webbox3']) expect(config.stdout).toContain(node);
    expect(config.stdout).not.toContain(lab.password());
    const images = await lab.ssh('webbox3', 'cd /var/lib/regrow/image && sha256sum *');
    const here = await lab.ssh('webbox1', 'cd /var/lib/regrow/image && sha256sum *');
    expect(images.stdout).toBe(here.stdout);
    const names = images.stdout.split('\n').map((line) => line.split(/ +/)[1]);
    expect(names).toEqual(['coreimage-disk1.vmdk', 'coreimage.mf', 'coreimage.ovf']);
    const key = await lab.ssh('webbox3', 'cat /etc/regrow/id_ed25519');
    expect(key.stdout).toContain('PRIVATE KEY');
    expect(key.stdout).not.toBe((await lab.ssh('webbox1', 'cat /etc/regrow/id_ed25519')).stdout);
    expect(key.stdout.trim()).not.toBe(readFileSync(join(lab.dir, 'id_ed25519'), 'utf8').trim());
    const password = await lab.ssh('webbox3', 'stat -c %a /etc/regrow/vcenter-password');
    expect(password.stdout).toBe('600');
  });

  it('rebuilds another node in its turn', async () => {
    await lab.kill('webbox1');
    const old = await lab.vm('webbox1');
    const operations = await during(async () => {
      expect(await rebuildFrom(lab, 'webbox3', 'webbox1')).toMatchObject({ outcome: 'rebuilt', exitCode: 0 });
    });
    const destroyed = operations.filter(({ operation }) => operation === 'destroy');
    expect(destroyed.map(({ instance_uuid }) => instance_uuid)).toEqual([old.instance_uuid]);
    expect((await lab.vm('webbox1')).annotation).toContain('by=webbox3');
  });

  it('cannot be rebuilt by itself', async () => {
    const answer = await rebuildFrom(lab, 'webbox3', 'webbox3');
    expect(answer).toMatchObject({ outcome: 'refused', gate: 'own_node', exitCode: 4 });
  });
});

describe('a VM that must not be touched', () => {
  it('is refused without the certifying note', async () => {
    const vm = await lab.vm('webbox2');
    await lab.kill('webbox2');
    const vsphere = new Vsphere(lab.dir);
    try {
      await vsphere.login(lab.password());
      await vsphere.value('reconfigure', { moid: vm.moid, annotation: 'somebody wrote this' });
      const operations = await during(async () => {
        expect(await rebuild(lab, 'webbox2')).toMatchObject({ outcome: 'refused', gate: 'not_certified', exitCode: 4 });
      });
      expect(operations).toEqual([]);
      await vsphere.value('reconfigure', { moid: vm.moid, annotation: vm.annotation });
    } finally {
      vsphere.close();
    }
  });

  it('is left alone when it carries the name of the judged VM with another identity: already_replaced', async () => {
    const operations = await during(async () => {
      const answer = await rebuild(lab, 'webbox2', {
        args: ['--judged', 'vm-999/00000000-0000-0000-0000-000000000000'],
      });
      expect(answer).toMatchObject({ outcome: 'already_replaced', exitCode: 7 });
    });
    expect(operations).toEqual([]);
  });
});

describe('a node that is down while another one is rebuilt', () => {
  it('does not get the keys of the new one, which is told, and changes nothing of the outcome', async () => {
    await lab.kill('webbox1');
    await lab.kill('webbox3');
    expect(await rebuild(lab, 'webbox3')).toMatchObject({ outcome: 'rebuilt', exitCode: 0 });
    const shown = await lab.regrow(['show', 'last', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      outcome: 'rebuilt',
      tasks: expect.arrayContaining([expect.objectContaining({ step: 'register', outcome: 'ignored' })]),
    });
  });
});

describe('a rebuild with hooks', () => {
  it('fences nothing when a hook before it fails, says so, and leaves no claim', async () => {
    const no = hookPlaybook(lab, 'no', 'echo not today >&2; false');
    const config = await adminController(lab, 'veto', (text) => `${text}hooks: {before_rebuild: [${no.file}]}\n`);
    const operations = await during(async () => {
      const answer = await rebuild(lab, 'webbox1', { config });
      expect(answer).toMatchObject({
        outcome: 'failed',
        class: 'playbook_error',
        step: 'before_rebuild',
        fenced: false,
      });
      expect(answer.message).toContain(no.file);
    });
    expect(operations.filter(({ operation }) => [...harmful, 'deploy'].includes(operation))).toEqual([]);
    expectClaimsClosed(await lab.state());
  });

  it('runs them around it; a secret of the new VM is seen in that VM alone; a hook that fails after it is told, and changes nothing', async () => {
    const old = await lab.vm('webbox1');
    const secret = randomBytes(12).toString('hex');
    const secretFile = join(lab.dir, 'root-password');
    writeFileSync(secretFile, secret, { mode: 0o600 });
    const watch = new ArgvWatch(secret);
    const [before, after] = [hookPlaybook(lab, 'before'), hookPlaybook(lab, 'after', 'echo too bad >&2; false')];
    const config = await adminController(lab, 'hooks', (text) =>
      `${text}hooks: {before_rebuild: [${before.file}], after_rebuild: [${after.file}]}\n`.replace(
        'properties: {',
        `properties: {root-password: {file: ${secretFile}}, `,
      ),
    );
    const { outcome, run, address } = await rebuild(lab, 'webbox1', { config });
    expect(outcome).toBe('rebuilt');
    expect(await watch.stop()).toEqual([]);
    expect((await lab.ssh('webbox1', 'cat /run/hypervisor/ovf-env.xml')).stdout).toContain(secret);
    for (const folder of [join(lab.dir, 'admin-hooks'), '/tmp']) expect(await filesHolding(folder, secret)).toEqual([]);
    const { moid, instance_uuid: uuid } = await lab.vm('webbox1');
    const judged = { moid: old.moid, instance_uuid: old.instance_uuid };
    const both = { node: 'webbox1', rebuild_run: run, judged_vm: expect.objectContaining(judged) };
    expect(before.told()).toEqual([expect.objectContaining({ ...both, new_vm: null })]);
    expect(after.told()).toEqual([
      expect.objectContaining({ ...both, node_address: address, new_vm: { moid, instance_uuid: uuid } }),
    ]);
    for (const each of [before, after])
      for (const hidden of [lab.password(), secret]) expect(each.environment()).not.toContain(hidden);
    const journal = openJournal(join(lab.dir, 'admin-hooks'));
    const told = journal.events.list({ run: run ?? '' }).filter(({ type }) => type.startsWith('hook.'));
    journal.close();
    expect(told).toMatchObject([
      { type: 'hook.done', node: 'webbox1', data: { hook: 'before_rebuild' } },
      { type: 'hook.failed', node: 'webbox1', data: { hook: 'after_rebuild' } },
    ]);
    expect(told[1]?.data['output']).toContain('too bad');
  });
});

describe('several controllers on one fault', () => {
  it.each([2])('%i at the same time: one rebuilds, the others have nothing to do', async (count) => {
    const old = await lab.vm('webbox2');
    if (old.guest === 'running') await lab.kill('webbox2');
    const configs = await Promise.all(
      Array.from({ length: count }, (_, index) => adminController(lab, `race${index}`)),
    );
    const operations = await during(async () => {
      const answers = await Promise.all(configs.map((config) => rebuild(lab, 'webbox2', { config })));
      const outcomes = answers.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'rebuilt')).toHaveLength(1);
      expect(answers.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b)).toEqual([
        0,
        ...Array(count - 1).fill(7),
      ]);
    });
    const destroyed = operations.filter(({ operation }) => operation === 'destroy');
    expect(destroyed.map(({ instance_uuid }) => instance_uuid)).toEqual([old.instance_uuid]);
    expect(operations.filter(({ operation, result }) => operation === 'deploy' && result === 'success')).toHaveLength(
      1,
    );
    expect((await lab.state()).vms.filter(({ name }) => name.startsWith('webbox2'))).toHaveLength(1);
  });
});
