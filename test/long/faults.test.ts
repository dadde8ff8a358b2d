import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, type Operation } from '../lab/lab.ts';
import { adminController, rebuild, type Answer } from '../e2e/controllers.ts';

let lab: Lab;
let quick: string;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 2 });
  await lab.kill('webbox2');
  quick = await adminController(lab, 'quick', (text) =>
    text.replace(/address_timeout: \S+,/, 'address_timeout: 4s,').replace(/ssh_timeout: \S+,/, 'ssh_timeout: 4s,'),
  );
}, 500_000);
afterAll(async () => lab.down());

/** The answer of a rebuild, and what vCenter recorded meanwhile. */
async function tried(config: string = quick): Promise<{ answer: Answer; operations: readonly Operation[] }> {
  const before = lab.operations().length;
  const answer = await rebuild(lab, 'webbox2', { config });
  return { answer, operations: lab.operations().slice(before) };
}

async function withFault<T>(fault: string, body: () => Promise<T>): Promise<T> {
  await lab.vcenter(fault);
  try {
    return await body();
  } finally {
    await lab.vcenter('ok');
  }
}

const harm = (operations: readonly Operation[]): string[] =>
  operations
    .map(({ operation }) => operation)
    .filter((name) => ['power_off', 'rename', 'destroy', 'deploy'].includes(name));

describe('a fault before the fence harms nothing, and says what it is', () => {
  it.each([
    ['down', 'vcenter_unreachable'],
    ['refuse-logins', 'auth_failed'],
    ['full', 'no_capacity'],
  ])('vCenter %s: failed, %s', async (fault, failure) => {
    const { answer, operations } = await withFault(fault, () => tried());
    expect(answer).toMatchObject({ outcome: 'failed', class: failure, exitCode: 6, fenced: false });
    expect(answer.remedy).toBeTruthy();
    expect(harm(operations)).toEqual([]);
  });

  it('a wrong password: failed, auth_failed, and the password is not repeated', async () => {
    const file = join(lab.dir, 'wrong-password');
    writeFileSync(file, 'not-the-password-4711', { mode: 0o600 });
    const config = await adminController(lab, 'wrong', (text) =>
      text.replace(/password: \{.*\}/, `password: {file: ${file}}`),
    );
    const { answer, operations } = await tried(config);
    expect(answer).toMatchObject({ outcome: 'failed', class: 'auth_failed', exitCode: 6 });
    expect(JSON.stringify(answer)).not.toContain('4711');
    expect(harm(operations)).toEqual([]);
  });

  it('an image under construction, a disk with another checksum, a torn one, none: failed, template_missing, with the reason in `show`', async () => {
    const folder = join(lab.dir, 'broken-image');
    cpSync(join(lab.dir, 'image'), folder, { recursive: true, dereference: true });
    const disk = join(folder, 'coreimage-disk1.vmdk');
    const config = await adminController(lab, 'broken', (text) =>
      text.replace(/ovf: .*/, `ovf: ${join(folder, 'coreimage.ovf')}`),
    );
    const refused = async (reason: string): Promise<void> => {
      const { answer, operations } = await tried(config);
      expect(answer).toMatchObject({ outcome: 'failed', class: 'template_missing', exitCode: 6, fenced: false });
      expect(answer.message).toContain(reason);
      expect(harm(operations)).toEqual([]);
      const shown = await lab.regrow(['show', answer.run ?? ''], { config });
      expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(reason);
    };
    writeFileSync(join(folder, '.incomplete'), '');
    await refused('is under construction');
    rmSync(join(folder, '.incomplete'));
    const bytes = readFileSync(disk);
    bytes.writeUInt8(bytes.readUInt8(4096) ^ 1, 4096);
    writeFileSync(disk, bytes);
    await refused('coreimage-disk1.vmdk has another checksum than');
    writeFileSync(disk, 'half a disk');
    await refused('coreimage-disk1.vmdk has 11 bytes');
    rmSync(disk);
    await refused('lacks');
  });
});

describe('a fault after the fence keeps the old VM in quarantine', () => {
  it.each([
    ['fail-upload', 'vcenter_unreachable'],
    ['no-power-on', 'no_capacity'],
    ['no-address', 'address_timeout'],
    ['no-sshd', 'ssh_unreachable'],
  ])('%s: failed, %s; nothing half-built is left, and `show` tells the way back', async (fault, failure) => {
    const { answer } = await withFault(fault, () => tried());
    expect(answer).toMatchObject({ outcome: 'failed', class: failure, exitCode: 6, fenced: true });
    const { vms } = await lab.state();
    const kept = vms.filter(({ name }) => name.startsWith('webbox2'));
    expect(kept.map(({ name, power }) => ({ name, power }))).toEqual([
      { name: expect.stringMatching(/^webbox2\.q\.vm-\d+$/), power: 'poweredOff' },
    ]);
    const shown = await lab.regrow(['show', answer.run ?? ''], { config: quick });
    expect(shown.stdout).toContain(kept[0]?.name);
  });

  it('and when the fault is gone, the next rebuild succeeds and retires the old VM', async () => {
    const { answer } = await tried();
    expect(answer).toMatchObject({ outcome: 'rebuilt', exitCode: 0 });
    const names = (await lab.state()).vms.map(({ name }) => name);
    expect(names.toSorted()).toEqual(['webbox1', 'webbox2']);
  });
});
